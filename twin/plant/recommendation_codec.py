"""A recommendation as a JSON object, and back: for records, snapshots and change feeds.

``decode(encode(r)) == r`` for every recommendation, also through the text of the JSON.
"""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from twin.asset import Json
from twin.errors import InvalidInput
from twin.iso23247 import Entity, FunctionalEntity, Mapped, Network
from twin.plant.recommendation import (
    Applied,
    Cause,
    Change,
    Effect,
    Evidence,
    Interval,
    Recommendation,
    State,
    Step,
    Transition,
)

_T = TypeVar("_T", int, float, str)


def encode(recommendation: Recommendation) -> dict[str, Json]:
    r = recommendation
    return {
        "id": r.id,
        "layer": r.layer,
        "asset": r.asset,
        "source": r.source,
        "type": r.type,
        "title": r.title,
        "reason": r.reason,
        "changes": [_change(change) for change in r.changes],
        "predicted": _interval(r.predicted),
        "evidence": [_evidence(evidence) for evidence in r.evidence],
        "lot": r.lot,
        "lot_from_m": r.lot_from_m,
        "created_ns": r.created_ns,
        "expires_ns": r.expires_ns,
        "state": r.state.value,
        "revision": r.revision,
        "updated_ns": r.updated_ns,
        "iso23247": {
            "entity": r.iso23247.entity.value,
            "functional_entity": r.iso23247.functional_entity.value,
            "network": r.iso23247.network.value,
        },
        "decided_by": r.decided_by,
        "decided_ns": r.decided_ns,
        "decision_reason": r.decision_reason,
        "applied": None if r.applied is None else _applied(r.applied),
        "effect": None if r.effect is None else _effect(r.effect),
        "history": [_transition(transition) for transition in r.history],
        "causes": [_cause(cause) for cause in r.causes],
    }


def decode(record: Mapping[str, Json]) -> Recommendation:
    """Raises InvalidInput where the object is no recommendation."""
    try:
        return _decoded(record)
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidInput(
            f"this is no stored recommendation: {type(error).__name__}: {error}"
        ) from error


def _change(change: Change) -> dict[str, Json]:
    return {
        "signal": change.signal,
        "from_value": change.from_value,
        "to_value": change.to_value,
        "unit": change.unit,
        "lower_limit": change.lower_limit,
        "upper_limit": change.upper_limit,
        "asset": change.asset,
    }


def _cause(cause: Cause) -> dict[str, Json]:
    return {"name": cause.name, "probability": cause.probability, "reason": cause.reason}


def _interval(interval: Interval) -> dict[str, Json]:
    return {
        "quantity": interval.quantity,
        "value": interval.value,
        "lower": interval.lower,
        "upper": interval.upper,
        "unit": interval.unit,
        "confidence": interval.confidence,
    }


def _evidence(evidence: Evidence) -> dict[str, Json]:
    return {
        "asset": evidence.asset,
        "signal": evidence.signal,
        "from_ns": evidence.from_ns,
        "to_ns": evidence.to_ns,
        "readings": evidence.readings,
        "summary": _interval(evidence.summary),
        "model": evidence.model,
    }


def _applied(applied: Applied) -> dict[str, Json]:
    return {"time_ns": applied.time_ns, "value": applied.value, "by": applied.by}


def _effect(effect: Effect) -> dict[str, Json]:
    return {
        "measured": _interval(effect.measured),
        "readings": effect.readings,
        "from_ns": effect.from_ns,
        "to_ns": effect.to_ns,
        "verdict": effect.verdict,
    }


def _transition(transition: Transition) -> dict[str, Json]:
    return {
        "step": transition.step.value,
        "to_state": transition.to_state.value,
        "time_ns": transition.time_ns,
        "by": transition.by,
        "reason": transition.reason,
    }


