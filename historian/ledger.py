"""What has been archived, so that every frame is archived once.

A position per stream says where to read on; the last sequence per producer and stream
recognises a frame that was appended twice because its sender did not hear that the first
append had worked.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from twin.frame import Frame
from twin.ports import START, Entry, order

PRODUCERS_PER_STREAM: Final = 256
"""More producers than ever send at the same time on one stream; the longest silent goes."""


@dataclass(slots=True)
class Ledger:
    """``positions`` by stream; ``sequences`` by stream and producer, last heard last."""

    positions: dict[str, str] = field(default_factory=dict)
    sequences: dict[str, dict[str, int]] = field(default_factory=dict)

    def copy(self) -> "Ledger":
        return Ledger(dict(self.positions), {s: dict(p) for s, p in self.sequences.items()})

    def only(self, streams: Iterable[str]) -> "Ledger":
        wanted = set(streams)
        return Ledger(
            {s: p for s, p in self.positions.items() if s in wanted},
            {s: dict(p) for s, p in self.sequences.items() if s in wanted},
        )

    def position(self, stream: str) -> str:
        return self.positions.get(stream, START)

    def has(self, entry: Entry) -> bool:
        return order(entry.id) <= order(self.position(entry.stream))

    def skip(self, entry: Entry) -> None:
        """The entry has been dealt with, though nothing of it is kept."""
        if not self.has(entry):
            self.positions[entry.stream] = entry.id

    def take(self, entry: Entry, frame: Frame) -> bool:
        """Note the frame; False where it was taken before."""
        if self.has(entry):
            return False
        self.positions[entry.stream] = entry.id
        producers = self.sequences.setdefault(entry.stream, {})
        last = producers.pop(frame.producer, 0)
        producers[frame.producer] = max(last, frame.sequence)
        if len(producers) > PRODUCERS_PER_STREAM:
            del producers[next(iter(producers))]
        return frame.sequence > last

    def to_json(self) -> dict[str, object]:
        return {"positions": self.positions, "sequences": self.sequences}

    @classmethod
    def from_json(cls, data: Mapping[str, object]) -> "Ledger":
        """Raises KeyError, TypeError or ValueError where ``data`` is no ledger."""
        positions, sequences = data["positions"], data["sequences"]
        if not isinstance(positions, dict) or not isinstance(sequences, dict):
            raise TypeError("positions and sequences must be objects")
        ledger = cls(positions, sequences)
        for at in positions.values():
            order(at)
        return ledger
