"""What every layer's rules share: events in once, commands in, effects out.

A supervisor's rules are pure as a twin is: time comes in with each message. The shell
keeps ``snapshot()``, together with the intake's, in one write before it acknowledges.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from twin.asset import AssetConfig, Event, Json
from twin.plant.genealogy import ProcessStep
from twin.plant.recommendation import Recommendation
from twin.snapshot import Snapshot


class HandedOn(NamedTuple):
    """An event of one layer that another one needs, as it was told."""

    layer: str
    event: Event


@dataclass(slots=True)
class Decisions:
    """Effects of one message on a supervisor. ``refused`` are events of quarantined
    readings, for the record. ``downward`` is for other layers, from the plant's rules."""

    recommendations: list[Recommendation] = field(default_factory=list)
    steps: list[ProcessStep] = field(default_factory=list)
    upward: list[Event] = field(default_factory=list)
    refused: list[Event] = field(default_factory=list)
    downward: list[HandedOn] = field(default_factory=list)

    def merge(self, other: "Decisions") -> None:
        self.recommendations += other.recommendations
        self.steps += other.steps
        self.upward += other.upward
        self.refused += other.refused
        self.downward += other.downward


@dataclass(frozen=True, slots=True)
class Approve:
    id: str
    by: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Reject:
    id: str
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class ReportApplied:
    id: str
    by: str
    value: float
    applied_ns: int


Command = Approve | Reject | ReportApplied


class LayerRules(ABC):
    """The pure part of a layer's supervisor."""

    layer: str

    @abstractmethod
    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        """The assets of this layer, all of them, as the registry has them now."""

    @abstractmethod
    def on_event(self, event: Event) -> Decisions: ...

    @abstractmethod
    def on_command(self, command: Command, now_ns: int) -> Decisions:
        """Raises NotFound for an unknown recommendation, IllegalTransition where the
        state does not allow it, InvalidInput where the applied value is out of limits."""

    @abstractmethod
    def at(self, now_ns: int) -> Decisions:
        """The clock has moved; recommendations may expire."""

    @abstractmethod
    def kpis(self) -> Mapping[str, Json]: ...

    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None: ...


class EventIntake:
    """Counts every event once: repeats are dropped by the asset's own event counter.

    Events of one twin arrive in order (its outbox is sent in order and kept until it is
    acknowledged), so one number an asset is enough.
    """

    def __init__(self) -> None:
        self._seen: dict[str, int] = {}
        self.repeats = 0

    def is_new(self, event: Event) -> bool:
        """Raises nothing; counts the repeats."""
        if event.sequence <= self._seen.get(event.uid, 0):
            self.repeats += 1
            return False
        self._seen[event.uid] = event.sequence
        return True

    def snapshot(self) -> Snapshot:
        return {"seen": dict(self._seen), "repeats": self.repeats}

    def restore(self, snapshot: Snapshot) -> None:
        seen, repeats = snapshot["seen"], snapshot["repeats"]
        assert isinstance(seen, dict)
        assert isinstance(repeats, int)
        self._seen = {uid: int(n) for uid, n in seen.items() if isinstance(n, int)}
        self.repeats = repeats
