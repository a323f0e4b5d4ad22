"""Columns of a labelled table, and how a model reads them as numbers.

A numeric column holds NaN, a text column "" where nothing usable was measured. Text is read
as one 0/1 column for each level seen in training; a level never seen is all zeros.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput

Array: TypeAlias = npt.NDArray[np.float64]
Values: TypeAlias = "Array | tuple[str, ...]"

MARGIN: Final = 0.1
"""Share of a feature's range beyond which a value lies outside of it; chosen."""
_LEVELS: Final = 50
"""Levels of one text column that are told apart; chosen."""


@dataclass(frozen=True, slots=True)
class Column:
    """``values``: (rows,) numbers or texts. ``faults``: by row, what stood in a cell that
    should have been a number."""

    name: str
    values: Values
    faults: Mapping[int, str] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.values)

    def missing(self) -> npt.NDArray[np.bool_]:
        if isinstance(self.values, tuple):
            return np.array([value == "" for value in self.values], dtype=bool)
        return ~np.isfinite(self.values)

    def take(self, rows: npt.NDArray[np.int64]) -> "Column":
        if isinstance(self.values, tuple):
            return Column(self.name, tuple(self.values[i] for i in rows))
        return Column(self.name, self.values[rows])


@dataclass(frozen=True, slots=True)
class Feature:
    """What training saw of a column: the range and median of numbers, or the levels of a
    text with the commonest first."""

    name: str
    least: float = 0.0
    most: float = 0.0
    median: float = 0.0
    levels: tuple[str, ...] | None = None

    @property
    def width(self) -> int:
        return 1 if self.levels is None else len(self.levels)

    def encode(self, column: Column) -> Array:
        """(rows, width). Numbers are held to the range and its margin: beyond it nothing
        is known, and a line must not run away."""
        if self.levels is None:
            assert not isinstance(column.values, tuple)
            reach = MARGIN * (self.most - self.least)
            return np.clip(column.values, self.least - reach, self.most + reach)[:, None]
        assert isinstance(column.values, tuple)
        texts = np.array(column.values, dtype=object)
        return np.column_stack([texts == level for level in self.levels]).astype(np.float64)

    def typical(self) -> Array:
        """(width,) as encoded: the median, or the commonest level."""
        if self.levels is None:
            return np.array([self.median])
        first: Array = np.eye(len(self.levels))[0]
        return first

    def distance(self, column: Column) -> Array:
        """(rows,) how far outside of what training saw, in units of its range; 1 for a
        text never seen, or another number than the only one seen."""
        if self.levels is None:
            assert not isinstance(column.values, tuple)
            off = np.maximum(self.least - column.values, column.values - self.most)
            beyond = np.maximum(off, 0.0)
            span = self.most - self.least
            return beyond / span if span > 0.0 else np.where(beyond > 0.0, 1.0, 0.0)
        assert isinstance(column.values, tuple)
        return np.array([float(text not in self.levels) for text in column.values])

    def document(self) -> dict[str, object]:
        if self.levels is None:
            return {
                "name": self.name,
                "kind": "number",
                "least": self.least,
                "most": self.most,
                "median": self.median,
            }
        return {"name": self.name, "kind": "text", "levels": list(self.levels)}


def learn(column: Column) -> Feature:
    """``column`` without missing values. Raises InvalidInput for a text that names rows."""
    if not isinstance(column.values, tuple):
        values = column.values
        return Feature(
            column.name, float(values.min()), float(values.max()), float(np.median(values))
        )
    levels, counts = np.unique(np.array(column.values, dtype=str), return_counts=True)
    if len(levels) > max(2, 0.5 * len(column)):
        raise InvalidInput(
            f"feature {column.name!r} is a text with {len(levels)} values in {len(column)} rows: "
            "it names the rows and tells nothing of others; leave it out"
        )
    order = sorted(range(len(levels)), key=lambda i: (-int(counts[i]), str(levels[i])))
    return Feature(column.name, levels=tuple(str(levels[i]) for i in order[:_LEVELS]))


def encode(features: Sequence[Feature], columns: Sequence[Column]) -> Array:
    return np.concatenate(
        [feature.encode(c) for feature, c in zip(features, columns, strict=True)], axis=1
    )
