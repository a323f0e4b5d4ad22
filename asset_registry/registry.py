"""The registry: what exists in the plant, and every rule about changing it.

A change is decided on what was read and stored only if all of that still holds; if
something came in between, it is decided anew. So errors always speak of the present.
"""

import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Sequence
from dataclasses import replace
from typing import Final

from asset_registry.checking import checked
from asset_registry.codec import content_of, etag_of, fingerprint
from asset_registry.record import AssetRecord, AssetState
from asset_registry.store import (
    WAITING,
    AssetStore,
    ChangeKind,
    Commit,
    Query,
    Remembered,
    Write,
)
from asset_registry.validation import KindOf, is_name, normalised
from asset_registry.watching import Watched, watch
from twin.errors import (
    AlreadyExists,
    FieldViolation,
    IllegalTransition,
    InvalidAsset,
    InvalidRequest,
    NotFound,
    StaleEtag,
    Unavailable,
)
from twin.kinds import kind as catalogue

UPDATABLE: Final = (
    "display_name",
    "parent",
    "bindings",
    "parameters",
    "calibration",
    "zone",
    "iso23247",
)
LARGEST_BATCH: Final = 1_000
_LONGEST_REQUEST_ID: Final = 128
_ATTEMPTS: Final = 10

Decision = Callable[[], Awaitable[Commit]]


