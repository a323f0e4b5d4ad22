"""A coating line that lies: its closures are not the twin's.

    mixer ─▶ slot die ─▶ web ── 6 m ──▶ gauge ──▶ oven ── 60 m ──▶ gauge ── 66 m ──▶ calender
    (lots,   (power law,  (metres)      (scanning,         (exit)            (power law,
     240 s)   lag, bead)                 noise, spikes)                       spring back)

Pure: no clock and no chance of its own. The random generator is passed in, time is
counted in scans, and the same seed and commands give the same plant to the bit, however
the scans are cut into runs.
"""

from collections import deque
from collections.abc import Mapping

import numpy as np
from numpy.random import Generator

from simulation import bead
from simulation.biases import Biases
from simulation.chance import Actuator, Array, Commanded, Noise, Wander
from simulation.coater_sensors import NOISES, CoaterSensors, Run
from simulation.die import ML_MIN, SlotDie
from simulation.faults import FaultKind, Hidden
from simulation.mixer import Mixer
from simulation.readings import Sample, Scans, Texts, lot_name
from simulation.settings import LineSettings
from simulation.slow_part import SlowPart
from simulation.web import Web

SCAN_S = LineSettings().scan_s
"""The PLC's scan."""

_CROWN = 0.25
"""How much of a relative change of the lips' gap goes into the middle over the mean."""
_LAYS_M_MIN = 1.0
"""A web slower than this is not being coated."""
_RUNOUT = 0.0005
_BACKING_ROLL_M = 1.26
"""The backing roll is not quite round: 0.05 % of loading once a turn."""
_WANDERS = ("tank", "line", "solids", "pressure", "gap", "speed", "ripple", "tension")


