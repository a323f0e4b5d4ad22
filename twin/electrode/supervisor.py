"""The electrode layer's rules: sections of the line, and one desk for what they propose.

events ─▶ coating | drying | calendering ─▶ desk ─▶ a person, the MES ─▶ effect measured
"""

from collections.abc import Mapping

from twin.asset import AssetConfig, Event, Json
from twin.electrode.calendering.section import CalenderSection
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.section import CoatingSection
from twin.electrode.desk import Desk
from twin.electrode.drying.section import DryingSection
from twin.electrode.section import Line, Section
from twin.estimation import saved
from twin.plant.recommendation import Recommendation, Step
from twin.plant.supervision import Command, Decisions, LayerRules
from twin.snapshot import Snapshot


class ElectrodeRules(LayerRules, Line):
    layer = "electrode"

    def __init__(self) -> None:
        self._desk = Desk()
        self._coating = CoatingSection(self._desk)
        self._sections: dict[str, Section] = {
            "coating": self._coating,
            "drying": DryingSection(self._desk),
            "calendering": CalenderSection(self._desk),
        }
        self._assets: dict[str, AssetConfig] = {}

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._assets = dict(assets)
        for section in self._sections.values():
            section.assets_changed(assets)

    def on_event(self, event: Event) -> Decisions:
        asset = self._assets.get(event.asset)
        decisions = Decisions()
        if asset is None or asset.uid != event.uid:
            return decisions
        for section in self._sections.values():
            decisions.merge(section.on_event(event, asset, self))
        return decisions

    def on_command(self, command: Command, now_ns: int) -> Decisions:
        decisions, moved = self._desk.on_command(command, now_ns)
        if moved is None:
            return decisions
        found, step = moved
        section = self._section_of(found)
        if step is Step.REPORT_APPLIED:
            decisions.merge(section.applied(found, now_ns, self))
        elif step is Step.REJECT:
            section.rejected(found, now_ns)
        return decisions

    def at(self, now_ns: int) -> Decisions:
        decisions = self._desk.at(now_ns)
        for section in self._sections.values():
            decisions.merge(section.at(now_ns, self))
        return decisions

    def kpis(self) -> Mapping[str, Json]:
        kpis: dict[str, Json] = {"recommendations": self._desk.book.counts()}
        for section in self._sections.values():
            kpis.update(section.kpis())
        return kpis

    def recommendation(self, id: str) -> Recommendation:
        """As it is now. Raises NotFound."""
        return self._desk.book.get(id)

    def coater_history(self, coater: str) -> CoaterHistory | None:
        return self._coating.coaters.get(coater)

    def loading(self, coater: str) -> tuple[float, float] | None:
        return self._coating.loading_of(coater)

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        return self._coating.lot_loading(lot)

    def _section_of(self, found: Recommendation) -> Section:
        return next(s for s in self._sections.values() if found.type in s.types)

    def snapshot(self) -> Snapshot:
        return {
            "desk": self._desk.snapshot(),
            **{name: section.snapshot() for name, section in self._sections.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._desk.restore(saved.fields(snapshot["desk"]))
        for name, section in self._sections.items():
            if name in snapshot:
                section.restore(saved.fields(snapshot[name]))
