"""What a cohort has measured over a protocol, for a reference to be learned from it."""

from dataclasses import dataclass

from twin.cell.formation.grid import Floats, Ints


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """``value`` and the ``hour`` it was known, (channels, columns of the grid); ``phase`` and
    ``rate`` [1/h] of each slot, (channels, slots), -1 and 0 where there was none; ``nominal``
    capacity [Ah]."""

    nominal: float
    value: Floats
    hour: Floats
    phase: Ints
    rate: Floats