class CoatingLine:
    """One line. ``run(n)`` lets n scans pass and returns what its sensors said;
    ``step()`` is one scan, and ``signals()`` what each sensor said last. ``setpoints`` are
    what can be commanded, by signal.
    """

    def __init__(self, rng: Generator, settings: LineSettings | None = None) -> None:
        self.settings = s = settings or LineSettings()
        natural, dt = s.natural, s.scan_s
        fast, chances, slow, lots, drawn, lab, begin, calibrations = rng.spawn(8)
        begins = begin.standard_normal(16)
        starts = np.zeros(16) if s.just_set_up else begins
        self._noise = Noise(fast, _WANDERS + NOISES)
        self.biases = Biases.drawn(drawn, s.sensors, natural)
        self._speed = Actuator(s.line_speed_m_min, s.line_speed_limits_m_min, 0.6, 0.4, dt, 8.0)
        self._gap = Actuator(s.slot_die_gap_um, s.slot_die_gap_limits_um, 2.0, 0.8, dt)
        self._mixer = Mixer(s, lots, starts[0:3], self.biases.viscosity_sees)
        self._die = SlotDie(s, starts[3:5])
        self._drive = Wander(natural.speed[0] / 100.0, natural.speed[1], dt, starts[5])
        self._ripple = Wander(natural.speed_ripple[0] / 100.0, natural.speed_ripple[1], dt)
        self._tension = Wander(natural.tension[0] / 100.0, natural.tension[1], dt, starts[6])
        slurry = s.formulation.slurry
        flow = self._die.nominal_flow(slurry) * ML_MIN
        self._sensors = CoaterSensors(s, drawn, chances, self.biases, flow)
        self._web = Web(
            s.calender_at_m + 10.0,
            {
                "loading": s.target_mg_cm2,
                "wet_um": self._die.film_um(slurry),
                "solids": slurry.solids,
                "formulation": 0.0,
                "crown": 0.0,
                "ribs": 0.0,
                "splice": 1.0,
            },
        )
        self._calibrations = calibrations
        self._slow = SlowPart(s, slow, lab, starts[7:16], self.biases)
        self._texts = Texts()
        self._scans = 0
        self._fault_scan: int | None = None
        self._metre = 0.0
        self._counted = 0.0
        self._last: dict[str, float | str] = {}
        self.samples: deque[Sample] = deque(maxlen=1000)
        """What the lab has told, to be taken away."""
        self._loading = s.target_mg_cm2
        self.setpoints: Mapping[str, Commanded] = {
            "coater.line_speed_setpoint": self._speed,
            "coater.slot_die_gap_setpoint": self._gap,
            **self._slow.setpoints,
        }

    def calibrate(self, gauge: str) -> None:
        """Somebody sets the gauge, ``top`` or ``exit``, by a sheet of known loading."""
        self._sensors.calibrate(gauge, self._calibrations.standard_normal())

    @property
    def seconds(self) -> float:
        return self._scans * self.settings.scan_s

    @property
    def metre(self) -> float:
        """Metres of web that have passed the die."""
        return self._metre

    @property
    def lot(self) -> str:
        return lot_name(self._metre, self.settings.lot_length_m)

    @property
    def loading_at_die(self) -> float:
        """The true mean loading across the web at the die [mg/cm2]; no sensor shows it."""
        return self._loading

    @property
    def loading_at_gauge(self) -> float:
        """The true mean loading under the gauge [mg/cm2]; no sensor shows it."""
        where = np.array([self._metre - self.settings.gauge_at_m])
        return float(self._web.at("loading", where)[0])

    @property
    def fault_started(self) -> bool:
        return self._fault_scan is not None

    def start_fault(self) -> None:
        """Lets the scenario's faults begin. Once started, starting again changes nothing."""
        if self._fault_scan is None:
            self._fault_scan = self._scans

    def step(self) -> None:
        """One scan."""
        self.run(1)

    def signals(self) -> dict[str, float | str]:
        """What every sensor said last."""
        return dict(self._last)

    def run(self, scans: int) -> Scans:
        """Lets so many scans pass."""
        s, dt = self.settings, self.settings.scan_s
        number = np.arange(self._scans + 1, self._scans + scans + 1)
        seconds = number.astype(float) * dt
        since = np.full(scans, -1.0)
        if self._fault_scan is not None:
            since = (number - self._fault_scan) * dt
        hidden = Hidden(s.scenario.faults, since)
        noise = self._noise.draw(scans)
        no_web = hidden.there(FaultKind.WEB_BREAK)
        stop = hidden.there(FaultKind.STOP)
        stopped = no_web if stop is None else stop if no_web is None else stop | no_web

        in_tank, slurry = self._mixer.run(
            seconds, hidden, (noise["tank"], noise["line"], noise["solids"])
        )
        moved, gap = self._speed.run(scans, stopped), self._gap.run(scans)
        drift = (1.0 + self._drive.run(noise["speed"])) * hidden.factor(FaultKind.LINE_SPEED)
        rolling = moved.value * (1.0 + self._ripple.run(noise["ripple"]))
        slack = hidden.factor(FaultKind.WEB_TENSION)
        taut: Array = (1.0 + self._tension.run(noise["tension"])) * slack
        if no_web is not None:
            taut = np.where(no_web, 0.0, taut)
        speed = rolling * drift * bead.grip(np.maximum(taut, 0.3))
        encoder = rolling * drift**self.biases.speed_sees
        metre = np.cumsum(np.concatenate(([self._metre], speed / 60.0 * dt)))[1:]
        counted = np.cumsum(np.concatenate(([self._counted], encoder / 60.0 * dt)))[1:]

        coated = self._die.run(
            gap.value, speed, moved.running, slurry, hidden, (noise["pressure"], noise["gap"])
        )
        round_off = 1.0 + _RUNOUT * np.sin(2.0 * np.pi / _BACKING_ROLL_M * metre)
        loading = coated.loading_mg_cm2 * round_off
        ones = np.ones(scans)
        self._web.lay(
            metre,
            {
                "loading": loading,
                "wet_um": coated.wet_um,
                "solids": slurry.solids,
                "formulation": slurry.formulation,
                "crown": _CROWN * (coated.lips - 1.0),
                "ribs": bead.ribbing(coated.margin),
                "splice": ones * hidden.factor(FaultKind.SPLICE),
            },
        )

        ran = Run(number, metre, counted, encoder, gap.value, taut, coated, hidden, no_web)
        fast, stamps = self._sensors.read(ran, self._web, noise)
        truth = {
            "seconds": seconds,
            "metre": metre,
            "loading": loading,
            "loading_at_gauge": self._web.at("loading", metre - s.gauge_at_m),
            "speed": speed,
            "wet_film": coated.wet_um,
            "window_margin": np.where(speed > _LAYS_M_MIN, coated.margin, np.nan),
            "flow": coated.flow_ml_min,
            "tension": s.web_tension_n_m * taut,
        }
        slow = self._slow.run(number, metre, speed, self._web, in_tank, hidden)
        texts = self._texts.changes(number, metre, s, in_tank, slow)
        self._scans += scans
        self._metre, self._counted = float(metre[-1]), float(counted[-1])
        self._loading = float(loading[-1])
        self._last.update({name: float(column[-1]) for name, column in fast.items()})
        if len(slow.places):
            self._last.update({name: float(c[-1]) for name, c in slow.columns.items()})
        self._last.update({name: said[-1][1] for name, said in texts.items() if said})
        self.samples.extend(slow.samples)
        return Scans(number, fast, slow, texts, stamps, truth)
