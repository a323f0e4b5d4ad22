"""TwinService over a real gRPC server."""

from collections.abc import AsyncIterator
from typing import Any

import grpc
import pytest

from protocols.grpc.twin_service import TwinService
from protocols.grpc.v1 import twin_service_pb2 as pb
from protocols.grpc.v1 import twin_service_pb2_grpc as pb_grpc
from tests.refusals import refusal
from twin.errors import NotFound, Unavailable

pytestmark = pytest.mark.integration

Code = grpc.StatusCode


class Hosts:
    """One asset that lives, and one whose actor is being restarted."""

    async def state(self, asset: str) -> pb.TwinState:
        if asset == "line1/oven":
            raise Unavailable("actor 'line1/oven' is being restarted")
        if asset != "line1/coater/gauge-top":
            raise NotFound(f"asset {asset!r} is not hosted")
        figure = pb.Figure(name="areal_loading", value=20.5, sd=0.1, unit="mg/cm2")
        return pb.TwinState(asset=f"plants/demo/assets/{asset}", figures=[figure], incarnation=3)


@pytest.fixture
async def stub() -> AsyncIterator[Any]:
    server = grpc.aio.server()
    pb_grpc.add_TwinServiceServicer_to_server(TwinService("demo", Hosts()), server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    async with grpc.aio.insecure_channel(f"127.0.0.1:{port}") as channel:
        yield pb_grpc.TwinServiceStub(channel)
    await server.stop(None)


def asking(name: str) -> pb.GetTwinStateRequest:
    return pb.GetTwinStateRequest(name=name)


async def test_a_twin_tells_what_it_knows_now(stub: Any) -> None:
    name = "plants/demo/assets/line1/coater/gauge-top"
    state = (await stub.GetTwinState(asking(name))).state
    assert (state.asset, state.incarnation) == (name, 3)
    assert [(f.name, f.value, f.unit) for f in state.figures] == [("areal_loading", 20.5, "mg/cm2")]


@pytest.mark.parametrize(
    ("name", "code", "reason"),
    [
        ("plants/demo/assets/none", Code.NOT_FOUND, "NOT_FOUND"),
        ("plants/other/assets/line1/oven", Code.NOT_FOUND, "NOT_FOUND"),
        ("plants/demo/assets/line1/oven", Code.UNAVAILABLE, "UNAVAILABLE"),
        ("line1/oven", Code.INVALID_ARGUMENT, "INVALID_REQUEST"),
        ("", Code.INVALID_ARGUMENT, "INVALID_REQUEST"),
    ],
)
async def test_a_twin_that_can_t_be_asked_is_told_with_the_reason(
    stub: Any, name: str, code: Code, reason: str
) -> None:
    refused = await refusal(stub.GetTwinState(asking(name)))
    assert (refused.code, refused.reason) == (code, reason)
    assert list(refused.violations) == (["name"] if code is Code.INVALID_ARGUMENT else [])
