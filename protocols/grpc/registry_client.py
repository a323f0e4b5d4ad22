"""A typed client of AssetRegistryService: records in, records out, errors of twin.errors."""

from collections.abc import AsyncIterator, Awaitable, Collection, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, TypeVar

import grpc
from google.protobuf.field_mask_pb2 import FieldMask

from asset_registry.record import AssetRecord
from asset_registry.watching import Watched, WatchedChange
from protocols.grpc.asset_messages import received, to_message
from protocols.grpc.errors import error_of
from protocols.grpc.names import asset_name, plant_name
from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from protocols.grpc.v1.asset_registry_service_pb2_grpc import AssetRegistryServiceStub

if TYPE_CHECKING:
    from collections.abc import Iterator

    from protocols.grpc.v1.asset_registry_service_pb2_grpc import AssetRegistryServiceAsyncStub

Answer = TypeVar("Answer")
_CHANGES: Final = {
    pb.WatchAssetsResponse.Change.Value(f"CHANGE_{change.name}"): change for change in WatchedChange
}
_PAGE: Final = 1_000


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds; a batch of a thousand assets may take longer than a single call."""

    call_s: float = 10.0
    batch_s: float = 60.0


class RegistryClient:
    """One plant's registry on the other end of ``channel``.

    Every method raises the error that the server raised, and Unavailable where it does
    not answer in time.
    """

    def __init__(
        self, channel: grpc.aio.Channel, plant: str, deadlines: Deadlines = Deadlines()
    ) -> None:
        self.plant = plant
        self._parent = plant_name(plant)
        self._deadlines = deadlines
        self._stub: AssetRegistryServiceAsyncStub = AssetRegistryServiceStub(channel)

    async def create(
        self, record: AssetRecord, *, request_id: str = "", validate_only: bool = False
    ) -> AssetRecord:
        request = self._creation(record)
        request.request_id, request.validate_only = request_id, validate_only
        answer = await self._call(self._stub.CreateAsset(request, timeout=self._deadlines.call_s))
        return received(answer.asset)

    async def batch_create(
        self, records: Sequence[AssetRecord], *, request_id: str = "", validate_only: bool = False
    ) -> tuple[AssetRecord, ...]:
        """All or nothing; at most 1,000."""
        request = pb.BatchCreateAssetsRequest(
            parent=self._parent,
            requests=[self._creation(record) for record in records],
            request_id=request_id,
            validate_only=validate_only,
        )
        call = self._stub.BatchCreateAssets(request, timeout=self._deadlines.batch_s)
        return tuple(received(asset) for asset in (await self._call(call)).assets)

    async def get(self, name: str) -> AssetRecord:
        request = pb.GetAssetRequest(name=asset_name(self.plant, name))
        answer = await self._call(self._stub.GetAsset(request, timeout=self._deadlines.call_s))
        return received(answer.asset)

    async def list(
        self, *, kind: str = "", place: str = "", show_deleted: bool = False
    ) -> tuple[AssetRecord, ...]:
        """All of them, page by page."""
        found: tuple[AssetRecord, ...] = ()
        token = ""
        while True:
            request = pb.ListAssetsRequest(
                parent=self._parent,
                page_size=_PAGE,
                page_token=token,
                kind=kind,
                place=place,
                show_deleted=show_deleted,
            )
            call = self._stub.ListAssets(request, timeout=self._deadlines.call_s)
            answer = await self._call(call)
            found += tuple(received(asset) for asset in answer.assets)
            token = answer.next_page_token
            if not token:
                return found

    async def update(
        self,
        record: AssetRecord,
        fields: Collection[str],
        *,
        etag: str = "",
        request_id: str = "",
        validate_only: bool = False,
    ) -> AssetRecord:
        """Takes ``fields`` from ``record``; an ``etag`` must be the present one."""
        message = to_message(self.plant, record)
        message.etag = etag
        request = pb.UpdateAssetRequest(
            asset=message,
            update_mask=FieldMask(paths=sorted(fields)),
            request_id=request_id,
            validate_only=validate_only,
        )
        answer = await self._call(self._stub.UpdateAsset(request, timeout=self._deadlines.call_s))
        return received(answer.asset)

    async def delete(self, name: str, *, etag: str = "", request_id: str = "") -> AssetRecord:
        request = pb.DeleteAssetRequest(
            name=asset_name(self.plant, name), etag=etag, request_id=request_id
        )
        answer = await self._call(self._stub.DeleteAsset(request, timeout=self._deadlines.call_s))
        return received(answer.asset)

    async def undelete(self, name: str, *, request_id: str = "") -> AssetRecord:
        request = pb.UndeleteAssetRequest(name=asset_name(self.plant, name), request_id=request_id)
        call = self._stub.UndeleteAsset(request, timeout=self._deadlines.call_s)
        return received((await self._call(call)).asset)

    async def watch(
        self, resume: str = "", *, timeout_s: float | None = None
    ) -> AsyncIterator[Watched]:
        """Ends with Unavailable after ``timeout_s``; None watches on."""
        request = pb.WatchAssetsRequest(parent=self._parent, resume_token=resume)
        call = self._stub.WatchAssets(request, timeout=timeout_s)
        try:
            with _our_errors():
                async for seen in call:
                    asset = received(seen.asset) if seen.HasField("asset") else None
                    yield Watched(_CHANGES[seen.change], asset, seen.resume_token)
        finally:
            call.cancel()

    async def kinds(self) -> tuple[pb.AssetKind, ...]:
        found: tuple[pb.AssetKind, ...] = ()
        token = ""
        while True:
            request = pb.ListAssetKindsRequest(page_size=_PAGE, page_token=token)
            call = self._stub.ListAssetKinds(request, timeout=self._deadlines.call_s)
            answer = await self._call(call)
            found += tuple(answer.kinds)
            token = answer.next_page_token
            if not token:
                return found

    def _creation(self, record: AssetRecord) -> pb.CreateAssetRequest:
        return pb.CreateAssetRequest(
            parent=self._parent, asset_id=record.name, asset=to_message(self.plant, record)
        )

    async def _call(self, call: Awaitable[Answer]) -> Answer:
        with _our_errors():
            return await call


@contextmanager
def _our_errors() -> "Iterator[None]":
    try:
        yield
    except grpc.aio.AioRpcError as error:
        raise error_of(error) from error
