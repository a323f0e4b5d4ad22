"""Assets are created: one or many, whole or not at all."""

from typing import Any

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from asset_registry.redis_store import RedisAssetStore
from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from tests.contract.asset_registry_service.harness import (
    Code,
    batch,
    create,
    current_names,
    named,
    refusal,
    serving,
)
from tests.registry_samples import oven, scale
from tests.servers import start_redis

pytestmark = pytest.mark.integration


async def test_a_created_asset_is_got_as_it_was_sent(stub: Any) -> None:
    sent = create(scale("line1/scale"))
    made = (await stub.CreateAsset(sent)).asset
    assert made.name == "plants/demo/assets/line1/scale"
    assert (made.bindings, made.parameters) == (sent.asset.bindings, sent.asset.parameters)
    assert (made.state, made.state_reason) == (pb.Asset.STATE_PENDING, "waiting for its actor")
    assert made.uid
    assert made.etag
    assert made.create_time.seconds == 1_700_000_000
    assert (await stub.GetAsset(pb.GetAssetRequest(name=made.name))).asset == made


async def test_a_scale_of_nothing_means_one(stub: Any) -> None:
    request = create(scale())
    request.asset.bindings[0].scale = 0
    assert (await stub.CreateAsset(request)).asset.bindings[0].scale == 1


async def test_every_fault_of_an_asset_is_named_by_its_field(stub: Any) -> None:
    request = create(scale())
    request.asset_id = "Line 1/scale"
    request.asset.bindings[0].unit = "mm"
    request.asset.bindings[0].opcua.node_id = "weight"
    request.asset.bindings.add(signal="colour", unit="g").push.SetInParent()
    request.asset.parameters["width"].quantity.unit = "kg"
    request.asset.parameters["depth"].quantity.value = 1
    request.asset.iso23247.ome_type = "robot"
    refused = await refusal(stub.CreateAsset(request))
    assert (refused.code, refused.reason, refused.domain) == (
        Code.INVALID_ARGUMENT,
        "INVALID_ASSET",
        "gigatwin",
    )
    assert set(refused.violations) == {
        "asset_id",
        "asset.bindings[0].unit",
        "asset.bindings[0].opcua.node_id",
        "asset.bindings[1].signal",
        "asset.parameters.width",
        "asset.parameters.depth",
        "asset.iso23247.ome_type",
    }
    assert await current_names(stub) == []


@pytest.mark.parametrize(
    ("spoil", "field"),
    [
        (lambda r: r.asset.bindings[0].ClearField("opcua"), "asset.bindings[0].source"),
        (lambda r: r.asset.parameters["width"].ClearField("value"), "asset.parameters.width"),
        (lambda r: setattr(r.asset, "kind", "robot"), "asset.kind"),
        (lambda r: setattr(r.asset, "parent", "line1/scale"), "asset.parent"),
        (lambda r: setattr(r.asset.calibration, "interval_days", -1), "asset.calibration.interval_days"),  # noqa: E501
        (lambda r: setattr(r.asset.calibration.last, "nanos", -1), "asset.calibration.last"),
        (lambda r: setattr(r, "parent", "plants"), "parent"),
        (lambda r: setattr(r, "request_id", "x" * 129), "request_id"),
    ],
)  # fmt: skip
async def test_a_malformed_request_names_the_field(stub: Any, spoil: Any, field: str) -> None:
    request = create(scale("line1/scale"))
    spoil(request)
    refused = await refusal(stub.CreateAsset(request))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, [field])


async def test_another_plant_is_not_found(stub: Any) -> None:
    request = create(scale())
    request.parent = "plants/other"
    assert (await refusal(stub.CreateAsset(request))).code is Code.NOT_FOUND


