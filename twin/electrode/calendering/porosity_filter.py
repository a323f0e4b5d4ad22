"""An extended Kalman filter over what is not known of a calender and its coating.

The systematic uncertainties (density, gauge, loading, gamma, ...) are states: a thousand
readings of a thickness do not average away that the density is wrong; a laboratory sample
does. States that are *held* keep their value and their width, and what the others learn
takes that width into account (S. F. Schmidt 1966, "consider" states).

The mean porosity of each of the latest lots stands behind the 13 states, so that a sample
that comes hours late corrects just that lot, and through it all that is known now
(stochastic cloning: S. I. Roumeliotis, J. W. Burdick, ICRA 2002).
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.electrode.calendering.model import Array, N, X
from twin.electrode.calendering.prior import Prior
from twin.estimation import saved
from twin.snapshot import Snapshot

_LOTS: Final = 8
_OWN: Final = np.arange(N)


@dataclass(slots=True)
class LotMean:
    """A lot's place in the state. ``weight``: seconds or metres that its mean is over;
    ``square`` the weighted sum of squares of what it scattered by."""

    lot: str
    weight: float = 0.0
    square: float = 0.0

    @property
    def scatter(self) -> float:
        """Standard deviation of the porosity within the lot, as estimated [points]."""
        return math.sqrt(self.square / self.weight) if self.weight > 0 else 0.0


class PorosityFilter:
    """``x``, shape (13 + lots,), and ``P``, its covariance."""

    def __init__(self, prior: Prior) -> None:
        self._prior = prior
        self.x: Array = prior.mean.copy()
        self.P: Array = np.diag(np.square(prior.sd))
        self.lots: list[LotMean] = []

    def advance(self, seconds: float) -> None:
        """Deviation and loading return to their means (Ornstein-Uhlenbeck), gauge and wear
        wander."""
        if seconds <= 0:
            return
        memory = self._prior.memory
        self._fade({state: math.exp(-seconds / memory[state]) for state in memory})
        self.P[_OWN, _OWN] += self._prior.gain * seconds

    def fade(self, keep: float) -> None:
        """Deviation and loading keep that part of what is known of them."""
        self._fade(dict.fromkeys(self._prior.memory, keep))

    def _fade(self, keep: Mapping[X, float]) -> None:
        prior = self._prior
        factor = np.ones(len(self.x))
        for state, part in keep.items():
            factor[state] = part
            self.x[state] = prior.mean[state] + part * (self.x[state] - prior.mean[state])
        self.P *= np.outer(factor, factor)
        for state, part in keep.items():
            self.P[state, state] += (1 - part * part) * prior.sd[state] ** 2

    def value(self, state: X) -> float:
        return float(self.x[state])

    def sd(self, state: X) -> float:
        return math.sqrt(max(float(self.P[state, state]), 0.0))

    def covariance(self, row: Array, other: Array) -> float:
        """Of two linear functions of the 13 states."""
        return float(row @ self.P[:N, :N] @ other)

    def innovation_variance(self, row: Array, noise: float) -> float:
        """``row``: shape (13,) or that of the whole state; ``noise`` a variance."""
        whole = self._whole(row)
        return float(whole @ self.P @ whole) + noise

    def update(self, innovation: float, row: Array, noise: float, held: Sequence[X] = ()) -> None:
        """Take a measurement that was ``innovation`` more than expected."""
        whole = self._whole(row)
        cross = self.P @ whole
        variance = float(whole @ cross) + noise
        gain = cross / variance
        if held:
            gain[[*held]] = 0.0
            lost = np.outer(gain, cross)
            lost = lost + lost.T - np.outer(gain, gain) * variance
        else:
            lost = np.outer(gain, cross)
        self.x = self.x + gain * innovation
        self.P = self.P - lost

    def forget(self, states: Sequence[X], prior: Prior) -> None:
        """Back to what is known without readings."""
        self._prior = prior
        for state in states:
            self.P[state, :] = self.P[:, state] = 0.0
            self.x[state] = prior.mean[state]
            self.P[state, state] = prior.sd[state] ** 2

    def open(self, state: X, variance: float, along: Array | None = None) -> None:
        """It may have moved by the square root of that, all at once; and with it what
        ``along`` (shape of the whole state) has a 1 for."""
        jump = np.zeros(len(self.x)) if along is None else along.copy()
        jump[state] = 1.0
        self.P += variance * np.outer(jump, jump)

    def lot(self, name: str) -> LotMean | None:
        return next((lot for lot in self.lots if lot.lot == name), None)

    def lot_row(self, lot: LotMean) -> Array:
        """Picks that lot's mean porosity out of the whole state."""
        row = np.zeros(len(self.x))
        row[N + self.lots.index(lot)] = 1.0
        return row

    def lot_porosity(self, lot: LotMean) -> tuple[float, float]:
        """Mean porosity of the lot [%] and its standard deviation."""
        place = N + self.lots.index(lot)
        return float(self.x[place]), math.sqrt(max(float(self.P[place, place]), 0.0))

    def count(self, name: str, weight: float, porosity: float, row: Array) -> LotMean:
        """Put a porosity, and its gradient by the 13 states, into the mean of a lot."""
        lot = self.lot(name)
        if lot is None:
            lot = self._add(name)
        lot.weight += weight
        share = weight / lot.weight if lot.weight > 0 else 0.0
        place = N + self.lots.index(lot)
        before = float(self.x[place])
        self.x[place] += share * (porosity - before)
        lot.square += weight * (porosity - before) * (porosity - float(self.x[place]))
        mix = np.zeros(len(self.x))
        mix[:N] = share * row
        mix[place] = 1 - share
        cross = self.P @ mix
        variance = float(mix @ cross)
        self.P[place, :] = self.P[:, place] = cross
        self.P[place, place] = variance
        return lot

    def _add(self, name: str) -> LotMean:
        if len(self.lots) == _LOTS:
            del self.lots[0]
            self.x = np.delete(self.x, N)
            self.P = np.delete(np.delete(self.P, N, 0), N, 1)
        self.lots.append(LotMean(name))
        self.x = np.append(self.x, 0.0)
        self.P = np.pad(self.P, (0, 1))
        return self.lots[-1]

    def _whole(self, row: Array) -> Array:
        if len(row) == len(self.x):
            return row
        whole = np.zeros(len(self.x))
        whole[: len(row)] = row
        return whole

    def snapshot(self) -> Snapshot:
        return {
            "x": self.x.copy(),
            "P": self.P.copy(),
            "lots": [[lot.lot, lot.weight, lot.square] for lot in self.lots],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.x = saved.array(snapshot["x"])
        self.P = saved.array(snapshot["P"])
        self.lots = []
        for lot, weight, square in map(saved.items, saved.items(snapshot["lots"])):
            self.lots.append(LotMean(saved.text(lot), saved.number(weight), saved.number(square)))
