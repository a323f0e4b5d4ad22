"""The channels of one reference, as arrays: samples in, features kept and judged."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from twin.cell.formation import grid, guard, measuring
from twin.cell.formation.custody import Said
from twin.cell.formation.decision import Decision
from twin.cell.formation.grid import CHARGE, DISCHARGE, HOLD, REST, Floats, Ints
from twin.cell.formation.judge import Judge
from twin.cell.formation.normal import Reference
from twin.cell.formation.sample import HOUR_NS, Sample
from twin.cell.formation.settings import Settings
from twin.cell.formation.state import NONE, State
from twin.cell.formation.trace import Trace

_SAME_RATE: Final = 0.25
"""Currents of one phase differ by less than that, in the logarithm; chosen."""
_REST_MAY_SKIP: Final = 2
"""A rest is the next phase, or the one after it: another one is not the protocol's."""
_OVERRUN: Final = 4.0
"""A phase longer than good cells' by so many standard deviations has run over."""

Mask = npt.NDArray[np.bool_]


@dataclass(slots=True, eq=False)
class Learning:
    """Everything measured, for a reference to be learned from it."""

    value: Floats
    hour: Floats
    phase: Ints
    rate: Floats

    @classmethod
    def of(cls, channels: int) -> "Learning":
        return cls(
            np.full((channels, grid.COLUMNS), np.nan),
            np.full((channels, grid.COLUMNS), np.nan),
            np.full((channels, grid.SLOTS), NONE, dtype=np.int64),
            np.zeros((channels, grid.SLOTS)),
        )


