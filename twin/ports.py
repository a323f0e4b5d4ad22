"""What the shells need of the stores, as protocols: a fake and a real one for each.

Methods raise ``twin.errors.Unavailable`` when the store is away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from twin.plant.genealogy import ProcessStep
from twin.plant.recommendation import Recommendation, State


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of a stream; ids ascend as ``<ms>-<n>`` and compare by position only."""

    stream: str
    id: str
    data: bytes


START = "0-0"


def order(id_: str) -> tuple[int, int]:
    """A stream's id as something that compares as the ids do."""
    milliseconds, _, count = id_.partition("-")
    return int(milliseconds), int(count or 0)


class Backbone(Protocol):
    """Ordered, durable streams of bytes (Redis streams)."""

    async def append(self, stream: str, data: bytes) -> str:
        """Returns the entry's id once the entry is on the stream."""
        ...

    async def read(
        self, after: Mapping[str, str], *, block_ms: int | None = None, count: int = 64
    ) -> Sequence[Entry]:
        """Entries after the given id of each stream, oldest first within a stream.
        Waits up to ``block_ms`` for the first one; empty when none came."""
        ...

    async def last_id(self, stream: str) -> str:
        """Id of the newest entry ever appended, START for an unknown stream."""
        ...

    async def trim(self, stream: str, before: str) -> None:
        """Forget the entries with an id lower than ``before``; the newest hundred or so of
        them may stay, for a store drops whole blocks."""
        ...


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A host's state and the stream position that it holds: one write, all or nothing."""

    position: str
    incarnation: int
    state: bytes


class Checkpoints(Protocol):
    async def next_incarnation(self, host: str) -> int:
        """Counts up at each start of a host; a lower number is fenced off from then on."""
        ...

    async def load(self, host: str) -> Checkpoint | None: ...

    async def save(self, host: str, checkpoint: Checkpoint) -> None:
        """Raises Fenced where a newer incarnation exists."""
        ...

    async def delete(self, host: str) -> None: ...


@dataclass(frozen=True, slots=True)
class RecommendationQuery:
    states: tuple[State, ...] = ()
    asset: str = ""
    limit: int = 100
    after: tuple[int, str] | None = None
    """(created_ns, id) of the last one already had; newest come first."""


class Records(Protocol):
    """Recommendations and genealogy (SQLite or PostgreSQL). Writes are idempotent."""

    def save_recommendations(self, recommendations: Sequence[Recommendation]) -> None:
        """Insert or replace by id; a revision not above the stored one changes nothing."""
        ...

    def recommendation(self, id: str) -> Recommendation:
        """Raises NotFound."""
        ...

    def recommendations(self, query: RecommendationQuery) -> Sequence[Recommendation]: ...

    def record_steps(self, steps: Sequence[ProcessStep]) -> int:
        """Returns how many were new."""
        ...

    def steps_of(self, piece: str) -> Sequence[ProcessStep]:
        """Steps that took the piece in or put it out, oldest first."""
        ...
