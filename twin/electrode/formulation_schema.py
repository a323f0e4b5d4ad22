"""What a formulation says of a chemistry: each parameter, its unit and its limits.

Neutral words, those of no kind in particular: ``formulation.py`` says which parameters of
which kinds they fill. Limits are what any slurry or electrode could have, so that a value
in the wrong unit falls outside.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class FormulationParameter:
    """``unit`` is None for a text. ``difference`` marks a difference of temperatures,
    which is never written in degC."""

    name: str
    unit: str | None
    description: str
    minimum: float = 0.0
    maximum: float = 0.0
    required: bool = True
    difference: bool = False


def _number(
    name: str, unit: str, minimum: float, maximum: float, description: str
) -> FormulationParameter:
    return FormulationParameter(name, unit, description, minimum, maximum)


_ALL: Final = (
    FormulationParameter("solvent", None, "Name of the solvent: NMP or water"),
    _number("solvent_molar_mass", "g/mol", 10.0, 500.0, "Molar mass of the solvent"),
    _number("solvent_density", "kg/m3", 500.0, 2000.0, "Density of the solvent at 25 degC"),
    _number(
        "solvent_latent_heat", "kJ/kg", 100.0, 3000.0, "Heat of vaporisation where it boils, 1 atm"
    ),
    _number("solvent_antoine_a", "1", 15.0, 35.0, "a in ln(p/Pa) = a - b/(T + c), T in K"),
    FormulationParameter(
        "solvent_antoine_b", "K", "b in the same equation", 1000.0, 10_000.0, difference=True
    ),
    FormulationParameter(
        "solvent_antoine_c", "K", "c in the same equation", -150.0, 0.0, difference=True
    ),
    _number("solvent_diffusivity", "m2/s", 1e-6, 1e-4, "Of the solvent's vapour in air at 25 degC"),
    _number("solid_density", "kg/m3", 500.0, 10_000.0, "Solids of the coating without pores"),
    _number("binder_content", "%", 0.0, 30.0, "Binder in the dry coating, by mass"),
    _number("binder_diffusivity", "m2/s", 1e-14, 1e-7, "Effective, of the binder in the wet film"),
    _number("slurry_density", "kg/m3", 500.0, 6000.0, "Slurry as it is coated, without air"),
    _number("slurry_solids", "%", 1.0, 99.0, "Solids in the slurry, by mass"),
    _number("surface_tension", "mN/m", 10.0, 100.0, "Slurry against air"),
    _number(
        "slurry_viscosity",
        "mPa.s",
        10.0,
        1_000_000.0,
        "Slurry at viscosity_reference_temperature and slurry_shear_rate",
    ),
    _number("slurry_shear_rate", "1/s", 0.01, 100_000.0, "Shear rate of that viscosity"),
    _number("viscosity_reference_temperature", "degC", 0.0, 100.0, "Temperature of that viscosity"),
    _number(
        "viscosity_activation_energy",
        "kJ/mol",
        0.0,
        100.0,
        "E in ln(viscosity) = constant + E/(R T)",
    ),
    _number("power_law_index", "1", 0.1, 1.5, "n in viscosity ~ shear rate^(n - 1); 1: Newton"),
    _number("target_loading", "mg/cm2", 0.1, 60.0, "Dry mass per area of one side"),
    _number("foil_thickness", "um", 1.0, 200.0, "Current collector"),
    _number("initial_porosity", "%", 1.0, 90.0, "Dry coating before calendering"),
    _number("minimum_porosity", "%", 0.0, 80.0, "That no line load gets below"),
    _number(
        "compaction_gamma",
        "kN/m",
        1.0,
        5000.0,
        "Line load over which the porosity above the least one falls to 1/e",
    ),
    FormulationParameter("target_porosity", "%", "Calendered coating", 1.0, 90.0, required=False),
)

SCHEMA: Final[Mapping[str, FormulationParameter]] = {each.name: each for each in _ALL}
