"""AssetRegistryService: the registry over gRPC."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final, TypeAlias

import grpc

from asset_registry.registry import UPDATABLE, AssetRegistry
from asset_registry.store import Query
from asset_registry.validation import KindOf
from asset_registry.watching import WatchedChange
from protocols.grpc.asset_messages import kind_message, to_message, to_record
from protocols.grpc.errors import mapped
from protocols.grpc.names import asset_of, check_plant
from protocols.grpc.paging import page_size, read_token, write_token
from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from protocols.grpc.v1 import asset_registry_service_pb2_grpc as pb_grpc
from twin import kinds
from twin.errors import FieldViolation, InvalidAsset, InvalidRequest

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_CHANGES: Final = {
    change: pb.WatchAssetsResponse.Change.Value(f"CHANGE_{change.name}") for change in WatchedChange
}
_IGNORED: Final = frozenset(
    ["name", "etag", "state", "state_reason", "uid", "create_time", "update_time", "delete_time"]
)


class AssetRegistryService(pb_grpc.AssetRegistryServiceServicer):
    """One plant's registry. A watch ends with the client's deadline or cancellation."""

    def __init__(
        self,
        registry: AssetRegistry,
        *,
        kind_names: Callable[[], Sequence[str]] = kinds.kind_names,
        kind_of: KindOf = kinds.kind,
    ) -> None:
        self._registry = registry
        self._plant = registry.plant
        self._kind_names = kind_names
        self._kind_of = kind_of

    @mapped
    async def CreateAsset(
        self, request: pb.CreateAssetRequest, context: Context
    ) -> pb.CreateAssetResponse:
        check_plant(request.parent, self._plant)
        with _addressed(_in_create):
            made = await self._registry.create(
                to_record(request.asset, request.asset_id),
                request_id=request.request_id,
                validate_only=request.validate_only,
            )
        return pb.CreateAssetResponse(asset=to_message(self._plant, made))

    @mapped
    async def BatchCreateAssets(
        self, request: pb.BatchCreateAssetsRequest, context: Context
    ) -> pb.BatchCreateAssetsResponse:
        check_plant(request.parent, self._plant)
        _check_batch(request)
        records, faults = [], []
        for i, single in enumerate(request.requests):
            try:
                records.append(to_record(single.asset, single.asset_id))
            except InvalidAsset as error:
                faults += [
                    FieldViolation(f"requests[{i}].asset.{v.field}", v.description)
                    for v in error.violations
                ]
        if faults:
            raise InvalidRequest(*faults)
        with _addressed(_in_batch):
            made = await self._registry.batch_create(
                records, request_id=request.request_id, validate_only=request.validate_only
            )
        return pb.BatchCreateAssetsResponse(assets=[to_message(self._plant, r) for r in made])

    @mapped
    async def GetAsset(self, request: pb.GetAssetRequest, context: Context) -> pb.GetAssetResponse:
        found = await self._registry.get(asset_of(request.name, self._plant))
        return pb.GetAssetResponse(asset=to_message(self._plant, found))

    @mapped
    async def ListAssets(
        self, request: pb.ListAssetsRequest, context: Context
    ) -> pb.ListAssetsResponse:
        check_plant(request.parent, self._plant)
        arguments = {
            "parent": request.parent,
            "kind": request.kind,
            "place": request.place,
            "show_deleted": request.show_deleted,
        }
        query = Query(
            after=read_token(request.page_token, arguments),
            limit=page_size(request.page_size),
            kind=request.kind,
            place=request.place,
            show_deleted=request.show_deleted,
        )
        page, after = await self._registry.list(query)
        return pb.ListAssetsResponse(
            assets=[to_message(self._plant, record) for record in page],
            next_page_token=write_token(after, arguments) if after else "",
        )

    @mapped
    async def UpdateAsset(
        self, request: pb.UpdateAssetRequest, context: Context
    ) -> pb.UpdateAssetResponse:
        name = asset_of(request.asset.name, self._plant, field="asset.name")
        fields = _fields(request)
        with _addressed(lambda field: f"asset.{field}"):
            made = await self._registry.update(
                to_record(request.asset, name),
                fields,
                etag=request.asset.etag,
                request_id=request.request_id,
                validate_only=request.validate_only,
            )
        return pb.UpdateAssetResponse(asset=to_message(self._plant, made))

    @mapped
    async def DeleteAsset(
        self, request: pb.DeleteAssetRequest, context: Context
    ) -> pb.DeleteAssetResponse:
        gone = await self._registry.delete(
            asset_of(request.name, self._plant),
            etag=request.etag,
            request_id=request.request_id,
        )
        return pb.DeleteAssetResponse(asset=to_message(self._plant, gone))

    @mapped
    async def UndeleteAsset(
        self, request: pb.UndeleteAssetRequest, context: Context
    ) -> pb.UndeleteAssetResponse:
        back = await self._registry.undelete(
            asset_of(request.name, self._plant), request_id=request.request_id
        )
        return pb.UndeleteAssetResponse(asset=to_message(self._plant, back))

    @mapped
    async def WatchAssets(
        self, request: pb.WatchAssetsRequest, context: Context
    ) -> AsyncIterator[pb.WatchAssetsResponse]:
        check_plant(request.parent, self._plant)
        async for seen in self._registry.watch(request.resume_token):
            yield pb.WatchAssetsResponse(
                change=_CHANGES[seen.change],
                asset=None if seen.asset is None else to_message(self._plant, seen.asset),
                resume_token=seen.token,
            )

    @mapped
    async def ListAssetKinds(
        self, request: pb.ListAssetKindsRequest, context: Context
    ) -> pb.ListAssetKindsResponse:
        size, after = page_size(request.page_size), read_token(request.page_token, {})
        names = [name for name in sorted(self._kind_names()) if name > after]
        page = [await self._kind(name) for name in names[:size]]
        more = len(names) > size
        return pb.ListAssetKindsResponse(
            kinds=page, next_page_token=write_token(names[size - 1], {}) if more else ""
        )

    @mapped
    async def GetAssetKind(
        self, request: pb.GetAssetKindRequest, context: Context
    ) -> pb.GetAssetKindResponse:
        return pb.GetAssetKindResponse(kind=await self._kind(request.name))

    async def _kind(self, name: str) -> pb.AssetKind:
        """A kind's module may be imported only now, with its libraries: in a thread."""
        return kind_message(await asyncio.to_thread(self._kind_of, name))


