"""What may happen to the simulated line, as data.

The drifts are sized by what the gauge will see: with the slurry's shear thinning
(n = 0.6), flow goes as pressure or inverse consistency to the power 1/n, so 1.6 % less
consistency is 2.7 % more loading. A drift passes 2 % within 15 s of its start, of which
9 s are the web's way from the die to the gauge, and then stays at 2.7 %: within reach of
the line speed, and corrected to within 1 % by any correction of 2 to 3.4 %.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from simulation.faults import Fault, FaultKind


@dataclass(frozen=True, slots=True)
class Scenario:
    """``spike_probability`` is per gauge sample: a splash, a fold, a speck of dust."""

    name: str
    description: str
    faults: tuple[Fault, ...] = ()
    spike_probability: float = 0.0003


_ALL: Final = (
    Scenario("steady", "nothing goes wrong but noise and small disturbances"),
    Scenario(
        "viscosity-drift",
        "the slurry warms up and thins: more of it flows, and loading rises by 2.7 %",
        (Fault(FaultKind.VISCOSITY_DRIFT, size_pct=-1.6, ramp_s=4.0),),
    ),
    Scenario(
        "pump-drift",
        "the feed pressure sags behind its own sensor: loading falls by 2.7 %",
        (Fault(FaultKind.PUMP_DRIFT, size_pct=-1.6, ramp_s=4.0),),
    ),
    Scenario(
        "solids-drift",
        "a new batch has 2.7 % more solids: loading rises and the flow meter sees nothing",
        (Fault(FaultKind.SOLIDS_DRIFT, size_pct=2.7, ramp_s=4.0),),
    ),
    Scenario(
        "spikes",
        "one gauge sample in a hundred is far off, and nothing is wrong with the web",
        spike_probability=0.01,
    ),
)

SCENARIOS: Final[Mapping[str, Scenario]] = MappingProxyType({s.name: s for s in _ALL})
