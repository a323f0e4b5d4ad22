"""What nobody commands: disturbances that wander, noise, and actuators that follow late.

Everything runs a block of scans at a time and keeps its state between blocks. Recursions
go scan by scan in the same order however a run is cut into blocks, so the cut never shows.
"""

import math
from collections.abc import Mapping
from itertools import accumulate
from typing import NamedTuple, Protocol

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

Array = npt.NDArray[np.float64]
"""Float64, one value a scan (or a slow tick)."""


_STANDS = 1e-3
"""A drive slower than this stands; only a stopped one comes so low."""


class Noise:
    """Standard normal numbers by name, one of each a scan, the same however it is cut."""

    def __init__(self, rng: Generator, names: tuple[str, ...]) -> None:
        self._rng = rng
        self._names = names

    def draw(self, scans: int) -> Mapping[str, Array]:
        drawn = self._rng.standard_normal((scans, len(self._names))).T
        return dict(zip(self._names, np.ascontiguousarray(drawn), strict=True))


class Wander:
    """A slow disturbance around zero (Ornstein-Uhlenbeck): it strays, but never runs away.

    ``sd`` is its standard deviation in the long run, ``time_constant_s`` how long it
    remembers. It begins at ``start`` (in standard deviations).
    """

    def __init__(self, sd: float, time_constant_s: float, dt: float, start: float = 0.0) -> None:
        self._keep = math.exp(-dt / time_constant_s)
        self._push = sd * math.sqrt(1.0 - self._keep * self._keep)
        self.value = float(sd * start)

    def run(self, normals: Array) -> Array:
        keep = self._keep
        pushes = (self._push * normals).tolist()
        path = list(accumulate(pushes, lambda at, push: keep * at + push, initial=self.value))
        self.value = path[-1]
        return np.array(path[1:])


class Lag:
    """A first-order lag: the value follows its input with a time constant in seconds."""

    def __init__(self, value: float, time_constant_s: float, dt: float) -> None:
        self.value = value
        self._share = 1.0 - math.exp(-dt / time_constant_s)

    def run(self, towards: Array) -> Array:
        share = self._share
        path = list(
            accumulate(
                towards.tolist(), lambda at, aim: at + (aim - at) * share, initial=self.value
            )
        )
        self.value = path[-1]
        return np.array(path[1:])


class Delay:
    """A dead time of whole scans; before the first value comes ``initial``."""

    def __init__(self, initial: float, scans: int) -> None:
        self._waiting = np.full(scans, initial)

    def run(self, values: Array) -> Array:
        line = np.concatenate((self._waiting, values))
        self._waiting = line[len(values) :]
        return line[: len(values)]


class Commanded(Protocol):
    """Takes a setpoint, and returns and keeps it as clamped."""

    setpoint: float

    def command(self, setpoint: float) -> float: ...


class Moved(NamedTuple):
    """``value`` of the drive; ``running``: how much of its setpoint the ramp has reached
    again after a stop (1 in ordinary running, where the setpoint is followed as it is)."""

    value: Array
    running: Array


class Actuator:
    """A drive between its setpoint and what it does: limits, a ramp, then a lag.

    ``rate`` is in the value's unit per second. A setpoint beyond the limits is clamped,
    as a PLC does. While it is stopped it goes to zero at ``stop_rate``, whatever the
    setpoint, and comes back when it is released.
    """

    def __init__(
        self,
        value: float,
        limits: tuple[float, float],
        rate: float,
        time_constant_s: float,
        dt: float,
        stop_rate: float = math.inf,
    ) -> None:
        self.limits = limits
        self.setpoint = value
        self.value = value
        self._most = rate * dt
        self._most_stopping = stop_rate * dt
        self._ramp = value
        self._share = 1.0 - math.exp(-dt / time_constant_s)
        self._restarting = False

    def command(self, setpoint: float) -> float:
        """Takes a setpoint and returns it as clamped. A setpoint that is no number is ignored."""
        if not math.isnan(setpoint):
            low, high = self.limits
            self.setpoint = min(max(setpoint, low), high)
        return self.setpoint

    def run(self, scans: int, stopped: npt.NDArray[np.bool_] | None = None) -> Moved:
        """``stopped`` says for each scan whether the line is held at a stop."""
        halts = [False] * scans if stopped is None else stopped.tolist()
        value, ramp, setpoint, share = self.value, self._ramp, self.setpoint, self._share
        values, running = [], []
        for halt in halts:
            if halt:
                ramp = max(ramp - self._most_stopping, 0.0)
                self._restarting = True
            else:
                ramp += min(max(setpoint - ramp, -self._most), self._most)
                self._restarting = self._restarting and ramp != setpoint
            value += (ramp - value) * share
            if value < _STANDS:
                value = 0.0
            values.append(value)
            running.append(ramp / setpoint if halt or self._restarting else 1.0)
        self.value, self._ramp = value, ramp
        return Moved(np.array(values), np.array(running))
