"""What one sample adds: charge, steps of the current, phases, bins along each phase.

All rows at once. A feature that becomes known is handed to ``Sink.store``. Bins are fitted
with a line each, through medians of three samples, so that one odd sample moves nothing.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from twin.cell.formation import grid
from twin.cell.formation.bins import Bins
from twin.cell.formation.grid import CHARGE, DISCHARGE, HOLD, REST, Floats, Ints
from twin.cell.formation.phases import begin_phase, end_phase, find_holds
from twin.cell.formation.sample import HOUR_NS, SECOND_NS, Sample, Sink
from twin.cell.formation.state import NONE, State

SETTLE_NS: Final = 60 * SECOND_NS
"""A step that lasts longer begins a phase; shorter ones are pulses. Chosen."""
POLARISED_NS: Final = (8 * SECOND_NS, 15 * SECOND_NS)
"""When after a step the polarisation of 10 s is read."""
Mask = npt.NDArray[np.bool_]
_STEP: Final = 0.02
"""Smallest step of the current, over nominal capacity [1/h]; chosen: well above noise."""
_STEP_RELATIVE: Final = 0.2
"""Of the current before: the decline at constant voltage is no step. Chosen."""
_REST: Final = 0.005
"""Less than nominal over 200 h is rest; chosen."""
_SAME: Final = 0.2
"""Part of its level within which a current is the same phase; chosen."""
_SURE: Final = 0.003
"""Volts; a smaller step of the voltage may be noise. Chosen."""
_DEAF: Final = 0.2
"""Part of the usual resistance, under which a step of the current was none. Chosen."""
_SHIFT: Final = 0.002
"""Volts by which a voltage may shift with no step of the current; chosen: a contact's."""
_NOISE_GAIN: Final = 1.0 / 30.0


def begin_rows(state: State, sample: Sample, rows: Ints) -> None:
    """The first sample of the cells on those rows."""
    for name, value in (
        ("voltage", sample.voltage),
        ("current", sample.current),
        ("temperature", sample.temperature),
        ("step_voltage", sample.voltage),
    ):
        state.f(name)[rows] = value
    for name in ("time", "start", "step_time", "voltage_seen", "current_seen"):
        state.i(name)[rows] = sample.time
    state.i("pending")[rows] = 1


def advance(state: State, sample: Sample, nominal: Floats, sink: Sink) -> None:
    """The next sample of each row, later than the one before."""
    f, i = state.f, state.i
    before, change = f("current"), sample.current - f("current")
    _count(state, sample, change)
    jump = np.abs(change) > np.maximum(_STEP * nominal, _STEP_RELATIVE * np.abs(before))
    if jump.any():
        _step(state, sample, change, np.flatnonzero(jump), sink)
    waiting = i("pending") == 1
    if waiting.any():
        _settle(state, sample, nominal, np.flatnonzero(waiting & ~jump), sink)
    find_holds(state, sample, nominal, sink)
    _sample(state, sample, nominal, sink)
    f("voltage")[:] = sample.voltage
    f("current")[:] = sample.current
    f("temperature")[:] = sample.temperature
    i("time")[:] = sample.time


def axis(state: State, time: Ints, nominal: Floats) -> Floats:
    """Where the samples stand on the axis of their phase."""
    phase = state.i("phase")
    moved = (state.f("charge") - state.f("charge_at_phase")) / nominal
    hours = (time - state.i("phase_time")) / HOUR_NS
    by_charge = np.where(phase == DISCHARGE, -moved, moved)
    return np.where((phase == REST) | (phase == HOLD), hours, by_charge)


def _count(state: State, sample: Sample, change: Floats) -> None:
    f = state.f
    hours = (sample.time - state.i("time")) / HOUR_NS
    moved = hours * (sample.current + f("current")) / 2
    f("charge")[:] += moved
    f("charge_steps")[:] += (hours * change) ** 2 / 12
    f("charge_hours")[:] += hours
    f("charged")[:] += np.maximum(moved, 0.0)
    f("discharged")[:] -= np.minimum(moved, 0.0)


def _step(state: State, sample: Sample, change: Floats, at: Ints, sink: Sink) -> None:
    """Steps of the current at those rows: dV/dI at once, and its width. Counts steps in a row
    that the voltage went against."""
    f, i = state.f, state.i
    _keep_step(state, at[i("pending")[at] == 1], sink)
    di, dv = change[at], (sample.voltage - f("voltage"))[at]
    noise = np.nan_to_num(f("noise")[at])
    late = np.maximum((sample.time - i("time"))[at] / SECOND_NS - 1.0, 0.0)
    ohmic = dv / di
    # Up to a second, the step is taken as at once; a later reading holds polarisation too,
    # of which nothing is known but that it grows: a tenth of the value for ten seconds.
    sd = np.hypot(np.sqrt(2.0 * noise) / np.abs(di), 0.1 * np.abs(ohmic) * np.minimum(late / 10, 1))
    usual = f("last_ohmic")[at]
    f("ohmic")[at], f("ohmic_sd")[at] = ohmic, sd
    f("polarisation")[at] = np.nan
    f("step_temperature")[at] = sample.temperature[at]
    f("step_voltage")[at], f("step_from")[at] = sample.voltage[at], f("current")[at]
    f("step_before")[at] = f("voltage")[at]
    f("step_change")[at], f("step_charge")[at] = di, f("charge")[at]
    i("step_time")[at], i("pending")[at] = sample.time[at], 1
    i("steady1")[at] = i("steady2")[at] = i("holding")[at] = 0
    against = (ohmic < -5.0 * sd) & (np.abs(dv) > _SURE)
    # The same current the other way round, and the voltage has not even noticed.
    before = sample.current[at] - di
    turned = np.abs(sample.current[at] + before) < _SAME * np.abs(before)
    turned &= np.abs(dv) < np.where(np.isnan(usual), _SURE, _DEAF * usual * np.abs(di))
    i("opposite")[at] = np.where(turned, 2, np.where(against, i("opposite")[at] + 1, 0))