def _fields(request: pb.UpdateAssetRequest) -> frozenset[str]:
    """What the mask names; without a mask, what is set. Output-only fields are ignored."""
    paths = list(request.update_mask.paths)
    if not paths:
        return frozenset(field.name for field, _ in request.asset.ListFields()) & {*UPDATABLE}
    if paths == ["*"]:
        return frozenset(UPDATABLE)
    faults = [
        FieldViolation(
            "update_mask",
            f"{path!r} can't be updated; fields are {', '.join(UPDATABLE)}",
        )
        for path in paths
        if path not in UPDATABLE and path not in _IGNORED
    ]
    if faults:
        raise InvalidRequest(*faults)
    return frozenset(paths) & {*UPDATABLE}


def _check_batch(request: pb.BatchCreateAssetsRequest) -> None:
    faults = []
    for i, single in enumerate(request.requests):
        field = f"requests[{i}]"
        if single.parent not in ("", request.parent):
            fault = f"{single.parent!r} is not the batch's parent; leave it empty"
            faults.append(FieldViolation(f"{field}.parent", fault))
        if single.request_id:
            faults.append(FieldViolation(f"{field}.request_id", "set it on the batch"))
        if single.validate_only:
            faults.append(FieldViolation(f"{field}.validate_only", "set it on the batch"))
    if faults:
        raise InvalidRequest(*faults)


@contextmanager
def _addressed(rename: Callable[[str], str]) -> Iterator[None]:
    """Violations of a record, addressed as fields of the request that brought it."""
    try:
        yield
    except InvalidAsset as error:
        violations = tuple(FieldViolation(rename(v.field), v.description) for v in error.violations)
        raise InvalidAsset(error.asset, violations) from error


def _in_create(field: str) -> str:
    return "asset_id" if field == "name" else f"asset.{field}"


def _in_batch(field: str) -> str:
    place, _, inner = field.partition(".")
    return f"{place.replace('assets', 'requests', 1)}.{_in_create(inner)}"
