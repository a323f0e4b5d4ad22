"""Formation as a step of each cell's way, and as the plant's bottleneck."""

from collections.abc import Mapping
from typing import ClassVar, Final

from twin.asset import AssetConfig, Event, Json
from twin.cell.cell_book import CellBook
from twin.cell.rack_use import RackUse
from twin.cell.section import CellLayer, Section
from twin.cell.steps import known, serial_of, step
from twin.estimation import saved
from twin.plant.genealogy import StepType
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_FORMED: Final = {
    "first_charge_Ah": "charge_capacity [Ah]",
    "first_discharge_Ah": "discharge_capacity [Ah]",
    "first_efficiency": "coulombic_efficiency [1]",
}


class FormingSection(Section):
    """cell.started, cell.formed ─▶ FORM, use of the racks, throughput. What formation finds
    out of a cell is a section of its own."""

    types: ClassVar[tuple[str, ...]] = ()

    def __init__(self, book: CellBook) -> None:
        self._book = book
        self._formed = 0
        self._channels: tuple[str, ...] = ()
        self._racks = RackUse()

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._channels = tuple(n for n, a in assets.items() if a.kind == "cycler_channel")
        self._racks.keep_only(self._channels)

    def on_event(self, event: Event, asset: AssetConfig, line: CellLayer) -> Decisions:
        serial = serial_of(event)
        if serial and event.kind in ("cell.started", "cell.formed"):
            self._book.of(serial).stations["form"] = event.asset
        if serial and event.kind == "cell.started" and asset.kind:
            self._racks.started(event.asset, event.time_ns)
        if not serial or event.kind != "cell.formed":
            return Decisions()
        self._formed += 1
        self._racks.formed(event.asset, event.time_ns)
        return Decisions(steps=[step(event, StepType.FORM, serial, known(event, _FORMED))])

    def applied(self, found: Recommendation, now_ns: int, line: CellLayer) -> Decisions:
        """It proposes nothing."""
        return Decisions()

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """It proposes nothing."""

    def at(self, now_ns: int, line: CellLayer) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        return {"formed": self._formed, **self._racks.kpis(self._channels)}

    def snapshot(self) -> Snapshot:
        return {"formed": self._formed, "racks": self._racks.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        self._formed = saved.whole(snapshot["formed"])
        self._racks.restore(saved.fields(snapshot["racks"]))