def _settle(state: State, sample: Sample, nominal: Floats, at: Ints, sink: Sink) -> None:
    """Reads the polarisation, and after a minute says what the step was."""
    f, i = state.f, state.i
    since = sample.time[at] - i("step_time")[at]
    ripe = (since >= POLARISED_NS[0]) & (since <= POLARISED_NS[1]) & np.isnan(f("polarisation")[at])
    if ripe.any():
        r = at[ripe]
        with np.errstate(divide="ignore", invalid="ignore"):
            f("polarisation")[r] = (sample.voltage[r] - f("step_voltage")[r]) / f("step_change")[r]
    at = at[since >= SETTLE_NS]
    if not len(at):
        return
    rate = sample.current[at] / nominal[at]
    phase = np.where(np.abs(rate) < _REST, REST, np.where(rate > 0, CHARGE, DISCHARGE))
    old, level = i("phase")[at], f("level")[at]
    near = np.abs(sample.current[at] - level) <= _SAME * np.abs(level)
    same = ((phase == old) & ((phase == REST) | near)) | ((old == HOLD) & (phase == CHARGE) & near)
    _keep_step(state, at[same], sink)
    i("pending")[at[same]] = 0
    new = at[~same]
    if len(new):
        end = (i("step_time")[new], f("step_charge")[new], f("step_before")[new])
        end_phase(state, new, *end, nominal, sink)
        start, charge = i("step_time")[new], f("step_charge")[new]
        begin_phase(state, sample, new, phase[~same], start, charge, nominal, sink)
        _keep_step(state, new, sink)
        i("pending")[new] = 0


def _keep_step(state: State, at: Ints, sink: Sink) -> None:
    """The latest step's resistances, to the phase that they belong to."""
    f, i = state.f, state.i
    at = at[~np.isnan(f("ohmic")[at]) & (i("slot")[at] >= 0)]
    if not len(at):
        return
    number, slot = i("steps")[at], i("slot")[at]
    kept = number < grid.STEPS
    k, n, s = at[kept], number[kept], slot[kept]
    # The temperature first: it explains some of the resistance.
    sink.store(k, s, grid.TEMPERATURE + n, f("step_temperature")[k])
    sink.store(k, s, grid.OHMIC + n, f("ohmic")[k])
    sink.store(k, s, grid.POLARISATION + n, f("polarisation")[k])
    f("last_ohmic")[at], f("last_ohmic_sd")[at] = f("ohmic")[at], f("ohmic_sd")[at]
    seen = at[~np.isnan(f("polarisation")[at])]
    f("last_polarisation")[seen] = f("polarisation")[seen]
    noise = np.sqrt(2.0 * np.nan_to_num(f("noise")[seen]))
    f("last_polarisation_sd")[seen] = noise / np.abs(f("step_change")[seen])
    i("steps")[at] += 1
    f("ohmic")[at] = np.nan


def _sample(state: State, sample: Sample, nominal: Floats, sink: Sink) -> None:
    """The sample before this one joins its bin, as the median of three."""
    f, i = state.f, state.i
    phase = i("phase")
    steady = ((i("pending") == 0) & (phase != NONE)).astype(np.int64)
    x = axis(state, sample.time, nominal)
    y = np.where(phase == HOLD, sample.current / nominal, sample.voltage)
    y1, y2 = f("y1"), f("y2")
    usable = steady & i("steady1") & i("steady2") == 1
    if usable.any():
        bend = np.where(usable & (phase != HOLD), (y - 2.0 * y1 + y2) ** 2 / 6.0, np.nan)
        _find_shifts(state, x, y, usable & (phase != HOLD))
        noise = f("noise")
        first, later = np.isnan(noise) & ~np.isnan(bend), ~np.isnan(noise) & ~np.isnan(bend)
        noise[first] = bend[first]
        moved = np.minimum(bend, 9.0 * noise + 1e-8) - noise
        noise[later] += _NOISE_GAIN * moved[later]
        middle = np.maximum(np.minimum(y, y1), np.minimum(np.maximum(y, y1), y2))
        ends = (f("x2") + f("x1")) / 2, (f("x1") + x) / 2
        Bins(state).add(np.flatnonzero(usable), f("x1"), middle, ends, sink)
    else:
        f("bend")[:] = 0.0
    f("x2")[:], f("x1")[:] = f("x1").copy(), x
    f("y2")[:], f("y1")[:] = y1.copy(), y
    i("steady2")[:] = i("steady1").copy()
    i("steady1")[:] = steady


def _find_shifts(state: State, x: Floats, y: Floats, usable: Mask) -> None:
    """A voltage that goes on from another level, with no step of the current: first it bends
    one way, then by as much the other way. A spike bends back twice as much."""
    f = state.f
    before, now = f("x1") - f("x2"), x - f("x1")
    even = usable & (now < 2.0 * before) & (before < 2.0 * now)
    with np.errstate(divide="ignore", invalid="ignore"):
        bend = np.where(even, y - f("y1") - (f("y1") - f("y2")) * (now / before), 0.0)
    last = f("bend")
    limit = np.maximum(_SHIFT, 6.0 * np.sqrt(6.0 * np.nan_to_num(f("noise"))))
    shifted = (np.abs(last) > limit) & (np.abs(bend + last) < 0.4 * np.abs(last))
    state.i("shifted")[:] |= shifted
    f("bend")[:] = bend
