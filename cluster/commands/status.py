"""``gigatwin status``: which assets live, which are silent and why, what is open."""

import asyncio
from collections import Counter
from pathlib import Path

import click
import grpc

from asset_registry.record import AssetRecord, AssetState
from cluster.client import registry_at
from cluster.commands.options import as_json, data_dir, gateway, plant_name
from cluster.commands.target import target
from cluster.console import people, write_json
from protocols.grpc.errors import error_of
from protocols.grpc.names import plant_name as resource
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc

_OPEN = (
    pb.Recommendation.STATE_PROPOSED,
    pb.Recommendation.STATE_APPROVED,
    pb.Recommendation.STATE_APPLIED,
)


@click.command("status")
@gateway
@plant_name
@data_dir
@as_json
def command(gateway: str | None, plant: str | None, data_dir: Path | None, as_json: bool) -> None:
    """What the plant is doing; exit code 1 where an asset has no readings."""
    address, name = target(gateway, plant, data_dir)
    assets, open_ = asyncio.run(_ask(address, name))
    silent = [a for a in assets if a.state is AssetState.NO_DATA]
    document = {
        "plant": name,
        "gateway": address,
        "assets": len(assets),
        "states": dict(Counter(a.state.value for a in assets)),
        "no_data": [{"asset": a.name, "reason": a.state_reason} for a in silent],
        "open_recommendations": [
            {"name": r.name, "state": pb.Recommendation.State.Name(r.state), "title": r.title}
            for r in open_
        ],
    }
    if as_json:
        write_json(document)
    people.print(f"plant {name!r} at {address}: {len(assets)} assets")
    for state, count in Counter(a.state.value for a in assets).items():
        people.print(f"  {state}: {count}")
    for asset in silent:
        people.print(f"  {asset.name} has no data: {asset.state_reason}")
    for recommendation in open_:
        people.print(f"  open: {recommendation.title}")
    raise SystemExit(1 if silent else 0)


async def _ask(address: str, plant: str) -> tuple[list[AssetRecord], list[pb.Recommendation]]:
    async with registry_at(address, plant) as client:
        assets = list(await client.list())
    async with grpc.aio.insecure_channel(address) as channel:
        stub = pb_grpc.RecommendationServiceStub(channel)
        request = pb.ListRecommendationsRequest(parent=resource(plant), states=_OPEN)
        try:
            answer = await stub.ListRecommendations(request, timeout=10)
        except grpc.aio.AioRpcError as error:
            raise error_of(error) from error
    return assets, list(answer.recommendations)
