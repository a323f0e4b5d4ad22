"""Assets are updated, deleted and undeleted."""

import asyncio
from typing import Any

import grpc
import pytest
from google.protobuf.field_mask_pb2 import FieldMask

from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from tests.contract.asset_registry_service.harness import (
    Code,
    batch,
    create,
    current_names,
    named,
    refusal,
)
from tests.registry_samples import oven, scale

pytestmark = pytest.mark.integration


@pytest.mark.parametrize("method", ["GetAsset", "DeleteAsset", "UndeleteAsset"])
async def test_an_unknown_asset_is_not_found(stub: Any, method: str) -> None:
    request = getattr(pb, f"{method}Request")
    for name in (named("nowhere"), "plants/other/assets/a"):
        refused = await refusal(getattr(stub, method)(request(name=name)))
        assert (refused.code, refused.reason) == (Code.NOT_FOUND, "NOT_FOUND")
    refused = await refusal(getattr(stub, method)(request(name="assets/a")))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["name"])


async def test_an_update_takes_only_what_its_mask_names(stub: Any) -> None:
    made = (await stub.CreateAsset(create(scale("a")))).asset
    sent = pb.Asset(name=made.name, zone="cell", display_name="ignored", etag=made.etag)
    mask = FieldMask(paths=["zone", "state"])
    answer = await stub.UpdateAsset(pb.UpdateAssetRequest(asset=sent, update_mask=mask))
    assert (answer.asset.zone, answer.asset.display_name) == ("cell", "Scale")
    assert answer.asset.etag != made.etag
    assert answer.asset.uid == made.uid
    assert answer.asset.update_time.seconds > made.update_time.seconds


