"""What the demonstration's formation room hides; the twin is told nothing of it."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from simulation.formation.faults import FAULTS, GOOD, LOW_LITHIUM, PLATING, POLARISATION, SHORT
from simulation.formation.mishaps import Mishap

_EARLY_H: Final = 3.3
_LITHIUM_H: Final = 10.0
"""A modest one shows only in the faster charge."""
_PLATING_H: Final = 11.6


@dataclass(frozen=True, slots=True)
class FormationScenario:
    """``faults``: by channel (counted from 0), all others are good. ``began_h``: for so long
    the protocol has run when the tester's log is forwarded."""

    name: str
    description: str
    faults: Mapping[int, str]
    mishaps: tuple[Mishap, ...] = ()
    began_h: float = _EARLY_H

    def kinds(self, channels: int) -> tuple[str, ...]:
        return tuple(self.faults.get(channel, GOOD) for channel in range(channels))


def _one(name: str, fault: str, description: str, began_h: float = _EARLY_H) -> FormationScenario:
    return FormationScenario(name, description, MappingProxyType({16: fault}), began_h=began_h)


FORMATION_SCENARIOS: Final[Mapping[str, FormationScenario]] = MappingProxyType(
    {
        scenario.name: scenario
        for scenario in (
            FormationScenario("formation-steady", "64 good cells", MappingProxyType({})),
            _one("formation-short", SHORT, "a leak opens in the cell of channel 17"),
            _one(
                "formation-lithium",
                LOW_LITHIUM,
                "too little lithium in the cell of channel 17",
                _LITHIUM_H,
            ),
            _one("formation-wetting", POLARISATION, "the cell of channel 17 is badly wetted"),
            _one(
                "formation-plating",
                PLATING,
                "lithium plates in the cell of channel 17, 9 hours on",
                _PLATING_H,
            ),
            FormationScenario(
                "formation-mixed",
                "one cell of each fault, two each",
                MappingProxyType({4 + 7 * n: FAULTS[n % 4] for n in range(8)}),
                began_h=_PLATING_H,
            ),
            FormationScenario(
                "formation-unplugged",
                "the cell of channel 6 is unplugged in mid-charge",
                MappingProxyType({}),
                (Mishap("unplugged", 5, 2.0),),
            ),
        )
    }
)
