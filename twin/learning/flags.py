"""When a row is flagged: the probability from which false flags stay rare, on held-out rows."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from twin.learning.columns import MARGIN, Array
from twin.learning.conformal import far_chance
from twin.learning.folds import Folds, Indices

Mask = npt.NDArray[np.bool_]

_LEAST: Final = 0.2
"""Below it no row is flagged, however clean the held-out rows were; chosen."""
_STEPS: Final = np.round(np.arange(_LEAST, 0.96, 0.01), 2)
_EVEN: Final = 0.5


@dataclass(frozen=True, slots=True)
class Flags:
    """Rows whose probability of lying below ``limit`` reaches ``threshold`` are flagged.
    The counts are of rows held out whole groups at a time, the threshold itself chosen on
    the other folds."""

    limit: float
    threshold: float
    below: int
    found: int
    good: int
    false: int

    def document(self) -> dict[str, object]:
        return {
            "limit": self.limit,
            "threshold": self.threshold,
            "rows_below": self.below,
            "flagged_of_them": self.found,
            "rows_not_below": self.good,
            "flagged_falsely": self.false,
        }


def choose_flags(
    predicted: Array, y: Array, far: Array, folds: Folds, limit: float, false: float
) -> Flags:
    """``predicted`` (rows,) by models that had not seen the row's group; ``far`` tells how
    far each row lay outside of what they had seen; ``false`` is the share of good rows
    that may be flagged."""
    chance = _held_out_chance(predicted, y, far, folds.group, limit)
    bad = y < limit
    flagged = np.zeros(len(y), dtype=bool)
    for others, held in folds:
        flagged[held] = chance[held] >= _threshold(chance[others], bad[others], false)
    return Flags(
        limit,
        _threshold(chance, bad, false),
        int(bad.sum()),
        int((flagged & bad).sum()),
        int((~bad).sum()),
        int((flagged & ~bad).sum()),
    )


def _threshold(chance: Array, bad: Mask, false: float) -> float:
    """The lowest that keeps false flags within ``false``; an even chance where there are
    no bad rows to find, or no good ones to spare."""
    if not bad.any() or bad.all():
        return _EVEN
    good = np.sort(chance[~bad])
    shares = 1.0 - np.searchsorted(good, _STEPS, side="left") / len(good)
    fitting = _STEPS[shares <= false]
    return float(fitting[0]) if len(fitting) else float(_STEPS[-1])


def _held_out_chance(predicted: Array, y: Array, far: Array, group: Indices, limit: float) -> Array:
    """Probability of lying below, from the errors of the *other* groups: of their rows
    within what was seen, where the row is so itself."""
    errors, near = y - predicted, far <= MARGIN
    spread = float(np.ptp(y)) * far
    chance = np.empty(len(y))
    everyone = np.sort(errors[near])
    for g in np.unique(group):
        own = group == g
        rows = own & near
        mine, reach = np.sort(errors[rows]), limit - predicted[rows]
        count = np.searchsorted(everyone, reach) - np.searchsorted(mine, reach)
        chance[rows] = (count + 0.5) / (len(everyone) - len(mine) + 1.0)
        rows = own & ~near
        chance[rows] = far_chance(errors[~own], limit - predicted[rows], spread[rows])
    return chance
