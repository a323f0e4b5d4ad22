"""An electrolyte filler: each cell weighed dry and wet, and the volume that was dosed.

A cell's set of readings is there when all three have come; where one never comes (the
gate refused it, or nobody weighed), the set is closed ``completion_window`` after its
last reading, and what is missing stays null: nothing is invented.
"""

import math
from dataclasses import dataclass
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.cell.filling.electrolyte_filler_spec import PARAMETERS, SIGNALS
from twin.cell.filling.scale_health import WITHHELD_BY, ScaleHealth
from twin.cell.restoring import integer, items, numbers, optional, text
from twin.cell.robust_window import RobustWindow
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.snapshot import Snapshot

_OPEN_CELLS: Final = 256
_SECOND_NS: Final = 1_000_000_000
_SET: Final = ("dry_cell_mass", "wet_cell_mass", "electrolyte_volume")


@dataclass(slots=True)
class _Cell:
    """A cell whose set is still open; ``values`` stand in the order of ``_SET``."""

    serial: str
    time_ns: int
    values: list[float | None]


class ElectrolyteFiller(Twin):
    """Says ``cell.filled`` {serial, dry_g, wet_g, electrolyte_g, electrolyte_sd_g, volume_mL,
    fill, fill_probability, temperature_degC} for each cell, ``scale.health`` {state, faults,
    …} when the scale's state changes, and ``cell.wetted`` {serial, hours} where it is measured.

    ``electrolyte_g`` is the wet less the dry mass, null unless both are known. ``fill`` is
    good, under or over; null without a target, and while the scale cannot be believed.
    ``fill_probability``: that the true mass is within the tolerance.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._window_ns = int(self._number("completion_window") * _SECOND_NS)
        resolution = self._number("scale_resolution")
        self._sd = math.hypot(self._number("scale_sd"), resolution / math.sqrt(12))
        self._target = self._number("electrolyte_target")
        self._tolerance = self._number("fill_tolerance")
        self._dry = RobustWindow(resolution)
        self._electrolyte = RobustWindow(2.0**0.5 * resolution)
        self._volume = RobustWindow(self._number("volume_resolution"))
        density = self._number("electrolyte_density")
        self._health = ScaleHealth(resolution, self._sd, self._tolerance, density)
        self._faults: tuple[str, ...] = ()
        self._temperature: float | None = None
        self._open: dict[str, _Cell] = {}

    def step(self, reading: Reading, effects: Effects) -> None:
        if reading.signal == "soak_temperature":
            self._temperature = reading.value
        elif reading.signal == "empty_scale":
            self._health.empty(reading.value)
            self._look_at_scale(reading.time_ns, effects)
        elif reading.text and reading.signal == "wetting_time":
            data: dict[str, Json] = {"serial": reading.text, "hours": reading.value}
            effects.emit(self.config, "cell.wetted", reading.time_ns, data)
        elif reading.text and reading.signal in _SET:
            self._measured(reading, reading.text, effects)

    def _measured(self, reading: Reading, serial: str, effects: Effects) -> None:
        self.at(reading.time_ns, effects)
        cell = self._open.pop(serial, None)
        if cell is None:
            cell = _Cell(serial, reading.time_ns, [None] * len(_SET))
        cell.values[_SET.index(reading.signal)] = reading.value
        cell.time_ns = max(cell.time_ns, reading.time_ns)
        self._open[cell.serial] = cell
        if None not in cell.values:
            self._close(cell, effects)
        elif len(self._open) > _OPEN_CELLS:
            self._close(next(iter(self._open.values())), effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        for cell in [c for c in self._open.values() if c.time_ns + self._window_ns < now_ns]:
            self._close(cell, effects)

    def figures(self) -> tuple[Figure, ...]:
        estimates = (
            ("dry_cell_mass", self._dry.location(), "g"),
            ("electrolyte_mass", self._electrolyte.location(), "g"),
            ("electrolyte_mass_sd", self._electrolyte.spread(), "g"),
            ("electrolyte_volume", self._volume.location(), "mL"),
            ("scale_zero", self._health.zero, "g"),
            ("weighed_less_dosed", self._health.difference, "g"),
        )
        return tuple(Figure(name, *known, unit) for name, known, unit in estimates if known)

    def _close(self, cell: _Cell, effects: Effects) -> None:
        del self._open[cell.serial]
        dry, wet, volume = cell.values
        electrolyte = None if dry is None or wet is None else wet - dry
        for window, value in (
            (self._dry, dry),
            (self._electrolyte, electrolyte),
            (self._volume, volume),
        ):
            if value is not None:
                window.add(value)
        self._health.cell(dry, wet, volume)
        self._look_at_scale(cell.time_ns, effects)
        fill, probability = self._judged(electrolyte)
        data: dict[str, Json] = {
            "serial": cell.serial,
            "dry_g": dry,
            "wet_g": wet,
            "electrolyte_g": electrolyte,
            "electrolyte_sd_g": None if electrolyte is None else math.sqrt(2) * self._sd,
            "volume_mL": volume,
            "fill": fill,
            "fill_probability": probability,
            "temperature_degC": self._temperature,
        }
        effects.emit(self.config, "cell.filled", cell.time_ns, data)

    def _judged(self, electrolyte: float | None) -> tuple[str | None, float | None]:
        if electrolyte is None or not self._target or WITHHELD_BY & {*self._faults}:
            return None, None
        error, scale = electrolyte - self._target, 2 * self._sd
        fill = "good" if abs(error) <= self._tolerance else "under" if error < 0 else "over"
        if scale == 0:
            return fill, float(fill == "good")
        upper, lower = (error + self._tolerance) / scale, (error - self._tolerance) / scale
        return fill, 0.5 * (math.erf(upper) - math.erf(lower))

    def _look_at_scale(self, time_ns: int, effects: Effects) -> None:
        faults = self._health.faults()
        if faults == self._faults:
            return
        self._faults = faults
        state = "bad" if WITHHELD_BY & {*faults} else "suspect" if faults else "good"
        data: dict[str, Json] = {"state": state, "faults": list(faults), **self._health.data()}
        effects.emit(self.config, "scale.health", time_ns, data)

    def _number(self, parameter: str) -> float:
        return settings.number(self.config, parameter)

    def snapshot(self) -> Snapshot:
        return {
            "dry": list(self._dry.values()),
            "electrolyte": list(self._electrolyte.values()),
            "volume": list(self._volume.values()),
            "open": [[c.serial, c.time_ns, list(c.values)] for c in self._open.values()],
            "health": self._health.snapshot(),
            "faults": list(self._faults),
            "temperature": self._temperature,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._dry.replace(numbers(snapshot["dry"]))
        self._electrolyte.replace(numbers(snapshot["electrolyte"]))
        self._volume.replace(numbers(snapshot["volume"]))
        self._open = {}
        for packed in items(snapshot["open"]):
            serial, time_ns, values = items(packed)
            known = [optional(value) for value in items(values)]
            self._open[text(serial)] = _Cell(text(serial), integer(time_ns), known)
        if "health" in snapshot:
            self._health.restore(saved.fields(snapshot["health"]))
            self._faults = tuple(map(text, items(snapshot["faults"])))
            self._temperature = optional(snapshot["temperature"])


KIND = Kind(
    name="electrolyte_filler",
    title="ElectrolyteFiller",
    layer=Layer.CELL,
    description="Doses electrolyte into a cell and weighs the cell before and after",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=ElectrolyteFiller,
)
