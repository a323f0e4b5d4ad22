"""Readings that came together and are acknowledged together."""

from collections.abc import Callable, Sequence
from typing import Protocol

from twin.frame import Reading


class Put(Protocol):
    """Where sessions put readings (``FrameForwarder.put``)."""

    def __call__(self, stream: str, reading: Reading, done: Callable[[], None] | None, /) -> bool:
        """False: refused for want of room, offer it again later. ``done`` is called once
        the reading is on the backbone or on disk."""
        ...


class Delivery:
    """Offers readings in order; calls ``stored`` once, after the last one is stored."""

    __slots__ = ("_left", "_next", "_readings", "_stored")

    def __init__(self, readings: Sequence[tuple[str, Reading]], stored: Callable[[], None]) -> None:
        self._readings = readings
        self._stored = stored
        self._next = 0
        self._left = len(readings)
        if not readings:
            stored()

    def offer(self, put: Put) -> bool:
        """True once every reading is accepted; call it again where it is False."""
        while self._next < len(self._readings):
            stream, reading = self._readings[self._next]
            if not put(stream, reading, self._one_stored):
                return False
            self._next += 1
        return True

    def _one_stored(self) -> None:
        self._left -= 1
        if not self._left:
            self._stored()
