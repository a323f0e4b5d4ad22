"""A layer's rules as sections, with one desk for what they propose."""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Generic, TypeVar

from twin.asset import AssetConfig, Event, Json
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, Step
from twin.plant.section import Section
from twin.plant.supervision import Command, Decisions, LayerRules
from twin.snapshot import Snapshot

Line = TypeVar("Line")


class SectionedRules(LayerRules, Generic[Line]):
    """``Line`` is what a section may ask of the rest of the layer."""

    def __init__(self, desk: Desk, sections: Mapping[str, Section[Line]]) -> None:
        self._desk = desk
        self._sections = dict(sections)
        self._assets: dict[str, AssetConfig] = {}

    @abstractmethod
    def _line(self) -> Line:
        """Who answers the sections' questions."""

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._assets = dict(assets)
        for section in self._sections.values():
            section.assets_changed(assets)

    def on_event(self, event: Event) -> Decisions:
        asset = self._assets.get(event.asset)
        if asset is None or asset.uid != event.uid:
            return Decisions()
        return self._show(event, asset)

    def on_command(self, command: Command, now_ns: int) -> Decisions:
        decisions, moved = self._desk.on_command(command, now_ns)
        if moved is None:
            return decisions
        found, step = moved
        section = next(s for s in self._sections.values() if found.type in s.types)
        if step is Step.REPORT_APPLIED:
            decisions.merge(section.applied(found, now_ns, self._line()))
        elif step is Step.REJECT:
            section.rejected(found, now_ns)
        return decisions

    def at(self, now_ns: int) -> Decisions:
        decisions = self._desk.at(now_ns)
        for section in self._sections.values():
            decisions.merge(section.at(now_ns, self._line()))
        return decisions

    def kpis(self) -> Mapping[str, Json]:
        kpis: dict[str, Json] = {"recommendations": self._desk.book.counts()}
        for section in self._sections.values():
            kpis.update(section.kpis())
        return kpis

    def recommendation(self, id: str) -> Recommendation:
        """As it is now. Raises NotFound."""
        return self._desk.book.get(id)

    def _show(self, event: Event, asset: AssetConfig) -> Decisions:
        decisions = Decisions()
        for section in self._sections.values():
            decisions.merge(section.on_event(event, asset, self._line()))
        return decisions

    def snapshot(self) -> Snapshot:
        return {
            "desk": self._desk.snapshot(),
            **{name: section.snapshot() for name, section in self._sections.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        """A section that is new starts empty under an old checkpoint."""
        self._desk.restore(saved.fields(snapshot["desk"]))
        for name, section in self._sections.items():
            if name in snapshot:
                section.restore(saved.fields(snapshot[name]))
