"""One positive and one negative half-cell curve fitted to a slow charge.

The unknowns are the stoichiometries at both ends of the window, x_a < x_b and y_a > y_b, so
that every bound is a plain one: C_n = Q/(x_b - x_a), C_p = Q/(y_a - y_b), x0 = x_a, y0 = y_a;
and an offset (polarisation) held by what is known of the rate. Starts are laid on a grid of
(x_a, x_b), with y_a and y_b from the voltages at the ends; the best go on by
Levenberg-Marquardt, all at once. No chance in it: the same trace gives the same fit.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.cell.electrodes.halfcell import Array, FullCell, HalfCell
from twin.cell.electrodes.trace_window import Window

NAMES: Final = ("x_a", "x_b", "y_a", "y_b", "offset")

_STEEP_V: Final = (1.2, 0.9, 0.7, 0.55, 0.42, 0.32, 0.26, 0.22)  # of a negative near empty
_WITHIN: Final = (0.12, 0.2, 0.3, 0.42, 0.55, 0.7)  # of its curve
_STARTS: Final = 16  # of x_b
_KEPT: Final = 8  # starts that go on, none near another
_FIRST_STEPS: Final = 14
_STEPS: Final = 60
_LEAST: Final = 0.05  # stoichiometry that a window must span at least
_FLOOR_V: Final = 3e-3  # error of a good reference curve; chosen
_INDEPENDENT: Final = 15  # stretches of a curve whose errors have little to do with each other
_SETTLED: Final = 1e-9  # relative gain below which a step is the last


@dataclass(frozen=True, slots=True)
class Polarisation:
    """What is known of the offset [V] before the fit: mean, sd and bounds."""

    mean: float
    sd: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class PairFit:
    """``theta`` as in NAMES; ``residual`` [V] is measured minus fitted, at the window's points;
    ``jacobian`` [V per unknown], (points, 5); ``misfit`` the mean square [V2] by trust, and
    ``cost`` that with what the offset has against it."""

    positive: HalfCell
    negative: HalfCell
    theta: Array
    residual: Array
    jacobian: Array
    misfit: float
    cost: float
    rms: float
    charge: float

    @property
    def cell(self) -> FullCell:
        x_a, x_b, y_a, y_b, offset = map(float, self.theta)
        return FullCell(self.charge / (y_a - y_b), self.charge / (x_b - x_a), y_a, x_a, offset)

    def at_bound(self) -> tuple[str, ...]:
        """The unknowns that ended at an end of their curve."""
        p, n = self.positive, self.negative
        lows = np.array([n.low, n.low, p.low, p.low])
        highs = np.array([n.high, n.high, p.high, p.high])
        near = 1e-3 * (highs - lows)
        hit = (self.theta[:4] <= lows + near) | (self.theta[:4] >= highs - near)
        return tuple(name for name, at in zip(NAMES, hit, strict=False) if at)


def fit_pair(
    window: Window, positive: HalfCell, negative: HalfCell, polarisation: Polarisation
) -> PairFit:
    """The best fit of this pair to ``window``."""
    model = _Model(window, positive, negative, polarisation)
    theta = model.descend(model.descend(model.starts(), _FIRST_STEPS)[:2], _STEPS)[:1]
    voltage, jacobian = model.voltage(theta)
    residual = window.v - voltage[0]
    misfit = float(np.sum(window.trust * residual**2) / window.trust.sum())
    rms = float(np.sqrt(np.sum(window.weight * residual**2)))
    cost = misfit + model.against(theta[0])
    return PairFit(
        positive, negative, theta[0], residual, jacobian[0], misfit, cost, rms, window.charge
    )


class _Model:
    def __init__(
        self, window: Window, positive: HalfCell, negative: HalfCell, polarisation: Polarisation
    ) -> None:
        self._window = window
        self._p = positive
        self._n = negative
        self._known = polarisation
        self._share = window.q / window.charge
        self._root = np.sqrt(window.trust / window.trust.sum())
        p, n, o = positive, negative, polarisation
        self._low = np.array([n.low, n.low, p.low, p.low, o.low])
        self._high = np.array([n.high, n.high, p.high, p.high, o.high])
        # A misfit is worth _INDEPENDENT readings of _FLOOR_V each, whatever the number of points:
        # the error of a curve is smooth.
        self._prior = _FLOOR_V / (polarisation.sd * _INDEPENDENT**0.5)

    def against(self, theta: Array) -> float:
        return float((self._prior * (self._known.mean - theta[4])) ** 2)

    def voltage(self, theta: Array) -> tuple[Array, Array]:
        """Voltages (starts, points) and slopes by unknown (starts, points, 5)."""
        s = self._share
        x_a, x_b, y_a, y_b, offset = (theta[:, i, None] for i in range(5))
        x = x_a + (x_b - x_a) * s
        y = y_a + (y_b - y_a) * s
        u_p, u_n = self._p.potential(y), self._n.potential(x)
        d_p, d_n = self._p.slope(y), self._n.slope(x)
        slopes = np.stack(
            [-d_n * (1 - s), -d_n * s, d_p * (1 - s), d_p * s, np.ones_like(d_n)], axis=-1
        )
        return u_p - u_n + offset, slopes

    def starts(self) -> Array:
        """The likeliest of a grid: x_a even in potential where the curve is steep (a
        discharged cell) and even in lithium beyond, x_b even in lithium."""
        n, w = self._n, self._window
        span = n.high - n.low
        steep = n.stoichiometry(np.array(_STEEP_V))
        x_a, x_b = (
            g.ravel()
            for g in np.meshgrid(
                np.unique(np.concatenate([steep, n.low + span * np.array(_WITHIN)])),
                n.low + span * np.linspace(0.15, 1.0, _STARTS),
                indexing="ij",
            )
        )
        wide = x_b - x_a > 0.1 * span
        x_a, x_b = x_a[wide], x_b[wide]
        offset = np.full_like(x_a, self._known.mean)
        y_a = self._p.stoichiometry(w.ends[0] + n.potential(x_a) - offset)
        y_b = self._p.stoichiometry(w.ends[1] + n.potential(x_b) - offset)
        theta = self._inside(np.stack([x_a, x_b, y_a, y_b, offset], axis=1))
        ranked = theta[np.argsort(self._rough_costs(theta), kind="stable")]
        kept: list[Array] = []
        for start in ranked:
            near = [np.abs(start[:2] - other[:2]).max() < 0.06 * span for other in kept]
            if not any(near):
                kept.append(start)
            if len(kept) == _KEPT:
                break
        return np.array(kept)

    def _rough_costs(self, theta: Array) -> Array:
        """Misfits by every fourth point: enough to rank starts."""
        some = slice(None, None, 4)
        s = self._share[some]
        x = theta[:, 0, None] + (theta[:, 1] - theta[:, 0])[:, None] * s
        y = theta[:, 2, None] + (theta[:, 3] - theta[:, 2])[:, None] * s
        v = self._p.potential(y) - self._n.potential(x) + theta[:, 4, None]
        return np.asarray(np.sum((self._root[some] * (self._window.v[some] - v)) ** 2, axis=1))

    def descend(self, theta: Array, steps: int) -> Array:
        """Levenberg-Marquardt from every row of ``theta`` at once; the ends, best first."""
        damping = np.full(len(theta), 1e-2)
        cost, residual, jacobian = self._costs(theta)
        for _ in range(steps):
            turned = jacobian.transpose(0, 2, 1)
            gradient = (turned @ residual[..., None])[..., 0]
            normal = turned @ jacobian
            pushed = ((theta <= self._low) & (gradient < 0)) | (
                (theta >= self._high) & (gradient > 0)
            )
            gradient = np.where(pushed, 0.0, gradient)
            free = ~pushed
            normal = normal * (free[:, :, None] & free[:, None, :])
            scale = np.einsum("bii->bi", normal) + 1e-12
            damped = normal + np.einsum("bi,ij->bij", damping[:, None] * scale + pushed, np.eye(5))
            step = np.linalg.solve(damped, gradient[..., None])[..., 0]
            trial = self._inside(theta + step)
            new_cost, new_residual, new_jacobian = self._costs(trial)
            better = new_cost < cost
            gain = np.where(better, (cost - new_cost) / cost, 0.0)
            theta = np.where(better[:, None], trial, theta)
            residual = np.where(better[:, None], new_residual, residual)
            jacobian = np.where(better[:, None, None], new_jacobian, jacobian)
            cost = np.where(better, new_cost, cost)
            done = (better & (gain < _SETTLED)) | (damping > 1e8)
            damping = np.where(better, damping / 5, damping * 4)
            if done.all():
                break
        return np.asarray(theta[np.argsort(cost, kind="stable")])

    def _costs(self, theta: Array) -> tuple[Array, Array, Array]:
        voltage, slopes = self.voltage(theta)
        prior = self._prior * (self._known.mean - theta[:, 4:5])
        residual = np.concatenate([self._root * (self._window.v - voltage), prior], axis=1)
        tail = np.zeros((len(theta), 1, 5))
        tail[:, 0, 4] = self._prior
        jacobian = np.concatenate([self._root[:, None] * slopes, tail], axis=1)
        return np.sum(residual**2, axis=1), residual, jacobian

    def _inside(self, theta: Array) -> Array:
        theta = np.clip(theta, self._low, self._high)
        x_b = np.maximum(theta[:, 1], np.minimum(theta[:, 0] + _LEAST, self._high[1]))
        y_b = np.minimum(theta[:, 3], np.maximum(theta[:, 2] - _LEAST, self._low[3]))
        x_a = np.minimum(theta[:, 0], x_b - _LEAST)
        y_a = np.maximum(theta[:, 2], y_b + _LEAST)
        return np.stack([x_a, x_b, y_a, y_b, theta[:, 4]], axis=1)
