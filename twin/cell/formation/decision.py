"""Is this cell good, and if not, what ails it? Evidence that grows with each feature.

Each feature's departure from what is expected of it, e = (value - expected) / error, is
normal with variance 1 for a good cell. A fault of amplitude a moves it by a·g (its
signature); a is unknown, half-normal of a typical scale, so that

    LR = 2 Φ(m/s) exp(m²/2s²) / sqrt(1 + τ² Σg²),  m/s = τ Σge / sqrt(1 + τ² Σg²).

The likelihood ratio of a mixture of hypotheses against "good" is a martingale under
"good": the chance that it *ever* passes 1/α is at most α, however often one looks (Ville's
inequality). "Unusual" says that departures are wider than normal, in no known direction.
"""

import math
from typing import Final

import numpy as np

from twin.cell.formation.grid import Floats, Ints
from twin.cell.formation.normal import PREDICTORS, Reference
from twin.cell.formation.signatures import DIAGNOSES, signatures

UNUSUAL: Final = "unusual"
ANSWERS: Final = ("good", *DIAGNOSES, UNUSUAL)
FAULTY: Final = 0.05
"""Part of cells with a fault before anything is measured; chosen."""
CLIP: Final = 10.0
"""A single departure counts as that many standard deviations at most; chosen."""
_WIDER: Final = 3.0
"""How much wider the departures of an unusual cell are; chosen."""
_UNUSUAL_PRIOR: Final = 0.1
_EXPLAINS: Final = 0.2
"""A signature that explains less of a departure than that part does not fit; chosen."""
_STRANGE: Final = 60.0
"""How sharply that is meant: log odds for the whole of the departure; chosen."""
_DOUBT: Final = 0.05
"""Each part of a signature is known to that part of its size; chosen."""
_LOG_2: Final = math.log(2.0)
_LOG_UNUSUAL: Final = math.log(_UNUSUAL_PRIOR)
_LOG_WIDER: Final = math.log(_WIDER)
_LOG_FAULTY: Final = math.log(FAULTY)
_LOG_GOOD: Final = math.log(1 - FAULTY)
_MISFIT: Final = 0.15
"""A signature is known in direction to that part of its size; chosen."""


