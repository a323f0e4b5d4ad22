"""What the coater's fast sensors say of a run of scans."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from simulation.biases import Biases
from simulation.chance import Array, Lag
from simulation.die import Coated
from simulation.faults import Hidden
from simulation.gauge import ScanningGauge
from simulation.settings import LineSettings
from simulation.web import CrossWebProfile, Web

NOISES = ("n_speed", "n_gap", "n_flow", "n_pressure", "n_tension", "n_top", "n_exit")


@dataclass(frozen=True, slots=True)
class Run:
    """The line as it truly is, scan by scan, and what has gone wrong with it."""

    number: npt.NDArray[np.int64]
    metre: Array
    counted: Array
    """Metres by the encoder."""
    encoder: Array
    gap_um: Array
    taut: Array
    coated: Coated
    hidden: Hidden
    no_web: npt.NDArray[np.bool_] | None


class CoaterSensors:
    """Two scanning gauges, encoder, gap, flow, pressure, tension and metre counter."""

    def __init__(
        self,
        settings: LineSettings,
        profile: Generator,
        chances: Generator,
        biases: Biases,
        flow_ml_min: float,
    ) -> None:
        self._settings = s = settings
        self._biases = biases
        self._chances = chances
        self._average = (0.1 / s.scan_s) ** 0.5
        self._flow_meter = Lag(flow_ml_min, 1.0, s.scan_s)
        width_mm = s.slot.width_m * 1000.0
        sensors, spikes = s.sensors, s.scenario.spike_probability
        self._gauges = {
            "top": (
                s.gauge_at_m,
                self._gauge(width_mm, sensors.gauge_top, biases.gauge_top, spikes, ""),
            ),
            "exit": (
                s.gauge_exit_at_m,
                self._gauge(width_mm, sensors.gauge_exit, biases.gauge_exit, 0.0003, "exit"),
            ),
        }
        self._calibrations = {
            "top": sensors.gauge_top_bias / 100.0,
            "exit": sensors.gauge_exit_bias / 100.0,
        }
        self._profile = CrossWebProfile(profile, width_mm, self._gauges["top"][1].seen_mm)

    def calibrate(self, gauge: str, normal: float) -> None:
        """``top`` or ``exit``, ``normal`` times as well as such a gauge usually is."""
        self._gauges[gauge][1].calibrate(self._calibrations[gauge] * normal)

    def _gauge(
        self, width_mm: float, noise: float, bias: float, spikes: float, place: str
    ) -> ScanningGauge:
        s = self._settings
        sample_noise = self._average * noise / 100.0
        return ScanningGauge(width_mm, s.scan_s, s.gauge_pass_s, sample_noise, bias, spikes, place)

    def read(
        self, run: Run, web: Web, noise: Mapping[str, Array]
    ) -> tuple[dict[str, Array], dict[str, npt.NDArray[np.int64]]]:
        """Readings by signal; and, by the beginning of signals' names, how wrong their stamps
        are [ns]."""
        b, sensors, average = self._biases, self._settings.sensors, self._average / 100.0
        coated = run.coated
        pressure = coated.set_pressure_kpa * coated.pressure_factor**b.pressure_sees
        fast: dict[str, Array] = {
            "coater.line_speed": run.encoder * (1.0 + average * sensors.speed * noise["n_speed"]),
            "coater.slot_die_gap": run.gap_um * coated.lips**b.gap_sees
            + self._average * sensors.gap_um * noise["n_gap"],
            "coater.pump_flow": self._flow_meter.run(coated.flow_ml_min)
            * (b.flow + average * sensors.flow * noise["n_flow"]),
            "coater.feed_pressure": pressure
            * (b.pressure + average * sensors.pressure * noise["n_pressure"]),
            "coater.web_tension": self._settings.web_tension_n_m
            * run.taut
            * (b.tension + average * sensors.tension * noise["n_tension"]),
            "coater.web_length": run.counted * b.counter,
        }
        chances = self._chances.random((len(run.metre), len(self._gauges))).T
        count = run.number.astype(float)
        stamps = {}
        for (name, (at_m, gauge)), chance in zip(self._gauges.items(), chances, strict=True):
            head = gauge.positions(count)
            places = web.places(run.metre - at_m)
            crown, ribs = web.quantity("crown", places), web.quantity("ribs", places)
            loading = web.quantity("loading", places) * web.quantity("splice", places)
            fast[f"coater.gauge-{name}.head_position"] = head
            fast[f"coater.gauge-{name}.areal_loading"] = gauge.measure(
                loading * self._profile.at(head, crown, ribs),
                noise[f"n_{name}"],
                chance,
                run.hidden,
                run.no_web,
            )
            stamps[f"coater.gauge-{name}."] = gauge.stamps_off_ns(count, run.hidden)
        return fast, stamps
