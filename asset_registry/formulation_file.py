"""A formulation as a YAML file: what is set for one chemistry.

    formulation: nmc622-nmp
    version: "1"                     # raise it with every change of a value
    electrode: cathode               # or anode
    description: NMC622 in NMP
    parameters:
      solvent: {value: NMP, source: recipe}
      solid_density: {value: 4420 kg/m3, sd: 60 kg/m3, source: volumes of the solids}
      slurry_viscosity: {value: 3 Pa.s, range: [1 Pa.s, 10 Pa.s], source: chosen}

Parameters, their units and limits: ``twin/electrode/formulation_schema.py``. A ``range``
stands for an ``sd`` of a quarter of it: 95 % of what is met lies within. A file with any
fault is refused whole, and every fault is told with its line.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final

from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from asset_registry import yaml_reader as y
from asset_registry.plant_values import quantity_or_text
from asset_registry.record import Quantity
from asset_registry.yaml_reader import Problem, Problems, line_of
from twin.electrode.formulation import NAME, Amount, Formulation, FormulationValue, faults
from twin.errors import UnitMismatch
from twin.units import convert

_TOP: Final = ("formulation", "version", "electrode", "description", "parameters")
_REQUIRED: Final = ("formulation", "version", "electrode", "parameters")
_PARAMETER: Final = ("value", "sd", "range", "source")
_ELECTRODES: Final = ("cathode", "anode")


def load_formulation(path: str | Path) -> Formulation:
    """Raises InvalidFile with the line of the first fault; the others are listed with theirs."""
    path = Path(path)
    problems = Problems(path)
    formulation = _Reader(problems).formulation(y.document(path))
    problems.check()
    return formulation


class _Reader:
    def __init__(self, problems: Problems) -> None:
        self._problems = problems
        self._lines: dict[str, int] = {}
        self._unread: set[str] = set()

    def formulation(self, root: Node) -> Formulation:
        top = y.known_entries(root, "", self._problems, _TOP, _REQUIRED)
        parameters: dict[str, FormulationValue] = {}
        if "parameters" in top:
            parameters = self._parameters(top["parameters"])
            self._judge(parameters, line_of(top["parameters"]))
        return Formulation(
            name=self._word(top, "formulation"),
            version=self._word(top, "version"),
            electrode=self._electrode(top),
            description=self._text(top, "description"),
            parameters=parameters,
        )

    def _text(self, top: Mapping[str, Node], key: str) -> str:
        return y.text(top[key], key, self._problems) if key in top else ""

    def _word(self, top: Mapping[str, Node], key: str) -> str:
        """A version may be a number: 3 is "3"."""
        node = top.get(key)
        if node is None:
            return ""
        word = str(node.value) if isinstance(node, ScalarNode) else ""
        if not NAME.fullmatch(word):
            why = f"is {y.form_of(node)}; write letters, digits, '.', '_' and '-'"
            self._problems.note(node, key, why)
        return word

    def _electrode(self, top: Mapping[str, Node]) -> str:
        word = self._text(top, "electrode")
        if word and word not in _ELECTRODES:
            why = f"is {word!r}; write {' or '.join(_ELECTRODES)}"
            self._problems.note(top["electrode"], "electrode", why)
        return word

    def _parameters(self, node: Node) -> dict[str, FormulationValue]:
        found = {}
        for name, entry in y.entries(node, "parameters", self._problems).items():
            self._lines[name] = line_of(entry.key)
            value = self._value(entry.value, name)
            if value is None:
                self._unread.add(name)
            else:
                found[name] = value
        return found

    def _value(self, node: Node, name: str) -> FormulationValue | None:
        field, problems = f"parameters.{name}", self._problems
        if not isinstance(node, MappingNode):
            why = f"is {y.form_of(node)}; write {{value: 12 kg/m3, source: where it is from}}"
            problems.note(node, field, why)
            return None
        before = len(problems.found)
        found = y.known_entries(node, field, problems, _PARAMETER, ("value", "source"))
        for key, part in found.items():
            self._lines[f"{name}.{key}"] = line_of(part)
        source = y.text(found["source"], f"{field}.source", problems) if "source" in found else ""
        value = self._amount(found, field, "value")
        sd = self._amount(found, field, "sd")
        if "sd" in found and "range" in found:
            problems.note(found["range"], f"{field}.range", "give 'sd' or 'range', not both")
        elif "range" in found:
            sd = self._sd_of_range(found["range"], f"{field}.range", value)
        if isinstance(sd, str):
            why = f"is the text {sd!r}; write a number with its unit"
            problems.note(found["sd"], f"{field}.sd", why)
        if len(problems.found) > before or value is None:
            return None
        assert not isinstance(sd, str)
        return FormulationValue(value, source, sd)

    def _amount(self, found: Mapping[str, Node], field: str, key: str) -> Amount | str | None:
        if key not in found:
            return None
        read = quantity_or_text(found[key], f"{field}.{key}", self._problems)
        return Amount(read.value, read.unit) if isinstance(read, Quantity) else read

    def _sd_of_range(self, node: Node, field: str, value: Amount | str | None) -> Amount | None:
        parts = node.value if isinstance(node, SequenceNode) else []
        if len(parts) != 2:
            self._problems.note(node, field, "write it as [least, most], each with its unit")
            return None
        ends = [quantity_or_text(part, field, self._problems) for part in parts]
        amounts = [end for end in ends if isinstance(end, Quantity)]
        if len(amounts) != 2:
            if None not in ends:
                self._problems.note(node, field, "write two numbers, each with its unit")
            return None
        if not isinstance(value, Amount):
            return None
        try:
            least, most = (convert(end.value, end.unit, value.unit) for end in amounts)
        except UnitMismatch as error:
            self._problems.note(node, field, f"has a unit that does not fit: {error}")
            return None
        if not least <= value.value <= most:
            why = f"does not hold the value, {value.value:g} {value.unit}; write [least, most]"
            self._problems.note(node, field, why)
            return None
        unit = "K" if value.unit == "degC" else value.unit
        return Amount((most - least) / 4, unit)

    def _judge(self, parameters: Mapping[str, FormulationValue], start: int) -> None:
        """All that the schema asks; what could not be read has been told of already."""
        for fault in faults(parameters):
            name = fault.field.partition(".")[0]
            if name in self._unread:
                continue
            line = self._lines.get(fault.field, self._lines.get(name, start))
            problem = Problem(line, f"parameters.{fault.field}", fault.description)
            self._problems.found.append(problem)
