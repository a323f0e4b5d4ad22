"""Hidden faults: what goes wrong in the plant, and what no twin is ever told.

A fault scales one hidden quantity of the line. It begins some seconds after it is
started, ramps, and then stays, as a slurry that has warmed up stays thinner.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class FaultKind(StrEnum):
    NONE = "none"
    VISCOSITY_DRIFT = "viscosity_drift"
    PUMP_DRIFT = "pump_drift"
    SOLIDS_DRIFT = "solids_drift"


@dataclass(frozen=True, slots=True)
class Fault:
    """``size_pct`` is the whole change of the hidden quantity, in percent of itself."""

    kind: FaultKind
    size_pct: float
    ramp_s: float
    after_s: float = 0.0

    def factor(self, since_start_s: float) -> float:
        """What the hidden quantity is multiplied by, so long after the fault was started."""
        since = since_start_s - self.after_s
        if since <= 0.0:
            return 1.0
        done = 1.0 if since >= self.ramp_s else since / self.ramp_s
        return 1.0 + done * self.size_pct / 100.0


@dataclass(frozen=True, slots=True)
class Hidden:
    """Factors on the hidden quantities of the line; 1 is as the operators believe."""

    viscosity: float = 1.0
    feed_pressure: float = 1.0
    solids: float = 1.0


def hidden(faults: Iterable[Fault], since_start_s: float) -> Hidden:
    """The hidden quantities so long after the faults were started (negative: not started)."""
    factors = dict.fromkeys(FaultKind, 1.0)
    for fault in faults:
        factors[fault.kind] *= fault.factor(since_start_s)
    return Hidden(
        viscosity=factors[FaultKind.VISCOSITY_DRIFT],
        feed_pressure=factors[FaultKind.PUMP_DRIFT],
        solids=factors[FaultKind.SOLIDS_DRIFT],
    )
