"""What nobody commands: disturbances that wander, and actuators that follow late."""

import math

from numpy.random import Generator


class Wander:
    """A slow disturbance around zero (Ornstein-Uhlenbeck): it strays, but never runs away.

    ``sd`` is its standard deviation in the long run, ``time_constant_s`` how long it
    remembers. It starts at zero.
    """

    def __init__(self, rng: Generator, sd: float, time_constant_s: float) -> None:
        self._rng = rng
        self._sd = sd
        self._time_constant_s = time_constant_s
        self.value = 0.0

    def step(self, dt: float) -> float:
        keep = math.exp(-dt / self._time_constant_s)
        push = self._sd * math.sqrt(1.0 - keep * keep)
        self.value = keep * self.value + push * self._rng.standard_normal()
        return self.value


class Lag:
    """A first-order lag: the value follows its input with a time constant in seconds."""

    def __init__(self, value: float, time_constant_s: float) -> None:
        self.value = value
        self._time_constant_s = time_constant_s

    def step(self, towards: float, dt: float) -> float:
        self.value += (towards - self.value) * (1.0 - math.exp(-dt / self._time_constant_s))
        return self.value


class Actuator:
    """A drive between its setpoint and what it does: limits, a ramp, then a lag.

    ``rate`` is in the value's unit per second. A setpoint beyond the limits is clamped,
    as a PLC does.
    """

    def __init__(
        self, value: float, limits: tuple[float, float], rate: float, time_constant_s: float
    ) -> None:
        self.limits = limits
        self.setpoint = value
        self._rate = rate
        self._ramp = value
        self._lag = Lag(value, time_constant_s)

    @property
    def value(self) -> float:
        return self._lag.value

    def command(self, setpoint: float) -> float:
        """Takes a setpoint and returns it as clamped. A setpoint that is no number is ignored."""
        if not math.isnan(setpoint):
            low, high = self.limits
            self.setpoint = min(max(setpoint, low), high)
        return self.setpoint

    def step(self, dt: float) -> float:
        most = self._rate * dt
        self._ramp += min(max(self.setpoint - self._ramp, -most), most)
        return self._lag.step(self._ramp, dt)
