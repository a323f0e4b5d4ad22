"""The porosity of a calender's lots as it is handed on: by thickness and loading, put right by
the laboratory; by the calender's own model where one of these is not known."""

from dataclasses import dataclass
from typing import Final

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.calendering.lot_bias import LotBias
from twin.electrode.calendering.lot_porosity import LotPorosity
from twin.electrode.calendering.lot_route import Loading, said
from twin.estimation import saved
from twin.snapshot import Snapshot, Value

MEASURED: Final = "thickness and loading"
MODELLED: Final = "calender model"
_RECIPES: Final = 3
_BASIS: Final = ("solid_density", "foil_thickness", "coated_sides")


@dataclass(frozen=True, slots=True)
class Estimate:
    """Porosity [%] and its standard deviation, ``density`` [kg/m3] of the coating, and
    by which ``route`` they are known."""

    porosity: float
    sd: float
    density: float
    route: str


@dataclass(slots=True)
class _Recipe:
    """What has been learned under one formulation and its parameters. The ones before it
    are kept: samples of their lots come late."""

    basis: list[float | str]
    bias: LotBias
    gauge_sd: float


class HandOver:
    """Of one calender."""

    def __init__(self) -> None:
        self._recipes: list[_Recipe] = []

    def estimate(
        self, lot: LotPorosity, loading: Loading, calender: AssetConfig, keep: bool
    ) -> Estimate:
        """``keep``: the lot has ended, or been sampled; samples of it may come from now on."""
        found = said(lot, loading, calender)
        if found is None:
            porosity, sd = lot.porosity(loading)
            density = lot.density_of_solids * (1 - porosity / 100)
            return Estimate(porosity, sd, density, MODELLED)
        basis: list[float | str] = [settings.text(calender, "formulation")]
        basis += [settings.number(calender, name) for name in _BASIS]
        if not self._recipes or self._recipes[-1].basis != basis:
            bias = LotBias(found.shared_sd, settings.number(calender, "sample_bias_sd"))
            self._recipes = [*self._recipes, _Recipe(basis, bias, 0.0)][-_RECIPES:]
        present = self._recipes[-1]
        present.gauge_sd = found.gauge_sd
        present.bias.advance(lot.to_ns, found.drift)
        if keep:
            present.bias.keep(lot.lot, found.porosity, found.own_sd)
        porosity, sd = present.bias.expected(lot.lot, found.porosity, found.own_sd)
        return Estimate(min(max(porosity, 0.0), 100.0), sd, found.density, MEASURED)

    def sampled(self, lot: str, value: float, noise_sd: float) -> dict[str, tuple[float, float]]:
        """A laboratory porosity [%] of a lot that is kept: the porosities, with their
        standard deviations, of all lots that it says something of."""
        for recipe in reversed(self._recipes):
            bias = recipe.bias
            if lot in bias.lots:
                taken = bias.sample(lot, value, noise_sd)
                return {name: bias.porosity(name) for name in bias.lots} if taken else {}
        return {}

    def rolls_changed(self) -> None:
        """Rolls do not change the solids; but the gauge behind them is set up anew."""
        for recipe in self._recipes[-1:]:
            recipe.bias.open(recipe.gauge_sd)

    def snapshot(self) -> Snapshot:
        recipes: list[Value] = [
            {"basis": [*of.basis], "bias": of.bias.snapshot(), "gauge_sd": of.gauge_sd}
            for of in self._recipes
        ]
        return {"recipes": recipes}

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "HandOver":
        found = cls()
        for of in map(saved.fields, saved.items(snapshot["recipes"])):
            formulation, *rest = saved.items(of["basis"])
            found._recipes.append(
                _Recipe(
                    [saved.text(formulation), *map(saved.number, rest)],
                    LotBias.restored(saved.fields(of["bias"])),
                    saved.number(of["gauge_sd"]),
                )
            )
        return found