async def test_an_update_without_mask_takes_what_is_set(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a")))
    sent = pb.Asset(name=named("a"), zone="cell")
    updated = (await stub.UpdateAsset(pb.UpdateAssetRequest(asset=sent))).asset
    assert (updated.zone, updated.display_name, len(updated.bindings)) == ("cell", "Scale", 1)


async def test_a_mask_clears_what_is_named_and_not_set(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a")))
    mask = FieldMask(paths=["display_name", "parent"])
    request = pb.UpdateAssetRequest(asset=pb.Asset(name=named("a")), update_mask=mask)
    updated = (await stub.UpdateAsset(request)).asset
    assert (updated.display_name, updated.parent) == ("", "")


async def test_an_update_that_changes_nothing_keeps_the_etag(stub: Any) -> None:
    made = (await stub.CreateAsset(create(scale("a")))).asset
    mask = FieldMask(paths=["*"])
    request = pb.UpdateAssetRequest(asset=made, update_mask=mask, request_id="r")
    assert (await stub.UpdateAsset(request)).asset == made
    await stub.UpdateAsset(pb.UpdateAssetRequest(asset=pb.Asset(name=named("a"), zone="z")))
    assert (await stub.UpdateAsset(request)).asset == made
    assert (await stub.GetAsset(pb.GetAssetRequest(name=named("a")))).asset.zone == "z"


async def test_an_update_with_an_old_etag_is_aborted(stub: Any) -> None:
    made = (await stub.CreateAsset(create(scale("a")))).asset
    sent = pb.Asset(name=made.name, zone="one", etag=made.etag)
    await stub.UpdateAsset(pb.UpdateAssetRequest(asset=sent))
    refused = await refusal(stub.UpdateAsset(pb.UpdateAssetRequest(asset=sent)))
    assert (refused.code, refused.reason) == (Code.ABORTED, "STALE_ETAG")


@pytest.mark.parametrize(
    ("asset", "paths", "field"),
    [
        (pb.Asset(name=named("a")), ["colour"], "update_mask"),
        (pb.Asset(name=named("a"), kind="oven"), [], "asset.kind"),
        (pb.Asset(name=named("a"), kind="oven"), ["kind"], "update_mask"),
        (pb.Asset(name=named("a")), ["bindings"], "asset.bindings"),
        (pb.Asset(name=named("a"), parent="a"), [], "asset.parent"),
        (pb.Asset(name="a"), [], "asset.name"),
    ],
)
async def test_a_bad_update_names_the_field(
    stub: Any, asset: pb.Asset, paths: list[str], field: str
) -> None:
    await stub.CreateAsset(create(scale("a")))
    request = pb.UpdateAssetRequest(asset=asset, update_mask=FieldMask(paths=paths))
    refused = await refusal(stub.UpdateAsset(request))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, [field])


async def test_an_update_may_not_close_a_circle_of_parents(stub: Any) -> None:
    await stub.BatchCreateAssets(batch(oven("a"), oven("b", parent="a"), oven("c", parent="b")))
    sent = pb.Asset(name=named("a"), parent="c")
    refused = await refusal(stub.UpdateAsset(pb.UpdateAssetRequest(asset=sent)))
    assert "a → c → b → a" in refused.violations["asset.parent"]


async def test_of_two_updates_that_close_a_circle_together_one_is_refused(stub: Any) -> None:
    await stub.BatchCreateAssets(batch(oven("a"), oven("b")))
    outcomes = await asyncio.gather(
        *(
            stub.UpdateAsset(pb.UpdateAssetRequest(asset=pb.Asset(name=named(x), parent=y)))
            for x, y in (("a", "b"), ("b", "a"))
        ),
        return_exceptions=True,
    )
    assert sum(isinstance(outcome, grpc.aio.AioRpcError) for outcome in outcomes) == 1


async def test_an_unknown_or_deleted_asset_is_not_updated(stub: Any) -> None:
    update = pb.UpdateAssetRequest(asset=pb.Asset(name=named("a"), zone="z"))
    assert (await refusal(stub.UpdateAsset(update))).code is Code.NOT_FOUND
    await stub.CreateAsset(create(scale("a")))
    await stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a")))
    assert (await refusal(stub.UpdateAsset(update))).code is Code.FAILED_PRECONDITION


async def test_a_deleted_asset_is_kept_and_comes_back(stub: Any) -> None:
    made = (await stub.CreateAsset(create(scale("a")))).asset
    gone = (await stub.DeleteAsset(pb.DeleteAssetRequest(name=made.name, etag=made.etag))).asset
    assert gone.state == pb.Asset.STATE_DELETED
    assert gone.HasField("delete_time")
    assert (await stub.GetAsset(pb.GetAssetRequest(name=made.name))).asset == gone
    assert await current_names(stub) == []
    assert await current_names(stub, show_deleted=True) == ["a"]
    back = (await stub.UndeleteAsset(pb.UndeleteAssetRequest(name=made.name))).asset
    assert (back.uid, back.etag, back.state) == (made.uid, made.etag, pb.Asset.STATE_PENDING)
    assert not back.HasField("delete_time")
    assert await current_names(stub) == ["a"]


async def test_deletion_keeps_to_the_etag_and_the_children(stub: Any) -> None:
    await stub.BatchCreateAssets(batch(oven("a"), oven("b", parent="a")))
    stale = await refusal(stub.DeleteAsset(pb.DeleteAssetRequest(name=named("b"), etag="old")))
    assert (stale.code, stale.reason) == (Code.ABORTED, "STALE_ETAG")
    parent = await refusal(stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a"))))
    assert (parent.code, parent.reason) == (Code.FAILED_PRECONDITION, "ILLEGAL_TRANSITION")
    assert "b" in parent.message
    await stub.DeleteAsset(pb.DeleteAssetRequest(name=named("b")))
    await stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a")))
    again = await refusal(stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a"))))
    assert again.code is Code.NOT_FOUND


async def test_a_deletion_sent_again_gets_the_same_answer(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a")))
    request = pb.DeleteAssetRequest(name=named("a"), request_id="r")
    assert await stub.DeleteAsset(request) == await stub.DeleteAsset(request)


async def test_undeleting_needs_a_deleted_asset_and_its_nodes(stub: Any) -> None:
    await stub.CreateAsset(create(scale("a", node="one")))
    undelete = pb.UndeleteAssetRequest(name=named("a"))
    assert (await refusal(stub.UndeleteAsset(undelete))).code is Code.FAILED_PRECONDITION
    await stub.DeleteAsset(pb.DeleteAssetRequest(name=named("a")))
    await stub.CreateAsset(create(scale("b", node="one")))
    refused = await refusal(stub.UndeleteAsset(undelete))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["bindings[0]"])
    assert "'b'" in refused.violations["bindings[0]"]
