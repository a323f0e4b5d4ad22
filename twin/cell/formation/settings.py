"""The parameters of channels, as arrays: one entry a channel."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.asset import AssetConfig, ParameterSpec
from twin.cell.formation.grid import Floats
from twin.cell.formation.normal import Reference, loaded
from twin.errors import InvalidFile

PARAMETERS: Final = (
    ParameterSpec(
        "grade_minimum",
        "Ah",
        "a cell whose first discharge returns less is below grade; 0: no verdict is given",
        default=0.0,
        minimum=0.0,
        source="the cell's specification",
    ),
    ParameterSpec(
        "capacity_accuracy",
        "%",
        "standard deviation of a measured capacity",
        default=0.1,
        minimum=0.0,
        maximum=10.0,
        source="assumption; the tester's calibration says it",
    ),
    ParameterSpec(
        "current_accuracy",
        "A",
        "standard deviation of the current's zero, the same for a whole test",
        default=0.001,
        minimum=0.0,
        source="assumption: 0.02 % of a 5 A range; the tester's calibration says it",
    ),
    ParameterSpec(
        "nominal_capacity",
        "Ah",
        "capacity of the design; the charge axis is per nominal capacity",
        default=5.0,
        minimum=0.001,
        maximum=1000.0,
        source="assumption; the cell's specification",
    ),
    ParameterSpec(
        "protocol_hours",
        "h",
        "length of the formation protocol",
        default=48.0,
        minimum=0.5,
        maximum=500.0,
        source="assumption; the protocol",
    ),
    ParameterSpec(
        "decide_after",
        "h",
        "hour of the protocol from which a cell may be flagged",
        default=2.9,
        minimum=0.0,
        maximum=500.0,
        source="chosen: the first slow charge of a usual protocol lasts to 3 h",
    ),
    ParameterSpec(
        "flag_threshold",
        "%",
        "good cells that may ever be flagged, over the whole protocol",
        default=0.5,
        minimum=0.001,
        maximum=50.0,
        source="chosen",
    ),
    ParameterSpec(
        "reference",
        None,
        "file of the formation reference (JSON); empty: nothing is diagnosed",
        default="",
    ),
    ParameterSpec(
        "outcome_model",
        None,
        "model of `gigatwin models train formation-outcome`, its folder or file; empty: none",
        default="",
    ),
    ParameterSpec(
        "outcome_at",
        "h",
        "hour of the protocol at which the outcome is predicted",
        default=3.0,
        minimum=0.0,
        maximum=500.0,
        source="chosen: the first slow charge of a usual protocol lasts to 3 h",
    ),
)
_DEFAULTS: Final = {spec.name: spec.default for spec in PARAMETERS}


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """Of channels that are all alike (bulk use). ``nominal_capacity`` [Ah], hours of the
    protocol, hour from which cells may be flagged, chance [%] that a good cell is ever
    flagged, standard deviation of the current's zero [A]; model of the outcome (a file or
    its folder; empty: none) and the hour at which it is asked."""

    nominal_capacity: float
    protocol_hours: float = 48.0
    decide_after: float = 2.9
    flag_threshold: float = 0.5
    current_accuracy: float = 0.001
    outcome_model: str = ""
    outcome_at: float = 3.0

    def config(self, name: str) -> AssetConfig:
        return AssetConfig(
            name,
            name,
            "cycler_channel",
            parameters={
                "nominal_capacity": self.nominal_capacity,
                "protocol_hours": self.protocol_hours,
                "decide_after": self.decide_after,
                "flag_threshold": self.flag_threshold,
                "current_accuracy": self.current_accuracy,
                "outcome_model": self.outcome_model,
                "outcome_at": self.outcome_at,
            },
        )


@dataclass(frozen=True, slots=True, eq=False)
class Settings:
    """``limit``: log evidence that flags a cell."""

    nominal: Floats
    protocol_hours: Floats
    decide_after: Floats
    limit: Floats
    current_accuracy: Floats
    outcome_at: Floats

    @classmethod
    def of(cls, assets: Sequence[AssetConfig]) -> "Settings":
        chance = _each(assets, "flag_threshold") / 100.0
        return cls(
            _each(assets, "nominal_capacity"),
            _each(assets, "protocol_hours"),
            _each(assets, "decide_after"),
            np.array([-math.log(c) for c in chance]),
            _each(assets, "current_accuracy"),
            _each(assets, "outcome_at"),
        )


def number(asset: AssetConfig, name: str) -> float:
    """A parameter; the kind's default where the asset has none."""
    value = asset.parameters.get(name, _DEFAULTS[name])
    if isinstance(value, str) or value is None:
        raise TypeError(f"parameter {name!r} of {asset.name!r} is text, not a number")
    return float(value)


def reference_of(asset: AssetConfig) -> str:
    return str(asset.parameters.get("reference", ""))


def _each(assets: Sequence[AssetConfig], name: str) -> Floats:
    return np.array([number(asset, name) for asset in assets], dtype=np.float64)


def loaded_reference(assets: Sequence[AssetConfig]) -> tuple[Reference | None, str]:
    """The one reference of these channels, or None and why. A file that can't be read stops
    no channel: its cells' verdicts are withheld, and the reason is told with each."""
    paths = {reference_of(asset) for asset in assets}
    assert len(paths) <= 1, "channels of several references are several cohorts"
    try:
        return (loaded(paths.pop()) if paths else None), "no reference is set"
    except InvalidFile as error:
        return None, str(error)
