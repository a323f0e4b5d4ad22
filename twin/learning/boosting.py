"""Gradient boosting for small tables: a line first, then trees on what it leaves.

On 50 to 150 rows trees with small leaves learn the rows by heart, and trees alone can't
follow a straight line between them. So there are several plans, from a ridge line without
any tree to trees without a line; which one is taken is decided with whole groups left out
(``scoring``). All fit the mean (squared error): a model that fitted the median would beat
the mean on a skewed target without knowing anything.

Ridge: Hoerl and Kennard 1970. Huber's weights against cells that are far off: Huber 1964,
k = 1.345 (95 % efficient for normal errors). Trees: scikit-learn's
HistGradientBoostingRegressor, on one thread, so that the same rows give the same trees.
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Final

import numpy as np

from twin.learning.columns import MARGIN, Array

_HUBER: Final = 1.345
_MAD_TO_SD: Final = 1.4826
_STEPS: Final = 12


class Start(StrEnum):
    MEAN = "mean"
    LINE = "line"
    ROBUST_LINE = "robust line"


@dataclass(frozen=True, slots=True)
class Plan:
    """``ridge`` is the penalty as a share of the rows, of standardised features. ``leaf``
    is the least share of the rows in a leaf (never under 3 rows). ``trees`` are the
    numbers of trees to choose from; (0,) for none. All chosen."""

    name: str
    start: Start
    ridge: float = 0.03
    leaves: int = 2
    leaf: float = 0.05
    rate: float = 0.08
    trees: tuple[int, ...] = (0,)


PLANS: Final = (
    Plan("line", Start.LINE),
    Plan("short line", Start.LINE, ridge=0.5),
    Plan("line and stumps", Start.ROBUST_LINE, trees=(25, 80)),
    Plan("stumps", Start.MEAN, trees=(25, 80, 200)),
    Plan("line and trees", Start.LINE, leaves=4, leaf=0.04, trees=(25, 80)),
    Plan("trees", Start.MEAN, leaves=5, leaf=0.03, trees=(40, 120, 250)),
)


@dataclass(frozen=True, slots=True)
class Booster:
    """``slope`` (inputs,) and ``level`` are the line; ``low`` and ``high`` (inputs,) hold
    inputs to what training saw; ``trees`` fit what the line leaves."""

    plan: str
    count: int
    level: float
    slope: Array
    low: Array
    high: Array
    trees: Any = None

    def predict(self, x: Array) -> Array:
        """(rows,) of (rows, inputs)."""
        held = np.ascontiguousarray(np.clip(x, self.low, self.high))
        # Each row by itself, not as BLAS would: the same to the bit whoever is asked along.
        found: Array = self.level + (held * self.slope).sum(axis=1)
        if self.trees is not None:
            found = found + self.trees.predict(held)
        return found


def fit(plan: Plan, count: int, x: Array, y: Array, seed: int) -> Booster:
    """The plan with ``count`` trees."""
    low, high = _reach(x)
    level, slope = _line(plan, x, y)
    trees = _trees(plan, count, x, y - level - x @ slope, seed) if count else None
    return Booster(plan.name, count, level, slope, low, high, trees)


def path(plan: Plan, x: Array, y: Array, new: Array, seed: int) -> Array:
    """(len(plan.trees), rows of ``new``): predictions at each number of trees, of one fit."""
    most = max(plan.trees)
    model = fit(plan, most, x, y, seed)
    if model.trees is None:
        return model.predict(new)[None, :]
    held = np.clip(new, model.low, model.high)
    line = model.level + held @ model.slope
    wanted = set(plan.trees)
    stages = enumerate(model.trees.staged_predict(held), 1)
    return np.stack([line + stage for n, stage in stages if n in wanted])


def options(plans: Sequence[Plan]) -> list[tuple[Plan, int]]:
    """Every plan with each of its numbers of trees, the simplest first."""
    return [(plan, count) for plan in plans for count in plan.trees]


def distance(x: Array, new: Array) -> Array:
    """(rows of ``new``,) how far each lies outside of what ``x`` spans: of its worst input,
    in units of that input's range (0 within; 1 for a constant input that is another)."""
    low, high = x.min(axis=0), x.max(axis=0)
    beyond = np.maximum(np.maximum(low - new, new - high), 0.0)
    span = high - low
    far = np.where(span > 0.0, beyond / np.where(span > 0.0, span, 1.0), beyond > 0.0)
    return np.asarray(far.max(axis=1), dtype=np.float64)


def _reach(x: Array) -> tuple[Array, Array]:
    """(inputs,) the range of ``x`` with its margin."""
    low, high = x.min(axis=0), x.max(axis=0)
    margin = MARGIN * (high - low)
    return low - margin, high + margin


def _line(plan: Plan, x: Array, y: Array) -> tuple[float, Array]:
    level, slope = float(y.mean()), np.zeros(x.shape[1])
    if plan.start is Start.MEAN:
        return level, slope
    weight = np.ones(len(y))
    for _ in range(_STEPS if plan.start is Start.ROBUST_LINE else 1):
        level, slope = _ridge(x, y, weight, plan.ridge)
        off = np.abs(y - level - x @ slope)
        scale = _HUBER * _MAD_TO_SD * float(np.median(off))
        if scale <= 0.0:
            break
        weight = np.minimum(1.0, scale / np.maximum(off, scale))
    return level, slope


def _ridge(x: Array, y: Array, weight: Array, ridge: float) -> tuple[float, Array]:
    share = weight / weight.sum()
    middle, mean = share @ x, float(share @ y)
    spread = np.sqrt(share @ (x - middle) ** 2)
    known = spread > 1e-12 * np.maximum(1.0, np.abs(middle))
    z = (x - middle)[:, known] / spread[known]
    gram = z.T @ (z * share[:, None])
    slope = np.zeros(x.shape[1])
    slope[known] = (
        np.linalg.solve(gram + ridge * np.eye(len(gram)), z.T @ (share * (y - mean)))
        / spread[known]
    )
    return mean - float(middle @ slope), slope


def _trees(plan: Plan, count: int, x: Array, left: Array, seed: int) -> Any:
    # Late: scikit-learn takes a second to import, and reading a table doesn't need it.
    from sklearn.ensemble import HistGradientBoostingRegressor

    trees = HistGradientBoostingRegressor(
        max_iter=count,
        learning_rate=plan.rate,
        max_leaf_nodes=plan.leaves,
        min_samples_leaf=max(3, round(plan.leaf * len(left))),
        l2_regularization=1.0,
        max_bins=63,
        early_stopping=False,
        random_state=seed,
    )
    return trees.fit(x, left)


def one_thread(trees: bool) -> AbstractContextManager[object]:
    """A context in which ``trees`` are grown and asked on one thread: small tables are done
    sooner so, and other work keeps its cores. Nothing to do without trees."""
    if not trees:
        return nullcontext()
    # First: a library that is not loaded yet can't be held to one thread.
    import sklearn.ensemble  # noqa: F401
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    limited: AbstractContextManager[object] = threadpool_limits(1)
    return limited
