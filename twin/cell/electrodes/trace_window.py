"""The slow charge or discharge of a trace, made even: what the fit works on.

Rows come as a tester wrote them: in either direction, with a rest or a constant-voltage tail,
with noise, with equal charges where the voltage was the trigger. What comes out is voltage
against charge since the discharged end, rising, with a weight for each point.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

import numpy as np

from twin.cell.electrodes.halfcell import Array
from twin.errors import InvalidInput

Direction = Literal["charge", "discharge", "unknown"]

POINTS: Final = 320
SLOPE_OVER: Final = 0.02  # of the window: what dV/dQ is taken over
_FEWEST: Final = 20
_SAME: Final = 1e-6  # of the window: charges nearer than this are one
_CELL_V: Final = 6.0  # no lithium-ion cell is above
_LEAST_SWING_V: Final = 0.05
_TAIL_V: Final = 2e-3  # a constant-voltage tail stays within this
_TAIL_LONG: Final = 0.004  # of the window, at least
_TAIL_FLAT: Final = 6.0  # times flatter than what went before
_BACK: Final = 0.03  # of the window: voltage disorder above which rows are no single sweep
_SLIP: Final = 0.002  # of the window: how far off the charge axis may be; chosen
_FLOOR_V: Final = 3e-3


@dataclass(frozen=True, slots=True)
class Window:
    """``q`` [Ah] from 0 rising to ``charge``, ``v`` [V].

    ``weight`` is each point's share of the charge, summing to 1. ``trust`` is that share, less
    where the voltage is so steep that a small error of charge matters. ``ends`` are the
    voltages at both ends, ``steep`` the smoothed dV/dQ [V/Ah], ``noise`` the sd of a row [V].
    """

    q: Array
    v: Array
    weight: Array
    trust: Array
    ends: tuple[float, float]
    steep: Array
    charge: float
    noise: float
    direction: Direction
    rows: int
    notes: tuple[str, ...]

    def thinned(self, by: int) -> "Window":
        """Every ``by``-th point: for a first look."""
        some = slice(by // 2, None, by)
        return replace(
            self, q=self.q[some], v=self.v[some], weight=self.weight[some] * by,
            trust=self.trust[some] * by, steep=self.steep[some],
        )  # fmt: skip


def window_of(
    charge: Array, voltage: Array, direction: Direction | None = None, points: int = POINTS
) -> Window:
    """The window of one sweep: ``charge`` [Ah] counted up or down, ``voltage`` [V], by row.

    Raises InvalidInput where the rows are no single slow sweep.
    """
    notes: list[str] = []
    q, v = np.asarray(charge, float), np.asarray(voltage, float)
    if len(q) < _FEWEST:
        raise InvalidInput(f"{len(q)} usable rows; at least {_FEWEST} are needed for a fit")
    if not 0.5 < float(np.median(v)) < _CELL_V:
        raise InvalidInput(
            f"a voltage of about {np.median(v):.4g} V is no single lithium-ion cell's; where it "
            'is in mV, the header must say so, as "voltage [mV]"'
        )
    if np.ptp(v) < _LEAST_SWING_V:
        raise InvalidInput(f"the voltage moves by {1e3 * np.ptp(v):.0f} mV only: no charge")
    q, v, heading = _ordered(q, v, notes)
    q, v = _without_repeats(q, v)
    q, v = _without_tail(q, v, heading, notes)
    if len(q) < _FEWEST:
        raise InvalidInput(f"{len(q)} different charges; at least {_FEWEST} are needed for a fit")
    span = float(q[-1] - q[0])
    rows, noise = len(q), _noise(q, v)
    ends = (float(np.median(v[:3])), float(np.median(v[-3:])))
    q = q - q[0]
    if rows > 1.5 * points:
        q, v, weight = _binned(q, v, points)
    else:
        weight = np.gradient(q)
        weight = weight / weight.sum()
    steep = slope_of(q, v)
    trust = weight / (1 + (steep * _SLIP * span / _FLOOR_V) ** 2)
    return Window(
        q, v, weight, trust, ends, steep, span, noise, direction or heading, rows, tuple(notes)
    )


def _ordered(q: Array, v: Array, notes: list[str]) -> tuple[Array, Array, Direction]:
    """Rows by rising voltage along the charge, and which way the cell went."""
    if q[-1] == q[0] and np.ptp(q) == 0:
        raise InvalidInput("the charge column does not change")
    step = np.diff(q)
    rising, falling = int(np.sum(step > 0)), int(np.sum(step < 0))
    mixed = min(rising, falling) > 0.02 * len(step)
    order = np.argsort(q, kind="stable")
    up = float(np.corrcoef(q, v)[0, 1]) > 0
    if mixed:
        disorder = float(np.mean(np.abs(np.diff(v[order])))) * len(q)
        if disorder > (3 + _BACK * len(q)) * float(np.ptp(v)):
            raise InvalidInput(
                "the charge goes up and down and the voltage with it: more than one sweep; "
                "choose one with --cycle or --sweep"
            )
        notes.append("rows were not in order of charge; they were sorted")
    heading: Direction = "unknown"
    if not mixed and up and rising >= falling:
        heading = "charge"
    elif not mixed and not up and rising >= falling:
        heading = "discharge"  # counted as it left the cell
    if up:
        return q[order], v[order], heading
    return -q[order][::-1], v[order][::-1], heading


def _without_repeats(q: Array, v: Array) -> tuple[Array, Array]:
    """One point for each charge: the last one before the charge and the first one after it
    (a rest stands at one charge), the mean in between."""
    near = _SAME * float(q[-1] - q[0])
    group = np.concatenate([[0], np.cumsum(np.diff(q) > near)])
    first = np.searchsorted(group, np.arange(group[-1] + 1))
    count = np.diff(np.concatenate([first, [len(q)]]))
    mean = np.add.reduceat(v, first) / count
    mean[-1] = v[first[-1]]
    mean[0] = v[first[1] - 1] if len(first) > 1 else v[0]
    return q[first], mean


def _without_tail(q: Array, v: Array, heading: Direction, notes: list[str]) -> tuple[Array, Array]:
    """Cut the constant-voltage end of a charge (or of a discharge, at the other end)."""
    for at_top in (True, False):
        level = float(np.max(v) if at_top else np.min(v))
        inside = np.abs(v - level) > _TAIL_V
        if not inside.any():
            continue
        if at_top:
            cut = int(np.flatnonzero(inside)[-1]) + 1
            tail, before = slice(cut, None), slice(max(cut - max(len(q) // 50, 4), 0), cut)
        else:
            cut = int(np.flatnonzero(inside)[0])
            tail, before = slice(None, cut), slice(cut, cut + max(len(q) // 50, 4))
        long = float(np.ptp(q[tail])) if len(q[tail]) else 0.0
        span = float(q[-1] - q[0])
        if long < _TAIL_LONG * span or len(q[before]) < 2:
            continue
        flat = _TAIL_V / long
        if float(np.ptp(v[before])) / float(np.ptp(q[before])) > _TAIL_FLAT * flat:
            notes.append(
                f"{100 * long / span:.1f} % of the charge at {level:.3f} V is a "
                "constant-voltage tail; it was left out"
            )
            q, v = (q[:cut], v[:cut]) if at_top else (q[cut:], v[cut:])
    return q, v


def _noise(q: Array, v: Array) -> float:
    """Sd of a row, from what no straight line through its neighbours explains.

    The mean square of all but the largest tenth, scaled for normal noise: a median would call
    a quantised voltage free of noise.
    """
    left, right = q[1:-1] - q[:-2], q[2:] - q[1:-1]
    part = left / (left + right)
    bend = v[1:-1] - (1 - part) * v[:-2] - part * v[2:]
    bend = np.abs(bend / np.sqrt(1 + part**2 + (1 - part) ** 2))
    kept = np.sort(bend)[: max(int(0.9 * len(bend)), 1)]
    return float(np.sqrt(np.mean(kept**2)) / 0.7899)


def _binned(q: Array, v: Array, points: int) -> tuple[Array, Array, Array]:
    """Means over equal stretches of charge; the mean charge belongs to the mean voltage."""
    place = np.minimum((q / q[-1] * points).astype(int), points - 1)
    count = np.bincount(place, minlength=points)
    full = count > 0
    mean_q = np.bincount(place, q, points)[full] / count[full]
    mean_v = np.bincount(place, v, points)[full] / count[full]
    weight = np.gradient(mean_q)
    return mean_q, mean_v, weight / weight.sum()


def slope_of(q: Array, v: Array) -> Array:
    """dV/dQ [V/Ah] over SLOPE_OVER of the window, never below zero."""
    half = 0.5 * SLOPE_OVER * float(q[-1])
    before, after = np.clip(q - half, 0, None), np.clip(q + half, None, q[-1])
    rise = np.interp(after, q, v) - np.interp(before, q, v)
    return np.asarray(np.maximum(rise / (after - before), 0))
