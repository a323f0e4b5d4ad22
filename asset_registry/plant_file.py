"""A plant as a YAML file, read into asset records.

    plant: demo
    endpoints:                       # names for addresses, to be used in bindings
      plc: opc.tcp://127.0.0.1:4840
      broker: mqtt://127.0.0.1:1883
    formulations:                    # names for files: asset_registry/formulation_file.py
      cathode: formulations/nmc622-nmp.yaml
    lines:                           # what runs on a line: plant_formulations.py
      line1: {formulation: cathode}
    defaults:                        # for assets that do not say otherwise
      zone: coating
    assets:
      - name: line1/coater
        kind: coater
        display_name: Coater
        parent: line1
        parameters:
          coating_width: 600 mm      # a number and its unit; without unit: a plain number
          feed: metered
        bindings:
          line_speed: {opcua: [plc, "ns=2;s=line1.coater.line_speed"], unit: m/min, max: 80}
          pump_flow: {mqtt: [broker, coater/pump, flow], unit: L/min, scale: 0.001}
          lot: {push: true}
        calibration: {last: 2026-09-01, interval: 90 d}
        iso23247: {entity: observable manufacturing element, ome_type: equipment}

Everything wrong is reported at once, with its line; unknown keys are refused.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from yaml.nodes import Node

from asset_registry import yaml_reader as y
from asset_registry.checking import judged
from asset_registry.plant_formulations import PlantFormulations
from asset_registry.plant_values import calibration, quantity_or_text, source
from asset_registry.record import AssetRecord, Binding, Calibration, Iso23247, Quantity
from asset_registry.validation import KindOf, normalised
from asset_registry.yaml_reader import Problem, Problems, line_of
from twin.kinds import kind as catalogue

_TOP: Final = ("plant", "endpoints", "formulations", "lines", "defaults", "assets")
_DEFAULTS: Final = ("zone", "calibration", "iso23247")
_ASSET: Final = (
    "name",
    "kind",
    "display_name",
    "parent",
    "parameters",
    "bindings",
    "calibration",
    "zone",
    "iso23247",
    "formulation",
)
_BINDING: Final = ("opcua", "mqtt", "push", "unit", "scale", "min", "max")
_FILE_WORDS: Final = {"minimum": "min", "maximum": "max", "interval_days": "interval"}


@dataclass(frozen=True, slots=True)
class PlantFile:
    plant: str
    endpoints: Mapping[str, str]
    assets: tuple[AssetRecord, ...]


@dataclass(frozen=True, slots=True)
class _Defaults:
    zone: str = ""
    calibration: Calibration = field(default_factory=Calibration)
    iso23247: Iso23247 = field(default_factory=Iso23247)


def load_plant(
    path: str | Path,
    endpoints: Mapping[str, str] | None = None,
    kind_of: KindOf | None = catalogue,
) -> tuple[AssetRecord, ...]:
    """The assets of a plant file; see ``read_plant``."""
    return read_plant(path, endpoints, kind_of).assets


def read_plant(
    path: str | Path,
    endpoints: Mapping[str, str] | None = None,
    kind_of: KindOf | None = catalogue,
) -> PlantFile:
    """Reads a plant file and checks each asset against its kind (not if ``kind_of`` is None).

    ``endpoints`` take the place of the file's, by name. Raises InvalidFile with the line of
    the first fault; all the others are listed with their lines.
    """
    path = Path(path)
    problems = Problems(path)
    plant = _Reader(problems, endpoints or {}).plant(y.document(path), kind_of)
    problems.check()
    return plant


class _Reader:
    def __init__(self, problems: Problems, overrides: Mapping[str, str]) -> None:
        self._problems = problems
        self._overrides = overrides
        self._endpoints: dict[str, str] = {}
        self._lines: dict[str, int] = {}
        self._filled: set[str] = set()

    def plant(self, root: Node, kind_of: KindOf | None) -> PlantFile:
        problems = self._problems
        top = y.known_entries(root, "", problems, _TOP, ("plant", "assets"))
        name = y.text(top["plant"], "plant", problems) if "plant" in top else ""
        self._read_endpoints(root, top)
        defaults = self._defaults(top)
        formulations = PlantFormulations(problems, top)
        listed = y.items(top["assets"], "assets", problems) if "assets" in top else ()
        assets = []
        for place, node in listed:
            found = y.known_entries(node, place, problems, _ASSET, ("name", "kind"))
            asset = self._asset(node, found, place, defaults)
            if kind_of is not None:
                own = found.get("formulation")
                asset, filled = formulations.filled(asset, own, place, kind_of)
                for parameter, chosen in filled.items():
                    self._lines[f"{place}.parameters.{parameter}"] = line_of(chosen)
                    self._filled.add(f"{place}.parameters.{parameter}")
            assets.append(asset)
        formulations.check_lines(assets)
        if kind_of is not None and not problems.found:
            self._judge(assets, kind_of)
        return PlantFile(name, self._endpoints, tuple(assets))

    def _read_endpoints(self, root: Node, top: Mapping[str, Node]) -> None:
        problems = self._problems
        if "endpoints" in top:
            for name, entry in y.entries(top["endpoints"], "endpoints", problems).items():
                self._endpoints[name] = y.text(entry.value, f"endpoints.{name}", problems)
        for name, address in self._overrides.items():
            if name not in self._endpoints:
                known = ", ".join(self._endpoints) or "none"
                why = f"the file has no endpoint {name!r} to replace; endpoints are {known}"
                problems.note(top.get("endpoints", root), "endpoints", why)
            self._endpoints[name] = address

    def _defaults(self, top: Mapping[str, Node]) -> _Defaults:
        if "defaults" not in top:
            return _Defaults()
        found = y.known_entries(top["defaults"], "defaults", self._problems, _DEFAULTS, ())
        return self._about(found, "defaults", _Defaults())

    def _about(self, found: Mapping[str, Node], field: str, defaults: _Defaults) -> _Defaults:
        problems = self._problems
        zone, calibrated, iso = defaults.zone, defaults.calibration, defaults.iso23247
        if "zone" in found:
            zone = y.text(found["zone"], f"{field}.zone", problems)
        if "calibration" in found:
            calibrated = calibration(found["calibration"], f"{field}.calibration", problems)
        if "iso23247" in found:
            name, keys = f"{field}.iso23247", ("entity", "ome_type")
            words = y.known_entries(found["iso23247"], name, problems, keys, ())
            iso = Iso23247(
                **{key: y.text(node, f"{name}.{key}", problems) for key, node in words.items()}
            )
        return _Defaults(zone, calibrated, iso)

    def _asset(
        self, node: Node, found: Mapping[str, Node], field: str, defaults: _Defaults
    ) -> AssetRecord:
        problems = self._problems
        self._lines[field] = line_of(node)
        for key, value in found.items():
            self._lines[f"{field}.{key}"] = line_of(value)
        words = {
            key: y.text(found[key], f"{field}.{key}", problems)
            for key in ("name", "kind", "display_name", "parent")
            if key in found
        }
        about = self._about(found, field, defaults)
        return normalised(
            AssetRecord(
                name=words.get("name", ""),
                kind=words.get("kind", ""),
                display_name=words.get("display_name", ""),
                parent=words.get("parent", ""),
                bindings=self._bindings(found, field),
                parameters=self._parameters(found, field),
                calibration=about.calibration,
                zone=about.zone,
                iso23247=about.iso23247,
            )
        )

    def _parameters(self, found: Mapping[str, Node], field: str) -> dict[str, Quantity | str]:
        if "parameters" not in found:
            return {}
        field = f"{field}.parameters"
        parameters = {}
        for name, entry in y.entries(found["parameters"], field, self._problems).items():
            self._lines[f"{field}.{name}"] = line_of(entry.key)
            value = quantity_or_text(entry.value, f"{field}.{name}", self._problems)
            if value is not None:
                parameters[name] = value
        return parameters

    def _bindings(self, found: Mapping[str, Node], field: str) -> tuple[Binding, ...]:
        if "bindings" not in found:
            return ()
        field = f"{field}.bindings"
        bindings = []
        for i, (signal, entry) in enumerate(
            y.entries(found["bindings"], field, self._problems).items()
        ):
            self._lines[f"{field}[{i}]"] = line_of(entry.key)
            bindings.append(self._binding(signal, entry.value, f"{field}.{signal}"))
        return tuple(bindings)

    def _binding(self, signal: str, node: Node, field: str) -> Binding:
        problems = self._problems
        found = y.known_entries(node, field, problems, _BINDING, ())
        numbers = {
            key: y.number(found[key], f"{field}.{key}", problems)
            for key in ("scale", "min", "max")
            if key in found
        }
        return Binding(
            signal=signal,
            source=source(node, found, field, problems, self._endpoints),
            unit=y.text(found["unit"], f"{field}.unit", problems) if "unit" in found else "",
            scale=1.0 if (scale := numbers.get("scale")) is None else scale,
            minimum=numbers.get("min"),
            maximum=numbers.get("max"),
        )

    def _judge(self, assets: Sequence[AssetRecord], kind_of: KindOf) -> None:
        """What the registry would refuse, by line."""
        for i, faults in judged(assets, kind_of, {}, {}).items():
            for fault in faults:
                field = f"assets[{i}].{fault.field}"
                why = fault.description
                if field in self._filled:
                    why += "; the value is its formulation's"
                name = _in_file(assets[i], fault.field)
                self._problems.found.append(Problem(self._line(field), name, why))

    def _line(self, field: str) -> int:
        """Of the field, or of the nearest thing around it that stands in the file."""
        while field not in self._lines:
            field = field[: max(field.rfind("."), field.rfind("["))]
        return self._lines[field]


def _in_file(asset: AssetRecord, field: str) -> str:
    """``bindings[2].maximum`` of the registry is ``bindings.line_speed.max`` in the file."""
    place, _, rest = field.partition("].")
    if place.startswith("bindings["):
        signal = asset.bindings[int(place.removeprefix("bindings[").rstrip("]"))].signal
        field = f"bindings.{signal}.{rest}".rstrip(".")
    words = [_FILE_WORDS.get(word, word) for word in field.split(".")]
    return f"{asset.name}: {'.'.join(words)}"
