"""Lists: pages, filters, kinds."""

from typing import Any

import pytest

from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from tests.contract.asset_registry_service.harness import (
    PLANT,
    Code,
    batch,
    current_names,
    named,
    refusal,
)
from tests.registry_samples import oven, scale

pytestmark = pytest.mark.integration


async def test_pages_hold_every_asset_once_and_in_order(stub: Any) -> None:
    names = [f"line{i % 3}/oven-{i:03}" for i in range(250)]
    await stub.BatchCreateAssets(batch(*(oven(name) for name in names)))
    found: list[str] = []
    sizes = []
    token = ""
    while True:
        request = pb.ListAssetsRequest(parent=PLANT, page_token=token)
        answer = await stub.ListAssets(request)
        found += [asset.name.removeprefix(named("")) for asset in answer.assets]
        sizes.append(len(answer.assets))
        token = answer.next_page_token
        if not token:
            break
    assert found == sorted(names)
    assert sizes == [100, 100, 50]


async def test_a_page_that_ends_with_the_last_asset_has_no_next(stub: Any) -> None:
    await stub.BatchCreateAssets(batch(*(oven(f"o{i}") for i in range(4))))
    first = await stub.ListAssets(pb.ListAssetsRequest(parent=PLANT, page_size=2))
    request = pb.ListAssetsRequest(parent=PLANT, page_size=1000, page_token=first.next_page_token)
    second = await stub.ListAssets(request)
    assert len(second.assets) == 2
    assert not second.next_page_token


async def test_lists_are_filtered_by_kind_and_place(stub: Any) -> None:
    await stub.BatchCreateAssets(
        batch(oven("line1/oven"), scale("line1/lab/scale", parent="line1/lab"), oven("line10/o"))
    )
    assert await current_names(stub, kind="oven") == ["line1/oven", "line10/o"]
    assert await current_names(stub, place="line1") == ["line1/lab/scale", "line1/oven"]
    assert await current_names(stub, place="line1", kind="scale") == ["line1/lab/scale"]


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"page_size": -1}, "page_size"),
        ({"page_token": "made-up"}, "page_token"),
        ({"kind": "robot"}, "kind"),
        ({"place": "Line 1"}, "place"),
        ({"parent": "demo"}, "parent"),
    ],
)
async def test_a_bad_list_request_names_the_field(
    stub: Any, fields: dict[str, Any], field: str
) -> None:
    request = pb.ListAssetsRequest(**{"parent": PLANT, **fields})
    refused = await refusal(stub.ListAssets(request))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, [field])


async def test_a_token_serves_only_the_arguments_it_was_made_for(stub: Any) -> None:
    await stub.BatchCreateAssets(batch(*(oven(f"o{i}") for i in range(3))))
    first = await stub.ListAssets(pb.ListAssetsRequest(parent=PLANT, page_size=1))
    request = pb.ListAssetsRequest(
        parent=PLANT, page_token=first.next_page_token, show_deleted=True
    )
    refused = await refusal(stub.ListAssets(request))
    assert (refused.code, list(refused.violations)) == (Code.INVALID_ARGUMENT, ["page_token"])


async def test_kinds_are_described_for_integrators(stub: Any) -> None:
    first = await stub.ListAssetKinds(pb.ListAssetKindsRequest(page_size=1))
    second = await stub.ListAssetKinds(
        pb.ListAssetKindsRequest(page_size=1, page_token=first.next_page_token)
    )
    assert [kind.name for kind in (*first.kinds, *second.kinds)] == ["oven", "scale"]
    assert not second.next_page_token
    found = (await stub.GetAssetKind(pb.GetAssetKindRequest(name="scale"))).kind
    assert found == second.kinds[0]
    assert (found.title, found.layer, found.ome_type) == ("Scale", "cell", "equipment")
    mass, _, lot = found.signals
    assert (mass.unit, mass.required, mass.maximum, lot.unit) == ("g", True, 500, "")
    largest, width, mode = found.parameters
    assert (largest.default_value.quantity.value, width.required) == (300, True)
    assert mode.default_value.text == "static"
    unknown = await refusal(stub.GetAssetKind(pb.GetAssetKindRequest(name="robot")))
    assert unknown.code is Code.NOT_FOUND
