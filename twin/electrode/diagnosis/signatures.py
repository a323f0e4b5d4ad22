"""What each cause does to each observable, per +1 % of loading that it brings about.

Observables are logarithms in per cent: a flow that rises by 1 % moves by 1. An entry is a
mean and the standard deviation of what is not known of it; absent entries are 0.

Source of the exponents: flow of a power-law fluid through a slot, Q ~ P^(1/n) H^(2+1/n)
K^(-1/n) (R. B. Bird, W. E. Stewart, E. N. Lightfoot, Transport Phenomena, 8.3), with n of
0.6 to 1 for cathode and anode slurries; mass balance m = Q rho x / (w U) for the rest. The
widths are chosen: they cover that range and sensors that see only part of a change.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from twin.electrode.coating.model import Feed
from twin.estimation.kalman import Array

GAUGE: Final = "gauge"
"""Observables of gauges are named ``gauge:<asset>``; so are the causes."""
UNKNOWN: Final = "unknown"
CAUSES: Final = (
    "viscosity",
    "pump",
    "lip_gap",
    "line_speed",
    "web_tension",
    "solids",
    UNKNOWN,
)
"""Causes that act on the web itself; a gauge's own drift comes beside them."""


class Entry(NamedTuple):
    mean: float
    sd: float


# The web's loading, as gauges and thickness gauges see it; a wet film holds the solvent.
_ON_WEB: Final = {"loading": Entry(1, 0), "dry": Entry(1, 0.1), "wet": Entry(1, 0.15)}

_PRESSURE: Final[Mapping[str, Mapping[str, Entry]]] = MappingProxyType(
    {
        "viscosity": {
            **_ON_WEB,
            "flow": Entry(1, 0.05),
            "viscosity": Entry(-0.77, 0.25),
            "pressure": Entry(0, 0.03),
        },
        "pump": {**_ON_WEB, "flow": Entry(1, 0.05), "pressure": Entry(0.6, 0.25)},
        "lip_gap": {**_ON_WEB, "flow": Entry(1, 0.05), "gap": Entry(0.22, 0.10)},
        "line_speed": {**_ON_WEB, "speed": Entry(-0.9, 0.15), "flow": Entry(0, 0.05)},
        "web_tension": {
            **_ON_WEB,
            "tension": Entry(-8.0, 5.0),
            "speed": Entry(0, 0.05),
            "flow": Entry(0, 0.05),
        },
        "solids": {
            "loading": Entry(1, 0),
            "dry": Entry(1, 0.1),
            "wet": Entry(0, 0.15),
            "solids": Entry(0.8, 0.15),
            "flow": Entry(0, 0.1),
        },
        UNKNOWN: {**_ON_WEB, "wet": Entry(0.5, 0.5)},
    }
)
_METERED: Final[Mapping[str, Mapping[str, Entry]]] = MappingProxyType(
    {
        **_PRESSURE,
        # The pump sets the flow: it slips a little more where the die resists more.
        "viscosity": {**_PRESSURE["viscosity"], "pressure": Entry(-2.0, 2.0)},
        "pump": {**_PRESSURE["pump"], "pressure": Entry(0.8, 0.3)},
        "lip_gap": {**_PRESSURE["lip_gap"], "pressure": Entry(-2.0, 2.0)},
    }
)


def family(observable: str) -> str:
    """``loading`` for every gauge, ``dry`` and ``wet`` for thickness gauges, else itself."""
    kind, _, _ = observable.partition(":")
    return "loading" if kind == GAUGE else kind


@dataclass(frozen=True, eq=False)
class Signatures:
    """``mean`` and ``sd``, shape (observables, causes); ``names`` of the causes."""

    names: tuple[str, ...]
    mean: Array
    sd: Array

    @cached_property
    def variants(self) -> tuple[Array, npt.NDArray[np.intp]]:
        """Each signature as it is, and with all that is not known of it one standard
        deviation less and more: shape (observables, 3 causes), and whose each is."""
        sign = np.where(self.mean < 0, -1.0, 1.0)
        less = np.where(self.mean != 0, self.mean - sign * self.sd, 0.0)
        more = np.where(self.mean != 0, self.mean + sign * self.sd, 0.0)
        whose = np.tile(np.arange(len(self.names)), 3)
        return np.concatenate([self.mean, less, more], axis=1), whose


def signatures(feed: Feed, observables: Sequence[str]) -> Signatures:
    """Of every cause on the web, then of every gauge's own drift."""
    table = _METERED if feed is Feed.METERED else _PRESSURE
    gauges = [name for name in observables if name.startswith(f"{GAUGE}:")]
    names = (*CAUSES, *gauges)
    mean = np.zeros((len(observables), len(names)))
    sd = np.zeros_like(mean)
    for i, observable in enumerate(observables):
        for j, cause in enumerate(CAUSES):
            entry = table[cause].get(family(observable), Entry(0, 0))
            mean[i, j], sd[i, j] = entry
        if observable in gauges:
            mean[i, len(CAUSES) + gauges.index(observable)] = 1.0
    return Signatures(names, mean, sd)