class Bank(Judge):
    """``learns``: keeps all that is measured (bulk use without a reference)."""

    def __init__(self, settings: Settings, reference: Reference | None, learns: bool) -> None:
        channels = len(settings.nominal)
        decision = Decision(reference, channels) if reference else None
        super().__init__(settings, decision, learns and reference is None)
        self.reference = reference
        self.learning = Learning.of(channels) if self.learns else None
        self._all = np.arange(channels)
        self._rows: Ints = self._all
        self._time: Ints = np.zeros(channels, dtype=np.int64)
        self._local: State = self.state
        if reference is not None:
            self._column = np.full(grid.COLUMNS, NONE, dtype=np.int64)
            self._column[reference.column] = np.arange(len(reference.column))
            self._over = _overruns(reference)

    def step(self, rows: Ints | None, sample: Sample) -> list[Said]:
        """One sample of each of ``rows`` (None: of all); no row twice."""
        self._said = []
        rows = self._all if rows is None else rows
        state = self.state
        whole = len(rows) == len(self._all)
        take = _ready(state, rows, sample)
        if take.all():
            self._take(rows, sample, whole)
        else:
            self._odd(rows, sample, take)
        said, self._said = self._said, []
        return said

    def _odd(self, rows: Ints, sample: Sample, take: Mask) -> None:
        """Rows of which some have no cell yet, or a sample that can't be used."""
        state = self.state
        seen_v, seen_i = ~np.isnan(sample.voltage), ~np.isnan(sample.current)
        for name, seen in (("voltage_seen", seen_v), ("current_seen", seen_i)):
            first = state.i(name)[rows] == NONE
            state.i(name)[rows] = np.where(seen | first, sample.time, state.i(name)[rows])
        late_v, late_i = (
            sample.time - state.i(name)[rows] > guard.MISSING_NS
            for name in ("voltage_seen", "current_seen")
        )
        missing = np.flatnonzero((late_v ^ late_i) & (state.i("withheld")[rows] == 0))
        for k in missing:
            lost = "voltage" if late_v[k] else "current"
            self.withhold(int(rows[k]), guard.MISSING, int(sample.time[k]), {"column": lost})
        blocked = guard.blocks(state.i("withheld")[rows])
        new = (state.i("time")[rows] == NONE) & seen_v & seen_i & ~blocked
        if new.any():
            measuring.begin_rows(state, _part(sample, new), rows[new])
        usable = take & seen_v & seen_i & ~blocked
        if usable.any():
            self._take(rows[usable], _part(sample, usable), whole=False)

    def _take(self, rows: Ints, sample: Sample, whole: bool) -> None:
        state = self.state if whole else self.state.rows(rows)
        nominal = self.settings.nominal[rows]
        codes = guard.before(state, sample, nominal)
        if codes.any():
            for k in np.flatnonzero(codes):
                self.withhold(int(rows[k]), int(codes[k]), int(sample.time[k]), {})
            good = codes == 0
            if good.any():
                self._take(rows[good], _part(sample, good), whole=False)
            return
        self._rows, self._local, self._time = rows, state, sample.time
        measuring.advance(state, sample, nominal, self)
        state.i("voltage_seen")[:] = state.i("current_seen")[:] = sample.time
        codes = guard.after(state)
        self._find_overruns(state, sample, nominal)
        if not whole:
            self.state.put(rows, state)
        for k in np.flatnonzero(codes & (state.i("withheld") == 0)):
            self.withhold(int(rows[k]), int(codes[k]), int(sample.time[k]), {})
        self._conclude(rows, sample.time)

    def store(self, at: Ints, slot: Ints, kind: Ints, value: Floats) -> None:
        known = ~np.isnan(value)
        if not known.all():
            at, slot, kind, value = at[known], slot[known], kind[known], value[known]
        if not len(at):
            return
        column, rows = slot * grid.PER_SLOT + kind, self._rows[at]
        if self.learning is not None:
            start = self._local.i("start")[at]
            self.learning.value[rows, column] = value
            self.learning.hour[rows, column] = (self._time[at] - start) / HOUR_NS
        if self.decision is not None:
            position = self._column[column]
            wanted = position != NONE
            if wanted.any():
                self.decision.take(rows[wanted], position[wanted], value[wanted])
                self._local.i("dirty")[at[wanted]] = 1

    def slot_of(self, at: Ints, reached: Ints, phase: Ints, rate: Floats) -> Ints:
        if self.reference is None:
            slot = np.minimum(reached + 1, grid.SLOTS - 1)
            if self.learning is not None:
                rows = self._rows[at]
                self.learning.phase[rows, slot] = phase
                self.learning.rate[rows, slot] = rate
            return slot
        found = np.full(len(at), NONE, dtype=np.int64)
        for s in range(len(self.reference.phase) - 1, -1, -1):
            fits = (phase == self.reference.phase[s]) & (s > reached)
            if self.reference.phase[s] == REST:
                fits &= s <= reached + _REST_MAY_SKIP
            elif self.reference.phase[s] != HOLD:
                usual = max(float(self.reference.rate[s]), 1e-6)
                fits &= np.abs(np.log(np.maximum(rate, 1e-6) / usual)) < _SAME_RATE
            found[fits] = s
        strange = (found == NONE) & ((phase == CHARGE) | (phase == DISCHARGE))
        for k in np.flatnonzero(strange & (self._local.i("withheld")[at] == 0)):
            row, time = int(self._rows[at[k]]), int(self._time[at[k]])
            code = guard.CURRENT_SIGN if self._local.i("opposite")[at[k]] else guard.OTHER
            self.withhold(row, code, time, {"rate": float(rate[k])})
            self._local.i("withheld")[at[k]] = code
        return found

    def _find_overruns(self, state: State, sample: Sample, nominal: Floats) -> None:
        """A phase that has gone on longer than in any good cell says its charge now."""
        if self.reference is None:
            return
        slot, x = state.i("slot"), state.f("x1")
        over = (x > self._over[slot]) & (state.i("overrun") == 0) & (slot >= 0)
        over &= state.i("pending") == 0
        at = np.flatnonzero(over)
        if not len(at):
            return
        state.i("overrun")[at] = 1
        moved = np.abs(state.f("charge")[at] - state.f("charge_at_phase")[at]) / nominal[at]
        self.store(at, slot[at], np.full(len(at), grid.PHASE_CHARGE, dtype=np.int64), moved)

    def trace(self) -> Trace:
        assert self.learning is not None
        kept = self.learning
        return Trace(float(self.settings.nominal[0]), kept.value, kept.hour, kept.phase, kept.rate)


def _ready(state: State, rows: Ints, sample: Sample) -> Mask:
    """Rows whose sample follows another one of the same cell and can be used as it is."""
    known = state.i("time")[rows]
    ready = (known != NONE) & (sample.time != known) & ~guard.blocks(state.i("withheld")[rows])
    return np.asarray(ready & ~np.isnan(sample.voltage + sample.current), dtype=np.bool_)


def _part(sample: Sample, rows: Mask) -> Sample:
    return Sample(
        sample.time[rows], sample.voltage[rows], sample.current[rows], sample.temperature[rows]
    )


def _overruns(reference: Reference) -> Floats:
    """Of each slot, where on its axis a good cell has long ended; the last entry is for no
    slot."""
    over = np.full(grid.SLOTS + 1, np.inf)
    slot, kind = reference.slot(), reference.kind()
    for s in range(len(reference.phase)):
        phase = int(reference.phase[s])
        if phase not in (CHARGE, DISCHARGE, HOLD):
            continue
        wanted = grid.PHASE_HOURS if phase == HOLD else grid.PHASE_CHARGE
        for j in np.flatnonzero((slot == s) & (kind == wanted)):
            over[s] = reference.mean[j] + _OVERRUN * reference.sd[j] + 1e-3
    return over
