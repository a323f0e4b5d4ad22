"""A lot's porosity by its mean thickness and its mean loading, both as measured."""

import math
from dataclasses import dataclass, replace

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.calendering import prior as priors
from twin.electrode.calendering.lot_porosity import LotPorosity

Loading = tuple[float, float] | None
"""Mean [mg/cm2] and standard deviation."""


@dataclass(frozen=True, slots=True)
class Said:
    """``porosity`` [%] by thickness and loading, and standard deviations [points] of what
    it is wrong by: ``own_sd`` anew with each lot, ``shared_sd`` alike for all of them.
    ``drift``: by which the latter changes in a day; ``gauge_sd``: the part of it that is
    the thickness gauge's. ``density`` [kg/m3] of the coating with its pores."""

    porosity: float
    own_sd: float
    shared_sd: float
    drift: float
    gauge_sd: float
    density: float


def said(lot: LotPorosity, loading: Loading, calender: AssetConfig) -> Said | None:
    """A = 100 (1 - m / (rho d)), d the thickness of one side's coating. None where the
    lot's loading or thickness is not known, or the two can't be."""

    def number(name: str) -> float:
        return settings.number(calender, name)

    measured = lot.thickness(number("window"), number("window_sd"))
    if loading is None or loading[0] <= 0 or measured is None:
        return None
    electrode = replace(priors.of(calender).electrode, loading=loading[0], loading_sd=loading[1])
    coatings = measured[0] - electrode.foil
    if coatings <= electrode.solid:
        return None
    porosity, sd = electrode.porosity(*measured)
    solids = 100 - porosity
    by_um = solids / coatings
    recipe = math.hypot(
        number("solid_density_sd") / electrode.density, number("loading_gauge_bias_sd") / 100
    )
    gauge = by_um * number("thickness_out_bias_sd")
    return Said(
        porosity,
        math.hypot(sd, number("lot_sd")),
        math.hypot(solids * recipe, gauge, by_um * number("foil_thickness_sd")),
        by_um * number("thickness_out_drift"),
        gauge,
        electrode.density * solids / 100,
    )
