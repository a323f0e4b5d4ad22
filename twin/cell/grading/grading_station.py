"""A grading station: capacity, resistance and voltage at rest of each cell, and its bin.

A cell is graded when capacity and resistance are there (and the voltage, or the window has
passed). What never came is null, and where the grade rests on it there is no grade.
"""

from dataclasses import dataclass, field
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.cell.grading.bins import above, edges
from twin.cell.grading.grading_station_spec import MEASURED, PARAMETERS, SIGNALS
from twin.cell.robust_window import RobustWindow
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.plant.genealogy import BELOW_GRADE, GOOD
from twin.snapshot import Snapshot, Value

_SECOND_NS: Final = 1_000_000_000
_OPEN: Final = 256
_CLOSED: Final = 256
_UNITS: Final = {"capacity": "Ah", "resistance": "mOhm", "open_circuit_voltage": "V"}


@dataclass(slots=True)
class _Cell:
    serial: str
    time_ns: int
    seen: dict[str, float] = field(default_factory=dict)


class GradingStation(Twin):
    """Says ``cell.graded`` {serial, capacity, resistance, open_circuit_voltage, grade,
    probability, near_edge, bin, bin_probability, reason} once for each cell.

    ``probability`` (0..1): that the true values give the same grade. ``bin`` is C<n>R<m>;
    null where capacity or resistance is missing. ``grade`` is null where no limit is set.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._window_ns = round(self._number("completion_window") * _SECOND_NS)
        self._capacity = edges(settings.text(config, "capacity_edges"), "capacity_edges")
        self._resistance = edges(settings.text(config, "resistance_edges"), "resistance_edges")
        self._sure = self._number("guard_probability") / 100
        self._open: dict[str, _Cell] = {}
        self._closed: dict[str, None] = {}
        self._windows = {name: RobustWindow(0.0) for name in MEASURED}

    def step(self, reading: Reading, effects: Effects) -> None:
        self.at(reading.time_ns, effects)
        if not reading.text or reading.signal not in MEASURED or reading.text in self._closed:
            return
        cell = self._open.setdefault(reading.text, _Cell(reading.text, reading.time_ns))
        cell.seen[reading.signal] = reading.value
        cell.time_ns = max(cell.time_ns, reading.time_ns)
        if len(cell.seen) == len(MEASURED):
            self._close(cell, effects)
        elif len(self._open) > _OPEN:
            self._close(next(iter(self._open.values())), effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        for cell in [c for c in self._open.values() if c.time_ns + self._window_ns < now_ns]:
            self._close(cell, effects)

    def figures(self) -> tuple[Figure, ...]:
        found = ((name, window.location()) for name, window in self._windows.items())
        return tuple(Figure(name, *known, _UNITS[name]) for name, known in found if known)

    def _close(self, cell: _Cell, effects: Effects) -> None:
        del self._open[cell.serial]
        self._closed[cell.serial] = None
        if len(self._closed) > _CLOSED:
            del self._closed[next(iter(self._closed))]
        for name, value in cell.seen.items():
            self._windows[name].add(value)
        grade, probability, reason = self._graded(cell.seen)
        bin_, in_bin = self._bin(cell.seen)
        data: dict[str, Json] = {
            "serial": cell.serial,
            **{name: cell.seen.get(name) for name in MEASURED},
            "grade": grade,
            "probability": probability,
            "near_edge": None if probability is None else probability < self._sure,
            "bin": bin_,
            "bin_probability": in_bin,
            "reason": reason,
        }
        effects.emit(self.config, "cell.graded", cell.time_ns, data)

    def _graded(self, seen: dict[str, float]) -> tuple[str | None, float | None, str]:
        """Grade, its probability, and why. A limit of 0 is none."""
        limits = (
            ("capacity", 1.0, "grade_minimum", self._sd("capacity", seen)),
            ("resistance", -1.0, "resistance_maximum", self._sd("resistance", seen)),
            ("open_circuit_voltage", 1.0, "voltage_minimum", self._number("voltage_sd")),
        )
        passed, failed, missing = 1.0, [], []
        for name, sign, limit, sd in limits:
            edge, value = self._number(limit), seen.get(name)
            if not edge:
                continue
            if value is None:
                missing.append(name)
                continue
            passed *= above(sign * value, sign * edge, sd)
            if sign * value < sign * edge:
                failed.append(f"{name} {value:.4g} {_UNITS[name]}, limit {edge:g}")
        if failed:
            # It fails by what was measured, whatever the rest would have been.
            return BELOW_GRADE, 1 - passed, "; ".join(failed)
        if missing:
            return None, None, f"not measured: {', '.join(missing)}"
        if not any(self._number(limit) for _, _, limit, _ in limits):
            return None, None, "no limit is set"
        return GOOD, passed, ""

    def _bin(self, seen: dict[str, float]) -> tuple[str | None, float | None]:
        capacity, resistance = seen.get("capacity"), seen.get("resistance")
        if capacity is None or resistance is None:
            return None, None
        probability = self._capacity.probability(capacity, self._sd("capacity", seen))
        probability *= self._resistance.probability(resistance, self._sd("resistance", seen))
        return f"C{self._capacity.of(capacity)}R{self._resistance.of(resistance)}", probability

    def _sd(self, name: str, seen: dict[str, float]) -> float:
        """Of a capacity or resistance as measured, in its unit."""
        return self._number(f"{name}_accuracy") / 100 * abs(seen.get(name, 0.0))

    def _number(self, parameter: str) -> float:
        return settings.number(self.config, parameter)

    def snapshot(self) -> Snapshot:
        open_: list[Value] = [[c.serial, c.time_ns, dict(c.seen)] for c in self._open.values()]
        return {
            "open": open_,
            "closed": list(self._closed),
            "windows": {name: list(window.values()) for name, window in self._windows.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._open = {}
        for serial, time_ns, seen in map(saved.items, saved.items(snapshot["open"])):
            values = {name: saved.number(value) for name, value in saved.fields(seen).items()}
            self._open[saved.text(serial)] = _Cell(saved.text(serial), saved.whole(time_ns), values)
        self._closed = dict.fromkeys(map(saved.text, saved.items(snapshot["closed"])))
        for name, window in saved.fields(snapshot["windows"]).items():
            self._windows[name].replace(map(saved.number, saved.items(window)))


KIND = Kind(
    name="grading_station",
    title="GradingStation",
    layer=Layer.CELL,
    description="Measures capacity, resistance and voltage at rest of cells, and bins them",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=GradingStation,
)
