"""Bad input of each kind on a small room: a named event, and the verdict withheld."""

from typing import Final

import numpy as np

from cluster.bench.formation.play import settings
from simulation.formation.mishaps import KINDS, Mishap, spoil
from simulation.formation.room import FormationRoom
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import Reference

_SEED: Final = 904
_CELLS: Final = 32
_AT_H: Final = 1.5
_UNTIL_H: Final = 4.0


def play_all(reference: Reference) -> tuple[int, int, dict[str, object]]:
    """How many of the kinds were named for their cell, how many channels that had none were
    withheld all the same, and what was said, by kind."""
    room = FormationRoom(_SEED, _CELLS, faulty=0.0, lots=4)
    mishaps = [Mishap(kind, 3 * n + 1, _AT_H) for n, kind in enumerate(KINDS)]
    cohort = ChannelCohort.bulk(_CELLS, settings(), reference)
    said: dict[str, set[str]] = {}
    for told in spoil(room.play(), room.serials, mishaps):
        if int(np.max(told.time_ns)) - room.start_ns > _UNTIL_H * 3.6e12:
            break
        # A channel that says nothing sends no sample.
        rows = np.flatnonzero(~(np.isnan(told.voltage) & np.isnan(told.current)))
        for event in cohort.step_block(
            told.time_ns[rows],
            told.voltage[rows],
            told.current[rows],
            told.temperature[rows],
            serials=[told.serials[row] for row in rows],
            rows=rows,
        ):
            if event.kind == "cell.withheld":
                serial, reason = str(event.data["serial"]), str(event.data["reason"])
                said.setdefault(serial, set()).add(reason)
    touched = {room.serials[c] for m in mishaps for c in (m.channel, m.second)}
    named = sum(
        any(m.kind in said.get(room.serials[c], ()) for c in (m.channel, m.second)) for m in mishaps
    )
    wrongly = sum(serial not in touched for serial in said)
    return named, wrongly, {serial: sorted(reasons) for serial, reasons in sorted(said.items())}
