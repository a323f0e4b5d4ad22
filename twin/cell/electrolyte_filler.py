"""An electrolyte filler: each cell weighed dry and wet, and the volume that was dosed.

A cell's set of readings is there when all three have come; where one never comes (the
gate refused it, or nobody weighed), the set is closed ``completion_window`` after its
last reading, and what is missing stays null: nothing is invented.
"""

from dataclasses import dataclass
from typing import Final

from twin.asset import AssetConfig, Effects, Figure, Json, ParameterSpec, SignalSpec, Twin
from twin.cell.restoring import integer, items, numbers, optional, text
from twin.cell.robust_window import RobustWindow
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.snapshot import Snapshot

_OPEN_CELLS: Final = 256
_SECOND_NS: Final = 1_000_000_000
_SIGNALS: Final = ("dry_cell_mass", "wet_cell_mass", "electrolyte_volume")


@dataclass(slots=True)
class _Cell:
    """A cell whose set is still open; ``values`` stand in the order of ``_SIGNALS``."""

    serial: str
    time_ns: int
    values: list[float | None]


class ElectrolyteFiller(Twin):
    """Says ``cell.filled`` {serial, dry_g, wet_g, electrolyte_g, volume_mL} for each cell;
    ``electrolyte_g`` is the wet less the dry mass, null unless both are known."""

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._window_ns = int(config.number("completion_window") * _SECOND_NS)
        scale = config.number("scale_resolution")
        self._dry = RobustWindow(scale)
        self._electrolyte = RobustWindow(2.0**0.5 * scale)
        self._volume = RobustWindow(config.number("volume_resolution"))
        self._open: dict[str, _Cell] = {}

    def step(self, reading: Reading, effects: Effects) -> None:
        if not reading.text or reading.signal not in _SIGNALS:
            return
        self.at(reading.time_ns, effects)
        cell = self._open.pop(reading.text, None)
        if cell is None:
            cell = _Cell(reading.text, reading.time_ns, [None] * len(_SIGNALS))
        cell.values[_SIGNALS.index(reading.signal)] = reading.value
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
        )
        return tuple(Figure(name, *known, unit) for name, known, unit in estimates if known)

    def snapshot(self) -> Snapshot:
        return {
            "dry": list(self._dry.values()),
            "electrolyte": list(self._electrolyte.values()),
            "volume": list(self._volume.values()),
            "open": [[c.serial, c.time_ns, list(c.values)] for c in self._open.values()],
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
        data: dict[str, Json] = {
            "serial": cell.serial,
            "dry_g": dry,
            "wet_g": wet,
            "electrolyte_g": electrolyte,
            "volume_mL": volume,
        }
        effects.emit(self.config, "cell.filled", cell.time_ns, data)


_HEAVIEST_CELL_G: Final = 20_000.0

KIND = Kind(
    name="electrolyte_filler",
    title="ElectrolyteFiller",
    layer=Layer.CELL,
    description="Doses electrolyte into a cell and weighs the cell before and after",
    signals=(
        SignalSpec(
            "dry_cell_mass",
            "g",
            "mass of the cell before filling; the reading's text is the cell's serial",
            above=0.0,
            maximum=_HEAVIEST_CELL_G,
            per_item=True,
        ),
        SignalSpec(
            "wet_cell_mass",
            "g",
            "mass of the cell after filling; the reading's text is the cell's serial",
            above=0.0,
            maximum=_HEAVIEST_CELL_G,
            per_item=True,
        ),
        SignalSpec(
            "electrolyte_volume",
            "mL",
            "volume dosed; the reading's text is the cell's serial",
            minimum=0.0,
            maximum=10_000.0,
            per_item=True,
        ),
    ),
    parameters=(
        ParameterSpec(
            "completion_window",
            "s",
            "how long after its last reading a cell may still get another one",
            default=900.0,
            minimum=1.0,
            source="longer than a filling cycle with its vacuum steps; set it per station",
        ),
        ParameterSpec(
            "scale_resolution",
            "g",
            "step of the scale's display",
            default=0.001,
            minimum=0.0,
            source="fillers are specified to ±0.05 g; their scales show 1 mg",
        ),
        ParameterSpec(
            "volume_resolution",
            "mL",
            "step of the dosing pump",
            default=0.01,
            minimum=0.0,
            source="assumption; the pump's data sheet says it",
        ),
    ),
    twin=ElectrolyteFiller,
)
