"""What is read of an electrode lot, and its porosity by the calender's own estimate, gathered
while it runs through the rolls.

What the estimator does not know of density, gauge or laboratory holds for a whole lot, so
the width of a lot's porosity is that of its readings and not less for their number.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Json
from twin.electrode.calendering.calender_state import CalenderState
from twin.electrode.calendering.estimator import Z90
from twin.estimation import saved
from twin.snapshot import Snapshot

CONFIDENCE: Final = 0.90
_MINUTE_NS: Final = 60_000_000_000
_MEANS: Final = (
    "porosity",
    "porosity_sd",
    "porosity_loading_covariance",
    "loading_deviation",
    "loading_deviation_sd",
)


@dataclass(slots=True)
class LotPorosity:
    """Means over the lot, weighed by metres (by seconds where no metres are known)."""

    lot: str
    from_ns: int
    from_m: float | None = None
    to_ns: int = 0
    to_m: float | None = None
    told_ns: int = 0
    weight: float = 0.0
    sums: dict[str, float] = field(default_factory=lambda: dict.fromkeys(_MEANS, 0.0))
    loading_assumed: float = 0.0
    density_of_solids: float = 0.0
    roll_set: str = ""
    own: tuple[float, float] | None = None
    """Mean porosity and width, where the calender itself knows the lot: with what it has
    learned since."""
    gauged: list[float] = field(default_factory=lambda: [0.0] * 4)
    """Of the thickness behind the rolls: weight, seconds, and weighted sums of it [um] and
    of its variance."""

    def take(self, state: CalenderState, metre: float | None, calender: AssetConfig) -> None:
        """``metre``: of the web that is at the rolls."""
        if self.from_m is None:
            self.from_m = metre
        if metre is not None and self.to_m is not None:
            weight = max(0.0, metre - self.to_m)
        else:
            weight = (state.time_ns - self.to_ns) / 1e9 if self.to_ns else 1.0
        seconds = (state.time_ns - (self.to_ns or state.time_ns)) / 1e9
        self.to_ns = state.time_ns
        self.to_m = metre if metre is not None else self.to_m
        self.density_of_solids = settings.number(calender, "solid_density")
        self.loading_assumed = state.get("loading_assumed") or self.loading_assumed
        self.roll_set = state.text("roll_set") or self.roll_set
        porosity, sd = state.get("lot_porosity"), state.get("lot_porosity_sd")
        if porosity is not None and sd is not None and state.text("lot") == self.lot:
            self.own = (porosity, sd)
        # A lot of which nothing has run has the porosity that is there.
        weight = max(weight, 1e-6) if self.weight == 0 else weight
        self.weight += weight
        for name in _MEANS:
            self.sums[name] += weight * (state.get(name) or 0.0)
        self._gauge(state, weight, seconds, calender)

    def thickness(self, window_s: float, window_sd: float) -> tuple[float, float] | None:
        """Mean behind the rolls [um] and its standard deviation; None where it was not read
        over half of the lot. ``window_sd`` [um] is what thicknesses over ``window_s`` scatter
        by that noise does not explain."""
        weight, seconds, total, variance = self.gauged
        if weight <= 0 or weight < 0.5 * self.weight:
            return None
        windows = max(1.0, seconds / window_s)
        return total / weight, math.sqrt((variance / weight + window_sd**2) / windows)

    def _gauge(
        self, state: CalenderState, weight: float, seconds: float, calender: AssetConfig
    ) -> None:
        """A gauge that is silent grows less sure than one reading is; bare foil is no web."""
        thickness, sd = state.get("thickness_out"), state.get("thickness_out_sd")
        if thickness is None or sd is None or sd > settings.number(calender, "thickness_out_noise"):
            return
        if thickness > settings.number(calender, "foil_thickness"):
            taken = (weight, seconds, weight * thickness, weight * sd * sd)
            self.gauged = [a + b for a, b in zip(self.gauged, taken, strict=True)]

    def mean(self, name: str) -> float:
        return self.sums[name] / self.weight

    def porosity(self, loading: tuple[float, float] | None) -> tuple[float, float]:
        """Mean [%] and standard deviation, given the lot's loading as measured [mg/cm2].

        Where the porosity comes from a thickness, the solid fraction is in proportion to
        the loading; where it comes from samples or the line load it is not. The
        covariance of the two says how much of which (a Kalman update)."""
        value, sd = self.own or (self.mean("porosity"), self.mean("porosity_sd"))
        if loading is None or loading[0] <= 0 or self.loading_assumed <= 0:
            return value, sd
        covariance = self.mean("porosity_loading_covariance")
        measured = 100 * math.log(loading[0] / self.loading_assumed)
        known = self.mean("loading_deviation_sd") ** 2
        gain = covariance / (known + (100 * loading[1] / loading[0]) ** 2)
        value += gain * (measured - self.mean("loading_deviation"))
        # Rounding and a lot's own spread may not make it certain.
        return value, math.sqrt(max(sd * sd - gain * covariance, 0.01 * sd * sd))

    def is_due(self, time_ns: int, every_minutes: float) -> bool:
        return time_ns - max(self.told_ns, self.from_ns) >= every_minutes * _MINUTE_NS

    def snapshot(self) -> Snapshot:
        return {
            "lot": self.lot,
            "from_ns": self.from_ns,
            "from_m": self.from_m,
            "to_ns": self.to_ns,
            "to_m": self.to_m,
            "told_ns": self.told_ns,
            "weight": self.weight,
            "sums": dict(self.sums),
            "loading_assumed": self.loading_assumed,
            "density_of_solids": self.density_of_solids,
            "roll_set": self.roll_set,
            "own": None if self.own is None else [*self.own],
            "gauged": [*self.gauged],
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "LotPorosity":
        own = snapshot["own"]
        found = cls(
            saved.text(snapshot["lot"]),
            saved.whole(snapshot["from_ns"]),
            saved.number_or_none(snapshot["from_m"]),
            saved.whole(snapshot["to_ns"]),
            saved.number_or_none(snapshot["to_m"]),
            saved.whole(snapshot["told_ns"]),
            saved.number(snapshot["weight"]),
            {name: saved.number(of) for name, of in saved.fields(snapshot["sums"]).items()},
            saved.number(snapshot["loading_assumed"]),
            saved.number(snapshot["density_of_solids"]),
            saved.text(snapshot["roll_set"]),
        )
        if own is not None:
            value, sd = map(saved.number, saved.items(own))
            found.own = (value, sd)
        found.gauged = [saved.number(of) for of in saved.items(snapshot["gauged"])]
        return found


def interval(porosity: float, sd: float) -> dict[str, Json]:
    return {
        "porosity": porosity,
        "porosity_sd": sd,
        "lower": max(0.0, porosity - Z90 * sd),
        "upper": min(100.0, porosity + Z90 * sd),
        "confidence": CONFIDENCE,
    }