class AssetRegistry:
    """One plant's assets. Every method raises Unavailable when the store is away."""

    def __init__(
        self,
        store: AssetStore,
        plant: str,
        clock: Callable[[], int],
        *,
        kind_of: KindOf = catalogue,
        new_uid: Callable[[], str] = lambda: secrets.token_hex(8),
    ) -> None:
        self.store = store
        self.plant = plant
        self._clock = clock
        self._kind_of = kind_of
        self._new_uid = new_uid

    async def create(
        self, record: AssetRecord, *, request_id: str = "", validate_only: bool = False
    ) -> AssetRecord:
        """Raises InvalidAsset, or AlreadyExists (the name of a deleted asset is taken, too)."""
        signature = fingerprint("create", content_of(record))

        async def decide() -> Commit:
            return await self._creation((record,), single=True)

        (made,) = await self._carry_out(decide, request_id, signature, validate_only)
        return made

    async def batch_create(
        self,
        records: Sequence[AssetRecord],
        *,
        request_id: str = "",
        validate_only: bool = False,
    ) -> tuple[AssetRecord, ...]:
        """All or nothing. Violations are addressed as ``assets[3].bindings[0].unit``.

        Raises InvalidAsset, AlreadyExists, and InvalidRequest for over 1,000 records.
        """
        if len(records) > LARGEST_BATCH:
            fault = f"holds {len(records)} assets; send at most {LARGEST_BATCH} at a time"
            raise InvalidRequest(FieldViolation("requests", fault))
        signature = fingerprint("batch_create", *(content_of(record) for record in records))

        async def decide() -> Commit:
            return await self._creation(records, single=False)

        return await self._carry_out(decide, request_id, signature, validate_only)

    async def get(self, name: str) -> AssetRecord:
        """A deleted asset is still found. Raises NotFound."""
        (record,) = await self.store.get([name])
        if record is None:
            raise NotFound(f"there is no asset {name!r} in plant {self.plant!r}")
        return record

    async def list(self, query: Query) -> tuple[tuple[AssetRecord, ...], str]:
        """A page, ordered by name, and the name after which the next begins ("" at the end).

        Raises InvalidRequest for an unknown kind or a malformed place.
        """
        faults = []
        if query.kind:
            try:
                self._kind_of(query.kind)
            except NotFound as error:
                faults.append(FieldViolation("kind", str(error)))
        if query.place and not is_name(query.place):
            faults.append(FieldViolation("place", f"{query.place!r} is no place"))
        if faults:
            raise InvalidRequest(*faults)
        found = await self.store.page(replace(query, limit=query.limit + 1))
        page = found[: query.limit]
        return page, page[-1].name if len(found) > query.limit else ""

    async def update(
        self,
        record: AssetRecord,
        fields: Collection[str],
        *,
        etag: str = "",
        request_id: str = "",
        validate_only: bool = False,
    ) -> AssetRecord:
        """Takes ``fields`` (of UPDATABLE) from ``record``; an update that changes nothing
        leaves etag and times as they are.

        Raises NotFound, IllegalTransition (deleted), StaleEtag, InvalidAsset.
        """
        signature = fingerprint("update", content_of(record), sorted(fields), etag)
        given = normalised(record)

        async def decide() -> Commit:
            before = await self._live(record.name)
            _check_etag(before, etag)
            if given.kind not in ("", before.kind):
                fault = f"can't be changed (it is {before.kind!r}); create another asset"
                raise InvalidAsset(before.name, (FieldViolation("kind", fault),))
            after = replace(before, **{field: getattr(given, field) for field in fields})
            guards = await checked(self.store, self._kind_of, (after,), single=True)
            after = replace(after, updated_ns=self._clock(), etag=etag_of(after))
            if after.etag == before.etag:
                return _nothing(before)
            return Commit((Write(ChangeKind.UPDATED, before, after),), guards)

        (made,) = await self._carry_out(decide, request_id, signature, validate_only)
        return made

    async def delete(self, name: str, *, etag: str = "", request_id: str = "") -> AssetRecord:
        """Keeps the record and its history, frees its nodes.

        Raises NotFound (also when it is deleted already), StaleEtag, and
        IllegalTransition while live assets name it as their parent.
        """

        async def decide() -> Commit:
            (before,) = await self.store.get([name])
            if before is None or before.is_deleted:
                raise NotFound(f"there is no asset {name!r} to delete in plant {self.plant!r}")
            _check_etag(before, etag)
            if children := await self.store.children(name):
                listed = ", ".join(children)
                raise IllegalTransition(
                    f"asset {name!r} is the parent of {listed}; delete or move these first"
                )
            now = self._clock()
            after = replace(before, deleted_ns=now, updated_ns=now, state=AssetState.DELETED)
            after = replace(after, etag=etag_of(after), state_reason="")
            return Commit((Write(ChangeKind.DELETED, before, after),))

        signature = fingerprint("delete", name, etag)
        (made,) = await self._carry_out(decide, request_id, signature)
        return made

    async def undelete(self, name: str, *, request_id: str = "") -> AssetRecord:
        """Takes the asset's nodes again; its uid is the same, so its history goes on.

        Raises NotFound, IllegalTransition (not deleted), and InvalidAsset where a node
        was bound by another asset since.
        """

        async def decide() -> Commit:
            before = await self.get(name)
            if not before.is_deleted:
                raise IllegalTransition(f"asset {name!r} is not deleted")
            after = replace(before, deleted_ns=None, updated_ns=self._clock())
            after = _pending(replace(after, etag=etag_of(after)))
            guards = await checked(self.store, self._kind_of, (after,), single=True)
            return Commit((Write(ChangeKind.UNDELETED, before, after),), guards)

        (made,) = await self._carry_out(decide, request_id, fingerprint("undelete", name))
        return made

    def watch(self, resume: str = "") -> AsyncIterator[Watched]:
        """Every asset as it is now, then SYNCED, then each change; with ``resume`` (a
        token of an earlier watch) only the changes since.

        Raises TooOld, and InvalidRequest for a token that is none.
        """
        return watch(self.store, resume)

    async def _creation(self, records: Sequence[AssetRecord], *, single: bool) -> Commit:
        records = tuple(normalised(record) for record in records)
        guards = await checked(self.store, self._kind_of, records, single=single)
        taken = [r for r in await self.store.get([r.name for r in records]) if r is not None]
        if taken:
            listed = ", ".join(repr(r.name) + " (deleted)" * r.is_deleted for r in taken[:5])
            more = f" and {len(taken) - 5} more" if len(taken) > 5 else ""
            raise AlreadyExists(
                f"the name is taken: {listed}{more}; undelete a deleted asset or choose another"
            )
        now = self._clock()
        writes = []
        for record in records:
            made = replace(
                record, uid=self._new_uid(), created_ns=now, updated_ns=now, deleted_ns=None
            )
            made = _pending(replace(made, etag=etag_of(made)))
            writes.append(Write(ChangeKind.CREATED, None, made))
        return Commit(tuple(writes), guards)

    async def _live(self, name: str) -> AssetRecord:
        record = await self.get(name)
        if record.is_deleted:
            raise IllegalTransition(f"asset {name!r} is deleted; undelete it first")
        return record

    async def _carry_out(
        self, decide: Decision, request_id: str, signature: str, validate_only: bool = False
    ) -> tuple[AssetRecord, ...]:
        if len(request_id) > _LONGEST_REQUEST_ID:
            fault = f"is longer than {_LONGEST_REQUEST_ID} characters; use a UUID"
            raise InvalidRequest(FieldViolation("request_id", fault))
        obstacle: str | None = None
        for _ in range(_ATTEMPTS):
            if request_id and (known := await self.store.remembered(request_id)):
                if known.fingerprint == signature:
                    return known.answer
                fault = "was used for another request within a day; make a new one"
                raise InvalidRequest(FieldViolation("request_id", fault))
            commit = await decide()
            answer = commit.remember.answer if commit.remember else _answer(commit)
            if validate_only:
                return answer
            remember = Remembered(request_id, signature, answer) if request_id else None
            if not commit.writes and remember is None:
                return answer
            obstacle = await self.store.commit(replace(commit, remember=remember))
            if obstacle is None:
                return answer
        raise Unavailable(f"others change the same assets again and again ({obstacle}); try later")


def _answer(commit: Commit) -> tuple[AssetRecord, ...]:
    return tuple(write.after for write in commit.writes)


def _nothing(record: AssetRecord) -> Commit:
    """No write; the record as it stands is the answer."""
    return Commit((), remember=Remembered("", "", (record,)))


def _pending(record: AssetRecord) -> AssetRecord:
    return replace(record, state=AssetState.PENDING, state_reason=WAITING)


def _check_etag(record: AssetRecord, etag: str) -> None:
    if etag and etag != record.etag:
        raise StaleEtag(
            f"asset {record.name!r} has changed since etag {etag!r} was read; read it again"
        )
