"""One sample of each row, and who is told what it brings."""

from dataclasses import dataclass
from typing import Final, Protocol

from twin.cell.formation.grid import Floats, Ints

HOUR_NS: Final = 3_600_000_000_000
SECOND_NS: Final = 1_000_000_000


class Sink(Protocol):
    def store(self, rows: Ints, slot: Ints, kind: Ints, value: Floats) -> None:
        """``value`` of the column ``kind`` of phase ``slot`` is known of these rows."""

    def slot_of(self, at: Ints, reached: Ints, phase: Ints, rate: Floats) -> Ints:
        """The slot of a phase of the rows ``at`` that begins after slot ``reached``; ``rate``
        [1/h] is its current over the nominal capacity. -1: the protocol has no such phase."""


@dataclass(frozen=True, slots=True)
class Sample:
    time: Ints
    voltage: Floats
    current: Floats
    temperature: Floats
