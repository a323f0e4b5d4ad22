"""The formation room: any number of channels, read together, instant by instant.

    room = FormationRoom(seed=1, cells=4000)
    for block in room.play(): ...
    room.truth.fault, room.truth.capacity, ...

The same seed gives the same room to the bit. What is faulty is said in
``simulation.formation.faults``.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

import numpy as np
import numpy.typing as npt

from simulation.formation.bay import Bay
from simulation.formation.cells import Cells
from simulation.formation.design import draw
from simulation.formation.faults import PLATING, assign, inflict
from simulation.formation.half_cells import Array
from simulation.formation.protocol import STANDARD, Protocol, schedule
from simulation.formation.tester import JITTER_S, Air, Channels, tell

START_NS: Final = 1_793_512_800_000_000_000
"""2026-11-01 06:00 UTC: when the protocol starts, unless told otherwise."""
_BAY: Final = 500
"""Cells that are stepped together: their figures fit the processor's cache."""


@dataclass(frozen=True, slots=True)
class Block:
    """One instant of all channels, as the tester tells it. ``current`` is positive while
    charging; ``step`` is the index of the protocol's step that was in force."""

    time_ns: int
    voltage: npt.NDArray[np.float64]
    current: npt.NDArray[np.float64]
    temperature: npt.NDArray[np.float64]
    step: npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Truth:
    """Hidden from the twin; arrays have one entry for each cell.

    ``fault``: its long name, "" for good cells. ``onset_h``: since when it is there, hours
    from the protocol's start (plating: since 5 % of the charging current plates); NaN for
    good cells. Graded: ``capacity`` [Ah], ``resistance`` [mOhm] (10 s pulse at 30 %),
    ``self_discharge`` [mA]; ``plated``: the most lithium plated at once, lost or not [Ah].
    """

    fault: tuple[str, ...]
    onset_h: Array
    capacity: Array
    resistance: Array
    self_discharge: Array
    plated: Array


class FormationRoom:
    """``lots`` electrode lots, used up one after the other; ``faulty``: share of the cells.

    ``serials`` and ``lot`` are in the channels' order. ``upstream``: what the plant measured
    of each cell before: anode_loading and cathode_loading [mg/cm2], porosity [%],
    electrolyte_mass [g], with noise.
    """

    def __init__(
        self,
        seed: int,
        cells: int,
        faulty: float = 0.08,
        lots: int = 20,
        protocol: Protocol = STANDARD,
        every_s: float = 30.0,
        start_ns: int = START_NS,
        kinds: tuple[str, ...] | None = None,
    ) -> None:
        """``kinds`` says which fault each cell gets, in the place of ``faulty``.

        Raises ValueError where there is no cell, no lot, or a share beyond 0..1.
        """
        if cells < 1 or lots < 1 or not 0.0 <= faulty <= 1.0 or every_s < 2.0:
            raise ValueError("a room needs cells, lots, a share of 0 to 1, and 2 s or more")
        streams = [np.random.default_rng(s) for s in np.random.SeedSequence(seed).spawn(5)]
        design_rng, fault_rng, tester_rng, air_rng, self._rng = streams
        drawn = draw(design_rng, cells, min(lots, cells))
        self._kinds = kinds if kinds is not None else assign(fault_rng, cells, faulty)
        self._onset_h = inflict(fault_rng, drawn, self._kinds)
        self.protocol = protocol
        self.every_s = every_s
        self.start_ns = start_ns
        self.serials = tuple(f"F{seed}-{number:06d}" for number in range(1, cells + 1))
        self.lot = tuple(f"L{seed}-{int(lot) + 1:02d}" for lot in drawn.lot)
        self.upstream: Mapping[str, Array] = MappingProxyType(dict(drawn.upstream))
        self._channels = Channels.drawn(tester_rng, cells)
        self._air = Air(air_rng, cells)
        first = self._air.degc(0.0)
        parts = [slice(at, min(at + _BAY, cells)) for at in range(0, cells, _BAY)]
        self._bays = [
            Bay(Cells(drawn.design.part(p), first[p]), self._channels.part(p), protocol)
            for p in parts
        ]
        self._parts = parts
        self._played = False

    @property
    def cells(self) -> tuple[Cells, ...]:
        """The cells themselves, bay by bay: for tests, and for looking behind the scenes."""
        return tuple(bay.cells for bay in self._bays)

    def play(self) -> Iterator[Block]:
        """All readings of the protocol, once. Raises RuntimeError where it was played."""
        if self._played:
            raise RuntimeError("a room is played once; make another of the same seed")
        self._played = True
        plan = schedule(self.protocol, self.every_s)
        count = len(self.serials)
        volts, amperes, degc = np.zeros(count), np.zeros(count), np.zeros(count)
        in_force = 0
        for k, second in enumerate(plan.seconds):
            number, pulse = int(plan.step[k]), float(plan.pulse[k])
            for part, bay in zip(self._parts, self._bays, strict=True):
                bay.read(number, pulse, int(plan.graded[k]))
                volts[part], amperes[part], degc[part] = bay.volts, bay.amperes, bay.cells.degc
            told = tell(self._rng, self._channels, volts, amperes, degc)
            jitter = JITTER_S * float(np.clip(self._rng.standard_normal(), -3.0, 3.0))
            time_ns = self.start_ns + round((float(second) + jitter) * 1e9)
            yield Block(time_ns, *told, np.full(count, in_force, dtype=np.int64))
            in_force = number
            if k + 1 < len(plan.seconds):
                seconds = round(float(plan.seconds[k + 1] - second), 3)
                air = self._air.degc(seconds)
                for part, bay in zip(self._parts, self._bays, strict=True):
                    bay.advance(seconds, air[part])

    @property
    def truth(self) -> Truth:
        """What no twin may see; graded figures are NaN until the room was played so far."""
        began = np.concatenate([bay.cells.plating_since_s for bay in self._bays]) / 3600.0
        plates = np.array([kind == PLATING for kind in self._kinds])
        return Truth(
            self._kinds,
            np.where(plates, began, self._onset_h),
            np.concatenate([bay.capacity for bay in self._bays]),
            1000.0 * np.concatenate([bay.resistance for bay in self._bays]),
            1000.0 * np.concatenate([bay.self_discharge for bay in self._bays]),
            np.concatenate([bay.cells.most_plated for bay in self._bays]),
        )
