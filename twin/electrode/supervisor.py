"""The electrode layer's rules: sections of the line, and one desk for what they propose.

events ─▶ coating | drying | calendering ─▶ desk ─▶ a person, the MES ─▶ effect measured
"""

from twin.electrode.calendering.section import CalenderSection
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.section import CoatingSection
from twin.electrode.drying.section import DryingSection
from twin.electrode.section import Line
from twin.plant.desk import Desk
from twin.plant.sectioned_rules import SectionedRules


class ElectrodeRules(SectionedRules[Line], Line):
    layer = "electrode"

    def __init__(self) -> None:
        desk = Desk("the electrode layer")
        self._coating = CoatingSection(desk)
        sections = {
            "coating": self._coating,
            "drying": DryingSection(desk),
            "calendering": CalenderSection(desk),
        }
        super().__init__(desk, sections)

    def coater_history(self, coater: str) -> CoaterHistory | None:
        return self._coating.coaters.get(coater)

    def loading(self, coater: str) -> tuple[float, float] | None:
        return self._coating.loading_of(coater)

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        return self._coating.lot_loading(lot)

    def _line(self) -> Line:
        return self
