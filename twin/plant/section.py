"""A part of a layer's supervisor with rules of its own, and the rules that hold such parts.

events ─▶ section | section | … ─▶ desk ─▶ a person, the MES ─▶ effect measured

Every event goes to every section; a person's command to the one that owns the
recommendation's type.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from typing import ClassVar, Generic, TypeVar

from twin.asset import AssetConfig, Event, Json
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

Asked = TypeVar("Asked", contravariant=True)
"""What a section may ask of the rest of its layer."""


class Section(ABC, Generic[Asked]):
    """Pure: time comes with events and commands, and all that matters is in the snapshot."""

    types: ClassVar[tuple[str, ...]]
    """Types of recommendation that it proposes."""

    @abstractmethod
    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        """All assets of the layer, as the registry has them now."""

    @abstractmethod
    def on_event(self, event: Event, asset: AssetConfig, line: Asked) -> Decisions: ...

    @abstractmethod
    def applied(self, found: Recommendation, now_ns: int, line: Asked) -> Decisions:
        """The MES has written it: its effect is measured from here on."""

    @abstractmethod
    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """A person has said no: it is not said again unless there is more to it."""

    @abstractmethod
    def at(self, now_ns: int, line: Asked) -> Decisions: ...

    @abstractmethod
    def kpis(self) -> Mapping[str, Json]: ...

    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None: ...
