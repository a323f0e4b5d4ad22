"""How causes and sensors stray while nothing is wrong, by means over one length of time.

Such a mean lies from the long-run mean by

    d = S a + u + noise,   a_c ~ N(0, w_c²),   u_o ~ N(0, v_o²)

a_c being how each cause strays by itself, u_o how each sensor does. What comes and goes in
a minute averages out over five, what takes half an hour does not: w and v are learned for
each length by itself, by expectation and maximisation (A. P. Dempster, N. M. Laird, D. B.
Rubin, J. R. Stat. Soc. B 39, 1977, 1), the prior weighing as much as twenty minutes.
"""

from collections.abc import Sequence
from typing import Final

import numpy as np

from twin.electrode.diagnosis.signatures import CAUSES, Signatures
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot

_PRIOR_S: Final = 1200.0
_REMEMBERED_S: Final = 28_800.0
# In per cent of the loading: how far each cause strays when nothing is wrong. Chosen.
_STRAYS: Final = {
    "viscosity": 0.15,
    "pump": 0.08,
    "lip_gap": 0.04,
    "line_speed": 0.03,
    "web_tension": 0.04,
    "solids": 0.06,
    "unknown": 0.03,
}


class Straying:
    """``causes`` shape (causes,) and ``sensors`` (observables,): variances [%²]."""

    def __init__(self, window_s: float, block_s: float) -> None:
        self.window_s = window_s
        self._blocks = max(1, round(window_s / block_s))
        self.causes = np.square([_STRAYS[cause] for cause in CAUSES])
        self.sensors = np.zeros(0)
        self._seen = 0.0
        self._sum = np.zeros(0)
        self._count = np.zeros(0)
        self._gathered = 0

    def grow(self, sd: float) -> None:
        """One more observable, whose sensor is believed to stray by ``sd`` [%]."""
        self.sensors = np.append(self.sensors, sd * sd)
        self._sum, self._count = np.append(self._sum, 0.0), np.append(self._count, 0.0)

    def gather(self, values: Array) -> tuple[Array, Array] | None:
        """A block during which nothing was wrong. Means and counts once a window is full."""
        seen = np.isfinite(values)
        self._sum[seen] += values[seen]
        self._count[seen] += 1
        self._gathered += 1
        if self._gathered < self._blocks:
            return None
        means = np.divide(
            self._sum, self._count, out=np.full(len(self._sum), np.nan), where=self._count > 0
        )
        counts = self._count.copy()
        self.forget()
        return means, counts

    def forget(self) -> None:
        """What was gathered of a window that is not full."""
        self._sum[:] = 0.0
        self._count[:] = 0.0
        self._gathered = 0

    def covariance(self, index: Sequence[int], found: Signatures) -> Array:
        on_web = found.mean[:, : len(CAUSES)]
        straying: Array = (on_web * self.causes) @ on_web.T
        straying[np.diag_indices(len(index))] += self.sensors[list(index)]
        return straying

    def learn(
        self, index: Sequence[int], found: Signatures, deviation: Array, noise: Array
    ) -> None:
        """From one window's deviation [%]; ``noise`` is the variance of its means."""
        mine = list(index)
        covariance = self.covariance(mine, found) + np.diag(noise)
        load = np.concatenate([found.mean[:, : len(CAUSES)], np.eye(len(mine))], axis=1)
        variance = np.concatenate([self.causes, self.sensors[mine]])
        spread = load * variance
        back = np.linalg.solve(covariance, spread).T
        left = variance - np.einsum("ij,ji->i", back, spread)
        squares = np.square(back @ deviation) + np.maximum(left, 0.0)
        self._seen = min(self._seen + self.window_s, _REMEMBERED_S)
        share = self.window_s / (self._seen + _PRIOR_S)
        self.causes += share * (squares[: len(CAUSES)] - self.causes)
        self.sensors[mine] += share * (squares[len(CAUSES) :] - self.sensors[mine])

    def snapshot(self) -> Snapshot:
        return {
            "causes": self.causes.copy(),
            "sensors": self.sensors.copy(),
            "seen": self._seen,
            "sum": self._sum.copy(),
            "count": self._count.copy(),
            "gathered": self._gathered,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.causes = saved.array(snapshot["causes"])
        self.sensors = saved.array(snapshot["sensors"])
        self._seen = saved.number(snapshot["seen"])
        self._sum = saved.array(snapshot["sum"])
        self._count = saved.array(snapshot["count"])
        self._gathered = saved.whole(snapshot["gathered"])
