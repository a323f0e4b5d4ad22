"""What windows of readings and laboratory samples teach of a calender."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.calendering import prior as priors
from twin.electrode.calendering.linearised import LinearisedFilter
from twin.electrode.calendering.model import Array, Electrode, N, Nip, X, gap, nip, thickness
from twin.electrode.calendering.spread import Spread
from twin.electrode.calendering.windows import Window
from twin.estimation import saved
from twin.snapshot import Snapshot

Z90: Final = 1.6448536269514722
_GATE2: Final = 25.0
_CONFIRMED_BY: Final = 3
_SAMPLE_GATE2: Final = 16.0
# Under this line load [kN/m] the rolls may not touch the web: the gap says nothing of it.
_TOUCHING: Final = 10.0
_LOT_KEEPS: Final = 0.7
"""How much of what is known of deviation and loading holds for the next lot. Chosen: lots
follow each other on the same machine with the same settings."""
_FRESH_WEAR_SD: Final = 1.0
"""[um] Run-out and grinding of rolls that have just been mounted; chosen."""


class Point(NamedTuple):
    """A working point: line load [kN/m], rolls over the reference temperature [K]."""

    line_load: float
    warmer: float


class Sampled(NamedTuple):
    """What a laboratory sample said. ``expected`` is that before it, with its width (the
    sample's own included); ``used`` whether anything was learned from it."""

    lot: str
    expected: float
    expected_sd: float
    used: bool


@dataclass(frozen=True, slots=True)
class _Noise:
    line_load: float
    thickness: float
    gap: float
    window: float
    sample: float


class NipEstimator:
    """An extended Kalman filter, fed with means; which states are held is told to it."""

    def __init__(self, config: AssetConfig) -> None:
        self.prior = priors.of(config)
        self.filter = LinearisedFilter(self.prior)
        self.spread = Spread()
        self.point: Point | None = None
        self.gap_seen = False
        self._far = self._gap_far = 0
        self._odd_sample = 0.0
        self._noise = _Noise(
            settings.number(config, "line_load_noise"),
            settings.number(config, "thickness_out_noise"),
            settings.number(config, "gap_noise"),
            settings.number(config, "window_sd"),
            settings.number(config, "sample_sd"),
        )
        self._gamma_change = settings.number(config, "roll_change_gamma_sd") / 100

    @property
    def electrode(self) -> Electrode:
        return self.prior.electrode

    def learn(
        self, window: Window, seconds: float, held: Sequence[X], stands: bool = False
    ) -> bool:
        """Take the window's means. Returns whether a thickness was learned from. A web
        that ``stands`` is always the same place: it teaches nothing new."""
        self.filter.advance(seconds)
        load = window.means.get("line_load")
        if load is None or stands or not window.settled("line_load", self._noise.line_load):
            return False
        warm = window.means.get("roll_temperature")
        warmer = self.point.warmer if self.point is not None else 0.0
        if warm is not None:
            warmer = warm.value - self.prior.reference_temperature
        point = self.point = Point(load.value, warmer)
        learned = False
        found = window.means.get("thickness_out")
        if found is not None:
            variance = self._variance(self._noise.thickness, found.count)
            learned = self._thickness(point, found.value, variance, held)
        found = window.means.get("gap")
        if found is not None and load.value >= _TOUCHING:
            self._gap(point, found.value, self._variance(self._noise.gap, found.count), held)
            self.gap_seen = True
        return learned

    def sample(self, lot: str, porosity: float, held: Sequence[X]) -> Sampled | None:
        """A laboratory porosity [%] of a lot; None where nothing is known of that lot.

        One that lies more than 4 standard deviations off is taken only when the next one
        agrees with it."""
        known = self.filter.lot(lot)
        if known is not None and known.weight > 0:
            expected, _ = self.filter.lot_porosity(known)
            row, noise = self.filter.lot_row(known), self._noise.sample**2 + known.scatter**2
        elif self.filter.lots or self.point is None:
            return None
        else:
            expected, noise = self.at(self.point).porosity, self._noise.sample**2
            row = np.zeros(len(self.filter.x))
            row[:N] = self.row(self.point)
        row = row + self._bias
        expected += self.filter.value(X.SAMPLE)
        innovation = porosity - expected
        variance = self.filter.innovation_variance(row, noise)
        sd = math.sqrt(variance)
        if innovation * innovation > _SAMPLE_GATE2 * variance:
            agrees = abs(innovation - self._odd_sample) <= 4 * math.sqrt(2 * noise)
            if self._odd_sample == 0.0 or not agrees:
                self._odd_sample = innovation
                return Sampled(lot, expected, sd, False)
            # Whatever has moved the porosity by so much has moved it then and moves it now.
            self.filter.open(
                X.DEVIATION, innovation * innovation, None if known is None else row - self._bias
            )
        else:
            self.spread.take(innovation, variance - noise, noise)
        self._odd_sample = 0.0
        self.filter.update(innovation, row, noise, held)
        if not held:
            self.filter.reference = None
        return Sampled(lot, expected, sd, True)

    def count(self, lot: str, weight: float) -> None:
        """The present porosity holds for that much of the lot."""
        if self.point is not None and weight > 0:
            porosity = self.at(self.point).porosity
            self.filter.count(lot, weight, porosity, self.row(self.point))

    def at(self, point: Point) -> Nip:
        """The present estimate at a working point."""
        return nip(self.filter.x[:N], *point)

    def row(self, point: Point) -> Array:
        """Gradient of the porosity by the 13 states, where the model is linearised."""
        return nip(self.filter.linearised_at, *point).by_porosity

    def at_state(self, x: Array, point: Point) -> Nip:
        return nip(x, *point)

    def from_thickness(self, thickness: float, sd: float) -> tuple[float, float] | None:
        """Porosity [%] and standard deviation where no line load is known; None where
        there is no coating."""
        if thickness <= self.electrode.foil:
            return None
        known = self.filter
        sd = math.hypot(sd, known.sd(X.OFFSET))
        value, width = self.electrode.porosity(thickness - known.value(X.OFFSET), sd)
        return value, math.hypot(width, (100 - value) * known.sd(X.DENSITY))

    def porosity(self, point: Point, load_sd: float = 0.0) -> tuple[float, float]:
        """Porosity behind the rolls [%] and its standard deviation; ``load_sd``: that of
        the line load [kN/m]."""
        at = self.at(point)
        variance = self.filter.innovation_variance(self.row(point), (at.per_load * load_sd) ** 2)
        return at.porosity, self.spread.factor * math.sqrt(variance)

    def lot_porosity(self, name: str) -> tuple[float, float] | None:
        """Mean porosity of one of the latest lots [%] and its standard deviation."""
        lot = self.filter.lot(name)
        if lot is None or lot.weight <= 0:
            return None
        value, sd = self.filter.lot_porosity(lot)
        return value, self.spread.factor * sd

    def lot_changed(self) -> None:
        self.filter.fade(_LOT_KEEPS)

    def rolls_changed(self) -> None:
        """Zero of the gap unknown, wear that of fresh rolls, gamma a little different."""
        self.filter.forget((X.GAP_ZERO, X.WEAR, X.DEVIATION), self.prior)
        self.filter.P[X.WEAR, X.WEAR] = _FRESH_WEAR_SD**2
        self.filter.open(X.LN_GAMMA, self._gamma_change**2)
        self.gap_seen = False
        self._far, self._gap_far, self.filter.reference = 0, 0, None

    def formulation_changed(self) -> None:
        """All that belongs to the coating is as the parameters have it; the machine stays."""
        self.filter.forget(priors.OF_FORMULATION, self.prior)
        self.spread.forget()
        self._far, self._gap_far, self.filter.reference = 0, 0, None

    def _thickness(self, point: Point, value: float, variance: float, held: Sequence[X]) -> bool:
        """A thickness far from what is expected is taken when it stays there: something
        has stepped, and it is not known what (process, loading or gauge)."""

        def expected(x: Array) -> tuple[float, Array]:
            return thickness(x, nip(x, *point), self.prior.electrode)

        thought, row = expected(self.filter.x[:N])
        far = (value - thought) ** 2 > _GATE2 * self.filter.innovation_variance(row, variance)
        self._far = self._far + 1 if far else 0
        if far and self._far < _CONFIRMED_BY:
            return False
        if far:
            self._far, self.filter.reference = 0, None
            size = value - thought
            for state in (X.DEVIATION, X.LOADING, X.OFFSET):
                step = abs(size) / max(abs(float(row[state])), 1e-9)
                # Each of them alone could be it, no more than a few of its widths.
                self.filter.open(state, min(step, 3 * float(self.prior.sd[state])) ** 2)
        self.filter.measure(value, variance, expected, held)
        return True

    def _gap(self, point: Point, value: float, variance: float, held: Sequence[X]) -> None:
        """A gap that stays far below what is expected is worn rolls, and one above it a zero
        that was set anew: the coating moves the gap only as far as it moves the thickness."""

        def expected(x: Array) -> tuple[float, Array]:
            return gap(x, nip(x, *point), self.prior.electrode, point.line_load)

        thought, row = expected(self.filter.x[:N])
        size = value - thought
        far = size * size > _GATE2 * self.filter.innovation_variance(row, variance)
        self._gap_far = self._gap_far + 1 if far and self.gap_seen else 0
        if 0 < self._gap_far < _CONFIRMED_BY:
            return
        if self._gap_far:
            self._gap_far = 0
            self.filter.open(X.WEAR if size < 0 else X.GAP_ZERO, size * size)
        self.filter.measure(value, variance, expected, held)

    def _variance(self, noise: float, count: int) -> float:
        return noise * noise / count + self._noise.window**2

    @property
    def _bias(self) -> Array:
        """The laboratory's bias, as a row of the whole state."""
        row = np.zeros(len(self.filter.x))
        row[X.SAMPLE] = 1.0
        return row

    def snapshot(self) -> Snapshot:
        return {
            "filter": self.filter.snapshot(),
            "spread": self.spread.snapshot(),
            "prior": [self.prior.mean.copy(), self.prior.sd.copy()],
            "point": None if self.point is None else [*self.point],
            "gap_seen": self.gap_seen,
            "far": [self._far, self._gap_far],
            "odd_sample": self._odd_sample,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.filter.restore(saved.fields(snapshot["filter"]))
        self.spread.restore(saved.fields(snapshot["spread"]))
        point = snapshot["point"]
        self.point = None if point is None else Point(*map(saved.number, saved.items(point)))
        self.gap_seen = bool(snapshot["gap_seen"])
        self._far, self._gap_far = map(saved.whole, saved.items(snapshot["far"]))
        self._odd_sample = saved.number(snapshot["odd_sample"])

    def renew(self, snapshot: Snapshot) -> None:
        """States whose parameters have been set anew since the snapshot begin with them."""
        mean, sd = map(saved.array, saved.items(snapshot["prior"]))
        anew = (mean != self.prior.mean) | (sd != self.prior.sd)
        if anew.any():
            self.filter.forget([state for state in X if anew[state]], self.prior)
            self.filter.reference = None
