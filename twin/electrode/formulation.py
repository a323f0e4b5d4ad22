"""Formulations: what is set for a chemistry, and how a twin notices that it has changed.

A formulation gives parameters of the line in neutral words, each with unit and source. It
fills the parameters of an asset that its kind has and the asset does not set itself, and
writes its label, ``name@version``, into the asset's parameter ``formulation``.

A twin keeps that label in its snapshot. Restored under another one (``changed``), it keeps
its levels and opens their variances: what was learned of the old slurry is where to begin
with the new one, not what to believe of it.

    def snapshot(self):          return {"formulation": label_of(self.config), ...}
    def restore(self, snapshot): ...; if changed(self.config, snapshot): self._open()
"""

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Final

from twin.asset import AssetConfig, ParameterSpec
from twin.electrode.formulation_schema import SCHEMA, FormulationParameter
from twin.errors import FieldViolation, UnitMismatch
from twin.kinds import Kind
from twin.snapshot import Snapshot
from twin.units import convert, unit

PARAMETER: Final = "formulation"
LABEL: Final = ParameterSpec(
    PARAMETER,
    None,
    "Formulation that it runs, name@version; another one is a process change",
    default="",
)
"""For the parameters of every kind that learns something of the slurry or the electrode."""

NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
# The kind's word, where it is another than the formulation's.
_OTHER_WORDS: Final[Mapping[tuple[str, str], str]] = {
    ("slurry_mixer", "reference_temperature"): "viscosity_reference_temperature",
    ("calender", "porosity_target"): "target_porosity",
    ("calender", "coating_loading"): "target_loading",
    ("calender", "coating_loading_sd"): "target_loading_sd",
}
# Air in the slurry and the volume of mixing; a wrong unit is off by much more.
_DENSITY_WITHIN: Final = 0.1
_BOILS_K: Final = (310.0, 620.0)
_ATMOSPHERE_PA: Final = 101_325.0


@dataclass(frozen=True, slots=True)
class Amount:
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class FormulationValue:
    """A number with its unit, or a text. ``sd`` is one standard deviation of the number."""

    value: Amount | str
    source: str
    sd: Amount | None = None


@dataclass(frozen=True, slots=True)
class Formulation:
    name: str
    version: str
    electrode: str
    description: str = ""
    parameters: Mapping[str, FormulationValue] = field(default_factory=dict)

    @property
    def label(self) -> str:
        return f"{self.name}@{self.version}"


def faults(parameters: Mapping[str, FormulationValue]) -> tuple[FieldViolation, ...]:
    """All that is wrong with them; the fields are named ``solid_density``,
    ``solid_density.sd``, ``solid_density.source``."""
    found: list[FieldViolation] = []
    for name, given in parameters.items():
        spec = SCHEMA.get(name)
        if spec is None:
            found.append(FieldViolation(name, f"unknown parameter; {_instead_of(name)}"))
        else:
            found += _faults_of(spec, given)
    for spec in SCHEMA.values():
        if spec.required and spec.name not in parameters:
            said = f"give it in {spec.unit}" if spec.unit else "give its name"
            why = f"is missing ({spec.description}); {said}, with its source"
            found.append(FieldViolation(spec.name, why))
    if not found:
        found += _contradictions(parameters)
    return tuple(found)


def fill(kind: Kind, formulation: Formulation) -> dict[str, Amount | str]:
    """Parameters of an asset of that kind that the formulation sets; empty where none."""
    filled: dict[str, Amount | str] = {}
    for spec in kind.parameters:
        value = _for(kind.name, spec, formulation.parameters)
        if value is not None and isinstance(value, str) == (spec.unit is None):
            filled[spec.name] = value
    if kind.parameter(PARAMETER) is not None:
        filled[PARAMETER] = formulation.label
    return filled


def label_of(config: AssetConfig) -> str:
    """``name@version`` of the formulation that an asset runs; "" where it is not told."""
    return str(config.parameters.get(PARAMETER, ""))


def process_change(before: AssetConfig, after: AssetConfig) -> bool:
    """Whether an update of an asset has given it another formulation."""
    return label_of(before) != label_of(after)


def changed(config: AssetConfig, snapshot: Snapshot) -> bool:
    """Whether a twin's snapshot was taken under another formulation than it runs now.

    A twin that puts ``label_of`` under "formulation" into its snapshot asks this at its end
    of ``restore``. A snapshot from before there were formulations was taken under none.
    """
    return snapshot.get(PARAMETER, "") != label_of(config)


