"""A coating line that lies: its closures are not the twin's.

    feed ─▶ slot die ─▶ web ── 6 m ──▶ scanning gauge ── 60 m ──▶ calender
            (power law,  (metres)      (noise, spikes)   oven zones on the way
             lag, bead)

Pure: no clock and no chance of its own. The random generator is passed in, time is
counted in steps, and the same seed and commands give the same plant to the bit.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol

from numpy.random import Generator

from simulation.chance import Actuator, Lag, Wander
from simulation.downstream import Calender, OvenZone
from simulation.faults import Hidden, hidden
from simulation.gauge import ScanningGauge
from simulation.scenarios import SCENARIOS, Scenario
from simulation.slot_die import Slot, SlotDie, Slurry
from simulation.web import CrossWebProfile, Web

SCAN_S = 0.1
"""The PLC's scan."""

_G_M2_PER_MG_CM2 = 10.0


@dataclass(frozen=True, slots=True)
class LineSettings:
    """The line as it is set up: units are in the names."""

    target_mg_cm2: float = 20.0
    line_speed_m_min: float = 40.0
    line_speed_limits_m_min: tuple[float, float] = (20.0, 60.0)
    slot_die_gap_um: float = 400.0
    slot_die_gap_limits_um: tuple[float, float] = (300.0, 500.0)
    slot: Slot = field(default_factory=Slot)
    slurry: Slurry = field(default_factory=Slurry)
    gauge_at_m: float = 6.0
    calender_at_m: float = 66.0
    lot_length_m: float = 60.0
    oven_setpoints_degc: tuple[float, ...] = (90.0, 110.0, 120.0)
    scenario: Scenario = field(default_factory=lambda: SCENARIOS["steady"])


class Commanded(Protocol):
    """Takes a setpoint, and returns and keeps it as clamped."""

    setpoint: float

    def command(self, setpoint: float) -> float: ...


