"""Records as the stores keep them (JSON), and the etag of their content."""

import json
from collections.abc import Mapping
from dataclasses import asdict
from hashlib import sha256
from typing import Any

from asset_registry.record import (
    AssetRecord,
    AssetState,
    Binding,
    Calibration,
    Iso23247,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
    Source,
)

_SOURCES: Mapping[str, type[Source]] = {
    "opcua": OpcUaSource,
    "mqtt": MqttSource,
    "push": PushSource,
}
_SOURCE_WORDS = {source: word for word, source in _SOURCES.items()}


def encode(record: AssetRecord, *, with_state: bool = False) -> str:
    """The record as JSON; the live state is not stored with it unless asked for."""
    stored = _content(record) | {
        "etag": record.etag,
        "created_ns": record.created_ns,
        "updated_ns": record.updated_ns,
    }
    if with_state:
        stored |= {"state": record.state, "state_reason": record.state_reason}
    return _json(stored)


def decode(text: str | bytes) -> AssetRecord:
    stored = json.loads(text)
    return AssetRecord(
        name=stored["name"],
        kind=stored["kind"],
        display_name=stored["display_name"],
        parent=stored["parent"],
        bindings=tuple(_binding(binding) for binding in stored["bindings"]),
        parameters={
            name: value if isinstance(value, str) else Quantity(*value)
            for name, value in stored["parameters"].items()
        },
        calibration=Calibration(**stored["calibration"]),
        zone=stored["zone"],
        iso23247=Iso23247(**stored["iso23247"]),
        uid=stored["uid"],
        etag=stored["etag"],
        created_ns=stored["created_ns"],
        updated_ns=stored["updated_ns"],
        deleted_ns=stored["deleted_ns"],
        state=AssetState(stored.get("state", AssetState.PENDING)),
        state_reason=stored.get("state_reason", ""),
    )


def etag_of(record: AssetRecord) -> str:
    """16 hexadecimal digits of what integrators set, and whether it is deleted.

    The order of bindings and of parameters does not count.
    """
    content = _content(record)
    content["bindings"] = sorted(content["bindings"], key=_json)
    return sha256(_json(content).encode()).hexdigest()[:16]


def fingerprint(method: str, *content: object) -> str:
    """Tells two requests apart that bear the same request id."""
    return sha256(_json([method, *content]).encode()).hexdigest()


def content_of(record: AssetRecord) -> dict[str, Any]:
    """What integrators set, as JSON values."""
    content = _content(record)
    del content["uid"], content["deleted_ns"]
    return content


def _content(record: AssetRecord) -> dict[str, Any]:
    return {
        "name": record.name,
        "uid": record.uid,
        "kind": record.kind,
        "display_name": record.display_name,
        "parent": record.parent,
        "bindings": [
            asdict(binding) | {"source": _source(binding.source)} for binding in record.bindings
        ],
        "parameters": {
            name: value if isinstance(value, str) else [value.value, value.unit]
            for name, value in record.parameters.items()
        },
        "calibration": asdict(record.calibration),
        "zone": record.zone,
        "iso23247": asdict(record.iso23247),
        "deleted_ns": record.deleted_ns,
    }


def _source(source: Source) -> dict[str, str]:
    return {"type": _SOURCE_WORDS[type(source)], **asdict(source)}


def _binding(stored: Mapping[str, Any]) -> Binding:
    source = dict(stored["source"])
    made = _SOURCES[source.pop("type")](**source)
    return Binding(**{**stored, "source": made})


def _json(value: object) -> str:
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