def _decoded(r: Mapping[str, Json]) -> Recommendation:
    mapped = _object(r["iso23247"])
    return Recommendation(
        id=_is(str, r["id"]),
        layer=_is(str, r["layer"]),
        asset=_is(str, r["asset"]),
        source=_is(str, r["source"]),
        type=_is(str, r["type"]),
        title=_is(str, r["title"]),
        reason=_is(str, r["reason"]),
        changes=tuple(_to_change(change) for change in _objects(r["changes"])),
        predicted=_to_interval(_object(r["predicted"])),
        evidence=tuple(_to_evidence(evidence) for evidence in _objects(r["evidence"])),
        lot=_is(str, r["lot"]),
        lot_from_m=_maybe(float, r["lot_from_m"]),
        created_ns=_is(int, r["created_ns"]),
        expires_ns=_is(int, r["expires_ns"]),
        state=State(_is(str, r["state"])),
        revision=_is(int, r["revision"]),
        updated_ns=_is(int, r["updated_ns"]),
        iso23247=Mapped(
            Entity(_is(str, mapped["entity"])),
            FunctionalEntity(_is(str, mapped["functional_entity"])),
            Network(_is(str, mapped["network"])),
        ),
        decided_by=_is(str, r["decided_by"]),
        decided_ns=_maybe(int, r["decided_ns"]),
        decision_reason=_is(str, r["decision_reason"]),
        applied=None if r["applied"] is None else _to_applied(_object(r["applied"])),
        effect=None if r["effect"] is None else _to_effect(_object(r["effect"])),
        history=tuple(_to_transition(transition) for transition in _objects(r["history"])),
        causes=tuple(_to_cause(cause) for cause in _objects(r.get("causes", ()))),
    )


def _to_change(r: Mapping[str, Json]) -> Change:
    return Change(
        signal=_is(str, r["signal"]),
        from_value=_is(float, r["from_value"]),
        to_value=_is(float, r["to_value"]),
        unit=_is(str, r["unit"]),
        lower_limit=_is(float, r["lower_limit"]),
        upper_limit=_is(float, r["upper_limit"]),
        asset=_is(str, r.get("asset", "")),
    )


def _to_cause(r: Mapping[str, Json]) -> Cause:
    return Cause(_is(str, r["name"]), _is(float, r["probability"]), _is(str, r["reason"]))


def _to_interval(r: Mapping[str, Json]) -> Interval:
    return Interval(
        quantity=_is(str, r["quantity"]),
        value=_is(float, r["value"]),
        lower=_is(float, r["lower"]),
        upper=_is(float, r["upper"]),
        unit=_is(str, r["unit"]),
        confidence=_is(float, r["confidence"]),
    )


def _to_evidence(r: Mapping[str, Json]) -> Evidence:
    return Evidence(
        asset=_is(str, r["asset"]),
        signal=_is(str, r["signal"]),
        from_ns=_is(int, r["from_ns"]),
        to_ns=_is(int, r["to_ns"]),
        readings=_is(int, r["readings"]),
        summary=_to_interval(_object(r["summary"])),
        model=_is(str, r["model"]),
    )


def _to_applied(r: Mapping[str, Json]) -> Applied:
    return Applied(_is(int, r["time_ns"]), _is(float, r["value"]), _is(str, r["by"]))


def _to_effect(r: Mapping[str, Json]) -> Effect:
    return Effect(
        measured=_to_interval(_object(r["measured"])),
        readings=_is(int, r["readings"]),
        from_ns=_is(int, r["from_ns"]),
        to_ns=_is(int, r["to_ns"]),
        verdict=_is(str, r["verdict"]),
    )


def _to_transition(r: Mapping[str, Json]) -> Transition:
    return Transition(
        Step(_is(str, r["step"])),
        State(_is(str, r["to_state"])),
        _is(int, r["time_ns"]),
        _is(str, r["by"]),
        _is(str, r["reason"]),
    )


def _is(kind: type[_T], value: Json) -> _T:
    """JSON from elsewhere may write 20.0 as 20."""
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return kind(value)
    if not isinstance(value, kind) or isinstance(value, bool):
        raise TypeError(f"{value!r} is not {kind.__name__}")
    return value


def _maybe(kind: type[_T], value: Json) -> _T | None:
    return None if value is None else _is(kind, value)


def _object(value: Json) -> Mapping[str, Json]:
    if not isinstance(value, Mapping):
        raise TypeError(f"{value!r} is not an object")
    return value


def _objects(value: Json) -> list[Mapping[str, Json]]:
    if isinstance(value, str) or not isinstance(value, Sequence):
        raise TypeError(f"{value!r} is not a list")
    return [_object(item) for item in value]