class CoatingLine:
    """One line. ``step()`` is one scan of 100 ms; ``signals()`` is what its sensors say;
    ``setpoints`` are what can be commanded, by signal.
    """

    NECK_IN_M = 0.003
    """How much narrower than the die the coating is at the nominal speed, both edges."""

    def __init__(self, rng: Generator, settings: LineSettings | None = None) -> None:
        self.settings = s = settings or LineSettings()
        self._rng = rng
        self._speed = Actuator(s.line_speed_m_min, s.line_speed_limits_m_min, 0.6, 0.4)
        self._gap = Actuator(s.slot_die_gap_um, s.slot_die_gap_limits_um, 2.0, 0.8)
        self._speed_ripple = Wander(rng, sd=0.0004, time_constant_s=5.0)
        self._die = SlotDie(rng, s.slurry, s.slot, self._nominal_flow(), s.slot_die_gap_um * 1e-6)
        self._bead = Lag(s.target_mg_cm2, time_constant_s=0.4)
        self._flow_meter = Lag(self._die.flow_ml_min, time_constant_s=1.0)
        self._web = Web(s.calender_at_m + 4.0, s.target_mg_cm2)
        width_mm = s.slot.width_m * 1000.0
        self._gauge = ScanningGauge(rng, width_mm, spike_probability=s.scenario.spike_probability)
        self._profile = CrossWebProfile(rng, width_mm, self._gauge.seen_mm)
        self._zones = [
            OvenZone(rng, degc, evaporative_drop_k=25.0 - 8.0 * i)
            for i, degc in enumerate(s.oven_setpoints_degc)
        ]
        self._calender = Calender(rng, line_load_kn_m=120.0, roll_degc=80.0)
        self._scans = 0
        self._fault_scan: int | None = None
        self._metre = 0.0
        self.setpoints: Mapping[str, Commanded] = {
            "coater.line_speed_setpoint": self._speed,
            "coater.slot_die_gap_setpoint": self._gap,
            **{f"oven.zone{i}.air_setpoint": zone for i, zone in enumerate(self._zones, 1)},
        }

    def _nominal_flow(self) -> float:
        """The flow [m3/s] that the operators found to give the target."""
        s = self.settings
        coated_m2_s = (s.slot.width_m - self.NECK_IN_M) * s.line_speed_m_min / 60.0
        dry_kg_s = s.target_mg_cm2 * _G_M2_PER_MG_CM2 / 1000.0 * coated_m2_s
        return dry_kg_s / (s.slurry.density_kg_m3 * s.slurry.solids)

    @property
    def seconds(self) -> float:
        return self._scans * SCAN_S

    @property
    def metre(self) -> float:
        """Metres of web that have passed the die."""
        return self._metre

    @property
    def lot(self) -> str:
        return f"L2026-{int(self._metre // self.settings.lot_length_m) + 1:04d}"

    @property
    def loading_at_die(self) -> float:
        """The true mean loading across the web at the die [mg/cm2]; no sensor shows it."""
        return self._bead.value

    @property
    def loading_at_gauge(self) -> float:
        """The true mean loading under the gauge [mg/cm2]; no sensor shows it."""
        return self._web.at(self._metre - self.settings.gauge_at_m)

    @property
    def fault_started(self) -> bool:
        return self._fault_scan is not None

    def start_fault(self) -> None:
        """Lets the scenario's faults begin. Once started, starting again changes nothing."""
        if self._fault_scan is None:
            self._fault_scan = self._scans

    def _hidden(self) -> Hidden:
        since = -1.0 if self._fault_scan is None else (self._scans - self._fault_scan) * SCAN_S
        return hidden(self.settings.scenario.faults, since)

    def step(self) -> None:
        """One scan."""
        s, dt = self.settings, SCAN_S
        self._scans += 1
        away = self._hidden()
        speed = self._speed.step(dt) * (1.0 + self._speed_ripple.step(dt))
        relative_speed = speed / s.line_speed_m_min
        flow = self._die.step(
            self._gap.step(dt) * 1e-6, relative_speed, away.viscosity, away.feed_pressure, dt
        )
        coated_m = s.slot.width_m - self.NECK_IN_M * relative_speed
        dry_kg_s = flow * s.slurry.density_kg_m3 * s.slurry.solids * away.solids
        laid_mg_cm2 = dry_kg_s * 1000.0 / (coated_m * speed / 60.0) / _G_M2_PER_MG_CM2
        self._bead.step(laid_mg_cm2, dt)
        self._flow_meter.step(self._die.flow_ml_min, dt)
        self._metre += speed / 60.0 * dt
        self._web.lay(self._metre, self._bead.value)
        self._gauge.move(dt)
        for zone in self._zones:
            zone.step(dt)
        self._calender.step(dt)

    def signals(self) -> dict[str, float | str]:
        """One reading of every sensor, with its noise. Reading again draws new noise."""
        noise = self._rng.standard_normal
        head_mm = self._gauge.position_mm
        under_head = self.loading_at_gauge * self._profile.at(head_mm)
        at_calender = self._web.at(self._metre - self.settings.calender_at_m)
        readings: dict[str, float | str] = {
            "coater.line_speed": self._speed.value
            * (1.0 + self._speed_ripple.value + 0.0003 * noise()),
            "coater.slot_die_gap": self._gap.value + 0.05 * noise(),
            "coater.pump_flow": self._flow_meter.value * (1.004 + 0.003 * noise()),
            "coater.feed_pressure": self._die.set_pressure_pa * 1e-3 * (1.0 + 0.001 * noise()),
            "coater.web_length": self._metre * 1.0005,
            "coater.lot": self.lot,
            "coater.gauge-top.head_position": head_mm,
            "coater.gauge-top.areal_loading": self._gauge.measure(under_head),
            "calender.line_load": self._calender.line_load_kn_m(),
            "calender.gap": self._calender.gap_um(at_calender),
            "calender.roll_temperature": self._calender.roll_degc(),
            "calender.thickness_out": self._calender.thickness_um(at_calender),
        }
        for i, zone in enumerate(self._zones, 1):
            readings[f"oven.zone{i}.air_temperature"] = zone.air_degc()
            readings[f"oven.zone{i}.web_temperature"] = zone.web_degc()
        return readings
