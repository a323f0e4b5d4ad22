"""Recommendations and process steps for the tests of those who store and show them."""

from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation import (
    Change,
    Effect,
    Evidence,
    Interval,
    Recommendation,
    Step,
    advance,
)

T0 = 1_700_000_000_000_000_000


def recommendation(
    id: str = "r1", *, asset: str = "line1/coater", created_ns: int = T0
) -> Recommendation:
    """As the electrode supervisor proposes it."""
    loading = Interval("areal_loading", 20.6, 20.5, 20.7, "mg/cm2")
    return Recommendation(
        id=id,
        layer="electrode",
        asset=asset,
        source=f"{asset}/gauge-top",
        type="coating_weight_excursion",
        title="Raise the line speed",
        reason="the areal loading is 3 % over its target — µ",
        changes=(Change("line_speed", 40.0, 41.2, "m/min", 20.0, 60.0),),
        predicted=Interval("areal_loading", 20.0, 19.9, 20.1, "mg/cm2"),
        evidence=(Evidence(f"{asset}/gauge-top", "areal_loading", T0 - 9, T0, 40, loading, "m"),),
        lot="E-1",
        created_ns=created_ns,
        expires_ns=created_ns + 600_000_000_000,
        lot_from_m=0.1 + 0.2,
    )


def moved(
    found: Recommendation, *steps: Step, by: str = "operator", reason: str = ""
) -> Recommendation:
    """After these steps, a nanosecond each."""
    for step in steps:
        found = advance(found, step, found.created_ns + found.revision, by, reason)
    return found


EFFECT = Effect(Interval("areal_loading", 20.0, 19.9, 20.1, "mg/cm2"), 40, T0, T0 + 1, "back")


def step(
    id: str = "s1",
    *,
    time_ns: int = T0,
    inputs: tuple[str, ...] = ("anode-1", "cathode-1"),
    outputs: tuple[str, ...] = ("cell-1",),
    type: StepType = StepType.STACK,
) -> ProcessStep:
    measured = {"electrodes_mass [g]": 0.1 + 0.2, "grade": "good"}
    return ProcessStep(id, type, "cell/stacker", time_ns, inputs, outputs, measured)
