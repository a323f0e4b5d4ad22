"""What goes wrong with a room's data, and not with its cells.

    for told in spoil(room.play(), room.serials, [Mishap("gap", channel=3, at_h=2.0)]): ...

======================  =================================================================
swapped                 from then on two channels' cells are exchanged, their labels not
clock_back              the channel's clock steps back by 20 min
current_sign            the current is told with the wrong sign
gap                     an hour without a reading
unplugged               no cell on the channel: no current, and a voltage near nothing
serial_twice            the channel tells the serial number of another
column_missing          the channel tells no current, from the start
======================  =================================================================
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
import numpy.typing as npt

from simulation.formation.half_cells import Array
from simulation.formation.room import Block

Kind = Literal[
    "swapped",
    "clock_back",
    "current_sign",
    "gap",
    "unplugged",
    "serial_twice",
    "column_missing",
]
KINDS: Final[tuple[Kind, ...]] = (
    "swapped",
    "clock_back",
    "current_sign",
    "gap",
    "unplugged",
    "serial_twice",
    "column_missing",
)
_BACK_NS: Final = 1_200_000_000_000
_GAP_H: Final = 1.0
_HOUR_NS: Final = 3_600_000_000_000
_FLOATING_V: Final = 0.003


@dataclass(frozen=True, slots=True)
class Mishap:
    """``other``: the second channel, where two take part (default: the next one)."""

    kind: Kind
    channel: int
    at_h: float
    other: int | None = None

    @property
    def second(self) -> int:
        return self.channel + 1 if self.other is None else self.other


@dataclass(frozen=True, slots=True)
class Told:
    """An instant as it arrives: each channel with its own time and serial number. NaN: not
    told."""

    time_ns: npt.NDArray[np.int64]
    voltage: Array
    current: Array
    temperature: Array
    step: npt.NDArray[np.int64]
    serials: tuple[str, ...]


def spoil(
    blocks: Iterable[Block], serials: Sequence[str], mishaps: Sequence[Mishap]
) -> Iterator[Told]:
    """The room's blocks with all these mishaps, each from its time on."""
    start_ns: int | None = None
    plain = tuple(serials)
    for block in blocks:
        start_ns = block.time_ns if start_ns is None else start_ns
        hours = (block.time_ns - start_ns) / _HOUR_NS
        time_ns = np.full(len(plain), block.time_ns, dtype=np.int64)
        volts, amperes = block.voltage.copy(), block.current.copy()
        degc, names = block.temperature.copy(), plain
        for mishap in mishaps:
            if hours < mishap.at_h and mishap.kind != "column_missing":
                continue
            one, two = mishap.channel, mishap.second
            if mishap.kind == "swapped":
                for values in (volts, amperes, degc):
                    values[[one, two]] = values[[two, one]]
            elif mishap.kind == "clock_back":
                time_ns[one] -= _BACK_NS
            elif mishap.kind == "current_sign":
                amperes[one] = -amperes[one]
            elif mishap.kind == "gap" and hours < mishap.at_h + _GAP_H:
                volts[one] = amperes[one] = degc[one] = np.nan
            elif mishap.kind == "unplugged":
                volts[one], amperes[one] = _FLOATING_V, 0.0
            elif mishap.kind == "serial_twice":
                listed = list(names)
                listed[one] = names[two]
                names = tuple(listed)
            elif mishap.kind == "column_missing":
                amperes[one] = np.nan
        yield Told(time_ns, volts, amperes, degc, block.step, names)
