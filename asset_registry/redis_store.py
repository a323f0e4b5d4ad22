"""The registry on Redis or Valkey: every change is one Lua script, every list an index.

Keys of a plant share the hash tag ``{plant}``, so that a cluster keeps them together:

    gt:{plant}:assets            hash    name → record (JSON)
    gt:{plant}:status            hash    name → {state, reason, time_ns}
    gt:{plant}:index:live        zset    "<kind or nothing>|<place or nothing> <name>"
    gt:{plant}:index:deleted     zset    the same for deleted assets
    gt:{plant}:bindings          hash    node → name of the asset that binds it
    gt:{plant}:children          zset    "<parent> <name>"
    gt:{plant}:registry          stream  changes: change, name, uid
    gt:{plant}:request:<id>      string  answer to a request id, for a day

An asset stands in an index once for each pair of its kind or nothing and a place it is
below or nothing: any filter is one range. A space sorts before every character of a name.
"""

import json
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib.resources import files
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from asset_registry.codec import decode, encode
from asset_registry.record import AssetRecord, AssetState
from asset_registry.store import (
    REQUEST_LIFE_S,
    Change,
    ChangeKind,
    Commit,
    Query,
    Remembered,
    Status,
    Write,
    joined,
    node_keys,
    places,
)
from twin.errors import TooOld, Unavailable
from twin.ports import START

_BLOCK_MS: Final = 2_000
"""The client gives up on an answer after 5 s; longer waits are cut into these."""


def _script(name: str) -> str:
    return files("asset_registry").joinpath("lua", f"{name}.lua").read_text(encoding="utf-8")


class RedisAssetStore:
    """One plant's records on a Redis-protocol server (Redis 7 or 8, Valkey 8 or 9)."""

    def __init__(
        self,
        client: Redis,
        plant: str,
        *,
        clock: Callable[[], int] = time.time_ns,
        feed_length: int = 100_000,
    ) -> None:
        self._client = client
        self._clock = clock
        self._feed_length = feed_length
        self._prefix = f"gt:{{{plant}}}:"
        self._assets = self._prefix + "assets"
        self._status = self._prefix + "status"
        self._live = self._prefix + "index:live"
        self._deleted = self._prefix + "index:deleted"
        self._bindings = self._prefix + "bindings"
        self._children = self._prefix + "children"
        self._feed = self._prefix + "registry"
        self._run_commit = client.register_script(_script("commit"))
        self._run_page = client.register_script(_script("page"))
        self._run_status = client.register_script(_script("status"))
        self._run_changes = client.register_script(_script("changes"))

    async def get(self, names: Sequence[str]) -> tuple[AssetRecord | None, ...]:
        if not names:
            return ()
        async with _answering(), self._client.pipeline(transaction=True) as pipe:
            pipe.hmget(self._assets, list(names))
            pipe.hmget(self._status, list(names))
            records, statuses = await pipe.execute()
        return tuple(
            _joined(record, status) if record else None
            for record, status in zip(records, statuses, strict=True)
        )

    async def page(self, query: Query) -> tuple[AssetRecord, ...]:
        async with _answering():
            found = await self._run_page(
                keys=[self._assets, self._status, self._live, self._deleted],
                args=[
                    f"{query.kind}|{query.place}",
                    query.after,
                    query.limit,
                    "1" if query.show_deleted else "",
                ],
            )
        pairs = zip(found[::2], found[1::2], strict=True)
        records = [_joined(record, status) for record, status in pairs]
        records.sort(key=lambda record: record.name)
        return tuple(records[: query.limit])

    async def commit(self, commit: Commit) -> str | None:
        remember = commit.remember
        request = self._request(remember.request_id) if remember else self._request("")
        async with _answering():
            obstacle = await self._run_commit(
                keys=[
                    self._assets,
                    self._status,
                    self._live,
                    self._deleted,
                    self._bindings,
                    self._children,
                    self._feed,
                    request,
                ],
                args=[
                    self._feed_length,
                    json.dumps(dict(commit.guards)),
                    _answer(remember) if remember else "",
                    REQUEST_LIFE_S,
                    *(json.dumps(_write(write)) for write in commit.writes),
                ],
            )
        return _text(obstacle) or None

    async def holders(self, keys: Sequence[str]) -> Mapping[str, str]:
        if not keys:
            return {}
        async with _answering():
            found = await self._client.hmget(self._bindings, list(keys))
        return {key: _text(name) for key, name in zip(keys, found, strict=True) if name}

    async def children(self, name: str, limit: int = 3) -> tuple[str, ...]:
        async with _answering():
            found = await self._client.zrangebylex(
                self._children, f"[{name} ", f"({name}!", start=0, num=limit
            )
        return tuple(_text(member).removeprefix(f"{name} ") for member in found)

    async def remembered(self, request_id: str) -> Remembered | None:
        async with _answering():
            stored = await self._client.get(self._request(request_id))
        if stored is None:
            return None
        kept = json.loads(stored)
        answer = tuple(decode(record) for record in kept["answer"])
        return Remembered(request_id, kept["fingerprint"], answer)

    async def set_status(self, name: str, state: AssetState, reason: str) -> None:
        await self.set_statuses({name: (state, reason)})

    async def set_statuses(self, statuses: Mapping[str, tuple[AssetState, str]]) -> None:
        arguments: list[str | int] = [self._feed_length]
        for name, (state, reason) in statuses.items():
            stored = {"state": state, "reason": reason, "time_ns": self._clock()}
            arguments += [name, state.value, reason, json.dumps(stored)]
        async with _answering():
            await self._run_status(
                keys=[self._assets, self._status, self._live, self._feed], args=arguments
            )

    async def position(self) -> str:
        async with _answering():
            newest = await self._client.xrevrange(self._feed, count=1)
        return _text(newest[0][0]) if newest else START

    async def changes(
        self, after: str, *, block_ms: int | None = None, count: int = 100
    ) -> tuple[Change, ...]:
        left = block_ms or 0
        while True:
            found = await self._changes_now(after, count)
            if found or left <= 0:
                return found
            wait = min(left, _BLOCK_MS)
            left -= wait
            async with _answering():
                # It only wakes us: what it answers differs with the protocol's version.
                await self._client.xread({self._feed: after}, count=1, block=wait)

    async def _changes_now(self, after: str, count: int) -> tuple[Change, ...]:
        async with _answering():
            kept, entries = await self._run_changes(keys=[self._feed], args=[after, count])
        if _text(kept) == "old":
            raise TooOld(f"changes after {after} are not kept any more; begin anew")
        changes = []
        for id, flat in entries:
            words = [_text(word) for word in flat]
            fields = dict(zip(words[::2], words[1::2], strict=True))
            changes.append(
                Change(_text(id), ChangeKind(fields["change"]), fields["name"], fields["uid"])
            )
        return tuple(changes)

    def _request(self, request_id: str) -> str:
        return f"{self._prefix}request:{request_id}"


