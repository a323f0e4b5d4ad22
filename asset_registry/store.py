"""What the registry asks of its store. Two stores keep this promise: memory and Redis.

A commit is all or nothing and checks, in the same step, that nothing it was decided on
has changed. Every method raises ``twin.errors.Unavailable`` when the store is away.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Final, Protocol

from asset_registry.record import AssetRecord, AssetState

REQUEST_LIFE_S: Final = 24 * 3600
WAITING: Final = "waiting for its actor"


class ChangeKind(StrEnum):
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNDELETED = "undeleted"
    STATUS = "status"


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the feed; ids ascend as ``<ms>-<n>`` and compare by position only."""

    id: str
    kind: ChangeKind
    name: str
    uid: str


@dataclass(frozen=True, slots=True)
class Write:
    """A record to store in place of ``before`` (None: the name must be free)."""

    kind: ChangeKind
    before: AssetRecord | None
    after: AssetRecord


@dataclass(frozen=True, slots=True)
class Remembered:
    """The answer to a request id, kept for a day; ``fingerprint`` is the request's."""

    request_id: str
    fingerprint: str
    answer: tuple[AssetRecord, ...]


@dataclass(frozen=True, slots=True)
class Commit:
    """``guards`` names records that must still have this etag ("" for no such record)."""

    writes: tuple[Write, ...]
    guards: Mapping[str, str] = field(default_factory=dict)
    remember: Remembered | None = None


@dataclass(frozen=True, slots=True)
class Query:
    """``place`` takes the assets below it: those whose parent it is or lies under it."""

    after: str = ""
    limit: int = 100
    kind: str = ""
    place: str = ""
    show_deleted: bool = False


@dataclass(frozen=True, slots=True)
class Status:
    """The live state of an asset, as its actor or its edge knows it."""

    state: AssetState
    reason: str
    time_ns: int = 0


class AssetStore(Protocol):
    async def get(self, names: Sequence[str]) -> tuple[AssetRecord | None, ...]:
        """The records with their live state, deleted ones too, in the order asked for."""
        ...

    async def page(self, query: Query) -> tuple[AssetRecord, ...]:
        """At most ``limit`` records in the order of their names; fewer only at the end."""
        ...

    async def commit(self, commit: Commit) -> str | None:
        """None once all is stored; else what stood in the way, and nothing is stored.

        In the way are: a name that is taken or whose record is not ``before`` any more,
        a guard that fails, a node that another asset binds, an asset to delete that has
        live children, a request id that has an answer already.
        """
        ...

    async def holders(self, keys: Sequence[str]) -> Mapping[str, str]:
        """Which asset binds each of these nodes; free ones are left out."""
        ...

    async def children(self, name: str, limit: int = 3) -> tuple[str, ...]:
        """Live assets that name this one as their parent."""
        ...

    async def remembered(self, request_id: str) -> Remembered | None: ...

    async def set_status(self, name: str, state: AssetState, reason: str) -> None:
        """Notes the live state; only a change of it goes to the feed.

        An unknown or a deleted asset is passed over: its actor may be late to hear.
        """
        ...

    async def set_statuses(self, statuses: Mapping[str, tuple[AssetState, str]]) -> None:
        """As ``set_status``, for all assets of a host in one step."""
        ...

    async def position(self) -> str:
        """Of the newest change, START where there is none."""
        ...

    async def changes(
        self, after: str, *, block_ms: int | None = None, count: int = 100
    ) -> tuple[Change, ...]:
        """Changes after a position, oldest first; waits up to ``block_ms`` for the first.

        Raises TooOld where changes after that position are not kept any more.
        """
        ...


def joined(record: AssetRecord, status: Status | None) -> AssetRecord:
    """The record with its live state."""
    if record.is_deleted:
        return replace(record, state=AssetState.DELETED, state_reason="")
    if status is None:
        return replace(record, state=AssetState.PENDING, state_reason=WAITING)
    return replace(record, state=status.state, state_reason=status.reason)


def places(record: AssetRecord) -> tuple[str, ...]:
    """Every place that the asset is below, the outermost first.

    An asset without a parent lies where its name says: ``line1/coater`` in ``line1``.
    """
    parts = (record.parent or record.name.rpartition("/")[0]).split("/")
    return tuple("/".join(parts[:end]) for end in range(1, len(parts) + 1) if parts[0])


def node_keys(record: AssetRecord) -> tuple[str, ...]:
    """The nodes that the asset holds: none once it is deleted."""
    if record.is_deleted:
        return ()
    return tuple(binding.source.key for binding in record.bindings if binding.source.key)
