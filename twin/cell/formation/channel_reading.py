"""Readings of one channel put together: voltage and current of one time are one sample."""

import math

from twin.asset import AssetConfig
from twin.cell.formation.charge import ChargeCount
from twin.cell.formation.records import Records
from twin.cell.formation.settings import number
from twin.cell.restoring import integer, optional
from twin.frame import Reading
from twin.snapshot import Snapshot, Value

RawSample = tuple[int, float, float, float]
"""Time [ns], voltage [V], current [A], temperature [degC]; NaN where there was none."""


class ChannelReading:
    def __init__(self, asset: AssetConfig) -> None:
        self.capacity_accuracy = number(asset, "capacity_accuracy") / 100.0
        self.charge = ChargeCount(number(asset, "current_accuracy"))
        self.records = Records()
        self._time: int | None = None
        self._voltage: float | None = None
        self._current: float | None = None
        self._temperature = math.nan

    def add(self, reading: Reading) -> list[RawSample]:
        """Samples that this reading completes. One that never got its other half is handed on
        with NaN once a later reading comes."""
        if reading.signal == "temperature":
            self._temperature = reading.value
            return []
        if reading.signal not in ("voltage", "current"):
            return []
        found: list[RawSample] = []
        if self._time is not None and reading.time_ns != self._time:
            if (self._voltage is None) != (self._current is None):
                found.append(self._sample())
            self._voltage = self._current = None
        self._time = reading.time_ns
        if reading.signal == "voltage":
            self._voltage = reading.value
        else:
            self._current = reading.value
            self.charge.add(reading.text or "", reading.time_ns, reading.value)
        if self._voltage is not None and self._current is not None:
            found.append(self._sample())
            self._voltage = self._current = None
            self._time = None
        return found

    def _sample(self) -> RawSample:
        assert self._time is not None
        voltage = math.nan if self._voltage is None else self._voltage
        current = math.nan if self._current is None else self._current
        return self._time, voltage, current, self._temperature

    def snapshot(self) -> Snapshot:
        warm: Value = None if math.isnan(self._temperature) else self._temperature
        return {
            "charge": self.charge.snapshot(),
            "records": self.records.snapshot(),
            "sample": [self._time, self._voltage, self._current, warm],
        }

    def restore(self, snapshot: Snapshot) -> None:
        charge, records, sample = (snapshot[name] for name in ("charge", "records", "sample"))
        assert isinstance(charge, dict)
        assert isinstance(records, dict)
        assert isinstance(sample, list)
        self.charge.restore(charge)
        self.records.restore(records)
        self._time = None if sample[0] is None else integer(sample[0])
        self._voltage, self._current = optional(sample[1]), optional(sample[2])
        warm = optional(sample[3])
        self._temperature = math.nan if warm is None else warm
