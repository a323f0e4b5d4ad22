"""Folds that never part a group: what is held out is always whole lots, runs or protocols."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Folds:
    """``fold`` (rows,): which fold holds a row out. ``group`` (rows,): number of its group;
    ``names`` the groups by number, in the order of their names."""

    names: tuple[str, ...]
    group: Indices
    fold: Indices
    count: int

    def __iter__(self) -> Iterator[tuple[Indices, Indices]]:
        """(rows to train on, rows held out), fold by fold."""
        for k in range(self.count):
            yield np.flatnonzero(self.fold != k), np.flatnonzero(self.fold == k)


def by_group(group: Sequence[str], at_most: int) -> Folds:
    """Each group a fold of its own; where there are more than ``at_most``, whole groups
    share folds of nearly equal size (largest group first into the smallest fold)."""
    names, number, sizes = np.unique(
        np.array(group, dtype=str), return_inverse=True, return_counts=True
    )
    count = min(at_most, len(names))
    fold_of = np.zeros(len(names), dtype=np.int64)
    filled = np.zeros(count, dtype=np.int64)
    for g in sorted(range(len(names)), key=lambda g: (-int(sizes[g]), g)):
        k = int(np.argmin(filled))
        fold_of[g] = k
        filled[k] += sizes[g]
    return Folds(tuple(map(str, names)), number.astype(np.int64), fold_of[number], count)
