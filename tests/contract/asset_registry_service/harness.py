"""What the tests of AssetRegistryService share: a server, requests, refusals."""

from dataclasses import dataclass
from typing import Any

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from asset_registry.registry import AssetRegistry
from asset_registry.store import AssetStore
from protocols.grpc.asset_messages import to_message
from protocols.grpc.asset_registry_service import AssetRegistryService
from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from protocols.grpc.v1 import asset_registry_service_pb2_grpc as pb_grpc
from tests.registry_samples import kind_names, kind_of, numbered, ticking

PLANT = "plants/demo"
Code = grpc.StatusCode
Change = pb.WatchAssetsResponse.Change


@dataclass(frozen=True)
class Refusal:
    """What a client sees of an error."""

    code: grpc.StatusCode
    message: str
    reason: str
    domain: str
    violations: dict[str, str]


async def refusal(call: Any) -> Refusal:
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = Status()
    for key, value in caught.value.trailing_metadata():
        if key == "grpc-status-details-bin":
            status.ParseFromString(value)
    info, bad = ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    assert status.code == caught.value.code().value[0]
    return Refusal(
        caught.value.code(),
        caught.value.details() or "",
        info.reason,
        info.domain,
        {v.field: v.description for v in bad.field_violations},
    )


class serving:  # noqa: N801
    """A server on loopback and a stub that calls it."""

    def __init__(self, store: AssetStore) -> None:
        registry = AssetRegistry(store, "demo", ticking(), kind_of=kind_of, new_uid=numbered())
        self._server = grpc.aio.server()
        service = AssetRegistryService(registry, kind_names=kind_names, kind_of=kind_of)
        pb_grpc.add_AssetRegistryServiceServicer_to_server(service, self._server)

    async def __aenter__(self) -> Any:
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        return pb_grpc.AssetRegistryServiceStub(self._channel)

    async def __aexit__(self, *_: object) -> None:
        await self._channel.close()
        await self._server.stop(None)


def create(record: Any, **fields: Any) -> pb.CreateAssetRequest:
    return pb.CreateAssetRequest(
        parent=PLANT, asset_id=record.name, asset=to_message("demo", record), **fields
    )


def batch(*records: Any, **fields: Any) -> pb.BatchCreateAssetsRequest:
    requests = [create(record) for record in records]
    return pb.BatchCreateAssetsRequest(parent=PLANT, requests=requests, **fields)


def named(name: str) -> str:
    return f"{PLANT}/assets/{name}"


async def current_names(stub: Any, **fields: Any) -> list[str]:
    answer = await stub.ListAssets(pb.ListAssetsRequest(parent=PLANT, **fields))
    return [asset.name.removeprefix(named("")) for asset in answer.assets]
