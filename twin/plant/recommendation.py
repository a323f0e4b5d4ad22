"""A recommendation and its life, as a table.

    PROPOSED ──approve──▶ APPROVED ──report_applied──▶ APPLIED ──measure──▶ EFFECTIVE
       │                     │                                  └─────────▶ INEFFECTIVE
       ├─reject──▶ REJECTED  └─supersede / expire
       ├─expire──▶ EXPIRED
       └─supersede─▶ SUPERSEDED

The twin proposes, a person decides, the MES writes the setpoint, the twin measures.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from twin.errors import IllegalTransition
from twin.iso23247 import RECOMMENDATION, Mapped


class State(StrEnum):
    PROPOSED = "PROPOSED"
    APPROVED = "APPROVED"
    REJECTED = "REJECTED"
    EXPIRED = "EXPIRED"
    SUPERSEDED = "SUPERSEDED"
    APPLIED = "APPLIED"
    EFFECTIVE = "EFFECTIVE"
    INEFFECTIVE = "INEFFECTIVE"

    @property
    def is_open(self) -> bool:
        return self in (State.PROPOSED, State.APPROVED, State.APPLIED)


class Step(StrEnum):
    APPROVE = "approve"
    REJECT = "reject"
    EXPIRE = "expire"
    SUPERSEDE = "supersede"
    REPORT_APPLIED = "report_applied"
    FOUND_EFFECTIVE = "found_effective"
    FOUND_INEFFECTIVE = "found_ineffective"


TRANSITIONS: Final[Mapping[tuple[State, Step], State]] = MappingProxyType(
    {
        (State.PROPOSED, Step.APPROVE): State.APPROVED,
        (State.PROPOSED, Step.REJECT): State.REJECTED,
        (State.PROPOSED, Step.EXPIRE): State.EXPIRED,
        (State.PROPOSED, Step.SUPERSEDE): State.SUPERSEDED,
        (State.APPROVED, Step.EXPIRE): State.EXPIRED,
        (State.APPROVED, Step.SUPERSEDE): State.SUPERSEDED,
        (State.APPROVED, Step.REPORT_APPLIED): State.APPLIED,
        (State.APPLIED, Step.FOUND_EFFECTIVE): State.EFFECTIVE,
        (State.APPLIED, Step.FOUND_INEFFECTIVE): State.INEFFECTIVE,
    }
)


@dataclass(frozen=True, slots=True)
class Change:
    """One setpoint to change, with the limits that it must stay within.

    ``asset`` is whose setpoint; empty for the recommendation's own asset.
    """

    signal: str
    from_value: float
    to_value: float
    unit: str
    lower_limit: float
    upper_limit: float
    asset: str = ""


@dataclass(frozen=True, slots=True)
class Cause:
    """What may have led to it: a probability (0..1), and what speaks for it in words.

    The probabilities need not add up to 1: two causes may act at once.
    """

    name: str
    probability: float
    reason: str


@dataclass(frozen=True, slots=True)
class Interval:
    """A quantity with an interval of the given confidence (0..1)."""

    quantity: str
    value: float
    lower: float
    upper: float
    unit: str
    confidence: float = 0.95


@dataclass(frozen=True, slots=True)
class Evidence:
    """What a recommendation rests on: an asset's signal over a time, and the model."""

    asset: str
    signal: str
    from_ns: int
    to_ns: int
    readings: int
    summary: Interval
    model: str


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of the life that was: who, when, why."""

    step: Step
    to_state: State
    time_ns: int
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Applied:
    """What the MES says it wrote."""

    time_ns: int
    value: float
    by: str


@dataclass(frozen=True, slots=True)
class Effect:
    """What the twin measured after the change."""

    measured: Interval
    readings: int
    from_ns: int
    to_ns: int
    verdict: str


@dataclass(frozen=True, slots=True)
class Recommendation:
    """A proposed change. ``id`` is made from its cause.

    ``changes`` are the setpoints to write; empty where a person must act on the plant
    itself (calibrate a gauge, cut out a piece of web). ``causes`` come most probable first.

    ``asset`` is what to change, ``source`` the asset whose readings say so; ``lot`` the
    electrode lot it touches, from that reading of the web's metre counter
    (``lot_from_m``) on, where it is known.
    ``revision`` counts the changes of this record from 1.
    """

    id: str
    layer: str
    asset: str
    source: str
    type: str
    title: str
    reason: str
    changes: tuple[Change, ...]
    predicted: Interval
    evidence: tuple[Evidence, ...]
    lot: str
    created_ns: int
    expires_ns: int
    lot_from_m: float | None = None
    state: State = State.PROPOSED
    revision: int = 1
    updated_ns: int = 0
    iso23247: Mapped = RECOMMENDATION
    decided_by: str = ""
    decided_ns: int | None = None
    decision_reason: str = ""
    applied: Applied | None = None
    effect: Effect | None = None
    history: tuple[Transition, ...] = ()
    causes: tuple[Cause, ...] = ()


def advance(
    recommendation: Recommendation, step: Step, time_ns: int, by: str, reason: str = ""
) -> Recommendation:
    """The recommendation after one step of its life.

    Raises IllegalTransition where the present state does not allow the step.
    """
    to_state = TRANSITIONS.get((recommendation.state, step))
    if to_state is None:
        allowed = sorted(s.value for (state, s) in TRANSITIONS if state is recommendation.state)
        raise IllegalTransition(
            f"recommendation {recommendation.id!r} is {recommendation.state}: "
            f"{step.value!r} is not possible; "
            + (f"possible are {', '.join(allowed)}" if allowed else "it is closed")
        )
    moved = replace(
        recommendation,
        state=to_state,
        revision=recommendation.revision + 1,
        updated_ns=time_ns,
        history=(*recommendation.history, Transition(step, to_state, time_ns, by, reason)),
    )
    if step in (Step.APPROVE, Step.REJECT):
        return replace(moved, decided_by=by, decided_ns=time_ns, decision_reason=reason)
    return moved
