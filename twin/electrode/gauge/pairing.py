"""A scanning gauge's head position and reading, brought together by their source time.

The two come as separate readings, in either order, in one frame or in two. Source times
of a signal never run backwards, so a reading that a later position has overtaken will
never get its own: it is used as one from an unknown lane. A head that has never spoken
(a gauge at a fixed point) or has fallen silent is not waited for.
"""

from collections.abc import Iterator
from typing import Final, NamedTuple

from twin.estimation import saved
from twin.frame import Reading
from twin.snapshot import Snapshot

_SILENT_AFTER_NS: Final = 1_000_000_000


class Sample(NamedTuple):
    """A loading [mg/cm2] and where across the web it was read [mm], if that is known."""

    time_ns: int
    loading: float
    quality: int
    position: float | None


class Pairing:
    def __init__(self) -> None:
        self._positions: dict[int, float] = {}
        self._waiting: list[Sample] = []
        self._heard_ns: int | None = None

    def position(self, reading: Reading) -> Iterator[Sample]:
        """A head position has come. Yields the samples that are complete now."""
        self._heard_ns = reading.time_ns
        while self._waiting and self._waiting[0].time_ns < reading.time_ns:
            yield self._waiting.pop(0)
        if self._waiting and self._waiting[0].time_ns == reading.time_ns:
            yield self._waiting.pop(0)._replace(position=reading.value)
        else:
            self._positions[reading.time_ns] = reading.value

    def loading(self, reading: Reading) -> Iterator[Sample]:
        """A loading has come. Yields the samples that are complete now."""
        for time_ns in [t for t in self._positions if t < reading.time_ns]:
            del self._positions[time_ns]
        overtaken = bool(self._positions)
        position = self._positions.pop(reading.time_ns, None)
        sample = Sample(reading.time_ns, reading.value, reading.quality, position)
        if position is None and not overtaken and self._head_speaks(reading.time_ns):
            self._waiting.append(sample)
            return
        yield from self._waiting
        self._waiting.clear()
        yield sample

    def snapshot(self) -> Snapshot:
        return {
            "positions": [[t, position] for t, position in self._positions.items()],
            "waiting": [[s.time_ns, s.loading, s.quality] for s in self._waiting],
            "heard_ns": self._heard_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._positions = {
            saved.whole(t): saved.number(position)
            for t, position in map(saved.items, saved.items(snapshot["positions"]))
        }
        self._waiting = [
            Sample(saved.whole(t), saved.number(loading), saved.whole(quality), None)
            for t, loading, quality in map(saved.items, saved.items(snapshot["waiting"]))
        ]
        self._heard_ns = saved.whole_or_none(snapshot["heard_ns"])

    def _head_speaks(self, time_ns: int) -> bool:
        return self._heard_ns is not None and time_ns - self._heard_ns <= _SILENT_AFTER_NS
