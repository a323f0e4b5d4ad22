"""What a person should see of each scenario: by that the demonstration's exit code is decided.

It is here and not in the plant: the twin is told nothing of what will go wrong.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final

from cluster.demo import formation_room, notices
from cluster.demo.story import state_of
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from simulation.scenarios import SCENARIOS

_CORRECTION: Final = "coating_weight_correction"
_WRITTEN: Final = ("APPLIED", "EFFECTIVE", "INEFFECTIVE")
_LEARN_S: Final = 5.0
_LASTS_S: Final = 120.0
_KNOWN_S: Final = 180.0
"""So long the demonstration's line is watched until causes can be told apart: the gauge
behind the oven speaks of the web after 90 s, and then the ordinary is learned."""


@dataclass(frozen=True, slots=True)
class Told:
    """All that was told: the recommendations as they last were, and what was noticed."""

    recommendations: tuple[pb.Recommendation, ...]
    noticed: Iterable[str]

    def proposed(self, type: str, *states: str) -> bool:
        """Whether there is one of that type, in one of these states (none given: in any)."""
        return any(
            found.type == type and (not states or state_of(found) in states)
            for found in self.recommendations
        )

    def says(self, type: str, words: str) -> bool:
        """Whether one of that type that was applied has these words in its reason."""
        return any(
            found.type == type and words in found.reason and state_of(found) in _WRITTEN
            for found in self.recommendations
        )

    def noticed_any(self, *kinds: str) -> bool:
        return any(key.partition(":")[0] in kinds for key in self.noticed)


@dataclass(frozen=True, slots=True)
class Expectation:
    """``learn_s``: how long the line runs well first; ``lasts_s``: how long the demonstration
    goes on where nobody watches it."""

    words: str
    seen: Callable[[Told], bool]
    learn_s: float = _LEARN_S
    lasts_s: float = _LASTS_S


def expectation(scenario: str) -> Expectation:
    """Raises KeyError for a scenario that there is none of."""
    found = _OTHERS.get(scenario) or _FORMATION.get(scenario)
    if found is not None:
        return found
    return _CORRECTED if SCENARIOS[scenario].moves_loading else _LEFT_ALONE


def learning(expected: Expectation, seconds: float | None) -> float:
    """How long the line runs well first, in a demonstration of so many seconds (None:
    without an end): a short one can't wait until causes are known."""
    whole = seconds is None or seconds >= expected.lasts_s
    return expected.learn_s if whole else min(_LEARN_S, expected.learn_s)


def _corrected(told: Told) -> bool:
    return told.proposed(_CORRECTION, "EFFECTIVE")


def _left_alone(told: Told) -> bool:
    return not told.proposed(_CORRECTION, "APPROVED", *_WRITTEN)


def _noticed(kind: str) -> Callable[[Told], bool]:
    return lambda told: told.noticed_any(kind)


def _noticed_only(kind: str) -> Callable[[Told], bool]:
    return lambda told: told.noticed_any(kind) and _left_alone(told)


_CORRECTED: Final = Expectation(
    "the loading is corrected, with effect", _corrected, _KNOWN_S, lasts_s=330.0
)
_LEFT_ALONE: Final = Expectation("no setpoint of the coater is changed", _left_alone)
_STANDS: Final = Expectation(
    "the web is seen to stand, and no setpoint of the coater is changed",
    _noticed_only(notices.STANDING),
    lasts_s=150.0,
)
_OTHERS: Final[Mapping[str, Expectation]] = MappingProxyType(
    {
        # The first thing that people look at: it must not take long.
        "viscosity-drift": Expectation(_CORRECTED.words, _corrected),
        "coating-window": Expectation(
            "the loading is corrected as far as the coating window allows",
            lambda told: told.says(_CORRECTION, "the coating window stops it"),
            _KNOWN_S,
            lasts_s=330.0,
        ),
        "gauge-drift": Expectation(
            "the gauge is to be calibrated",
            lambda told: told.proposed("gauge_calibration"),
            _KNOWN_S,
            lasts_s=360.0,
        ),
        "oven-fault": Expectation(
            "the heater is seen to be at fault, or other air setpoints are proposed",
            lambda told: told.noticed_any(notices.HEATER) or told.proposed("oven_profile"),
            _KNOWN_S,
            lasts_s=360.0,
        ),
        "roll-wear": Expectation(
            "other rolls or another line load are proposed",
            lambda told: told.proposed("roll_replacement") or told.proposed("calender_line_load"),
            lasts_s=300.0,
        ),
        "roll-change": Expectation(
            "the new rolls are noticed", _noticed(notices.ROLLS), lasts_s=240.0
        ),
        "web-break": _STANDS,
        "stop": _STANDS,
        "splice": Expectation(
            "the splice is told as out of tolerance, and no setpoint of the coater is changed",
            _noticed_only(notices.OUT_OF_TOLERANCE),
        ),
        "new-formulation": Expectation(
            "the other slurry is noticed at the mixer, and the loading is corrected, with effect",
            lambda told: told.noticed_any(notices.SLURRY) and _corrected(told),
            lasts_s=400.0,
        ),
    }
)


_ROOM: Final = ("cell_diversion", "formation_protocol")


def _cells(told: Told, causes: Iterable[str], type: str = "") -> bool:
    """Whether each of these causes led to something that was carried out, or, where a
    tester's current is to be changed (the demonstration's takes no orders), proposed."""
    done = [
        f
        for f in told.recommendations
        if f.type in _ROOM and (f.changes or state_of(f) in _WRITTEN)
    ]
    return all(
        any(f.causes and f.causes[0].name == cause and f.type in (type or f.type) for f in done)
        for cause in causes
    )


def _diverted(cause: str) -> Expectation:
    return Expectation(
        "the cell is diverted with most of its protocol still ahead",
        lambda told: _cells(told, (cause,), "cell_diversion"),
        lasts_s=150.0,
    )


_FORMATION: Final[Mapping[str, Expectation]] = MappingProxyType(
    {
        "formation-steady": Expectation(
            "no channel's protocol is changed", lambda told: not any(map(told.proposed, _ROOM))
        ),
        "formation-short": _diverted("micro_short"),
        "formation-lithium": replace(_diverted("low_lithium_inventory"), lasts_s=180.0),
        "formation-wetting": _diverted("high_polarisation"),
        "formation-plating": Expectation(
            "a slower charge is proposed for the cell that plates",
            lambda told: _cells(told, ("lithium_plating",), "formation_protocol"),
            lasts_s=200.0,
        ),
        "formation-mixed": Expectation(
            "each of the four faults leads to a recommendation",
            lambda told: _cells(
                told,
                (
                    "micro_short",
                    "low_lithium_inventory",
                    "high_polarisation",
                    "lithium_plating",
                ),
            ),
            lasts_s=200.0,
        ),
        "formation-unplugged": Expectation(
            "the cell's verdict is withheld, and nothing is proposed",
            lambda told: (
                told.noticed_any(formation_room.HELD) and not any(map(told.proposed, _ROOM))
            ),
        ),
    }
)