@asynccontextmanager
async def _answering() -> AsyncIterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise Unavailable(f"the registry's Redis server does not answer: {error}") from error


def _members(record: AssetRecord) -> list[str]:
    """Where the asset stands in its index."""
    below = ("", *places(record))
    return [f"{kind}|{place} {record.name}" for kind in ("", record.kind) for place in below]


def _child(record: AssetRecord | None) -> str:
    if record is None or record.is_deleted or not record.parent:
        return ""
    return f"{record.parent} {record.name}"


def _index(record: AssetRecord | None) -> str:
    if record is None:
        return ""
    return "deleted" if record.is_deleted else "live"


def _write(write: Write) -> dict[str, str | Sequence[str]]:
    before, after = write.before, write.after
    return {
        "change": write.kind.value,
        "name": after.name,
        "uid": after.uid,
        "expected": before.etag if before else "",
        "record": encode(after),
        "was": _index(before),
        "is": _index(after),
        "leaves": _members(before) if before else [],
        "joins": _members(after),
        "child_was": _child(before),
        "child_is": _child(after),
        "gives": node_keys(before) if before else (),
        "takes": node_keys(after),
    }


def _answer(remember: Remembered) -> str:
    answer = [encode(record, with_state=True) for record in remember.answer]
    return json.dumps({"fingerprint": remember.fingerprint, "answer": answer})


def _joined(record: str | bytes, status: str | bytes | None) -> AssetRecord:
    if not status:
        return joined(decode(record), None)
    stored: dict[str, Any] = json.loads(status)
    known = Status(AssetState(stored["state"]), stored["reason"], stored["time_ns"])
    return joined(decode(record), known)


def _text(value: Any) -> str:
    """What the server said, whether the client decodes or not."""
    return value.decode() if isinstance(value, bytes) else str(value)
