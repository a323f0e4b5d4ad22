"""A store in memory, held to the same tests as the one on Redis."""

import asyncio
import time
from collections import deque
from collections.abc import Callable, Mapping, Sequence

from asset_registry.record import AssetRecord, AssetState
from asset_registry.store import (
    REQUEST_LIFE_S,
    Change,
    ChangeKind,
    Commit,
    Query,
    Remembered,
    Status,
    joined,
    node_keys,
    places,
)
from twin.errors import TooOld
from twin.ports import START, order


class MemoryAssetStore:
    """One plant's records, gone with the process."""

    def __init__(
        self, *, clock: Callable[[], int] = time.time_ns, feed_length: int = 100_000
    ) -> None:
        self._clock = clock
        self._records: dict[str, AssetRecord] = {}
        self._status: dict[str, Status] = {}
        self._requests: dict[str, tuple[int, Remembered]] = {}
        self._feed: deque[Change] = deque(maxlen=feed_length)
        self._count = 0
        self._changed = asyncio.Condition()

    async def get(self, names: Sequence[str]) -> tuple[AssetRecord | None, ...]:
        return tuple(
            None if (record := self._records.get(name)) is None else self._joined(record)
            for name in names
        )

    async def page(self, query: Query) -> tuple[AssetRecord, ...]:
        names = sorted(
            name
            for name, record in self._records.items()
            if name > query.after
            and (query.show_deleted or not record.is_deleted)
            and query.kind in ("", record.kind)
            and (not query.place or query.place in places(record))
        )
        return tuple(self._joined(self._records[name]) for name in names[: query.limit])

    async def commit(self, commit: Commit) -> str | None:
        obstacle = self._obstacle(commit)
        if obstacle:
            return obstacle
        for write in commit.writes:
            self._records[write.after.name] = write.after
            if write.kind is not ChangeKind.UPDATED:
                self._status.pop(write.after.name, None)
        if commit.remember:
            self._requests[commit.remember.request_id] = (self._clock(), commit.remember)
        await self._append([(write.kind, write.after) for write in commit.writes])
        return None

    def _obstacle(self, commit: Commit) -> str | None:
        if commit.remember and self._recall(commit.remember.request_id):
            return "the request id has been used meanwhile"
        expected = dict(commit.guards) | {
            write.after.name: write.before.etag if write.before else "" for write in commit.writes
        }
        for name, etag in expected.items():
            record = self._records.get(name)
            if (record.etag if record else "") != etag:
                return f"{name} has changed meanwhile"
        writing = {write.after.name for write in commit.writes}
        held = {key: name for key, name in self._held().items() if name not in writing}
        for write in commit.writes:
            for key in node_keys(write.after):
                holder = held.setdefault(key, write.after.name)
                if holder != write.after.name:
                    return f"{key} is bound by {holder}"
            if write.kind is ChangeKind.DELETED and self._children(write.after.name):
                return f"{write.after.name} is the parent of another asset"
        return None

    async def holders(self, keys: Sequence[str]) -> Mapping[str, str]:
        held = self._held()
        return {key: held[key] for key in keys if key in held}

    async def children(self, name: str, limit: int = 3) -> tuple[str, ...]:
        return tuple(self._children(name)[:limit])

    async def remembered(self, request_id: str) -> Remembered | None:
        return self._recall(request_id)

    async def set_status(self, name: str, state: AssetState, reason: str) -> None:
        await self.set_statuses({name: (state, reason)})

    async def set_statuses(self, statuses: Mapping[str, tuple[AssetState, str]]) -> None:
        changed = []
        for name, (state, reason) in statuses.items():
            record, before = self._records.get(name), self._status.get(name)
            if record is None or record.is_deleted:
                continue
            if before is None or (before.state, before.reason) != (state, reason):
                self._status[name] = Status(state, reason, self._clock())
                changed.append((ChangeKind.STATUS, record))
        await self._append(changed)

    async def position(self) -> str:
        return self._feed[-1].id if self._feed else START

    async def changes(
        self, after: str, *, block_ms: int | None = None, count: int = 100
    ) -> tuple[Change, ...]:
        position = order(after)

        def found() -> tuple[Change, ...]:
            first = order(self._feed[0].id) if self._feed else (0, 0)
            trimmed = self._count > len(self._feed)
            if (trimmed and position < first) or position > (0, self._count):
                raise TooOld(f"changes after {after} are not kept any more; begin anew")
            later = [change for change in self._feed if order(change.id) > position]
            return tuple(later[:count])

        async with self._changed:
            if block_ms and not found():
                try:
                    async with asyncio.timeout(block_ms / 1000):
                        await self._changed.wait()
                except TimeoutError:
                    return ()
            return found()

    async def _append(self, entries: Sequence[tuple[ChangeKind, AssetRecord]]) -> None:
        async with self._changed:
            for kind, record in entries:
                self._count += 1
                self._feed.append(Change(f"0-{self._count}", kind, record.name, record.uid))
            self._changed.notify_all()

    def _joined(self, record: AssetRecord) -> AssetRecord:
        return joined(record, self._status.get(record.name))

    def _held(self) -> dict[str, str]:
        return {key: r.name for r in self._records.values() for key in node_keys(r)}

    def _children(self, name: str) -> list[str]:
        return sorted(
            r.name for r in self._records.values() if r.parent == name and not r.is_deleted
        )

    def _recall(self, request_id: str) -> Remembered | None:
        time_ns, remembered = self._requests.get(request_id, (0, None))
        fresh = self._clock() - time_ns < REQUEST_LIFE_S * 1_000_000_000
        return remembered if fresh else None
