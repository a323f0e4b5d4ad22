"""Hidden faults: what goes wrong in the plant, and what no twin is ever told.

A fault scales one hidden quantity of the line, or is there for a while. It begins some
seconds after it is started, ramps, and then stays (a slurry that has warmed up stays
thinner) or ends after its time.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from simulation.chance import Array


class FaultKind(StrEnum):
    """What ``size_pct`` is the change of, or that the fault is simply there."""

    # The six causes of a wrong loading, and solids. Sizes are of the hidden quantity.
    VISCOSITY = "viscosity"
    """Consistency. Place: "" tank and feed line alike (the loop warms), "tank" (comes to the
    die after the transfer time), "line" (behind the viscometer: no sensor of it)."""
    PUMP = "pump"
    """Feed pressure; its sensor sees most of it."""
    LIP_GAP = "lip_gap"
    """The true gap between the lips, behind the gap's sensor, which sees part of it."""
    LINE_SPEED = "line_speed"
    """The drive's true speed against what is commanded; the encoder sees most of it."""
    WEB_TENSION = "web_tension"
    """Tension; as it falls the web slips on the backing roll, behind the encoder."""
    GAUGE = "gauge"
    """The gauge's calibration: the reading and not the web. Place: "" top, or "exit"."""
    SOLIDS = "solids"
    """Solids of the slurry at equal viscosity. Places as for the viscosity."""

    # A bad gauge. Place: "" top, or "exit".
    GAUGE_STUCK = "gauge_stuck"
    GAUGE_ZERO = "gauge_zero"
    GAUGE_NEGATIVE = "gauge_negative"
    GAUGE_NOISE = "gauge_noise"
    """The size is the additional noise of a sample, in percent of the loading."""
    GAUGE_OUT_OF_ORDER = "gauge_out_of_order"
    """Every fifth sample comes with a stamp older than the one before it."""
    GAUGE_FUTURE = "gauge_future"
    """Every fifth sample is stamped ten minutes ahead."""

    # Events of the line.
    WEB_BREAK = "web_break"
    STOP = "stop"
    SPLICE = "splice"
    """The size is what the tape adds under the gauge; ``lasts_s`` at 40 m/min is its length."""
    OVEN_HEATER = "oven_heater"
    """Air temperature above ambient that the heater reaches. Place: "zone1" and so on."""
    OVEN_EXHAUST = "oven_exhaust"
    """The exhaust's flow; what stays in the air slows the drying. Place as above, "" all."""
    ROLL_WEAR = "roll_wear"
    """The calender's pressure in the nip for the same line load; the rolls get thinner with
    it, and the gap reads too little."""
    ROLL_CHANGE = "roll_change"
    """New rolls: wear is gone, and frame and nip are a little different."""
    FORMULATION = "formulation"
    """A slurry of the line's next formulation is made from now on."""


@dataclass(frozen=True, slots=True)
class Fault:
    """``size_pct`` is the whole change of the hidden quantity, in percent of itself.

    ``after_s`` is the onset, from when faults are started; after ``lasts_s`` all is as
    it was.
    """

    kind: FaultKind
    size_pct: float = 0.0
    ramp_s: float = 0.0
    after_s: float = 0.0
    lasts_s: float = math.inf
    place: str = ""

    def done(self, since_start_s: Array) -> Array:
        """From 0 (not yet, or over) to 1 (wholly there)."""
        since = since_start_s - self.after_s
        ramped = np.minimum(since / self.ramp_s, 1.0) if self.ramp_s > 0.0 else np.ones_like(since)
        return np.where((since > 0.0) & (since <= self.lasts_s), ramped, 0.0)

    def factor(self, since_start_s: Array) -> Array:
        """What the hidden quantity is multiplied by, so long after the fault was started."""
        return 1.0 + self.done(since_start_s) * (self.size_pct / 100.0)


class Hidden:
    """What is hidden at a block of times, given in seconds since the faults were started
    (negative: not started)."""

    def __init__(self, faults: Iterable[Fault], since_start_s: Array) -> None:
        self._since = since_start_s
        late = float(since_start_s[-1]) if len(since_start_s) else -1.0
        self._begun = [f for f in faults if f.after_s < late]

    def factor(self, kind: FaultKind, *places: str) -> Array | float:
        """The product over all faults of that kind at these places (none given: all)."""
        found: Array | float = 1.0
        for fault in self._matching(kind, places):
            found = found * fault.factor(self._since)
        return found

    def there(self, kind: FaultKind, *places: str) -> npt.NDArray[np.bool_] | None:
        """For each time whether such a fault is there; None where none is all the time."""
        found = [f.done(self._since) > 0.0 for f in self._matching(kind, places)]
        return np.logical_or.reduce(found) if found else None

    def _matching(self, kind: FaultKind, places: tuple[str, ...]) -> Iterable[Fault]:
        return (f for f in self._begun if f.kind is kind and (not places or f.place in places))