class Decision:
    """Evidence of many channels. ``value`` (features, channels) holds departures from the mean;
    NaN: not known."""

    def __init__(self, reference: Reference, channels: int) -> None:
        self.reference = reference
        found = signatures(reference)
        n = len(reference.column)
        zero = np.vstack([found.direction.T, np.zeros(len(found.scale))])
        predictor = np.where(reference.predictor >= 0, reference.predictor, n)
        expected = np.einsum("jk,jkh->jh", reference.weight, zero[predictor])
        judged = reference.judged[:, None] > 0
        departs = (found.direction.T - expected) * found.scale / reference.error[:, None]
        # Where a signature is steep, it is known too badly to be relied on: any direction
        # keeps the promise to good cells, a doubtful one would only miss the faulty.
        sizes = np.einsum("jk,jkh->jh", reference.weight**2, zero[predictor] ** 2)
        sizes = np.sqrt(found.direction.T**2 + sizes) * found.scale / reference.error[:, None]
        damped = departs / (1.0 + (_DOUBT * sizes) ** 2)
        self.hypotheses = found.with_seen(reference)
        damped = np.hstack([damped, reference.seen.T])
        found = self.hypotheses
        self._signature: Floats = np.ascontiguousarray(np.where(judged, damped, 0.0))
        self._log_prior = np.log(found.prior)
        self._active = [np.flatnonzero(row) for row in self._signature]
        self.value = np.full((n, channels), np.nan)
        self.power = np.zeros((len(found.scale), channels))
        self.match = np.zeros((len(found.scale), channels))
        self.wide = np.zeros(channels)
        self.squares = np.zeros(channels)
        self.count = np.zeros(channels)

    def clear(self, rows: Ints) -> None:
        self.value[:, rows] = np.nan
        self.power[:, rows] = self.match[:, rows] = 0.0
        self.wide[rows] = self.squares[rows] = self.count[rows] = 0.0

    def take(self, rows: Ints, position: Ints, value: Floats) -> Floats:
        """One feature of each of these rows, none twice. Returns the departures e; NaN of
        features that are not judged."""
        if not len(rows):
            return np.zeros(0)
        first = int(position[0])
        if (position == first).all():
            return self._take(rows, first, value)
        found = np.empty(len(rows))
        order = np.argsort(position, kind="stable")
        ends = np.flatnonzero(np.diff(position[order])) + 1
        for at in np.split(order, ends):
            found[at] = self._take(rows[at], int(position[at[0]]), value[at])
        return found

    def _take(self, rows: Ints, p: int, value: Floats) -> Floats:
        reference = self.reference
        # All of them as a slice: nothing is gathered.
        at = slice(None) if len(rows) == self.value.shape[1] else rows
        centred = value - reference.mean[p]
        self.value[p, at] = centred
        if not reference.judged[p]:
            return np.full(len(rows), np.nan)
        error = float(reference.error[p])
        expected, variance = np.zeros(len(rows)), np.full(len(rows), error * error)
        for k in range(PREDICTORS):
            weight, by = float(reference.weight[p, k]), int(reference.predictor[p, k])
            if by < 0:
                continue
            known = self.value[by, at]
            unknown = np.isnan(known)
            expected += weight * np.where(unknown, 0.0, known)
            variance += np.where(unknown, (weight * float(reference.sd[by])) ** 2, 0.0)
        e: Floats = (centred - expected) / np.sqrt(variance)
        clipped, share = np.clip(e, -CLIP, CLIP), error / np.sqrt(variance)
        active = self._active[p]
        g = self._signature[p][active][:, None]
        if isinstance(at, slice) and len(active) == len(self.power):
            self.power += g * g * (share * share)
            self.match += g * (share * clipped)
        else:
            cells = (active, at) if isinstance(at, slice) else np.ix_(active, at)
            self.power[cells] += g * g * (share * share)
            self.match[cells] += g * (share * clipped)
        self.wide[at] += clipped * clipped * (1 - 1 / _WIDER**2) / 2 - _LOG_WIDER
        self.squares[at] += clipped * clipped
        self.count[at] += 1.0
        return e

    def suspects(self, rows: Ints, limit: Floats) -> Ints:
        """Those of ``rows`` whose evidence may pass ``limit``: a bound that costs little."""
        at = slice(None) if len(rows) == self.power.shape[1] else rows
        x = np.maximum(self.match[:, at], 0.0)
        x *= x
        x /= 1.0 + self.power[:, at]
        near: Ints = rows[x.max(axis=0) / 2 + _LOG_2 >= limit]
        return near

    def likelihoods(self, rows: Ints) -> Floats:
        """Log likelihood ratio of each hypothesis to "good", (hypotheses, rows)."""
        spread = 1.0 + self.power[:, rows]
        x = self.match[:, rows] / np.sqrt(spread)
        found: Floats = np.where(spread > 1.0, _half_normal(x) - 0.5 * np.log(spread), 0.0)
        return found

    def evidence(self, rows: Ints) -> Floats:
        """Log of the likelihood ratio of the known faults' mixture, (rows,). That of an unusual
        cell is ``wide``."""
        return _log_sum(self.likelihoods(rows) + self._log_prior[:, None])

    def probabilities(self, rows: Ints) -> Floats:
        """Of each of ANSWERS, (rows, 6). A signature is known only so well: the better an
        hypothesis explains a large departure, the less a small difference to its rivals
        means. Where the best explains little of it, the cell is unusual."""
        spread = 1.0 + self.power[:, rows]
        explained = np.max(np.maximum(self.match[:, rows], 0.0) ** 2 / spread, axis=0)
        count = np.maximum(self.count[rows], 1.0)
        blur = 1.0 + _MISFIT**2 * explained * np.minimum(1.0, 10.0 / count)
        weighed = self.likelihoods(rows) / blur + self._log_prior[:, None]
        log = np.empty((len(ANSWERS), len(rows)))
        log[0] = _LOG_GOOD
        for k in range(len(DIAGNOSES)):
            mine = weighed[self.hypotheses.diagnosis == k]
            log[k + 1] = _LOG_FAULTY + _log_sum(mine) if len(mine) else -np.inf
        excess = np.maximum(self.squares[rows] - count, 1e-9)
        misses = _STRANGE * (_EXPLAINS - np.minimum(explained / excess, 1.0))
        known = np.minimum(log[1:-1].max(axis=0) + misses, self.wide[rows] / blur + _LOG_FAULTY)
        log[-1] = _LOG_UNUSUAL + known
        chance: Floats = np.exp(log - _log_sum(log))
        found: Floats = np.ascontiguousarray(chance.T)
        return found


def _half_normal(x: Floats) -> Floats:
    """log(2 Φ(x) exp(x²/2)), to 10 %: erfcx(y) is about 1 / (1 + sqrt(π) y) for y > 0."""
    tail = 1.0 / (1.0 + 1.2533141373155003 * np.abs(x))
    with np.errstate(over="ignore"):
        up = np.log(2.0 - np.exp(-x * x / 2) * tail) + x * x / 2
    return np.where(x > 0, up, np.log(tail))


def _log_sum(log: Floats) -> Floats:
    """log Σ exp over the first axis, term by term, so that the layout does not matter."""
    highest: Floats = log.max(axis=0)
    total = np.zeros(log.shape[1])
    for row in log:
        total += np.exp(row - highest)
    return np.asarray(highest + np.log(total), dtype=np.float64)
