"""Intervals from errors on whole groups that were left out.

Split conformal prediction (Vovk 2005; Lei et al. 2018) takes a quantile of held-out
absolute errors, and is exact where rows can be exchanged. Rows of one group can't: they
share the group's error. With G groups one has between G and n independent errors (Dunn,
Wasserman and Ramdas 2022 treat both ends). Here the number lies between them by the
design effect (Kish 1965), n / (1 + (m - 1) rho): rho is the share of the errors' spread
that is the group's own, m the size of the group that a row stands in. The quantile's
finite-sample correction, (1 - alpha) (1 + 1 / n_eff), follows it. Where n_eff is too small
for any quantile, Student's t over groups widens instead, and it is said.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy.stats import t as student

from twin.learning.columns import Array
from twin.learning.folds import Indices

_SMALLEST_DF: Final = 2.0


@dataclass(frozen=True, slots=True)
class Residuals:
    """``errors`` (rows,): measured minus predicted, by a model that had not seen the row's
    group, ascending. ``half_width`` of the interval at ``confidence``; ``effective`` is
    n_eff; ``widened`` where Student's t was needed."""

    errors: Array
    half_width: float
    confidence: float
    effective: float
    widened: bool

    def below(self, prediction: Array, limit: float) -> Array:
        """Probability that the outcome lies below ``limit``; never quite 0 or 1."""
        n = len(self.errors)
        count = np.searchsorted(self.errors, limit - prediction, side="left")
        return np.asarray((count + 0.5) / (n + 1.0), dtype=np.float64)

    def below_far(self, prediction: Array, limit: float, spread: Array) -> Array:
        """The same where the prediction may be off by up to ``spread`` (rows,) more, either
        way and all alike."""
        return far_chance(self.errors, limit - prediction, spread)


def residuals(errors: Array, group: Indices, confidence: float) -> Residuals:
    """``errors`` (rows,) in any order, ``group`` (rows,) the number of each row's group."""
    size = np.abs(errors)
    sizes = np.bincount(group)
    sizes = sizes[sizes > 0]
    groups, rows = len(sizes), len(errors)
    shared = max(own_share(size, group), own_share(errors, group))
    within = float((sizes**2).sum()) / rows
    effective = rows / (1.0 + (within - 1.0) * shared)
    level = confidence * (1.0 + 1.0 / effective)
    widened = level > 1.0
    width = float(np.quantile(size, min(level, 1.0), method="higher"))
    if widened:
        df = max(_SMALLEST_DF, groups - 1.0)
        spread = float(np.sqrt(np.mean(errors**2) * (1.0 + 1.0 / effective)))
        width = max(width, float(student.ppf(0.5 + 0.5 * confidence, df)) * spread)
    return Residuals(np.sort(errors), width, confidence, effective, widened)


def far_chance(errors: Array, reach: Array, spread: Array) -> Array:
    """Probability that an error, and a uniform one of ±``spread`` besides, lies below
    ``reach``; (rows,), of (errors,) and (rows,)."""
    wide = np.maximum(spread, 1e-300)[:, None]
    share = np.clip((reach[:, None] - errors[None, :] + wide) / (2.0 * wide), 0.0, 1.0)
    return np.asarray((share.sum(axis=1) + 0.5) / (len(errors) + 1.0), dtype=np.float64)


def own_share(values: Array, group: Indices) -> float:
    """Share of the variance that lies between groups (intraclass correlation, by analysis
    of variance; Fisher 1925), 0 to 1."""
    sizes = np.bincount(group).astype(np.float64)
    there = sizes > 0
    groups, rows = int(there.sum()), len(values)
    if groups < 2 or rows <= groups:
        return 0.0
    sums = np.bincount(group, weights=values)
    means = np.divide(sums, sizes, out=np.zeros_like(sums), where=there)
    inside = float(((values - means[group]) ** 2).sum()) / (rows - groups)
    across = float((sizes * (means - values.mean()) ** 2)[there].sum()) / (groups - 1)
    typical = (rows - float((sizes**2).sum()) / rows) / (groups - 1)
    between = max(0.0, (across - inside) / typical)
    return between / (between + inside) if between > 0.0 else 0.0
