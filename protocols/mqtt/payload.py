"""What a session asks of a payload format. JSON is one; Sparkplug B can stand beside it."""

from dataclasses import dataclass
from typing import Protocol

from twin.quality import GOOD


@dataclass(frozen=True, slots=True)
class Metric:
    """One value of a message. ``time_ns`` is None where the message gives no time;
    ``piece`` is the cell or item that was measured."""

    value: object
    time_ns: int | None = None
    quality: int = GOOD
    piece: str | None = None


class Message(Protocol):
    def metric(self, path: str) -> Metric | None:
        """None where the message does not have it."""
        ...


class PayloadCodec(Protocol):
    def decode(self, topic: str, payload: bytes) -> Message:
        """Raises InvalidInput, saying what is wrong with the payload."""
        ...
