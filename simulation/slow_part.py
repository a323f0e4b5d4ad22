"""What needs no look at each scan: mixer's sensors, thickness gauges, oven, calender, lab."""

from collections import deque
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from simulation import oven
from simulation.biases import Biases
from simulation.calender import Calender, Compaction
from simulation.chance import Array, Commanded, Noise, Wander
from simulation.faults import FaultKind, Hidden
from simulation.mixer import InTank
from simulation.readings import Sample, Slow, lot_name
from simulation.settings import LineSettings
from simulation.web import Web

SPLICE_TAPE_UM = 65.0
_AMBIENT_PA = 101_325.0
_NAMES = (
    *("hydraulics", "rolls", "porosity"),
    *("n_load", "n_gap", "n_degc", "n_out", "n_wet", "n_dry", "n_viscosity", "n_solids", "n_tank"),
)


class SlowPart:
    """Runs at each slow tick: the first scan, and every ``slow_s`` from there."""

    def __init__(
        self,
        settings: LineSettings,
        rng: Generator,
        lab: Generator,
        starts: Array,
        biases: Biases,
    ) -> None:
        self._settings = s = settings
        self._every = round(s.slow_s / s.scan_s)
        self._zones = range(1, len(s.oven_setpoints_degc) + 1)
        per_zone = tuple(
            f"{name}{i}" for i in self._zones for name in ("burner", "air", "web", "vapour")
        )
        self._noise = Noise(rng, _NAMES + per_zone)
        self._lab = lab
        self._biases = biases
        self._laws = (
            _of_plant(s.formulation.compaction, biases),
            _of_plant(s.next_formulation.compaction, biases),
        )
        self._average = s.slow_s**-0.5
        self._air = [
            oven.Air(degc, s.slow_s, starts[i]) for i, degc in enumerate(s.oven_setpoints_degc)
        ]
        self._calender = Calender(s.line_load_kn_m, s.foil_um, starts[-3:-1], s.slow_s)
        sd_points, time_s = s.natural.porosity
        self._porosity = Wander(sd_points / 100.0, time_s, s.slow_s, starts[-1])
        self._sampled: tuple[int, float, int] = (0, 0.0, 0)
        self._in_lab: deque[tuple[float, str, float]] = deque()
        self.setpoints: Mapping[str, Commanded] = {
            **{f"oven.zone{i}.air_setpoint": air for i, air in enumerate(self._air, 1)},
            "calender.line_load_setpoint": self._calender,
        }

    def run(
        self,
        number: npt.NDArray[np.int64],
        metre: Array,
        speed: Array,
        web: Web,
        in_tank: InTank,
        hidden: Hidden,
    ) -> Slow:
        ticks = np.flatnonzero((number - 1) % self._every == 0)
        if not len(ticks):
            return Slow(ticks, {}, {}, np.empty(0), ())
        s, b = self._settings, self._biases
        noise, average = self._noise.draw(len(ticks)), self._average
        at, pace = metre[ticks], speed[ticks]
        columns = self._mixer(ticks, in_tank, noise)
        dried = self._dry(ticks, at, pace, web, hidden, noise, columns)

        rolled_at = web.places(at - s.calender_at_m)
        second = web.quantity("formulation", rolled_at)
        loading = web.quantity("loading", rolled_at)
        more = self._porosity.run(noise["porosity"])
        laws = self._laws
        rolled = self._calender.run(
            laws,
            second,
            loading,
            pace,
            more,
            at,
            _at(hidden.factor(FaultKind.ROLL_WEAR), ticks),
            _there(hidden, FaultKind.ROLL_CHANGE, ticks),
            (noise["hydraulics"], noise["rolls"]),
        )
        tape = SPLICE_TAPE_UM * (web.quantity("splice", rolled_at) > 1.0)
        measured = rolled.load_kn_m * b.line_load
        columns["calender.line_load"] = measured + average * s.sensors.line_load * noise["n_load"]
        columns["calender.gap"] = rolled.gap_um + 0.1 * average * noise["n_gap"]
        columns["calender.roll_temperature"] = rolled.degc + 0.1 * noise["n_degc"]
        columns["calender.thickness_out"] = (
            rolled.thickness_um
            + tape
            + b.calender_um
            + average * s.sensors.calender_um * noise["n_out"]
        )
        columns["calender.web_length"] = np.maximum(at - s.calender_at_m, 0.0) * (2.0 - b.counter)
        self._thicknesses(at, web, noise, columns)

        porosity = 100.0 * rolled.porosity
        truth = {
            "porosity": porosity,
            "residual_solvent": dried.residual_pct,
            "migration": dried.migration,
            "peak_drying_rate": dried.peak_g_m2_s,
            "calender_metre": np.maximum(at - s.calender_at_m, 0.0),
            "calender_thickness": rolled.thickness_um,
        }
        samples = self._sample((number[ticks] * s.scan_s).astype(float), ticks, at, porosity)
        return Slow(ticks, columns, truth, rolled.new_rolls, samples)

    def _mixer(
        self, ticks: npt.NDArray[np.intp], in_tank: InTank, noise: Mapping[str, Array]
    ) -> dict[str, Array]:
        sensors, b, average = self._settings.sensors, self._biases, self._average
        viscosity = in_tank.viscosity_mpa_s[ticks]
        return {
            "mixer.viscosity": viscosity
            * (b.viscosity + average * sensors.viscosity / 100.0 * noise["n_viscosity"]),
            "mixer.solids": in_tank.solids_pct[ticks]
            + b.solids_points
            + average * sensors.solids_points * noise["n_solids"],
            "mixer.temperature": in_tank.degc[ticks]
            + average * sensors.mixer_degc * noise["n_tank"],
        }

    def _dry(
        self,
        ticks: npt.NDArray[np.intp],
        at: Array,
        pace: Array,
        web: Web,
        hidden: Hidden,
        noise: Mapping[str, Array],
        columns: dict[str, Array],
    ) -> oven.Dried:
        s = self._settings
        air, exhaust = [], []
        for i, zone in zip(self._zones, self._air, strict=True):
            heater = _at(hidden.factor(FaultKind.OVEN_HEATER, f"zone{i}"), ticks)
            air.append(zone.run(heater, noise[f"burner{i}"]))
            exhaust.append(_at(hidden.factor(FaultKind.OVEN_EXHAUST, "", f"zone{i}"), ticks))
        leaving = web.places(at - s.oven_from_m - s.oven_zone_m * len(air))
        loading, solids = web.quantity("loading", leaving), web.quantity("solids", leaving)
        dried = oven.dry(
            tuple(air), tuple(exhaust), s.oven_zone_m, pace, loading, solids, self._biases.heat
        )
        for i in self._zones:
            columns[f"oven.zone{i}.air_temperature"] = air[i - 1] + 0.1 * noise[f"air{i}"]
            columns[f"oven.zone{i}.web_temperature"] = (
                dried.web_degc[i - 1] + 0.3 * self._average * noise[f"web{i}"]
            )
            by_volume = 100.0 * oven.vapour_pa(i - 1, exhaust[i - 1]) / _AMBIENT_PA
            columns[f"oven.zone{i}.exhaust_solvent"] = by_volume * (
                self._biases.exhaust
                + s.sensors.exhaust / 100.0 * self._average * noise[f"vapour{i}"]
            )
        return dried

    def _thicknesses(
        self,
        at: Array,
        web: Web,
        noise: Mapping[str, Array],
        columns: dict[str, Array],
    ) -> None:
        """Laser gauges see the web's whole thickness, one side coated."""
        s, b, average = self._settings, self._biases, self._average
        wet = web.places(at - s.thickness_wet_at_m)
        dry = web.places(at - s.thickness_dry_at_m)
        loading = web.quantity("loading", dry)
        compaction = self._laws[0]
        wet_film = web.quantity("wet_um", wet)
        dry_film = compaction.side_um(compaction.initial, loading)
        for name, where, film, bias, noise_um in (
            ("wet", wet, wet_film, b.wet_um, s.sensors.wet_um),
            ("dry", dry, dry_film, b.dry_um, s.sensors.dry_um),
        ):
            tape = SPLICE_TAPE_UM * (web.quantity("splice", where) > 1.0)
            columns[f"thickness-{name}.thickness"] = (
                s.foil_um + tape + film + bias + average * noise_um * noise[f"n_{name}"]
            )

    def _sample(
        self, seconds: Array, ticks: npt.NDArray[np.intp], at: Array, porosity: Array
    ) -> tuple[Sample, ...]:
        """The mean porosity of each lot that has left the calender, as the lab tells it later."""
        s = self._settings
        lots = (np.maximum(at - s.calender_at_m, 0.0) // s.lot_length_m).astype(int)
        lot, total, count = self._sampled
        said = []
        for place, now, present, value in zip(
            ticks.tolist(), seconds.tolist(), lots.tolist(), porosity.tolist(), strict=True
        ):
            if present != lot:
                noise = s.sensors.lab_porosity_points * self._lab.standard_normal()
                name = lot_name(lot * s.lot_length_m, s.lot_length_m)
                self._in_lab.append((now + s.lab_delay_s, name, total / max(count, 1) + noise))
                lot, total, count = present, 0.0, 0
            total, count = total + value, count + 1
            while self._in_lab and self._in_lab[0][0] <= now:
                _, name, found = self._in_lab.popleft()
                said.append(Sample(place, name, found))
        self._sampled = lot, total, count
        return tuple(said)


def _of_plant(law: Compaction, biases: Biases) -> Compaction:
    return replace(
        law,
        initial=law.initial + biases.initial_porosity,
        load_kn_m=law.load_kn_m * biases.stiffness,
        solid_density_g_cm3=law.solid_density_g_cm3 * biases.solid_density,
    )


def _at(factor: Array | float, ticks: npt.NDArray[np.intp]) -> Array:
    if isinstance(factor, float):
        return np.full(len(ticks), factor)
    return factor[ticks]


def _there(hidden: Hidden, kind: FaultKind, ticks: npt.NDArray[np.intp]) -> Array:
    there = hidden.there(kind)
    return np.zeros(len(ticks)) if there is None else there[ticks].astype(float)
