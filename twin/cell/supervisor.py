"""The cell layer's rules: sections of the line, and one desk for what they propose.

events ─▶ winding | filling | forming | formation | grading ─▶ desk ─▶ a person, the MES
lot.porosity, from the electrode layer ─▶ what cells of that lot need
"""

from collections.abc import Mapping

from twin.asset import AssetConfig, Event, Json
from twin.cell.cell_book import CellBook
from twin.cell.filling.section import FillingSection
from twin.cell.first_passes import wilson
from twin.cell.formation.section import FormationSection
from twin.cell.forming import FormingSection
from twin.cell.grading.section import GradingSection
from twin.cell.lot_book import LotBook
from twin.cell.section import CellLayer, Porosity, Soak
from twin.cell.winding.section import WindingSection
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.section import Section
from twin.plant.sectioned_rules import SectionedRules
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

__all__ = ["CellRules", "wilson"]


class CellRules(SectionedRules[CellLayer], CellLayer):
    layer = "cell"

    def __init__(self) -> None:
        desk = Desk("the cell layer")
        self._book = CellBook()
        self._lots = LotBook()
        sections: dict[str, Section[CellLayer]] = {
            "winding": WindingSection(desk, self._book),
            "filling": FillingSection(desk, self._book),
            "forming": FormingSection(self._book),
            "formation": FormationSection(desk),
            "grading": GradingSection(self._book),
        }
        super().__init__(desk, sections)

    def on_event(self, event: Event) -> Decisions:
        """Also of an asset that the registry no longer has: what it told is recorded, and
        ``kind`` is empty, so that nothing is concluded."""
        if event.kind == "lot.porosity" and not self._lots.take(event):
            return Decisions()
        asset = self._assets.get(event.asset)
        if asset is None or asset.uid != event.uid:
            asset = AssetConfig(event.asset, event.uid, kind="")
        return self._show(event, asset)

    def kpis(self) -> Mapping[str, Json]:
        """``lots_known``: electrode lots whose porosity has been handed over."""
        return {**super().kpis(), "lots_known": len(self._lots)}

    def lot_porosity(self, lot: str) -> Porosity | None:
        return self._lots.porosity(lot)

    def electrode_lots(self, serial: str) -> Mapping[str, str]:
        cell = self._book.get(serial)
        return {} if cell is None else dict(cell.lots)

    def jellyrolls(self, serial: str) -> tuple[str, ...]:
        cell = self._book.get(serial)
        return () if cell is None else cell.jellyrolls

    def station(self, serial: str, step: str) -> str:
        cell = self._book.get(serial)
        return "" if cell is None else cell.stations.get(step, "")

    def electrolyte(self, serial: str) -> float | None:
        cell = self._book.get(serial)
        return None if cell is None else cell.electrolyte

    def soak(self, serial: str) -> Soak | None:
        cell = self._book.get(serial)
        return None if cell is None else cell.soak

    def unwetted(self, serial: str) -> float | None:
        cell = self._book.get(serial)
        return None if cell is None else cell.unwetted

    def _line(self) -> CellLayer:
        return self

    def snapshot(self) -> Snapshot:
        return {
            **super().snapshot(),
            "book": self._book.snapshot(),
            "lots": self._lots.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        """A checkpoint from before the layer had sections is of no use: it starts anew."""
        if "desk" not in snapshot:
            return
        super().restore(snapshot)
        self._book.restore(saved.fields(snapshot["book"]))
        self._lots.restore(saved.fields(snapshot["lots"]))
