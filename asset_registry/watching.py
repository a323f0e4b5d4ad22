"""A watch over the registry: the present first, then every change."""

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from asset_registry.record import AssetRecord
from asset_registry.store import AssetStore, ChangeKind, Query
from twin.errors import FieldViolation, InvalidRequest

_POSITION: Final = re.compile(r"\d{1,16}-\d{1,16}")
_PAGE: Final = 500
_BLOCK_MS: Final = 10_000


class WatchedChange(StrEnum):
    CURRENT = "current"
    SYNCED = "synced"
    CREATED = "created"
    UPDATED = "updated"
    DELETED = "deleted"
    UNDELETED = "undeleted"


_WORDS: Final = {
    ChangeKind.CREATED: WatchedChange.CREATED,
    ChangeKind.UPDATED: WatchedChange.UPDATED,
    ChangeKind.DELETED: WatchedChange.DELETED,
    ChangeKind.UNDELETED: WatchedChange.UNDELETED,
    ChangeKind.STATUS: WatchedChange.UPDATED,
}


@dataclass(frozen=True, slots=True)
class Watched:
    """``asset`` is as it stands when it is sent (None with SYNCED); ``token`` resumes after
    this message, and is empty until all current assets have been sent."""

    change: WatchedChange
    asset: AssetRecord | None
    token: str


async def watch(store: AssetStore, resume: str = "") -> AsyncIterator[Watched]:
    """Raises TooOld, Unavailable, and InvalidRequest for a token that is none."""
    if resume and not _POSITION.fullmatch(resume):
        fault = f"{resume!r} was never given out; start without one"
        raise InvalidRequest(FieldViolation("resume_token", fault))
    position = resume
    if not resume:
        position = await store.position()
        async for record in everything(store):
            yield Watched(WatchedChange.CURRENT, record, "")
        yield Watched(WatchedChange.SYNCED, None, position)
    while True:
        changes = await store.changes(position, block_ms=_BLOCK_MS)
        names = list({change.name: None for change in changes})
        found = dict(zip(names, await store.get(names), strict=True))
        for change in changes:
            position = change.id
            if (asset := found[change.name]) is not None:
                yield Watched(_WORDS[change.kind], asset, position)


async def everything(store: AssetStore, query: Query | None = None) -> AsyncIterator[AssetRecord]:
    """All records that the query takes, page by page."""
    query = query or Query()
    after = query.after
    while True:
        page = await store.page(Query(after, _PAGE, query.kind, query.place, query.show_deleted))
        for record in page:
            yield record
        if len(page) < _PAGE:
            return
        after = page[-1].name
