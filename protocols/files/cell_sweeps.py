"""The one slow sweep of a trace: what is not part of it is left out, several are refused.

A file of full cycles holds charges and discharges one below the other, with rests between.
A sweep is a run of rows over which the charge counts on in one direction; rows in which it
stands still, or springs (a counter that starts anew), lie between sweeps.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from protocols.files.cell_trace import Array, CellTrace
from twin.cell.electrodes.trace_window import Direction
from twin.errors import InvalidFile

_SPRING: Final = 0.02  # of all charge, in one row: a counter that starts anew
_SHORT: Final = 0.25  # of the longest sweep: shorter ones do not compete
_STEADY: Final = 0.1  # of the usual current: rows within are the constant-current part
_FEWEST: Final = 10
_LISTED: Final = 12


@dataclass(frozen=True, slots=True)
class Picked:
    """``charge`` [Ah] and ``voltage`` [V] of one sweep; ``current`` [A] without sign where a
    column told it; ``direction`` where it is known."""

    charge: Array
    voltage: Array
    current: float | None
    direction: Direction | None
    notes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Sweep:
    rows: slice
    charging: bool
    span: float


def one_sweep(trace: CellTrace, *, cycle: int | None = None, sweep: int | None = None) -> Picked:
    """The sweep meant. A lone charge among discharges is taken; of several charges none is.

    Raises InvalidFile, with the sweeps listed, where it takes a choice.
    """
    notes: list[str] = []
    if cycle is not None:
        assert trace.cycle is not None
        here = trace.cycle == cycle
        if not here.any():
            there = ", ".join(f"{c:g}" for c in np.unique(trace.cycle[np.isfinite(trace.cycle)]))
            raise InvalidFile(str(trace.path), None, f"no cycle {cycle}; there are {there}")
        trace = trace.rows(here)
    sweeps = _sweeps(trace)
    if sweep is not None:
        if not 1 <= sweep <= len(sweeps):
            why = f"no sweep {sweep}; there are {len(sweeps)}:\n{_listed(trace, sweeps)}"
            raise InvalidFile(str(trace.path), None, why)
        return _picked(trace, sweeps[sweep - 1], notes)
    longest = max((s.span for s in sweeps), default=0.0)
    able = [s for s in sweeps if s.span >= _SHORT * longest]
    if len(able) > 1:
        charges = [s for s in able if s.charging]
        if len(charges) != 1:
            why = (
                f"{len(able)} sweeps; choose one with --sweep N"
                + (" or --cycle N" if cycle is None else "")
                + f":\n{_listed(trace, sweeps)}"
            )
            raise InvalidFile(str(trace.path), None, why)
        notes.append(f"the charge was taken, of {len(able)} sweeps (--sweep takes another)")
        able = charges
    if not able or len(sweeps) == 1:
        # No run at all: rows in no order; or one: with its rest and its tail.
        return _picked(trace, None, notes)
    return _picked(trace, able[0], notes)


def _picked(trace: CellTrace, sweep: _Sweep | None, notes: list[str]) -> Picked:
    direction: Direction | None = None
    if sweep is not None:
        chosen = np.zeros(len(trace.charge), bool)
        chosen[sweep.rows] = True
        trace = trace.rows(chosen)
        rising = bool(trace.charge[-1] > trace.charge[0])
        if rising:  # counted down, it may be a charge told from its end
            direction = "charge" if sweep.charging else "discharge"
    current = None
    if trace.current is not None:
        told = trace.current[np.isfinite(trace.current) & (trace.current != 0)]
        if not len(told):
            raise InvalidFile(str(trace.path), None, "the current is zero or blank throughout")
        usual = float(np.median(told))
        steady = np.abs(trace.current - usual) <= _STEADY * abs(usual)
        out = int(len(steady) - steady.sum())
        if out and steady.sum() >= _FEWEST:
            trace = trace.rows(steady)
            notes.append(f"{out} rows at other currents than {usual:.4g} A were left out")
        current = abs(usual)
        if usual < 0 and direction is None:
            direction = "discharge"
    return Picked(trace.charge, trace.voltage, current, direction, tuple(notes))


def _sweeps(trace: CellTrace) -> list[_Sweep]:
    q, v = trace.charge, trace.voltage
    step = np.diff(q)
    whole = float(np.ptp(q)) or 1.0
    still = np.abs(step) < 1e-9 * whole
    spring = np.abs(step) > np.maximum(_SPRING * whole, 20 * _usual(step))
    way = np.where(still | spring, 0, np.sign(step)).astype(int)
    if np.mean(np.diff(way[way != 0]) != 0) > 0.1:
        return []  # in no order
    way = _carried(way, spring)
    edges = np.flatnonzero(np.diff(way) != 0) + 1
    found = []
    for a, b in zip([0, *edges], [*edges, len(way)], strict=True):
        rows = slice(int(a), int(b) + 1)
        if way[a] == 0 or b - a < _FEWEST:
            continue
        span = float(np.ptp(q[rows]))
        if span < 1e-6 * whole or np.ptp(v[rows]) < 0.05:
            continue
        ups = v[rows][-3:].mean() > v[rows][:3].mean()
        found.append(_Sweep(rows, bool(ups), span))
    return found


def _usual(step: Array) -> float:
    moved = np.abs(step[step != 0])
    return float(np.median(moved)) if len(moved) else 0.0


def _carried(way: NDArray[np.int64], spring: NDArray[np.bool_]) -> NDArray[np.int64]:
    """A row or a few in which the counter stood still do not end a sweep; a spring does."""
    out = way.copy()
    last = 0
    for i, step in enumerate(way):
        if spring[i]:
            last = 0
            out[i] = 0
        elif step:
            last = step
        elif i and _still_for(way, i) <= 3:
            out[i] = last
    return out


def _still_for(way: NDArray[np.int64], at: int) -> int:
    end = at
    while end < len(way) and way[end] == 0 and end - at < 5:
        end += 1
    start = at
    while start > 0 and way[start - 1] == 0 and at - start < 5:
        start -= 1
    return end - start


def _listed(trace: CellTrace, sweeps: list[_Sweep]) -> str:
    told = []
    for number, sweep in enumerate(sweeps[:_LISTED], 1):
        v = trace.voltage[sweep.rows]
        first, last = trace.line[sweep.rows][0], trace.line[sweep.rows][-1]
        what = "charge" if sweep.charging else "discharge"
        told.append(
            f"  {number}: lines {first}-{last}, {what}, {sweep.span:.4g} Ah, "
            f"{v[0]:.2f} to {v[-1]:.2f} V"
        )
    if len(sweeps) > _LISTED:
        told.append(f"  and {len(sweeps) - _LISTED} more")
    return "\n".join(told)
