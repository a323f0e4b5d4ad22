"""The contract between an asset's twin and everything around it.

A twin is a pure function of its messages. Readings go in, already gated; effects come
out; the only clock is the one that the messages carry. The same messages in the same
order give the same state to the bit, however they were cut into frames.

    Frame ─▶ gate ─▶ Cohort.step(reading) ─▶ Effects(events)
                     Cohort.at(now)       ─▶ Effects(events)
                     Cohort.snapshot() ◀─▶ Cohort.restore()

A kind is written once, as a ``Twin`` of one asset. ``TwinCohort`` hosts any number of
them; a kind that must scale brings a vectorised ``Cohort`` of its own.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from twin.frame import Reading
from twin.snapshot import Snapshot

Json: TypeAlias = "None | bool | int | float | str | Sequence[Json] | Mapping[str, Json]"


@dataclass(frozen=True, slots=True)
class SignalSpec:
    """What a kind expects of one of its signals; the gate holds readings to it.

    ``unit`` is None for a text signal. ``minimum`` and ``maximum`` bound what is
    physically plausible (inclusive), in ``unit``; ``above`` is an exclusive lower bound.
    ``max_rate`` is in unit per second. ``flat_after`` readings in a row with the very
    same value are a stuck sensor; ``gap_after_s`` seconds without a reading are a gap.
    ``per_item`` marks a measurement of one piece after another (a weighing): rate, flat
    line and gap do not apply, and each refused reading is reported by itself.
    ``required`` signals must be bound before the twin can estimate anything.
    """

    name: str
    unit: str | None
    description: str
    minimum: float | None = None
    above: float | None = None
    maximum: float | None = None
    max_rate: float | None = None
    flat_after: int | None = None
    gap_after_s: float | None = None
    per_item: bool = False
    required: bool = False

    @property
    def is_text(self) -> bool:
        return self.unit is None


@dataclass(frozen=True, slots=True)
class ParameterSpec:
    """A figure that an integrator sets: unit, default, limits, and where it comes from."""

    name: str
    unit: str | None
    description: str
    default: float | str | None = None
    minimum: float | None = None
    maximum: float | None = None
    source: str = ""

    @property
    def required(self) -> bool:
        return self.default is None


@dataclass(frozen=True, slots=True)
class Limits:
    """Plausible bounds of one signal of one asset, narrower than the kind's."""

    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class AssetConfig:
    """What a twin is told of its asset: the registry's record in the kind's own units.

    ``uid`` changes when a name is deleted and used again; ``name`` does not.
    """

    name: str
    uid: str
    kind: str
    parent: str = ""
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    limits: Mapping[str, Limits] = field(default_factory=dict)

    def number(self, parameter: str) -> float:
        """A numeric parameter, in the unit of its ParameterSpec."""
        value = self.parameters[parameter]
        if isinstance(value, str):
            raise TypeError(f"parameter {parameter!r} of {self.name!r} is text, not a number")
        return value


@dataclass(frozen=True, slots=True)
class Event:
    """Something that a twin has found out, for its supervisor.

    The id is made from the cause: ``uid`` and ``sequence`` count the events of one twin,
    and both are part of its state, so a twin that replays its messages says the same
    event under the same id again.
    """

    asset: str
    uid: str
    sequence: int
    kind: str
    time_ns: int
    data: Mapping[str, Json]

    @property
    def id(self) -> str:
        return f"{self.uid}:{self.sequence}:{self.kind}"


@dataclass(frozen=True, slots=True)
class Figure:
    """An estimate as people see it: value and width (one standard deviation) in a unit."""

    name: str
    value: float
    sd: float
    unit: str


class Effects:
    """What a twin asks of the world while it handles one message. Filled by the twin."""

    __slots__ = ("events", "_sequences")

    def __init__(self, sequences: dict[str, int]) -> None:
        self.events: list[Event] = []
        self._sequences = sequences

    def emit(self, asset: AssetConfig, kind: str, time_ns: int, data: Mapping[str, Json]) -> None:
        sequence = self._sequences.get(asset.name, 0) + 1
        self._sequences[asset.name] = sequence
        self.events.append(Event(asset.name, asset.uid, sequence, kind, time_ns, data))


class Twin(ABC):
    """One asset: its estimator, its model, what it says.

    Subclasses keep all that matters in ``snapshot``, and nothing else may influence what
    they do. ``step`` gets only readings that passed the gate, in order of arrival, with
    the signal's own unit; source times of one signal never run backwards.
    """

    def __init__(self, config: AssetConfig) -> None:
        self.config = config

    @abstractmethod
    def step(self, reading: Reading, effects: Effects) -> None:
        """Take one accepted reading."""

    def at(self, now_ns: int, effects: Effects) -> None:  # noqa: B027
        """The clock has moved to ``now_ns`` (never backwards); most twins don't care."""

    @abstractmethod
    def figures(self) -> tuple[Figure, ...]:
        """The present estimates; empty while nothing is known."""

    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None: ...


class Cohort(ABC):
    """1..N twins of one kind, stepped together."""

    @abstractmethod
    def assets(self) -> tuple[str, ...]: ...

    @abstractmethod
    def step(self, reading: Reading, effects: Effects) -> None: ...

    def step_all(self, readings: Sequence[Reading], effects: Effects) -> None:
        """Take the accepted readings of a frame; a vectorised cohort overrides this."""
        for reading in readings:
            self.step(reading, effects)

    @abstractmethod
    def at(self, now_ns: int, effects: Effects) -> None: ...

    @abstractmethod
    def figures(self, asset: str) -> tuple[Figure, ...]: ...

    @abstractmethod
    def snapshot(self) -> Snapshot:
        """Keyed by asset: each can be left out of what ``restore`` gets."""

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None:
        """Assets that the snapshot does not hold start anew."""


class TwinCohort(Cohort):
    """Any number of single twins, side by side."""

    def __init__(self, twins: Sequence[Twin]) -> None:
        self._twins = {twin.config.name: twin for twin in twins}

    def assets(self) -> tuple[str, ...]:
        return tuple(self._twins)

    def step(self, reading: Reading, effects: Effects) -> None:
        self._twins[reading.asset].step(reading, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        for twin in self._twins.values():
            twin.at(now_ns, effects)

    def figures(self, asset: str) -> tuple[Figure, ...]:
        return self._twins[asset].figures()

    def snapshot(self) -> Snapshot:
        return {name: twin.snapshot() for name, twin in self._twins.items()}

    def restore(self, snapshot: Snapshot) -> None:
        for name, state in snapshot.items():
            if name in self._twins:
                assert isinstance(state, dict)
                self._twins[name].restore(state)