async def test_a_node_that_is_bound_already_names_its_holder(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a", node="shared")))
    refused = await refusal(stub.CreateAsset(create(scale("b", node="shared"))))
    assert refused.code is Code.INVALID_ARGUMENT
    assert "'a'" in refused.violations["asset.bindings[0]"]


async def test_a_name_is_taken_even_by_a_deleted_asset(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a")))
    first = await refusal(stub.CreateAsset(create(scale("a", node="other"))))
    await stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a")))
    second = await refusal(stub.CreateAsset(create(scale("a"))))
    assert (first.code, second.code) == (Code.ALREADY_EXISTS, Code.ALREADY_EXISTS)
    assert first.reason == "ALREADY_EXISTS"
    assert "undelete" in second.message


async def test_a_repeated_request_gets_the_same_answer(stub: Any) -> None:
    request = create(scale("a"), request_id="once")
    first = await stub.CreateAsset(request)
    await stub.UpdateAsset(pb.UpdateAssetRequest(asset=pb.Asset(name=named("a"), zone="z")))
    assert await stub.CreateAsset(request) == first


async def test_a_request_id_with_another_content_is_refused(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a"), request_id="once"))
    for call in (
        stub.CreateAsset(create(scale("b"), request_id="once")),
        stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a"), request_id="once")),
    ):
        refused = await refusal(call)
        assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["request_id"])


async def test_checking_only_stores_nothing(stub: Any) -> None:
    answer = await stub.CreateAsset(create(scale("a"), validate_only=True, request_id="r"))
    assert answer.asset.name == named("a")
    assert await current_names(stub) == []
    refused = await refusal(stub.CreateAsset(create(oven("Bad"), validate_only=True)))
    assert refused.code is Code.INVALID_ARGUMENT
    await stub.CreateAsset(create(scale("a"), request_id="r"))
    assert await current_names(stub) == ["a"]


async def test_a_batch_is_stored_whole_or_not_at_all(stub: Any) -> None:
    answer = await stub.BatchCreateAssets(batch(scale("a"), oven("b", parent="a")))
    assert [asset.name for asset in answer.assets] == [named("a"), named("b")]
    taken = await refusal(stub.BatchCreateAssets(batch(oven("c"), oven("b"))))
    assert taken.code is Code.ALREADY_EXISTS
    assert await current_names(stub) == ["a", "b"]


async def test_the_faults_of_a_batch_are_named_by_request(stub: Any) -> None:
    request = batch(
        scale("a", node="one"),
        scale("b", node="one"),
        oven("c", parent="d"),
        oven("d", parent="c"),
        oven("a"),
    )
    refused = await refusal(stub.BatchCreateAssets(request))
    assert refused.code is Code.INVALID_ARGUMENT
    assert set(refused.violations) == {
        "requests[1].asset.bindings[0]",
        "requests[2].asset.parent",
        "requests[3].asset.parent",
        "requests[4].asset_id",
    }
    assert "c → d → c" in refused.violations["requests[2].asset.parent"]
    assert await current_names(stub) == []


async def test_a_batch_sets_request_id_and_checking_for_all(stub: Any) -> None:
    request = batch(oven("a"), oven("b"))
    request.requests[0].request_id = "mine"
    request.requests[1].validate_only = True
    request.requests[1].parent = "plants/other"
    refused = await refusal(stub.BatchCreateAssets(request))
    assert set(refused.violations) == {
        "requests[0].request_id",
        "requests[1].validate_only",
        "requests[1].parent",
    }


async def test_a_batch_holds_at_most_a_thousand(stub: Any) -> None:
    refused = await refusal(stub.BatchCreateAssets(batch(*[oven("a")] * 1_001)))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["requests"])


async def test_a_store_that_is_away_is_unavailable() -> None:
    with start_redis() as server:
        client = Redis.from_url(server.url, retry=Retry(NoBackoff(), 0))
        async with serving(RedisAssetStore(client, "demo")) as stub:
            server.stop()
            refused = await refusal(stub.GetAsset(pb.GetAssetRequest(name=named("a"))))
            assert (refused.code, refused.reason) == (Code.UNAVAILABLE, "UNAVAILABLE")
            server.start()
            await stub.CreateAsset(create(scale("a")))
        await client.aclose()
