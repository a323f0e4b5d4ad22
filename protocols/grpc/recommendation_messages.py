"""Recommendations as messages of ``gigatwin.v1``."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

from protocols.grpc.names import asset_name, recommendation_name
from protocols.grpc.times import is_time, nanoseconds, timestamp
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from twin.errors import FieldViolation, InvalidRequest
from twin.plant import recommendation as r

_TO_STATE: Final = {s: pb.Recommendation.State.Value(f"STATE_{s.value}") for s in r.State}
_FROM_STATE: Final[dict[int, r.State]] = {int(number): s for s, number in _TO_STATE.items()}


def applied_at(time: Timestamp) -> int:
    """``apply_time`` in nanoseconds since 1970. Raises InvalidRequest where it is none."""
    if not is_time(time):
        raise InvalidRequest(FieldViolation("apply_time", "is no time between 1970 and 2262"))
    return nanoseconds(time)


def state(number: int) -> r.State | None:
    """None for STATE_UNSPECIFIED and for numbers that a newer client may send."""
    return _FROM_STATE.get(number)


def etag(recommendation: r.Recommendation) -> str:
    return f"{recommendation.revision}"


def to_message(plant: str, recommendation: r.Recommendation) -> pb.Recommendation:
    message = pb.Recommendation(
        name=recommendation_name(plant, recommendation.id),
        state=_TO_STATE[recommendation.state],
        asset=asset_name(plant, recommendation.asset),
        source_asset=asset_name(plant, recommendation.source),
        layer=recommendation.layer,
        type=recommendation.type,
        title=recommendation.title,
        reason=recommendation.reason,
        changes=[_change(plant, change) for change in recommendation.changes],
        predicted_effect=_interval(recommendation.predicted),
        evidence=[_evidence(plant, evidence) for evidence in recommendation.evidence],
        lot=recommendation.lot,
        lot_from_m=recommendation.lot_from_m,
        iso23247=pb.Iso23247Mapping(
            entity=recommendation.iso23247.entity.value,
            functional_entity=recommendation.iso23247.functional_entity.value,
            network=recommendation.iso23247.network.value,
        ),
        create_time=timestamp(recommendation.created_ns),
        update_time=timestamp(recommendation.updated_ns or recommendation.created_ns),
        expire_time=timestamp(recommendation.expires_ns),
        decided_by=recommendation.decided_by,
        decision_reason=recommendation.decision_reason,
        history=[_transition(transition) for transition in recommendation.history],
        etag=etag(recommendation),
        causes=[
            pb.Cause(name=cause.name, probability=cause.probability, reason=cause.reason)
            for cause in recommendation.causes
        ],
    )
    if recommendation.decided_ns is not None:
        message.decide_time.CopyFrom(timestamp(recommendation.decided_ns))
    if recommendation.applied is not None:
        message.applied.CopyFrom(_applied(recommendation.applied))
    if recommendation.effect is not None:
        message.effect.CopyFrom(_effect(recommendation.effect))
    return message


def _change(plant: str, change: r.Change) -> pb.Change:
    return pb.Change(
        signal=change.signal,
        from_value=change.from_value,
        to_value=change.to_value,
        unit=change.unit,
        lower_limit=change.lower_limit,
        upper_limit=change.upper_limit,
        asset=asset_name(plant, change.asset) if change.asset else "",
    )


def _interval(interval: r.Interval) -> pb.Interval:
    return pb.Interval(
        quantity=interval.quantity,
        value=interval.value,
        lower=interval.lower,
        upper=interval.upper,
        unit=interval.unit,
        confidence=interval.confidence,
    )


def _evidence(plant: str, evidence: r.Evidence) -> pb.Evidence:
    return pb.Evidence(
        asset=asset_name(plant, evidence.asset),
        signal=evidence.signal,
        from_time=timestamp(evidence.from_ns),
        to_time=timestamp(evidence.to_ns),
        readings=evidence.readings,
        summary=_interval(evidence.summary),
        model=evidence.model,
    )


def _transition(transition: r.Transition) -> pb.Transition:
    return pb.Transition(
        step=transition.step.value,
        state=_TO_STATE[transition.to_state],
        time=timestamp(transition.time_ns),
        by=transition.by,
        reason=transition.reason,
    )


def _applied(applied: r.Applied) -> pb.Applied:
    return pb.Applied(
        apply_time=timestamp(applied.time_ns), value=applied.value, applied_by=applied.by
    )


def _effect(effect: r.Effect) -> pb.Effect:
    return pb.Effect(
        measured=_interval(effect.measured),
        readings=effect.readings,
        from_time=timestamp(effect.from_ns),
        to_time=timestamp(effect.to_ns),
        verdict=effect.verdict,
    )
