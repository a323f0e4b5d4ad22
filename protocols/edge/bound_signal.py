"""A binding as an edge needs it: what to read, how to convert it, where to send it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from asset_registry.record import MqttSource, OpcUaSource
from twin.errors import InvalidInput

EdgeSource = OpcUaSource | MqttSource


@dataclass(frozen=True, slots=True)
class BoundSignal:
    """One signal of one asset and its source.

    ``raw * scale + offset`` is in the unit that the asset's kind gives the signal.
    ``stream`` is the backbone stream of the actor that hosts the asset.
    """

    asset: str
    signal: str
    stream: str
    source: EdgeSource
    scale: float = 1.0
    offset: float = 0.0
    is_text: bool = False

    @property
    def key(self) -> tuple[str, str]:
        return self.asset, self.signal

    def to_json(self) -> str:
        return json.dumps(
            {
                "asset": self.asset,
                "signal": self.signal,
                "stream": self.stream,
                "source": _source_to_json(self.source),
                "scale": self.scale,
                "offset": self.offset,
                "is_text": self.is_text,
            },
            separators=(",", ":"),
        )

    @classmethod
    def from_json(cls, text: str | bytes) -> "BoundSignal":
        """Raises InvalidInput where ``text`` is not what ``to_json`` writes."""
        try:
            fields = json.loads(text)
            return cls(
                asset=_text(fields, "asset"),
                signal=_text(fields, "signal"),
                stream=_text(fields, "stream"),
                source=_source_from_json(fields["source"]),
                scale=float(fields["scale"]),
                offset=float(fields["offset"]),
                is_text=bool(fields["is_text"]),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidInput(f"this is no bound signal ({error!r}): {text!r}") from error


def _source_to_json(source: EdgeSource) -> dict[str, str]:
    match source:
        case OpcUaSource(endpoint, node_id):
            return {"protocol": "opcua", "endpoint": endpoint, "node_id": node_id}
        case MqttSource(broker, topic, metric):
            return {"protocol": "mqtt", "broker": broker, "topic": topic, "metric": metric}


def _source_from_json(fields: Mapping[str, object]) -> EdgeSource:
    protocol = fields["protocol"]
    if protocol == "opcua":
        return OpcUaSource(_text(fields, "endpoint"), _text(fields, "node_id"))
    if protocol == "mqtt":
        return MqttSource(_text(fields, "broker"), _text(fields, "topic"), _text(fields, "metric"))
    raise ValueError(f"unknown protocol {protocol!r}")


def _text(fields: Mapping[str, object], name: str) -> str:
    value = fields[name]
    if not isinstance(value, str):
        raise TypeError(f"{name} is not a text")
    return value
