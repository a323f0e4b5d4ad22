"""Phases of a protocol: they begin with a step of the current, or where a voltage is held."""

from typing import Final

import numpy as np

from twin.cell.formation import grid
from twin.cell.formation.bins import Bins
from twin.cell.formation.grid import CHARGE, DISCHARGE, HOLD, Floats, Ints
from twin.cell.formation.sample import HOUR_NS, Sample, Sink
from twin.cell.formation.state import NONE, State

_HOLDS: Final = 0.97
"""A charge whose current falls below that part of its level is a hold; chosen."""


def end_phase(
    state: State, at: Ints, time: Ints, charge: Floats, voltage: Floats, nominal: Floats,
    sink: Sink,
) -> None:  # fmt: skip
    """Charge, hours and last voltage of a phase that is over."""
    f, i = state.f, state.i
    known = i("slot")[at] != NONE
    at, time, charge, voltage = at[known], time[known], charge[known], voltage[known]
    moved = np.abs(charge - f("charge_at_phase")[at]) / nominal[at]
    hours = (time - i("phase_time")[at]) / HOUR_NS
    slot, overrun = i("slot")[at], i("overrun")[at] == 0
    zero = np.zeros(len(at), dtype=np.int64)
    # One that ran over has told its charge before it ended.
    sink.store(at[overrun], slot[overrun], (zero + grid.PHASE_CHARGE)[overrun], moved[overrun])
    sink.store(at, slot, zero + grid.PHASE_HOURS, hours)
    sink.store(at, slot, zero + grid.PHASE_END, voltage)


def begin_phase(
    state: State, sample: Sample, at: Ints, phase: Ints, time: Ints, charge: Floats,
    nominal: Floats, sink: Sink,
) -> None:  # fmt: skip
    f, i = state.f, state.i
    _cycle(state, at, phase, charge)
    rate = np.abs(sample.current[at] / nominal[at])
    slot = sink.slot_of(at, i("reached")[at], phase, rate)
    i("slot")[at] = slot
    i("reached")[at] = np.maximum(slot, i("reached")[at])
    i("phase")[at], i("phase_time")[at] = phase, time
    f("charge_at_phase")[at], f("level")[at] = charge, sample.current[at]
    for name in ("steps", "steady1", "steady2", "holding", "falling", "overrun", "shifted"):
        i(name)[at] = 0
    i("bin")[at] = NONE
    f("lower")[at], f("upper")[at] = -np.inf, -np.inf
    Bins(state).clear(at)


def _cycle(state: State, at: Ints, phase: Ints, charge: Floats) -> None:
    """The charge that the first charge and the first discharge moved [Ah]."""
    f = state.f
    ended = at[(phase == DISCHARGE) & np.isnan(f("first_charge")[at])]
    f("first_charge")[ended] = f("charged")[ended]
    over = at[(phase == CHARGE) & np.isnan(f("first_discharge")[at])]
    over = over[~np.isnan(f("first_charge")[over])]
    f("first_discharge")[over] = f("discharged")[over]


def find_holds(state: State, sample: Sample, nominal: Floats, sink: Sink) -> None:
    f, i = state.f, state.i
    low = (i("phase") == CHARGE) & (i("pending") == 0) & (sample.current < _HOLDS * f("level"))
    i("holding")[:] = np.where(low, i("holding") + 1, 0)
    at = np.flatnonzero(i("holding") >= 2)
    if not len(at):
        return
    end_phase(state, at, i("time")[at], f("charge")[at], f("voltage")[at], nominal, sink)
    phase = np.full(len(at), HOLD, dtype=np.int64)
    begin_phase(state, sample, at, phase, sample.time[at], f("charge")[at], nominal, sink)
