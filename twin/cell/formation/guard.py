"""Samples that no cell can have given: its verdict is withheld rather than invented."""

from typing import Final

import numpy as np
import numpy.typing as npt

from twin.cell.formation.grid import CHARGE, REST, Floats
from twin.cell.formation.sample import HOUR_NS, SECOND_NS, Sample
from twin.cell.formation.state import NONE, State

REASONS: Final = (
    "",
    "swapped",
    "clock_back",
    "current_sign",
    "gap",
    "unplugged",
    "serial_twice",
    "column_missing",
    "no_reference",
    "other_protocol",
)
SWAPPED, CLOCK_BACK, CURRENT_SIGN, GAP, UNPLUGGED = range(1, 6)
TWICE, MISSING, NO_REFERENCE, OTHER = range(6, 10)
GAP_NS: Final = HOUR_NS // 2
"""Longest silence over which charge may be counted on; chosen."""
MISSING_NS: Final = 600 * SECOND_NS
"""A column silent that long, while the other speaks, is missing; chosen."""
_REST: Final = 0.005
_DEAD: Final = 0.5
"""No cell that has been above 2 V is below that while it stands; chosen."""
_ALIVE: Final = 2.0
_DROP: Final = 0.6
"""Volts lost or gained at once, with no current: more than any resistance makes; chosen."""
_AT_REST: Final = 0.05
_UNDER_LOAD: Final = 0.15
"""Volts within two minutes, long after a step of the current; chosen."""
_STEPS: Final = 2
"""Steps of the current in a row that the voltage went against: of a cell that has plated,
one may be so by itself. Chosen."""
_BINS: Final = 3
_AGAINST: Final = 0.03
"""Volts against the current, over so many bins: plated lithium holds a voltage down, but not
so far. Chosen."""
_SETTLED_NS: Final = 120 * SECOND_NS

Codes = npt.NDArray[np.int64]


def blocks(codes: Codes) -> npt.NDArray[np.bool_]:
    """Reasons after which nothing more is measured of a cell: charge or identity are lost."""
    found: npt.NDArray[np.bool_] = (codes > 0) & (codes < NO_REFERENCE)
    return found


def before(state: State, sample: Sample, nominal: Floats) -> Codes:
    """Of each row, what is wrong with its next sample (0: nothing), before it is taken."""
    f, i = state.f, state.i
    elapsed = sample.time - i("time")
    codes = np.zeros(len(elapsed), dtype=np.int64)
    resting = (np.abs(sample.current) < _REST * nominal) & (np.abs(f("current")) < _REST * nominal)
    jump = np.abs(sample.voltage - f("voltage"))
    settled = (i("steady1") & i("steady2") == 1) & (elapsed <= _SETTLED_NS)
    settled &= sample.time - i("step_time") >= _SETTLED_NS
    settled &= (i("phase") == REST) | (sample.time - i("phase_time") >= _SETTLED_NS)
    codes[settled & resting & (jump > _AT_REST)] = SWAPPED
    same = np.abs(sample.current - f("current")) < 0.1 * np.abs(f("current"))
    middle = (f("voltage") > 3.3) & (f("x1") > 0.05) & (i("phase") >= CHARGE)
    codes[settled & ~resting & same & middle & (jump > _UNDER_LOAD)] = SWAPPED
    idle = (np.abs(sample.current) < _REST * nominal) & (i("phase") != NONE)
    dead = (sample.voltage < _DEAD) | (jump > _DROP)
    codes[idle & (f("voltage") > _ALIVE) & dead] = UNPLUGGED
    codes[elapsed > GAP_NS] = GAP
    codes[elapsed < 0] = CLOCK_BACK
    return codes


def after(state: State) -> Codes:
    """Of each row, what its samples show by now: the voltage goes against the current, or goes
    on from another level as of another cell."""
    wrong = (state.i("falling") > _BINS) & (state.f("against") > _AGAINST)
    wrong |= state.i("opposite") >= _STEPS
    shifted = state.i("shifted") == 1
    codes: Codes = np.where(wrong, CURRENT_SIGN, np.where(shifted, SWAPPED, 0)).astype(np.int64)
    return codes
