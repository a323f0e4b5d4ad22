"""The catalogue: every kind of asset, described as data.

A new kind is one file with its twin and its ``KIND``, and one line here.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from types import MappingProxyType
from typing import Final

from twin.asset import AssetConfig, Cohort, ParameterSpec, SignalSpec, Twin, TwinCohort
from twin.errors import NotFound


class Layer(StrEnum):
    ELECTRODE = "electrode"
    CELL = "cell"
    PACK = "pack"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of asset.

    ``name`` is the integrators' word (``coating_gauge``), ``title`` the class that the
    Ray dashboard shows (``CoatingGauge``). ``ome_type`` is the ISO 23247-1 type of the
    observable manufacturing element.
    """

    name: str
    title: str
    layer: Layer
    description: str
    signals: tuple[SignalSpec, ...]
    parameters: tuple[ParameterSpec, ...]
    twin: Callable[[AssetConfig], Twin]
    ome_type: str = "equipment"
    cohort: Callable[[tuple[AssetConfig, ...]], Cohort] | None = None

    def signal(self, name: str) -> SignalSpec | None:
        return next((s for s in self.signals if s.name == name), None)

    def parameter(self, name: str) -> ParameterSpec | None:
        return next((p for p in self.parameters if p.name == name), None)

    def host(self, assets: tuple[AssetConfig, ...]) -> Cohort:
        """A cohort of these assets: the kind's vectorised one, or its twins side by side."""
        if self.cohort is not None:
            return self.cohort(assets)
        return TwinCohort([self.twin(asset) for asset in assets])


_MODULES: Final[Mapping[str, str]] = MappingProxyType(
    {
        "slurry_mixer": "twin.electrode.mixing.slurry_mixer",
        "coater": "twin.electrode.coating.coater",
        "coating_gauge": "twin.electrode.gauge.coating_gauge",
        "thickness_gauge": "twin.electrode.thickness.thickness_gauge",
        "oven_zone": "twin.electrode.drying.oven_zone",
        "calender": "twin.electrode.calendering.calender",
        "winding_head": "twin.cell.winding.winding_head",
        "stacking_station": "twin.cell.stacking.stacking_station",
        "electrolyte_filler": "twin.cell.filling.electrolyte_filler",
        "cycler_channel": "twin.cell.formation.cycler_channel",
        "grading_station": "twin.cell.grading.grading_station",
    }
)


def kind_names() -> tuple[str, ...]:
    return tuple(_MODULES)


def kind(name: str) -> Kind:
    """The kind of that name; its module (and its estimators) is imported only now.

    Raises NotFound, listing the kinds there are.
    """
    module = _MODULES.get(name)
    if module is None:
        raise NotFound(f"unknown kind {name!r}; kinds are {', '.join(sorted(_MODULES))}")
    found = import_module(module).KIND
    assert isinstance(found, Kind)
    return found
