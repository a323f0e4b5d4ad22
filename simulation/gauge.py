"""A gauge on a scanning head: it sees a zigzag of the web, with noise, spikes and faults."""

import numpy as np
import numpy.typing as npt

from simulation.chance import Array
from simulation.faults import FaultKind, Hidden

_NS = 1_000_000_000


class ScanningGauge:
    """The head goes from edge to edge and back, ``pass_s`` seconds each way.

    It stops ``edge_mm`` short of the edges, where half its spot would see bare foil.
    ``noise`` is one standard deviation of a sample, relative; ``bias`` what its calibration
    is off by. ``place`` names it to faults.
    """

    SPIKES = np.array((0.0, 0.6, 1.5, 2.5))
    AIR_MG_CM2 = 0.04
    """Noise where there is no web under the head."""

    def __init__(
        self,
        width_mm: float,
        dt: float,
        pass_s: float = 4.0,
        noise: float = 0.005,
        bias: float = 0.0,
        spike_probability: float = 0.0003,
        place: str = "",
        edge_mm: float = 10.0,
    ) -> None:
        self._travel_mm = width_mm - 2.0 * edge_mm
        self._edge_mm = edge_mm
        self._passes_per_scan = dt / pass_s
        self._dt_ns = round(dt * _NS)
        self._noise = noise
        self._calibration = 1.0 + bias
        self._spike_probability = spike_probability
        self._place = place
        self._held = 0.0
        self._drift = 1.0

    @property
    def seen_mm(self) -> tuple[float, float]:
        return self._edge_mm, self._edge_mm + self._travel_mm

    def positions(self, scans: Array) -> Array:
        """The head's position [mm] from the operator-side edge at those scans of the line."""
        there_and_back = (scans * self._passes_per_scan) % 2.0
        found: Array = self._edge_mm + self._travel_mm * (1.0 - np.abs(there_and_back - 1.0))
        return found

    def measure(
        self,
        loading: Array,
        normals: Array,
        chances: Array,
        hidden: Hidden,
        no_web: npt.NDArray[np.bool_] | None,
    ) -> Array:
        """One sample a scan of what lies under the head, in the unit of ``loading``.

        ``chances`` are uniform from 0 to 1: they decide on spikes.
        """
        place = self._place
        noise = self._noise
        burst = hidden.factor(FaultKind.GAUGE_NOISE, place)
        drift = np.broadcast_to(hidden.factor(FaultKind.GAUGE, place), loading.shape)
        self._drift = float(drift[-1])
        read = loading * (self._calibration * drift) * (1.0 + (noise + (burst - 1.0)) * normals)
        spiked = chances < self._spike_probability
        if spiked.any():
            # What is left of the chance, from 0 to 1, chooses the spike.
            which = (chances[spiked] / self._spike_probability * len(self.SPIKES)).astype(int)
            read[spiked] *= self.SPIKES[which]
        if no_web is not None:
            read = np.where(no_web, self.AIR_MG_CM2 * normals, read)
        if (stuck := hidden.there(FaultKind.GAUGE_STUCK, place)) is not None:
            read = self._last_free(read, stuck)
        if (zero := hidden.there(FaultKind.GAUGE_ZERO, place)) is not None:
            read = np.where(zero, 0.0, read)
        if (negative := hidden.there(FaultKind.GAUGE_NEGATIVE, place)) is not None:
            read = np.where(negative, -0.2 - 0.1 * np.abs(normals), read)
        self._held = float(read[-1])
        return read

    def calibrate(self, error: float) -> None:
        """Set by a sheet of known loading: from now on it is off by ``error`` (relative), and
        by what a drift that goes on adds to it."""
        self._calibration = (1.0 + error) / self._drift

    def _last_free(self, read: Array, stuck: npt.NDArray[np.bool_]) -> Array:
        """Where it is stuck, what it said last before."""
        with_held = np.concatenate(([self._held], read))
        free = np.concatenate(([True], ~stuck))
        last = np.maximum.accumulate(np.where(free, np.arange(len(free)), 0))
        found: Array = with_held[last][1:]
        return found

    def stamps_off_ns(self, scans: Array, hidden: Hidden) -> npt.NDArray[np.int64]:
        """By how much each sample's stamp is wrong [ns]."""
        off = np.zeros(len(scans), np.int64)
        fifth = scans % 5.0 == 0.0
        if (late := hidden.there(FaultKind.GAUGE_OUT_OF_ORDER, self._place)) is not None:
            off[late & fifth] = -5 * self._dt_ns // 2
        if (future := hidden.there(FaultKind.GAUGE_FUTURE, self._place)) is not None:
            off[future & fifth] = 600 * _NS
        return off
