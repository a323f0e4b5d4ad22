"""Scores whose logistic is a probability: a ridge line, or boosted trees; and Platt's scaling."""

from dataclasses import dataclass
from typing import Any, Final

import numpy as np

from twin.learning.columns import Array

_NEWTON: Final = 50
_STEP: Final = 1e-9
_RIDGE: Final = 1.0
"""Penalty in units of rows, on standardised inputs; chosen."""


@dataclass(frozen=True, slots=True)
class Plan:
    """``leaves`` 0: a line. ``leaf`` is the least share of the rows in a leaf."""

    leaves: int
    count: int = 0
    leaf: float = 0.05


PLANS: Final = (Plan(0), Plan(2, 60), Plan(4, 80))


@dataclass(frozen=True, slots=True)
class Score:
    """``level`` and ``line`` (inputs,) of inputs less ``typical`` over ``spread``, or
    ``trees``. An input that is NaN counts as typical."""

    typical: Array
    spread: Array
    level: float
    line: Array
    trees: Any = None

    def __call__(self, x: Array) -> Array:
        """(rows,) of (rows, inputs)."""
        filled = np.where(np.isfinite(x), x, self.typical)
        if self.trees is None:
            score: Array = self.level + ((filled - self.typical) / self.spread) @ self.line
            return score
        return np.asarray(self.trees.decision_function(filled), dtype=np.float64)


def fit(plan: Plan, x: Array, y: Array, seed: int) -> Score:
    """``x`` (rows, inputs), ``y`` (rows,) 0 or 1."""
    measured = np.isfinite(x)
    typical = np.array(
        [np.median(c[m]) if m.any() else 0.0 for c, m in zip(x.T, measured.T, strict=True)]
    )
    filled = np.where(measured, x, typical)
    spread = filled.std(axis=0)
    spread[spread <= 1e-12 * np.maximum(1.0, np.abs(typical))] = np.inf
    share = float(np.clip(y.mean(), 1e-6, 1.0 - 1e-6))
    if plan.leaves == 0 or y.min() == y.max():
        start = np.append(np.zeros(x.shape[1]), np.log(share / (1.0 - share)))
        design = np.column_stack([(filled - typical) / spread, np.ones(len(y))])
        penalty = np.append(np.full(x.shape[1], _RIDGE), 1e-6)
        found = _newton(design, y, penalty, start)
        return Score(typical, spread, float(found[-1]), found[:-1])
    # Late: scikit-learn takes a second to import.
    from sklearn.ensemble import HistGradientBoostingClassifier

    trees = HistGradientBoostingClassifier(
        max_iter=plan.count,
        learning_rate=0.08,
        max_leaf_nodes=plan.leaves,
        min_samples_leaf=max(5, round(plan.leaf * len(y))),
        l2_regularization=1.0,
        max_bins=63,
        early_stopping=False,
        random_state=seed,
    )
    trees.fit(filled, y.astype(np.int64))
    return Score(typical, spread, 0.0, np.zeros(x.shape[1]), trees)


def platt(scores: Array, y: Array) -> tuple[float, float]:
    """(slope, offset) of the scores' scaling, fitted to targets drawn off 0 and 1 by the
    counts of each class (Platt 1999). The slope is not below 0."""
    yes, no = float(y.sum()), float(len(y) - y.sum())
    target = np.where(y > 0.5, (yes + 1.0) / (yes + 2.0), 1.0 / (no + 2.0))
    design = np.column_stack([scores, np.ones(len(y))])
    found = _newton(design, target, np.full(2, 1e-6), np.array([1.0, 0.0]))
    if found[0] > 0.0:
        return float(found[0]), float(found[1])
    mean = float(target.mean())
    return 0.0, float(np.log(mean / (1.0 - mean)))


def sigmoid(score: Array) -> Array:
    return np.asarray(0.5 * (1.0 + np.tanh(0.5 * score)), dtype=np.float64)


def _newton(design: Array, target: Array, penalty: Array, start: Array) -> Array:
    """Penalised logistic regression by Newton's steps, halved while they do not help."""
    at, loss = start, _loss(design, target, penalty, start)
    for _ in range(_NEWTON):
        chance = sigmoid(design @ at)
        slope = design.T @ (chance - target) + penalty * at
        weight = np.maximum(chance * (1.0 - chance), 1e-9)
        step = np.linalg.solve((design * weight[:, None]).T @ design + np.diag(penalty), slope)
        size = 1.0
        while size > _STEP and _loss(design, target, penalty, at - size * step) > loss:
            size *= 0.5
        at = at - size * step
        before, loss = loss, _loss(design, target, penalty, at)
        if before - loss <= _STEP * max(1.0, abs(loss)):
            break
    return at


def _loss(design: Array, target: Array, penalty: Array, at: Array) -> float:
    score = design @ at
    return float(np.sum(np.logaddexp(0.0, score) - target * score) + 0.5 * np.sum(penalty * at**2))
