"""The room's protocol: steps in slots of time, and short pulses.

All channels of a tray start each step together; a cell that reaches its step's end earlier
rests for what is left of the slot. So every step but those ends is timed, and has a reading
within a second after it. The figures are typical of NMC/graphite, and chosen.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

PULSE_S: Final = 10.0
_AT_ONCE_S: Final = 1.0


@dataclass(frozen=True, slots=True)
class Step:
    """``rate`` in C, positive while charging, 0 a rest. ``until_h``: end of its slot, from
    the protocol's start. ``stop``: the voltage [V] that ends it; with ``hold``, a charge goes
    on at that voltage until the current is below ``hold`` (in C). ``share`` ends a charge
    that has put in that share of the nominal capacity."""

    name: str
    rate: float
    until_h: float
    stop: float | None = None
    hold: float | None = None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """At ``at_h``, ``rate`` [C] on top of the step's current for 10 s, then its negative."""

    at_h: float
    rate: float
    graded: bool = False


@dataclass(frozen=True, slots=True)
class Protocol:
    """``graded_step``: index of the discharge whose charge is the graded capacity."""

    steps: tuple[Step, ...]
    pulses: tuple[Pulse, ...]
    graded_step: int
    nominal_ah: float = 5.0

    @property
    def hours(self) -> float:
        return self.steps[-1].until_h


STANDARD: Final = Protocol(
    steps=(
        Step("rest after soak", 0.0, 10.0 / 60.0),
        Step("charge C/20", 1.0 / 20.0, 3.0),
        Step("charge C/10", 1.0 / 10.0, 7.0, stop=3.7),
        Step("charge C/5", 1.0 / 5.0, 11.5, stop=4.2, hold=1.0 / 20.0),
        Step("rest", 0.0, 12.5),
        Step("discharge C/5", -1.0 / 5.0, 18.0, stop=3.0),
        Step("rest", 0.0, 18.5),
        Step("charge C/3", 1.0 / 3.0, 22.5, stop=4.2, hold=1.0 / 20.0),
        Step("rest", 0.0, 23.5),
        Step("discharge C/3", -1.0 / 3.0, 27.0, stop=3.0),
        Step("rest", 0.0, 27.5),
        Step("charge C/3 to 30 %", 1.0 / 3.0, 28.5, stop=4.2, share=0.30),
        Step("rest", 0.0, 48.0),
    ),
    pulses=(
        Pulse(0.5, 1.0 / 5.0),
        Pulse(2.5, 1.0 / 5.0),
        Pulse(12.3, 1.0 / 5.0),
        Pulse(23.3, 1.0 / 5.0),
        Pulse(29.5, 1.0 / 2.0, graded=True),
    ),
    graded_step=9,
)


@dataclass(frozen=True, slots=True)
class Schedule:
    """The instants at which all channels are read. ``step`` and ``pulse`` [C] are what is
    commanded from that instant on; ``graded`` is +1 where the graded pulse begins, -1 where
    it ends."""

    seconds: npt.NDArray[np.float64]
    step: npt.NDArray[np.int64]
    pulse: npt.NDArray[np.float64]
    graded: npt.NDArray[np.int64]


def schedule(protocol: Protocol, every_s: float) -> Schedule:
    """A reading each ``every_s`` [s], at each change of current, and a second after it."""
    end = protocol.hours * 3600.0
    changes = [step.until_h * 3600.0 for step in protocol.steps[:-1]]
    for pulse in protocol.pulses:
        changes += [pulse.at_h * 3600.0 + n * PULSE_S for n in range(3)]
    instants = np.concatenate(
        [np.arange(0.0, end + every_s / 2, every_s), changes, np.add(changes, _AT_ONCE_S), [end]]
    )
    seconds = np.unique(np.round(instants[instants <= end], 3))
    ends = np.round([step.until_h * 3600.0 for step in protocol.steps], 3)
    step = np.minimum(np.searchsorted(ends, seconds, side="right"), len(protocol.steps) - 1)
    rate = np.zeros(len(seconds))
    graded = np.zeros(len(seconds), dtype=np.int64)
    for pulse in protocol.pulses:
        from_s, turn_s, to_s = (round(pulse.at_h * 3600.0 + n * PULSE_S, 3) for n in range(3))
        rate[(seconds >= from_s) & (seconds < turn_s)] = pulse.rate
        rate[(seconds >= turn_s) & (seconds < to_s)] = -pulse.rate
        if pulse.graded:
            graded[seconds == from_s] = 1
            graded[seconds == turn_s] = -1
    return Schedule(seconds, step.astype(np.int64), rate, graded)
