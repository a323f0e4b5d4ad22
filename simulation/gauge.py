"""A gauge on a scanning head: it sees a zigzag of the web, with noise and rare spikes."""

import math

from numpy.random import Generator


class ScanningGauge:
    """The head goes from edge to edge and back, ``pass_s`` seconds each way.

    It stops ``edge_mm`` short of the edges, where half its spot would see bare foil.
    ``noise`` is one standard deviation of a sample, relative.
    """

    def __init__(
        self,
        rng: Generator,
        width_mm: float,
        edge_mm: float = 10.0,
        pass_s: float = 4.0,
        noise: float = 0.005,
        spike_probability: float = 0.0003,
    ) -> None:
        self._rng = rng
        self._travel_mm = width_mm - 2.0 * edge_mm
        self._edge_mm = edge_mm
        self._pass_s = pass_s
        self._noise = noise
        self._spike_probability = spike_probability
        self._passes = 0.0
        self.spikes = 0

    @property
    def seen_mm(self) -> tuple[float, float]:
        return self._edge_mm, self._edge_mm + self._travel_mm

    @property
    def position_mm(self) -> float:
        """The head's position from the operator-side edge."""
        there_and_back = self._passes % 2.0
        return self._edge_mm + self._travel_mm * (1.0 - math.fabs(there_and_back - 1.0))

    def move(self, dt: float) -> float:
        self._passes += dt / self._pass_s
        return self.position_mm

    def measure(self, loading: float) -> float:
        """One sample of what lies under the head, in the unit of ``loading``."""
        sample = loading * (1.0 + self._noise * self._rng.standard_normal())
        if self._rng.random() < self._spike_probability:
            self.spikes += 1
            sample *= self._rng.choice((0.0, 0.6, 1.5, 2.5))
        return float(sample)
