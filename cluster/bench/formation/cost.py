"""What a cohort of 10,000 channels costs a step, and whether it says what single twins say."""

import time
from dataclasses import dataclass
from typing import Final

import numpy as np

from cluster.bench.formation.play import settings
from simulation.formation.room import FormationRoom
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import Reference

CHANNELS: Final = 10_000
_TILE: Final = 500
_SEED: Final = 903


@dataclass(frozen=True, slots=True)
class Cost:
    """Milliseconds of processor time a step: median, mean, and the 99th in 100."""

    steps: int
    median: float
    mean: float
    worst: float


def step(reference: Reference, until_h: float) -> Cost:
    """Of the whole of the protocol's first hours, decisions included."""
    room = FormationRoom(_SEED, _TILE)
    copies = CHANNELS // _TILE
    serials = tuple(f"{serial}/{n}" for n in range(copies) for serial in room.serials)
    cohort = ChannelCohort.bulk(CHANNELS, settings(), reference)
    spent = []
    for block in room.play():
        if block.time_ns - room.start_ns > until_h * 3.6e12:
            break
        volts, amperes, degc = (
            np.tile(told, copies) for told in (block.voltage, block.current, block.temperature)
        )
        started = time.process_time()
        cohort.step_block(block.time_ns, volts, amperes, degc, serials=serials)
        spent.append(1000.0 * (time.process_time() - started))
    return Cost(
        len(spent),
        float(np.median(spent)),
        float(np.mean(spent)),
        float(np.quantile(spent, 0.99)),
    )
