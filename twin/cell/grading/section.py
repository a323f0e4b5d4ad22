"""Grading: each cell's grade, linked to what it was made of and made on.

cell.graded ─▶ GRADE, with bins        cell.formed ─▶ GRADE by its first discharge, where the
                                                      channel has a ``grade_minimum``
A grade that is withheld is no step: neither good nor below grade.
"""

from collections import Counter
from collections.abc import Mapping
from typing import ClassVar

from twin.asset import AssetConfig, Event, Json
from twin.cell.cell_book import CellBook
from twin.cell.first_passes import FirstPasses
from twin.cell.rack_use import rack_of
from twin.cell.section import CellLayer, Section
from twin.cell.steps import known, serial_of, step
from twin.estimation import saved
from twin.plant.genealogy import BELOW_GRADE, GOOD, StepType
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_BINS = 100
_GROUPS = ("electrode_lot", "winding_head", "filler", "rack")
_STATIONS = {"wind": "winding_head", "stack": "stacking_station", "fill": "filler"}
_GRADED = {
    "capacity": "capacity [Ah]",
    "resistance": "resistance [mOhm]",
    "open_circuit_voltage": "open_circuit_voltage [V]",
    "grade": "grade",
    "probability": "grade_probability [1]",
    "bin": "bin",
    "bin_probability": "bin_probability [1]",
}


class GradingSection(Section):
    types: ClassVar[tuple[str, ...]] = ()

    def __init__(self, book: CellBook) -> None:
        self._book = book
        self._first_pass = FirstPasses(_GROUPS)
        self._bins: Counter[str] = Counter()
        self._withheld = self._near_edge = 0

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        """Nothing is kept by asset."""

    def on_event(self, event: Event, asset: AssetConfig, line: CellLayer) -> Decisions:
        serial = serial_of(event)
        if serial and event.kind == "cell.graded":
            return self._graded(event, serial, line)
        if serial and event.kind == "cell.formed":
            return self._formed(event, asset, serial, line)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: CellLayer) -> Decisions:
        """Grading proposes nothing."""
        return Decisions()

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """Grading proposes nothing."""

    def at(self, now_ns: int, line: CellLayer) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        return {
            **self._first_pass.kpis(),
            "bins": dict(self._bins),
            "grades_withheld": self._withheld,
            "grades_near_edge": self._near_edge,
        }

    def _graded(self, event: Event, serial: str, line: CellLayer) -> Decisions:
        bin_, grade = event.data.get("bin"), event.data.get("grade")
        if isinstance(bin_, str) and (bin_ in self._bins or len(self._bins) < _BINS):
            self._bins[bin_] += 1
        self._near_edge += event.data.get("near_edge") is True
        if not isinstance(grade, str):
            self._withheld += 1
            return Decisions()
        return self._grade(event, serial, grade, known(event, _GRADED), line)

    def _formed(
        self, event: Event, channel: AssetConfig, serial: str, line: CellLayer
    ) -> Decisions:
        self._book.of(serial).stations["form"] = event.asset
        capacity = event.data.get("first_discharge_Ah")
        minimum = channel.parameters.get("grade_minimum")
        if not isinstance(capacity, int | float):
            return Decisions()
        if not isinstance(minimum, int | float) or minimum <= 0.0:
            return Decisions()
        grade = GOOD if capacity >= minimum else BELOW_GRADE
        measured: dict[str, float | str] = {
            "discharge_capacity [Ah]": float(capacity),
            "grade_minimum [Ah]": float(minimum),
            "grade": grade,
        }
        return self._grade(event, serial, grade, measured, line)

    def _grade(
        self,
        event: Event,
        serial: str,
        grade: str,
        measured: Mapping[str, float | str],
        line: CellLayer,
    ) -> Decisions:
        lots = line.electrode_lots(serial)
        links: dict[str, float | str] = {}
        for electrode, lot in lots.items():
            links[f"{electrode}_lot" if electrode != "electrode" else "electrode_lot"] = lot
        for of, name in _STATIONS.items():
            if station := line.station(serial, of):
                links[name] = station
        channel = line.station(serial, "form")
        if channel and channel != event.asset:
            links["channel"] = channel
        unwetted = line.unwetted(serial)
        if unwetted is not None:
            links["unwetted_probability [1]"] = unwetted
        made = {
            "electrode_lot": tuple(lots.values()),
            "winding_head": tuple(filter(None, [line.station(serial, "wind")])),
            "filler": tuple(filter(None, [line.station(serial, "fill")])),
            "rack": (rack_of(channel),) if channel else (),
        }
        self._first_pass.grade(serial, grade == GOOD, made)
        inputs = (serial, *dict.fromkeys(lots.values()))
        graded = step(event, StepType.GRADE, serial, {**measured, **links}, inputs)
        return Decisions(steps=[graded])

    def snapshot(self) -> Snapshot:
        return {
            "first_pass": self._first_pass.snapshot(),
            "bins": dict(self._bins),
            "withheld": self._withheld,
            "near_edge": self._near_edge,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._first_pass.restore(saved.fields(snapshot["first_pass"]))
        bins = saved.fields(snapshot["bins"])
        self._bins = Counter({name: saved.whole(n) for name, n in bins.items()})
        self._withheld = saved.whole(snapshot["withheld"])
        self._near_edge = saved.whole(snapshot["near_edge"])
