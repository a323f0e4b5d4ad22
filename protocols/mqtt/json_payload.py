"""JSON messages of stations::

    {"time": "2026-11-22T09:30:00.250Z", "dry_cell_mass": 21.43, "cell": "A0017"}

``time``: ISO 8601 with its zone, or milliseconds since 1970; without it, a reading bears
the edge's time. ``cell`` or ``item``: the piece. ``quality``: 192 good, 0 bad, 500 stale
(as in Sparkplug B), or an OPC UA status code. All else are metrics, nested as one likes.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from protocols.mqtt.payload import Metric
from twin.errors import InvalidInput
from twin.quality import GOOD, SPARKPLUG

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_EARLIEST_MS: Final = 100_000_000_000  # 1973; lower numbers are seconds
_LATEST_MS: Final = 10_000_000_000_000  # 2286; higher ones are micro- or nanoseconds
_SMALLEST_STATUS_CODE: Final = 0x0001_0000  # below it, a code has no severity and no meaning
_PIECE: Final = ("cell", "item")


@dataclass(frozen=True, slots=True)
class JsonMessage:
    content: Mapping[str, object]
    time_ns: int | None
    quality: int
    piece: str | None

    def metric(self, path: str) -> Metric | None:
        """The value at ``path``; a key that has dots itself goes before nested objects."""
        found = self.content.get(path, self)
        if found is self:
            found = self.content
            for step in path.split("."):
                if not isinstance(found, dict) or step not in found:
                    return None
                found = found[step]
        return Metric(found, self.time_ns, self.quality, self.piece)


class JsonPayload:
    """Implements ``PayloadCodec``."""

    def decode(self, topic: str, payload: bytes) -> JsonMessage:
        try:
            content = json.loads(payload, parse_constant=_refuse_constant)
        except (ValueError, RecursionError) as error:
            raise InvalidInput(f"the payload on {topic} is no JSON: {error}") from error
        if not isinstance(content, dict):
            raise InvalidInput(f"the payload on {topic} is no JSON object")
        try:
            return JsonMessage(
                content,
                _time(content.get("time")),
                _quality(content.get("quality")),
                _piece(content),
            )
        except ValueError as error:
            raise InvalidInput(f"the payload on {topic} can't be used: {error}") from error


def _refuse_constant(name: str) -> float:
    raise ValueError(f"{name} is not a JSON number")


def _time(raw: object) -> int | None:
    match raw:
        case None:
            return None
        case str():
            moment = datetime.fromisoformat(raw)
            if moment.tzinfo is None:
                raise ValueError(f"time {raw!r} has no zone; write it as 2026-11-22T09:30:00Z")
            return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
        case bool():
            raise ValueError(f"time {raw!r} is no time")
        case int() | float() if _EARLIEST_MS <= raw <= _LATEST_MS:
            return raw * 1_000_000 if isinstance(raw, int) else round(raw * 1000) * 1000
        case _:
            raise ValueError(f"time {raw!r} is neither ISO 8601 nor milliseconds since 1970")


def _quality(raw: object) -> int:
    if raw is None:
        return GOOD
    if isinstance(raw, int) and not isinstance(raw, bool):
        if raw in SPARKPLUG:
            return SPARKPLUG[raw]
        if _SMALLEST_STATUS_CODE <= raw <= 0xFFFF_FFFF:
            return raw
    raise ValueError(f"quality {raw!r} is none of 192, 0, 500, nor an OPC UA status code")


def _piece(content: Mapping[str, object]) -> str | None:
    for name in _PIECE:
        match content.get(name):
            case str() as piece if piece:
                return piece
            case int() as number if not isinstance(number, bool):
                return str(number)
    return None
