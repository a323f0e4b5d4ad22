"""What every section files with a recommendation: its id, how long it lives, its steps."""

from hashlib import blake2b
from typing import Final

from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation import Applied, Recommendation, Step, Transition

LIVES_NS: Final = 15 * 60 * 1_000_000_000
SHIFT_NS: Final = 8 * 3600 * 1_000_000_000
"""What a person must do at the plant itself may wait for the end of the shift."""
Z95: Final = 1.959963984540054
"""Standard deviations to either side of a normal value that hold 95 % of it."""


def id_of(prefix: str, cause: str) -> str:
    return f"{prefix}-{blake2b(cause.encode(), digest_size=8).hexdigest()}"


def applied_step(found: Recommendation, applied: Applied) -> ProcessStep:
    """The correction, linked to the lot that ran."""
    measured: dict[str, float | str] = {
        "recommendation": found.id,
        "state": found.state.value,
    }
    for i, change in enumerate(found.changes):
        name = f"{change.asset}/{change.signal}" if change.asset else change.signal
        measured[f"{name} [{change.unit}] from"] = change.from_value
        measured[f"{name} [{change.unit}]"] = applied.value if i == 0 else change.to_value
    if found.lot_from_m is not None:
        measured["web_length [m] from"] = found.lot_from_m
    return _step(f"{found.id}-applied", found, applied.time_ns, measured)


def effect_step(found: Recommendation) -> ProcessStep:
    """What the correction did, linked to the same lot."""
    assert found.effect is not None
    seen = found.effect.measured
    measured: dict[str, float | str] = {
        "recommendation": found.id,
        "state": found.state.value,
        f"{seen.quantity} [{seen.unit}]": seen.value,
        "verdict": found.effect.verdict,
    }
    return _step(f"{found.id}-effect", found, found.effect.to_ns, measured)


def taken(found: Recommendation, step: Step) -> Transition | None:
    """The transition that took that step, if it was taken."""
    return next((t for t in found.history if t.step is step), None)


def _step(
    id: str, found: Recommendation, time_ns: int, measured: dict[str, float | str]
) -> ProcessStep:
    lots = (found.lot,) if found.lot else ()
    return ProcessStep(id, StepType.CORRECT, found.asset, time_ns, lots, lots, measured)
