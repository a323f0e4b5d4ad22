"""What a supervisor has decided as part of its snapshot, and back."""

import json
from collections.abc import Sequence

from twin.asset import Event
from twin.event_codec import pack, unpack
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation_codec import decode, encode
from twin.plant.supervision import Decisions, HandedOn
from twin.snapshot import Snapshot, Value


def to_snapshot(decisions: Decisions) -> Snapshot:
    return {
        "recommendations": [json.dumps(encode(r)) for r in decisions.recommendations],
        "steps": [_pack_step(step) for step in decisions.steps],
        "upward": [pack(event) for event in decisions.upward],
        "refused": [pack(event) for event in decisions.refused],
    }


def from_snapshot(snapshot: Snapshot) -> Decisions:
    return Decisions(
        recommendations=[decode(json.loads(str(r))) for r in _items(snapshot["recommendations"])],
        steps=[_unpack_step(_fields(step)) for step in _items(snapshot["steps"])],
        upward=_events(snapshot["upward"]),
        refused=_events(snapshot["refused"]),
    )


def pack_downward(handed: Sequence[HandedOn]) -> list[Value]:
    return [[layer, pack(event)] for layer, event in handed]


def unpack_downward(value: Value) -> list[HandedOn]:
    pairs = (_items(pair) for pair in _items(value))
    return [HandedOn(str(layer), unpack(_fields(event))) for layer, event in pairs]


def _pack_step(step: ProcessStep) -> Snapshot:
    return {
        "id": step.id,
        "type": step.type.value,
        "station": step.station,
        "time_ns": step.time_ns,
        "inputs": list(step.inputs),
        "outputs": list(step.outputs),
        "measured": dict(step.measured),
    }


def _unpack_step(packed: Snapshot) -> ProcessStep:
    measured = _fields(packed["measured"])
    return ProcessStep(
        id=str(packed["id"]),
        type=StepType(str(packed["type"])),
        station=str(packed["station"]),
        time_ns=int(str(packed["time_ns"])),
        inputs=tuple(map(str, _items(packed["inputs"]))),
        outputs=tuple(map(str, _items(packed["outputs"]))),
        measured={n: v for n, v in measured.items() if isinstance(v, int | float | str)},
    )


def _events(value: Value) -> list[Event]:
    return [unpack(_fields(event)) for event in _items(value)]


def _items(value: Value) -> list[Value]:
    assert isinstance(value, list)
    return value


def _fields(value: Value) -> Snapshot:
    assert isinstance(value, dict)
    return value
