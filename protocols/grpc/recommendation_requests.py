"""What RecommendationService is asked: arguments checked, repeated commands recognised."""

import re
from collections.abc import Sequence
from typing import Final

from protocols.grpc.recommendation_messages import state
from twin.errors import FieldViolation, InvalidRequest
from twin.plant.recommendation import Recommendation, State, Step
from twin.plant.supervision import Approve, Command, ReportApplied

_POSITION: Final = re.compile(r"\d{1,16}-\d{1,16}")


def repeats(command: Command, found: Recommendation, timed: bool) -> bool:
    """Whether ``found`` shows that this very command has been carried out. ``timed``: the
    time of a ReportApplied was the caller's, not put in by us."""
    if isinstance(command, ReportApplied):
        applied = found.applied
        return (
            applied is not None
            and (applied.by, applied.value) == (command.by, command.value)
            and (not timed or applied.time_ns == command.applied_ns)
        )
    step = Step.APPROVE if isinstance(command, Approve) else Step.REJECT
    return any(
        (taken.step, taken.by, taken.reason) == (step, command.by, command.reason)
        for taken in found.history
    )


def states_of(numbers: Sequence[int]) -> tuple[State, ...]:
    """Raises InvalidRequest for a number that is no state: the filter would be none."""
    known = [(number, state(number)) for number in numbers]
    unknown = [
        FieldViolation(f"states[{at}]", f"{number} is no state of a recommendation")
        for at, (number, found) in enumerate(known)
        if found is None
    ]
    if unknown:
        raise InvalidRequest(*unknown)
    return tuple(found for _, found in known if found is not None)


def check_position(token: str) -> None:
    if not _POSITION.fullmatch(token):
        raise InvalidRequest(
            FieldViolation("resume_token", "was never given out; watch again without one")
        )


def cursor(token: str) -> tuple[int, str] | None:
    if not token:
        return None
    created, _, id_ = token.partition("/")
    return int(created), id_


def require(**fields: str) -> None:
    missing = [
        FieldViolation(name, "is required") for name, given in fields.items() if not given.strip()
    ]
    if missing:
        raise InvalidRequest(*missing)
