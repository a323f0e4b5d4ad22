"""A watch: the present, then every change."""

import asyncio
from typing import Any

import grpc
import pytest

from asset_registry.record import AssetState
from asset_registry.store import AssetStore
from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from tests.contract.asset_registry_service.harness import (
    PLANT,
    Change,
    Code,
    batch,
    create,
    named,
    refusal,
)
from tests.registry_samples import oven, scale

pytestmark = pytest.mark.integration


async def take(call: Any, count: int) -> list[Any]:
    async with asyncio.timeout(10):
        return [await call.read() for _ in range(count)]


async def test_a_watch_shows_the_present_then_every_change(stub: Any, store: AssetStore) -> None:
    await stub.BatchCreateAssets(batch(oven("a"), oven("b")))
    watch = stub.WatchAssets(pb.WatchAssetsRequest(parent=PLANT), timeout=30)
    present = await take(watch, 3)
    assert [(m.change, m.asset.name) for m in present] == [
        (Change.CHANGE_CURRENT, named("a")),
        (Change.CHANGE_CURRENT, named("b")),
        (Change.CHANGE_SYNCED, ""),
    ]
    assert not present[0].resume_token
    seen = []
    await stub.CreateAsset(create(scale("c")))
    seen += await take(watch, 1)
    await stub.UpdateAsset(pb.UpdateAssetRequest(asset=pb.Asset(name=named("c"), zone="z")))
    seen += await take(watch, 1)
    await store.set_status("c", AssetState.LIVE, "")
    seen += await take(watch, 1)
    await stub.DeleteAsset(pb.DeleteAssetRequest(name=named("c")))
    seen += await take(watch, 1)
    await stub.UndeleteAsset(pb.UndeleteAssetRequest(name=named("c")))
    seen += await take(watch, 1)
    watch.cancel()
    assert [(m.change, m.asset.state) for m in seen] == [
        (Change.CHANGE_CREATED, pb.Asset.STATE_PENDING),
        (Change.CHANGE_UPDATED, pb.Asset.STATE_PENDING),
        (Change.CHANGE_UPDATED, pb.Asset.STATE_LIVE),
        (Change.CHANGE_DELETED, pb.Asset.STATE_DELETED),
        (Change.CHANGE_UNDELETED, pb.Asset.STATE_PENDING),
    ]
    assert seen[1].asset.zone == "z"


async def test_a_watch_resumes_where_it_was(stub: Any) -> None:
    watch = stub.WatchAssets(pb.WatchAssetsRequest(parent=PLANT), timeout=30)
    (synced,) = await take(watch, 1)
    watch.cancel()
    await stub.BatchCreateAssets(batch(oven("a"), oven("b")))
    token = synced.resume_token
    for expected in ("a", "b"):
        request = pb.WatchAssetsRequest(parent=PLANT, resume_token=token)
        resumed = stub.WatchAssets(request, timeout=30)
        (seen,) = await take(resumed, 1)
        resumed.cancel()
        assert (seen.change, seen.asset.name) == (Change.CHANGE_CREATED, named(expected))
        token = seen.resume_token


async def test_a_watch_ends_with_its_deadline(stub: Any) -> None:
    watch = stub.WatchAssets(pb.WatchAssetsRequest(parent=PLANT), timeout=0.3)
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        async for _ in watch:
            pass
    assert caught.value.code() is Code.DEADLINE_EXCEEDED


async def test_a_resume_token_that_is_too_old_is_out_of_range(stub: Any, store: AssetStore) -> None:
    await stub.CreateAsset(create(oven("a")))
    old = await store.position()
    for i in range(1_200):
        await store.set_status("a", AssetState.NO_DATA, str(i))
    request = pb.WatchAssetsRequest(parent=PLANT, resume_token=old)
    refused = await refusal(anext(aiter(stub.WatchAssets(request))))
    assert (refused.code, refused.reason) == (Code.OUT_OF_RANGE, "TOO_OLD")


async def test_a_resume_token_that_was_never_given_is_refused(stub: Any) -> None:
    request = pb.WatchAssetsRequest(parent=PLANT, resume_token="x")
    refused = await refusal(anext(aiter(stub.WatchAssets(request))))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["resume_token"])