def _for(
    kind: str, spec: ParameterSpec, parameters: Mapping[str, FormulationValue]
) -> Amount | str | None:
    word = _OTHER_WORDS.get((kind, spec.name), spec.name)
    if word in parameters:
        return parameters[word].value
    given = parameters.get(word.removesuffix("_sd"))
    return given.sd if word.endswith("_sd") and given is not None else None


def _instead_of(name: str) -> str:
    near = get_close_matches(name, SCHEMA, n=1)
    return f"do you mean {near[0]}?" if near else f"a formulation has {', '.join(SCHEMA)}"


def _faults_of(spec: FormulationParameter, given: FormulationValue) -> Iterator[FieldViolation]:
    if not given.source.strip():
        why = "is empty; say where the value is from, or 'chosen' or 'to be calibrated'"
        yield FieldViolation(f"{spec.name}.source", why)
    why = _value_fault(spec, given.value)
    if why:
        yield FieldViolation(spec.name, why)
    if given.sd is not None:
        why = _sd_fault(spec, given.sd)
        if why:
            yield FieldViolation(f"{spec.name}.sd", why)


def _value_fault(spec: FormulationParameter, value: Amount | str) -> str:
    if spec.unit is None:
        if isinstance(value, Amount):
            return f"is the number {value.value:g}; write a text"
        return "" if value.strip() else "is empty; write a text"
    if isinstance(value, str):
        return f"is the text {value!r}; write a number in {spec.unit}"
    if not math.isfinite(value.value):
        return f"is {value.value}; write a finite number"
    try:
        number = convert(value.value, value.unit, spec.unit)
    except UnitMismatch as error:
        return f"has a unit that does not fit: {error}; write it in {spec.unit}"
    if spec.difference and unit(value.unit).offset:
        return f"is a difference of temperatures; write it in {spec.unit}, not in {value.unit}"
    if not spec.minimum <= number <= spec.maximum:
        limits = f"{spec.minimum:g} to {spec.maximum:g} {spec.unit}"
        return f"{number:g} {spec.unit} is not plausible ({limits}); look at value and unit"
    return ""


def _sd_fault(spec: FormulationParameter, sd: Amount) -> str:
    if spec.unit is None:
        return "a text has no standard deviation; leave it out"
    try:
        convert(sd.value, sd.unit, spec.unit)
    except UnitMismatch as error:
        return f"has a unit that does not fit: {error}"
    if unit(sd.unit).offset:
        return f"is a difference; write it in K, not in {sd.unit}"
    if not (math.isfinite(sd.value) and sd.value > 0):
        return f"is {sd.value:g}; a standard deviation is above 0"
    return ""


def _contradictions(parameters: Mapping[str, FormulationValue]) -> Iterator[FieldViolation]:
    """Values that are each plausible, but not together."""
    given = {
        name: convert(each.value.value, each.value.unit, SCHEMA[name].unit or "1")
        for name, each in parameters.items()
        if isinstance(each.value, Amount)
    }
    least, initial = given["minimum_porosity"], given["initial_porosity"]
    if least >= initial:
        why = f"{least:g} % is not below initial_porosity, {initial:g} %"
        yield FieldViolation("minimum_porosity", why)
    target = given.get("target_porosity")
    if target is not None and not least <= target <= initial:
        why = f"{target:g} % is not between minimum_porosity and initial_porosity"
        yield FieldViolation("target_porosity", f"{why} ({least:g} to {initial:g} %)")
    solids = given["slurry_solids"] / 100
    mixed = 1 / (solids / given["solid_density"] + (1 - solids) / given["solvent_density"])
    if abs(given["slurry_density"] / mixed - 1) > _DENSITY_WITHIN:
        why = f"{given['slurry_density']:.4g} kg/m3, but solids and solvent of these densities"
        why += f" and shares make {mixed:.4g} kg/m3; one of the four is wrong"
        yield FieldViolation("slurry_density", why)
    denominator = given["solvent_antoine_a"] - math.log(_ATMOSPHERE_PA)
    boils = given["solvent_antoine_b"] / denominator - given["solvent_antoine_c"]
    if not _BOILS_K[0] <= boils <= _BOILS_K[1]:
        why = f"with b and c the solvent would boil at {boils - 273.15:.0f} degC;"
        why += " the form is ln(p/Pa) = a - b/(T + c), T in K"
        yield FieldViolation("solvent_antoine_a", why)
