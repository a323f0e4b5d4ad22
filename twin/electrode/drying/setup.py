"""Ovens as the registry describes them: zones in the web's order, and what they are set to."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.drying.film import Oven
from twin.electrode.drying.limits import Limits
from twin.electrode.drying.solvent import PRESSURE_PA, solvent
from twin.electrode.formulation import label_of
from twin.errors import InvalidInput
from twin.estimation.kalman import Array

# Aluminium 2.43, copper 3.45 MJ/(m3.K); it is a tenth of what the film holds.
_FOIL_J_M3K: Final = 2.8e6


@dataclass(frozen=True, slots=True)
class OvenSetup:
    """One oven. ``missing`` says what must be set before drying can be estimated."""

    name: str
    zones: tuple[AssetConfig, ...]
    coater: str
    missing: str = ""

    @property
    def key(self) -> tuple[tuple[str, str], ...]:
        """Which zones these are: another one is another oven to learn."""
        return tuple((zone.name, zone.uid) for zone in self.zones)

    @property
    def formulation(self) -> str:
        return label_of(self.zones[0])

    def number(self, parameter: str) -> float:
        """Of the whole oven: taken from its first zone."""
        return settings.number(self.zones[0], parameter)

    def each(self, parameter: str) -> Array:
        return np.array([settings.number(zone, parameter) for zone in self.zones])

    @property
    def names(self) -> tuple[str, ...]:
        """Zones as people call them: without the path of the oven."""
        return tuple(zone.name.removeprefix(f"{self.name}/") for zone in self.zones)

    @property
    def exit_m(self) -> float:
        """Behind the slot die, where the web leaves the oven; at least its length."""
        last = self.zones[-1]
        ends = settings.number(last, "position") + settings.number(last, "length")
        return max(ends, float(self.each("length").sum()))

    def oven(self, exhaust_pct: Mapping[str, float]) -> Oven:
        """``exhaust_pct`` by zone where it is read."""
        vapour = [
            exhaust_pct.get(zone.name, settings.number(zone, "vapour_fraction"))
            for zone in self.zones
        ]
        return Oven(
            solvent=solvent(settings.text(self.zones[0], "solvent")),
            length_m=self.each("length"),
            heat_transfer_w_m2k=self.each("heat_transfer_coefficient"),
            vapour_pa=np.array(vapour) / 100 * PRESSURE_PA,
            heated_sides=self.each("heated_sides"),
            solid_density_kg_m3=self.number("solid_density"),
            dry_porosity=self.number("initial_porosity") / 100,
            foil_j_m2k=self.number("foil_thickness") * 1e-6 * _FOIL_J_M3K,
        )

    def limits(self, present_degc: Array, fixed: Array) -> Limits:
        """``fixed`` zones keep their set point."""
        lower, upper = self.each("air_setpoint_min"), self.each("air_setpoint_max")
        return Limits(
            names=self.names,
            lower_degc=np.where(fixed, present_degc, lower),
            upper_degc=np.where(fixed, present_degc, upper),
            film_degc=self.each("film_temperature_limit"),
            step_k=self.number("setpoint_step_max"),
            neighbours_k=self.number("neighbour_difference_max"),
            residual_pct=self.number("residual_solvent_limit"),
        )


def ovens_of(assets: Mapping[str, AssetConfig]) -> dict[str, OvenSetup]:
    """By parent; zones without one are an oven of their own."""
    groups: dict[str, list[AssetConfig]] = {}
    for asset in assets.values():
        if asset.kind == "oven_zone":
            groups.setdefault(asset.parent or asset.name, []).append(asset)
    coaters = [asset.name for asset in assets.values() if asset.kind == "coater"]
    found = {}
    for name, zones in groups.items():
        ordered = tuple(sorted(zones, key=_along_the_web))
        coater = next(filter(None, (settings.text(zone, "coater") for zone in ordered)), "")
        if not coater and len(coaters) == 1:
            coater = coaters[0]
        setup = OvenSetup(name, ordered, coater)
        found[name] = OvenSetup(name, ordered, coater, _missing(setup, coaters))
    return found


def _missing(setup: OvenSetup, coaters: list[str]) -> str:
    short = [zone.name for zone in setup.zones if settings.number(zone, "length") <= 0]
    if short:
        return f"set 'length' of {', '.join(short)}"
    if setup.coater not in coaters:
        return f"set 'coater' of {setup.zones[0].name}: {setup.coater or 'none'} is no coater"
    try:
        solvent(settings.text(setup.zones[0], "solvent"))
    except InvalidInput as error:
        return f"set 'solvent' of {setup.zones[0].name}: {error}"
    return ""


def _along_the_web(zone: AssetConfig) -> tuple[float, list[tuple[int, str]]]:
    """By position, then by name with its numbers as numbers."""
    parts = re.findall(r"\d+|\D+", zone.name)
    words = [(int(part), "") if part.isdigit() else (-1, part) for part in parts]
    return settings.number(zone, "position"), words
