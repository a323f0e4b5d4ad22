"""A part of the electrode supervisor with rules of its own: drying, calendering.

The supervisor hands every event to every section, and a person's command to the section
that owns the recommendation's type.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Protocol

from twin.asset import AssetConfig, Event, Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot


class Line(Protocol):
    """What a section may ask of the rest of the layer. None: nothing is known of it."""

    def coater_history(self, coater: str) -> CoaterHistory | None:
        """Speed, lots and metres of a coater."""

    def loading(self, coater: str) -> tuple[float, float] | None:
        """Loading that the coater lays now [mg/cm2] and its standard deviation."""

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        """Mean loading of an electrode lot [mg/cm2] and its standard deviation."""


class Section(ABC):
    """Pure: time comes with events and commands, and all that matters is in the snapshot."""

    types: ClassVar[tuple[str, ...]]
    """Types of recommendation that it proposes."""

    @abstractmethod
    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        """All assets of the layer, as the registry has them now."""

    @abstractmethod
    def on_event(self, event: Event, asset: AssetConfig, line: Line) -> Decisions: ...

    @abstractmethod
    def applied(self, found: Recommendation, now_ns: int, line: Line) -> Decisions:
        """The MES has written it: its effect is measured from here on."""

    @abstractmethod
    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """A person has said no: it is not said again unless there is more to it."""

    @abstractmethod
    def at(self, now_ns: int, line: Line) -> Decisions: ...

    @abstractmethod
    def kpis(self) -> Mapping[str, Json]: ...

    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None: ...
