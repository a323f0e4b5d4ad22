"""Levels and slopes along a phase, wherever on its axis the samples fall."""

import numpy as np
import pytest

from twin.cell.formation import grid
from twin.cell.formation.bins import Bins
from twin.cell.formation.grid import CHARGE, Floats, Ints
from twin.cell.formation.state import State

_STEP = 0.01 / 12
"""A twelfth of a bin: C/20, sampled each minute."""


class _Kept:
    """A sink that keeps what it is told, by column."""

    def __init__(self, rows: int) -> None:
        self.value = np.full((rows, grid.PER_SLOT), np.nan)

    def store(self, at: Ints, slot: Ints, kind: Ints, value: Floats) -> None:
        self.value[at, kind] = value

    def slot_of(self, at: Ints, reached: Ints, phase: Ints, rate: Floats) -> Ints:
        return np.zeros(len(at), dtype=np.int64)


def _volts(x: Floats) -> Floats:
    """The steep, bent start of a first charge."""
    return 3.0 + 0.4 * (1.0 - np.exp(-x / 0.015))


def _levels(offsets: Floats) -> Floats:
    """(offsets, bins): of samples at whole steps and that offset, in steps."""
    state, kept = State.of(len(offsets)), _Kept(len(offsets))
    state.i("phase")[:], state.i("slot")[:] = CHARGE, 0
    state.f("upper")[:] = state.f("lower")[:] = -np.inf
    rows = np.arange(len(offsets))
    for n in range(1, 70):
        x = (n + offsets) * _STEP
        Bins(state).add(rows, x, _volts(x), (x - _STEP / 2, x + _STEP / 2), kept)
    return kept.value[:, grid.LEVEL + 1 : grid.LEVEL + 5]


def test_a_sample_on_the_edge_of_a_bin_counts_in_both() -> None:
    before, after = _levels(np.array([-0.01, 0.01]))

    assert before == pytest.approx(after, abs=3e-6)


def test_levels_hardly_depend_on_where_the_samples_fall() -> None:
    levels = _levels(np.linspace(-0.5, 0.5, 11))

    assert np.ptp(levels, axis=0).max() < 1e-4
    assert levels[:, 2] == pytest.approx(_volts(np.array([0.035]))[0], abs=1e-3)
