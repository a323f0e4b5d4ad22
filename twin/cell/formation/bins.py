"""A line through the samples of each bin: level in its middle, slope, and their widths.

A sample stands for the stretch of the axis that is nearer to it than to its neighbours, and
counts in each bin by the share of that stretch that lies in it. So a level moves smoothly
with where the samples fall: where the cadence divides a bin evenly, samples fall on the edges
themselves, and the tester's jitter would throw a whole room's into the next bin or not.
"""

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from twin.cell.formation import grid
from twin.cell.formation.grid import CHARGE, HOLD, REST, Floats, Ints
from twin.cell.formation.state import NONE, State

if TYPE_CHECKING:
    from twin.cell.formation.sample import Sink

_SUMS: Final = ("sn", "sx", "sy", "sxx", "sxy", "syy")
_WHOLE: Final = 1.5
"""Samples of a bin from which it is fitted; between one, which has no slope, and two, which
the shares of a bin of two samples add up to nearly. Chosen."""
_FEWEST: Final = 4
_SLOPE_WIDTH: Final = 0.1
"""A slope less certain than that part of itself takes the bins before along; chosen."""


class Bins:
    """Works on a State in place."""

    __slots__ = ("_state",)

    def __init__(self, state: State) -> None:
        self._state = state

    def clear(self, at: Ints) -> None:
        for age in range(3):
            for name in _SUMS:
                self._state.f(f"{name}{age}")[at] = 0.0

    def add(
        self, at: Ints, x: Floats, y: Floats, ends: tuple[Floats, Floats], sink: "Sink"
    ) -> None:
        """Samples (x, y) of the rows ``at``, which stand for the axis between ``ends``; a bin
        that one has left is fitted."""
        f = self._state.f
        first, last = ends[0][at], ends[1][at]
        leaves = last >= f("upper")[at]
        if not leaves.any():
            self._sum(at, x[at], y[at], np.ones(len(at)))
            return
        length = np.maximum(last - first, 1e-12)
        inside = np.clip((f("upper")[at] - first) / length, 0.0, 1.0)
        self._sum(at, x[at], y[at], np.where(leaves, inside, 1.0))
        left = at[leaves]
        self._close(left, ends[1], sink)
        beyond = last[leaves] - np.maximum(f("lower")[left], first[leaves])
        self._sum(left, x[left], y[left], np.clip(beyond / length[leaves], 0.0, 1.0))

    def _sum(self, at: Ints, x: Floats, y: Floats, share: Floats) -> None:
        f = self._state.f
        # About the bin's lower edge, so that the sums lose no digits.
        u = x - np.maximum(f("lower")[at], 0.0)
        su, sv = share * u, share * y
        for name, value in (
            ("sn0", share), ("sx0", su), ("sy0", sv),
            ("sxx0", su * u), ("sxy0", su * y), ("syy0", sv * y),
        ):  # fmt: skip
            f(name)[at] += value

    def _close(self, at: Ints, x: Floats, sink: "Sink") -> None:
        f, i = self._state.f, self._state.i
        timed = (i("phase")[at] == REST) | (i("phase")[at] == HOLD)
        number = i("bin")[at]
        whole = (number >= 0) & (f("sn0")[at] >= _WHOLE)
        if whole.any():
            self._fit(at[whole], number[whole], timed[whole], sink)
        found = grid.bin_of(x[at], timed)
        lower = grid.lower_edge(found, timed)
        shift = np.maximum(lower, 0.0) - np.maximum(f("lower")[at], 0.0)
        self._shift(at, shift)
        i("bin")[at] = found
        f("lower")[at], f("upper")[at] = lower, grid.upper_edge(found, timed)

    def _shift(self, at: Ints, shift: Floats) -> None:
        """Bins grow older; their sums are taken about the new lower edge."""
        f = self._state.f
        for old, young in ((2, 1), (1, 0)):
            n, sx, sy, sxx, sxy, syy = (f(f"{name}{young}")[at] for name in _SUMS)
            f(f"sn{old}")[at] = n
            f(f"sx{old}")[at] = sx - n * shift
            f(f"sy{old}")[at] = sy
            f(f"sxx{old}")[at] = sxx - 2.0 * shift * sx + n * shift * shift
            f(f"sxy{old}")[at] = sxy - shift * sy
            f(f"syy{old}")[at] = syy
        for name in _SUMS:
            f(f"{name}0")[at] = 0.0

    def _fit(self, at: Ints, number: Ints, timed: npt.NDArray[np.bool_], sink: "Sink") -> None:
        f, i = self._state.f, self._state.i
        middle = (grid.upper_edge(number, timed) - f("lower")[at]) / 2
        slot, phase = i("slot")[at], i("phase")[at]
        noise = np.nan_to_num(f("noise")[at])
        sums = [f(f"{name}0")[at] for name in _SUMS]
        mean_x, mean_y = sums[1] / sums[0], sums[2] / sums[0]
        slope, sd = line(sums, noise)
        for age in (1, 2):
            with np.errstate(invalid="ignore"):
                weak = (sums[0] < _FEWEST) | ~(sd <= _SLOPE_WIDTH * np.abs(slope))
            older = [np.where(weak, f(f"{name}{age}")[at], 0.0) for name in _SUMS]
            sums = [now + more for now, more in zip(sums, older, strict=True)]
            wider, wider_sd = line(sums, noise)
            slope, sd = np.where(weak, wider, slope), np.where(weak, wider_sd, sd)
        known = np.isfinite(slope)
        level = mean_y + np.where(known, slope, 0.0) * (middle - mean_x)
        self._judge_direction(at, level, phase, noise)
        told = slot >= 0
        sink.store(
            at[told], slot[told], (number + grid.SLOPE)[told], np.where(known, slope, np.nan)[told]
        )
        sink.store(at[told], slot[told], (number + grid.LEVEL)[told], level[told])
        seen = known & (phase == CHARGE)
        k = at[seen]
        f("last_slope")[k], f("last_slope_sd")[k] = slope[seen], sd[seen]
        f("last_slope_at")[k] = (f("lower")[at] + middle)[seen]
        i("dirty")[at] = 1

    def _judge_direction(self, at: Ints, level: Floats, phase: Ints, noise: Floats) -> None:
        """Counts bins in a row over which the voltage went against the current, and by how
        much in all."""
        f, i = self._state.f, self._state.i
        sign = np.where(phase == CHARGE, 1.0, -1.0)
        against = sign * (f("fallen")[at] - level)
        charges = (phase != REST) & (phase != HOLD)
        wrong = charges & (i("falling")[at] > 0) & (against > np.maximum(0.003, 5 * noise**0.5))
        # 1: a level is known; each further one: a bin against the current.
        i("falling")[at] = np.where(wrong, i("falling")[at] + 1, 1)
        f("against")[at] = np.where(wrong, f("against")[at] + against, 0.0)
        f("fallen")[at] = level


def line(sums: list[Floats], noise: Floats) -> tuple[Floats, Floats]:
    """``(slope, standard deviation)`` of a least-squares line; NaN for too few samples. The
    scatter is that of the residuals, never less than that of the voltage noise."""
    n, sx, sy, sxx, sxy, syy = sums
    with np.errstate(divide="ignore", invalid="ignore"):
        spread = sxx - sx * sx / n
        slope = (sxy - sx * sy / n) / np.where((n >= _WHOLE) & (spread > 1e-18), spread, np.nan)
        rest = np.maximum(syy - sy * sy / n - slope * slope * spread, 0.0)
        # The median of three normal values has 0.449 of a single one's variance
        # (David & Nagaraja, Order Statistics, 3rd ed.).
        scatter = np.maximum(rest / np.maximum(n - 2, 1), 0.449 * noise)
        return slope, np.sqrt(scatter / spread)


__all__ = ["NONE", "Bins", "line"]
