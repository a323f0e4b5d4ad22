"""The porosity of an electrode lot, gathered while it runs through the rolls.

What the estimator does not know of density, gauge or laboratory holds for a whole lot, so
the width of a lot's porosity is that of its readings and not less for their number.
"""

import math
from dataclasses import dataclass, field
from typing import Final

from twin.asset import Json
from twin.electrode.calendering.calender_state import CalenderState
from twin.electrode.calendering.estimator import Z90
from twin.electrode.calendering.model import MODEL
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
    "thickness_out",
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

    def take(self, state: CalenderState, metre: float | None, solids: float) -> None:
        """``metre``: of the web that is at the rolls; ``solids``: their density [kg/m3]."""
        if self.from_m is None:
            self.from_m = metre
        if metre is not None and self.to_m is not None:
            weight = max(0.0, metre - self.to_m)
        else:
            weight = (state.time_ns - self.to_ns) / 1e9 if self.to_ns else 1.0
        self.to_ns = state.time_ns
        self.to_m = metre if metre is not None else self.to_m
        self.density_of_solids = solids
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

    def data(self, loading: tuple[float, float] | None, final: bool) -> dict[str, Json]:
        """As ``lot.porosity`` tells it. ``density`` [kg/m3] is that of the coating."""
        porosity, sd = self.porosity(loading)
        return {
            "lot": self.lot,
            "from_ns": self.from_ns,
            "to_ns": self.to_ns,
            "from_m": self.from_m,
            "to_m": self.to_m,
            **interval(porosity, sd),
            "thickness": self.mean("thickness_out") or None,
            "density": self.density_of_solids * (1 - porosity / 100),
            "loading": None if loading is None else loading[0],
            "roll_set": self.roll_set,
            "final": final,
            "model": MODEL,
        }

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
        return found


def interval(porosity: float, sd: float) -> dict[str, Json]:
    return {
        "porosity": porosity,
        "porosity_sd": sd,
        "lower": max(0.0, porosity - Z90 * sd),
        "upper": min(100.0, porosity + Z90 * sd),
        "confidence": CONFIDENCE,
    }
