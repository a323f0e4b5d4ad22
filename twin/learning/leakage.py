"""Features that are the target in disguise: another unit, another scale, less its group's mean."""

from collections.abc import Collection, Sequence
from typing import Final

import numpy as np
from scipy.stats import rankdata

from twin.errors import InvalidInput
from twin.learning.columns import Array
from twin.learning.table import LabelledTable

_SAME: Final = 0.999
"""Correlation from which a feature is refused (4.5 % of its spread is its own); chosen."""
_CLOSE: Final = 0.98
"""Correlation from which a feature is named; chosen."""
_FREE: Final = 10
"""Rows beyond one a group without which a correlation within groups says nothing; chosen."""


def refuse_named(features: Sequence[str], target: str, group: str) -> None:
    """Raises InvalidInput where the target or the group stands among the features."""
    if not features:
        raise InvalidInput("no features: name the columns to predict from")
    twice = sorted({name for name in features if features.count(name) > 1})
    if twice:
        raise InvalidInput(f"features named twice: {', '.join(map(repr, twice))}")
    if target == group:
        raise InvalidInput(f"{target!r} can't be both target and group")
    if target in features:
        raise InvalidInput(f"target {target!r} is among the features: that is what to predict")
    if group in features:
        raise InvalidInput(
            f"group {group!r} is among the features: whole groups are held out, so its label "
            "says nothing of a group never seen; it is a baseline already. Leave it out"
        )


def refuse_disguised(table: LabelledTable, allowed: Collection[str]) -> list[str]:
    """Notes on features that come close. Raises InvalidInput, naming every one that is
    the target but for its unit, unless it is ``allowed``."""
    _, group = np.unique(np.array(table.groups, dtype=str), return_inverse=True)
    notes, refused = [], []
    for column in table.features:
        if isinstance(column.values, tuple) or float(np.ptp(column.values)) == 0.0:
            continue
        likeness, how = _likeness(column.values, table.y, group)
        told = f"{column.name!r} ({how} {likeness:.5f})"
        if likeness >= _SAME and column.name not in allowed:
            refused.append(told)
        elif likeness >= _CLOSE:
            notes.append(f"feature {told} all but tells the target: is it known in time?")
    if refused:
        raise InvalidInput(
            f"the target in disguise: {', '.join(refused)} with {table.target.name!r}. "
            "Leave it out, or allow it by name if it truly is known before the outcome"
        )
    return notes


def _likeness(x: Array, y: Array, group: np.ndarray) -> tuple[float, str]:
    found = [
        (_correlation(x, y), "correlation"),
        (_correlation(rankdata(x), rankdata(y)), "rank correlation"),
    ]
    if len(y) - int(group.max()) - 1 >= _FREE:
        inside = _correlation(_inside(x, group), _inside(y, group))
        found.append((inside, "correlation within groups"))
    return max(found)


def _inside(values: Array, group: np.ndarray) -> Array:
    means = np.bincount(group, weights=values) / np.bincount(group)
    return np.asarray(values - means[group], dtype=np.float64)


def _correlation(a: Array, b: Array) -> float:
    a, b = a - a.mean(), b - b.mean()
    size = float(np.sqrt((a @ a) * (b @ b)))
    return abs(float(a @ b)) / size if size > 0.0 else 0.0
