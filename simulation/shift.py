"""A line over a shift: no clock, no servers, much faster than real time.

    shift = Shift(seed=1, scenario=bench_scenario("drift", [Wanted(VISCOSITY, 2, 1800, 3600)]))
    block = shift.advance(10.0)
    times, values = block.columns["coater.gauge-top.areal_loading"]
    shift.command("coater.line_speed_setpoint", 40.8)

Equal seeds and commands give equal readings to the bit, however ``advance`` is cut.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from simulation.chance import Array
from simulation.coating_line import CoatingLine
from simulation.readings import Scans
from simulation.scenarios import Scenario
from simulation.settings import LineSettings, shift_settings

Times = npt.NDArray[np.int64]
Column = tuple[Times, Array | list[str]]

START_NS = 1_790_000_000_000_000_000
"""Some morning: 2026-09-21 14:13:20 UTC."""
_NS = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """What the sensors said in a stretch of time.

    ``columns``: signal (``coater.line_speed``) → source times [ns] and values, or texts.
    Fast signals have a value each scan, slow ones each ``slow_s``; texts and setpoints
    come when they change, and once at the start. Times are in the order in which the
    readings came; a faulty gauge's may be out of order.
    ``items``: measurements of one piece (the lab's porosity of a lot) → times, values, and
    the pieces' ids.
    """

    columns: Mapping[str, Column]
    items: Mapping[str, tuple[Times, Array, list[str]]]


@dataclass(frozen=True, slots=True)
class Truth:
    """What no sensor shows, so far. One value a scan: ``seconds`` since the start, ``metre``
    at the die, ``loading`` at the die and ``loading_at_gauge`` under gauge-top, both the mean
    across the web [mg/cm2], the web's true ``speed`` at the die [m/min], ``wet_film`` [um],
    ``window_margin`` of it over the least film (relative; below 0 the bead fails; NaN where
    the web stands), ``flow`` [mL/min], ``tension`` [N/m].

    One value a slow tick, at ``slow_seconds``: ``porosity`` [%] of the web that leaves the
    calender, at ``calender_metre`` of the web, its ``calender_thickness`` [um];
    ``residual_solvent`` [% of solids], ``migration`` (binder at the surface over the mean)
    and ``peak_drying_rate`` [g/(m2 s)] of the web that leaves the oven.
    """

    seconds: Array
    metre: Array
    loading: Array
    loading_at_gauge: Array
    speed: Array
    wet_film: Array
    window_margin: Array
    flow: Array
    tension: Array
    slow_seconds: Array
    porosity: Array
    residual_solvent: Array
    migration: Array
    peak_drying_rate: Array
    calender_metre: Array
    calender_thickness: Array


class Shift:
    """One line over a shift. The scenario's faults count from the shift's start; a
    ``scenario`` in ``settings`` is replaced by it."""

    def __init__(
        self,
        seed: int,
        scenario: Scenario,
        settings: LineSettings | None = None,
        start_ns: int = START_NS,
    ) -> None:
        given = shift_settings(scenario) if settings is None else settings
        self.settings = replace(given, scenario=scenario)
        self.line = CoatingLine(np.random.default_rng(seed), self.settings)
        self.line.start_fault()
        self.start_ns = start_ns
        self._scan_ns = round(self.settings.scan_s * _NS)
        self._scans = 0
        self._told: dict[str, float] = {}
        self._past: list[Scans] = []
        self._truth: Truth | None = None

    @property
    def seconds(self) -> float:
        """Since the shift's start."""
        return self.line.seconds

    @property
    def now_ns(self) -> int:
        return self.start_ns + self._scans * self._scan_ns

    def command(self, signal: str, value: float) -> None:
        """Writes a setpoint, which takes effect now; it is clamped as a PLC does.

        Raises KeyError where there is no such setpoint.
        """
        setpoints = self.line.setpoints
        if signal not in setpoints:
            raise KeyError(f"no setpoint {signal!r}; there are {', '.join(setpoints)}")
        setpoints[signal].command(value)

    def calibrate(self, gauge: str) -> None:
        """Somebody sets the gauge, ``top`` or ``exit``, by a sheet of known loading."""
        self.line.calibrate(gauge)

    def advance(self, seconds: float) -> Block:
        """Runs the whole scans that fit in ``seconds``, at least one."""
        scans = max(round(seconds / self.settings.scan_s), 1)
        ran = self.line.run(scans)
        self._scans += scans
        self._past.append(ran)
        self._truth = None
        times = self.start_ns + ran.number * self._scan_ns
        columns: dict[str, Column] = {}
        for signal, commanded in self.line.setpoints.items():
            if self._told.get(signal) != commanded.setpoint:
                self._told[signal] = commanded.setpoint
                columns[signal] = times[:1], np.array([commanded.setpoint])
        for signal, values in ran.fast.items():
            columns[signal] = times, values
        for place, off in ran.stamps.items():
            if off.any():
                for signal in (s for s in ran.fast if s.startswith(place)):
                    columns[signal] = times + off, ran.fast[signal]
        slow_times = times[ran.slow.places]
        if len(slow_times):
            columns.update({s: (slow_times, values) for s, values in ran.slow.columns.items()})
        for signal, changes in ran.texts.items():
            if changes:
                places = np.array([place for place, _ in changes])
                columns[signal] = times[places], [text for _, text in changes]
        return Block(columns, self._samples(ran, times))

    @staticmethod
    def _samples(ran: Scans, times: Times) -> dict[str, tuple[Times, Array, list[str]]]:
        samples = ran.slow.samples
        if not samples:
            return {}
        when = times[np.array([s.place for s in samples])]
        values = np.array([s.porosity for s in samples])
        return {"calender.sample_porosity": (when, values, [s.lot for s in samples])}

    @property
    def truth(self) -> Truth:
        """Joined anew after each ``advance``: ask for it rarely."""
        if self._truth is None:
            past = self._past
            slow = [p for p in past if len(p.slow.places)]
            fast_names = past[0].truth if past else ()
            slow_names = slow[0].slow.truth if slow else ()
            joined = {n: np.concatenate([p.truth[n] for p in past]) for n in fast_names}
            joined |= {n: np.concatenate([p.slow.truth[n] for p in slow]) for n in slow_names}
            seconds = [p.truth["seconds"][p.slow.places] for p in slow]
            if not slow:
                raise ValueError("the shift has not begun: advance() first")
            self._truth = Truth(**joined, slow_seconds=np.concatenate(seconds))
        return self._truth
