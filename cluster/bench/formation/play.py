"""A formation room played through the cohort of its channels' twins."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import numpy as np
import numpy.typing as npt

from cluster.bench.formation.peers import Gauge
from simulation.formation.room import FormationRoom, Truth
from twin.asset import Event
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import Reference
from twin.cell.formation.settings import ChannelSettings

Array = npt.NDArray[np.float64]

NOMINAL_AH: Final = 5.0
PROTOCOL_H: Final = 48.0
EARLY_H: Final = 3.0
_HOUR_NS: Final = 3_600_000_000_000


def settings() -> ChannelSettings:
    return ChannelSettings(nominal_capacity=NOMINAL_AH, protocol_hours=PROTOCOL_H)


@dataclass(slots=True)
class Flag:
    """The first ``cell.diagnosed`` of a cell: hours from the protocol's start."""

    hours: float
    diagnosis: str


@dataclass(slots=True)
class Played:
    """``flags`` by the cell's place in the room. ``gauge``: what the peers go by."""

    room: FormationRoom
    cohort: ChannelCohort
    gauge: Gauge
    flags: dict[int, Flag] = field(default_factory=dict)
    withheld: dict[int, str] = field(default_factory=dict)
    twin_cpu_s: float = 0.0
    blocks: int = 0
    names: tuple[str, ...] = ()
    inputs: Array = field(default_factory=lambda: np.zeros((0, 0)))
    """(cells, columns): what is known of each cell by 3 h, with what was measured of it
    upstream; empty without a reference."""

    @property
    def truth(self) -> Truth:
        return self.room.truth

    @property
    def good(self) -> npt.NDArray[np.bool_]:
        return np.array([fault == "" for fault in self.room.truth.fault])


def play(
    room: FormationRoom,
    reference: Reference | None,
    until_h: float = PROTOCOL_H,
    progress: Callable[[float], None] = lambda hours: None,
) -> Played:
    """All channels' twins see the room until that hour of its protocol."""
    cohort = ChannelCohort.bulk(len(room.serials), settings(), reference)
    played = Played(room, cohort, Gauge())
    place = {serial: i for i, serial in enumerate(room.serials)}
    told_h = 0.0
    for block in room.play():
        hours = (block.time_ns - room.start_ns) / _HOUR_NS
        if reference is not None and hours > EARLY_H and not played.names:
            _look(played)
        if hours > until_h + 0.001:
            break
        if hours >= told_h:
            progress(hours)
            told_h += 1.0
        started = time.process_time()
        events = cohort.step_block(
            block.time_ns, block.voltage, block.current, block.temperature, serials=room.serials
        )
        played.twin_cpu_s += time.process_time() - started
        played.blocks += 1
        played.gauge.take(hours, block.voltage, block.current)
        for event in events:
            _note(played, place, event, room.start_ns)
    return played


def _look(played: Played) -> None:
    """Features as they stand at 3 h, asked at 3 h."""
    names, found = played.cohort.features(EARLY_H)
    upstream = played.room.upstream
    played.names = (*names, *upstream)
    played.inputs = np.column_stack([found, *upstream.values()])


def _note(played: Played, place: dict[str, int], event: Event, start_ns: int) -> None:
    cell = place.get(str(event.data.get("serial")))
    if cell is None:
        return
    if event.kind == "cell.diagnosed" and cell not in played.flags:
        hours = (event.time_ns - start_ns) / _HOUR_NS
        played.flags[cell] = Flag(hours, str(event.data["diagnosis"]))
    elif event.kind == "cell.withheld":
        played.withheld.setdefault(cell, str(event.data["reason"]))
