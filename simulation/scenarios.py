"""What may happen to the simulated line, as data.

The demonstration's drifts are sized by what the gauge will see: loading changes by 2.7 %
within 4 s. That passes 2 % within 15 s of its start, of which 9 s are the web's way from
the die to the gauge, and then stays: within reach of the line speed, and corrected to
within 1 % by any correction of 2 to 3.4 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from simulation.causes import LOADING_CAUSES, caused
from simulation.faults import Fault, FaultKind
from simulation.slurry import Slurry

_QUICK_S = 4.0
_ROLLS_S = 180.0
"""What changes at the rolls is seen by who has seen them before."""


@dataclass(frozen=True, slots=True)
class Scenario:
    """``spike_probability`` is per gauge sample: a splash, a fold, a speck of dust.
    ``slurry`` is what the line runs with from the beginning, where not the usual."""

    name: str
    description: str
    faults: tuple[Fault, ...] = ()
    spike_probability: float = 0.0003
    slurry: Slurry | None = None

    @property
    def moves_loading(self) -> bool:
        """Whether the web's true loading goes away from its target for good."""
        moving = set(LOADING_CAUSES) - {FaultKind.GAUGE}
        return any(fault.kind in moving for fault in self.faults)


_THICK: Final = Slurry(consistency_pa_sn=13.4, density_kg_m3=2190.0, solids=0.72)

_ALL: Final = (
    Scenario("steady", "nothing goes wrong but noise and small disturbances"),
    Scenario(
        "viscosity-drift",
        "the slurry warms up and thins: more of it flows, and loading rises by 2.7 %",
        (caused(FaultKind.VISCOSITY, 2.7, _QUICK_S),),
    ),
    Scenario(
        "pump-drift",
        "the feed pressure sags, and its sensor sees most of it: loading falls by 2.7 %",
        (caused(FaultKind.PUMP, -2.7, _QUICK_S),),
    ),
    Scenario(
        "solids-drift",
        "a new batch has more solids: loading rises by 2.7 % and the flow meter sees nothing",
        (caused(FaultKind.SOLIDS, 2.7, _QUICK_S),),
    ),
    Scenario(
        "spikes",
        "one gauge sample in a hundred is far off, and nothing is wrong with the web",
        spike_probability=0.01,
    ),
    Scenario(
        "lip-gap-drift",
        "the die warms and its lips open behind the gap's sensor: loading rises by 2.7 %",
        (caused(FaultKind.LIP_GAP, 2.7, _QUICK_S),),
    ),
    Scenario(
        "speed-drift",
        "the drive runs slower than it is told: loading rises by 2.7 %",
        (caused(FaultKind.LINE_SPEED, 2.7, _QUICK_S),),
    ),
    Scenario(
        "tension-slip",
        "tension falls and the web slips on the backing roll: loading rises by 2.7 %",
        (caused(FaultKind.WEB_TENSION, 2.7, _QUICK_S),),
    ),
    Scenario(
        "gauge-drift",
        "the first gauge's calibration drifts by 2.7 %: the web is as it should be",
        (caused(FaultKind.GAUGE, 2.7, _QUICK_S),),
    ),
    Scenario(
        "gauge-stuck",
        "the first gauge says the same number for 20 s, and is well again",
        (Fault(FaultKind.GAUGE_STUCK, lasts_s=20.0),),
    ),
    Scenario(
        "confounded",
        "two causes at once: the slurry thins and the feed pressure rises, 1.5 % each",
        (
            caused(FaultKind.VISCOSITY, 1.5, _QUICK_S),
            caused(FaultKind.PUMP, 1.5, _QUICK_S),
        ),
    ),
    Scenario(
        "oven-fault",
        "the heater of zone 3 loses 30 % of its power: the web leaves the oven too moist",
        (Fault(FaultKind.OVEN_HEATER, size_pct=-30.0, ramp_s=10.0, place="zone3"),),
    ),
    Scenario(
        "roll-wear",
        "after three minutes the calender's rolls lose 40 um of diameter and a tenth of their "
        "pressure in the nip: porosity rises",
        (Fault(FaultKind.ROLL_WEAR, size_pct=-10.0, ramp_s=60.0, after_s=_ROLLS_S),),
    ),
    Scenario(
        "roll-change",
        "after three minutes the calender gets new rolls, which press a little otherwise",
        (Fault(FaultKind.ROLL_CHANGE, after_s=_ROLLS_S),),
    ),
    Scenario(
        "web-break",
        "the web tears: speed and tension fall to zero for 20 s, the gauges see no web",
        (Fault(FaultKind.WEB_BREAK, lasts_s=20.0),),
    ),
    Scenario(
        "stop",
        "the line stands for 20 s under tension, and starts again",
        (Fault(FaultKind.STOP, lasts_s=20.0),),
    ),
    Scenario(
        "splice",
        "a splice passes: for a metre the gauges see tape besides the coating",
        (Fault(FaultKind.SPLICE, size_pct=35.0, lasts_s=1.5),),
    ),
    Scenario(
        "coating-window",
        "a thick slurry of more solids makes a thin film near the low-flow limit; loading "
        "rises by 2.7 %, and less film than now would break into ribs",
        (caused(FaultKind.VISCOSITY, 2.7, _QUICK_S, slurry=_THICK),),
        slurry=_THICK,
    ),
    Scenario(
        "new-formulation",
        "the mixer makes another formulation, which comes to the die five minutes later",
        (Fault(FaultKind.FORMULATION),),
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({s.name: s for s in _ALL})
