"""Formulations in a plant file: which asset runs which, and what it fills.

    formulations:                       # names for files, relative to the plant file
      cathode: formulations/nmc622-nmp.yaml
    lines:                              # for all assets whose name begins with line1/
      line1: {formulation: cathode}
    assets:
      - name: line1/coater
        formulation: anode              # before its line's

What an asset sets itself stays; the formulation's label becomes its parameter ``formulation``.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from yaml.nodes import Node

from asset_registry import yaml_reader as y
from asset_registry.formulation_file import load_formulation
from asset_registry.record import AssetRecord, Quantity
from asset_registry.validation import KindOf
from asset_registry.yaml_reader import Problems
from twin.electrode.formulation import PARAMETER, Amount, Formulation, fill
from twin.errors import InvalidFile, NotFound

_LINE: Final = (PARAMETER,)


@dataclass(frozen=True, slots=True)
class _Chosen:
    """``node`` is where the plant file says so; ``formulation`` None: its file is refused."""

    node: Node
    formulation: Formulation | None


class PlantFormulations:
    """Read before the assets. Every fault of a formulation's file is told with the plant's."""

    def __init__(self, problems: Problems, top: Mapping[str, Node]) -> None:
        self._problems = problems
        self._named: dict[str, Formulation | None] = {}
        self._lines: dict[str, _Chosen] = {}
        if "formulations" in top:
            for name, entry in y.entries(top["formulations"], "formulations", problems).items():
                self._named[name] = self._load(name, entry.value)
        if "lines" in top:
            for line, entry in y.entries(top["lines"], "lines", problems).items():
                self._read_line(line, entry.value)

    def filled(
        self, record: AssetRecord, given: Node | None, field: str, kind_of: KindOf
    ) -> tuple[AssetRecord, Mapping[str, Node]]:
        """The asset with what its formulation sets, and where each filled parameter is from.

        ``given`` is the asset's own ``formulation``. What the asset sets itself stays.
        """
        chosen = self._chosen(record.name, given, field)
        if chosen is None or chosen.formulation is None:
            return record, {}
        try:
            kind = kind_of(record.kind)
        except NotFound:
            return record, {}
        values = fill(kind, chosen.formulation)
        if given is not None and not values:
            why = f"a {kind.name} has nothing that a formulation sets; leave it out"
            self._problems.note(given, f"{field}.{PARAMETER}", why)
        if PARAMETER in values and PARAMETER in record.parameters:
            why = f"the formulation sets parameters.{PARAMETER}; take it out of the parameters"
            self._problems.note(chosen.node, f"{field}.parameters.{PARAMETER}", why)
        missing = {
            name: Quantity(value.value, value.unit) if isinstance(value, Amount) else value
            for name, value in values.items()
            if name not in record.parameters
        }
        whole = replace(record, parameters={**missing, **record.parameters})
        return whole, dict.fromkeys(missing, chosen.node)

    def check_lines(self, assets: Iterable[AssetRecord]) -> None:
        """A line that no asset stands on is a slip of the pen."""
        names = [asset.name for asset in assets]
        for line, chosen in self._lines.items():
            if not any(name.startswith(f"{line}/") for name in names):
                why = f"no asset's name begins with '{line}/'; look at its spelling"
                self._problems.note(chosen.node, f"lines.{line}", why)

    def _load(self, name: str, node: Node) -> Formulation | None:
        field = f"formulations.{name}"
        path = y.text(node, field, self._problems)
        if not path:
            return None
        try:
            return load_formulation(self._problems.path.parent / Path(path))
        except InvalidFile as error:
            listed = str(error).replace("\n", "\n    ")
            self._problems.note(node, field, f"is refused whole: {listed}")
            return None

    def _read_line(self, line: str, node: Node) -> None:
        found = y.known_entries(node, f"lines.{line}", self._problems, _LINE, _LINE)
        if PARAMETER in found:
            chosen = self._named_by(found[PARAMETER], f"lines.{line}.{PARAMETER}")
            if chosen is not None:
                self._lines[line] = chosen

    def _chosen(self, asset: str, given: Node | None, field: str) -> _Chosen | None:
        """The asset's own, or that of the innermost line that it stands on."""
        if given is not None:
            return self._named_by(given, f"{field}.{PARAMETER}")
        on = [line for line in self._lines if asset.startswith(f"{line}/")]
        return self._lines[max(on, key=len)] if on else None

    def _named_by(self, node: Node, field: str) -> _Chosen | None:
        name = y.text(node, field, self._problems)
        if name in self._named:
            return _Chosen(node, self._named[name])
        if name:
            known = ", ".join(self._named) or "none"
            why = f"unknown formulation {name!r}; those under 'formulations:' are {known}"
            self._problems.note(node, field, why)
        return None
