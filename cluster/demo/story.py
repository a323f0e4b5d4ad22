"""What is told of the demonstration while it runs, and summed up at its end."""

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

import grpc
from rich.markup import escape

from cluster.plant import Plant
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc

_SETTLE_S: Final = 30.0
_State = pb.Recommendation.State


@dataclass(slots=True)
class Story:
    """Recommendations by name, as they last were; ``first_approved_s`` counts from the
    start of the command."""

    started: float
    say: Callable[[str], None]
    recommendations: dict[str, pb.Recommendation] = field(default_factory=dict)
    first_approved_s: float | None = None

    async def follow(self, gateway: str, plant: str) -> None:
        """Watches until it is cancelled."""
        async with grpc.aio.insecure_channel(gateway) as channel:
            stub = pb_grpc.RecommendationServiceStub(channel)
            request = pb.WatchRecommendationsRequest(parent=f"plants/{plant}")
            async for change in stub.WatchRecommendations(request):
                if not change.synced:
                    self._take(change.recommendation)

    def _take(self, recommendation: pb.Recommendation) -> None:
        self.recommendations[recommendation.name] = recommendation
        state = _State.Name(recommendation.state).removeprefix("STATE_")
        if state == "APPLIED" and self.first_approved_s is None:
            self.first_approved_s = time.monotonic() - self.started
        told = {
            "PROPOSED": f"{recommendation.title}: {recommendation.reason}",
            "APPROVED": f"approved by {recommendation.decided_by}",
            "APPLIED": "the MES has written the setpoint",
        }
        more = told.get(state) or recommendation.effect.verdict
        self.say(f"[bold]{state}[/bold] {escape(more)}")

    def documents(self) -> list[dict[str, object]]:
        return [_document(r) for r in self.recommendations.values()]


def _document(recommendation: pb.Recommendation) -> dict[str, object]:
    change = recommendation.changes[0]
    effect: dict[str, object] | None = None
    if recommendation.HasField("effect"):
        measured = recommendation.effect.measured
        effect = {
            "quantity": measured.quantity,
            "value": measured.value,
            "lower": measured.lower,
            "upper": measured.upper,
            "unit": measured.unit,
            "readings": recommendation.effect.readings,
            "verdict": recommendation.effect.verdict,
        }
    return {
        "id": recommendation.name.rpartition("/")[2],
        "state": _State.Name(recommendation.state).removeprefix("STATE_"),
        "asset": recommendation.asset.partition("/assets/")[2],
        "signal": change.signal,
        "from": change.from_value,
        "to": change.to_value,
        "unit": change.unit,
        "lot": recommendation.lot,
        "effect": effect,
    }


@dataclass(frozen=True, slots=True)
class Count:
    """``readings_in`` were accepted by the edges; ``handled`` were taken by the twins'
    hosts. What the edges or the sources dropped counts as lost, too."""

    assets: int
    actors: int
    readings_in: int
    handled: int
    dropped: int

    @property
    def lost(self) -> int:
        return self.readings_in - self.handled + self.dropped


async def count(plant: Plant) -> Count:
    """Stops the edges, waits until all that they accepted is handled, and counts.

    Returns what is so after half a minute, where something is still missing.
    """
    import ray
    from ray.util.state import list_actors

    from actors.naming import PLACEMENT, edge_name

    placement = plant.handle(PLACEMENT)
    hosts = [plant.handle(host.host) for host in await placement.hosts.remote()]
    edges = [plant.handle(edge_name(address)) for address in await placement.edges.remote()]
    assets = sum(len(host.assets) for host in await placement.hosts.remote())
    # Named, since other Ray clusters may run on this machine.
    ours = ray.get_runtime_context().gcs_address
    alive: list[tuple[str, str, str | bool | int | float]] = [("state", "=", "ALIVE")]
    actors = len(await asyncio.to_thread(list_actors, ours, filters=alive, limit=10_000))
    await asyncio.gather(*(edge.stop.remote() for edge in edges))
    views = [await edge.view.remote() for edge in edges]
    accepted = sum(view.forwarder.readings_in for view in views)
    dropped = sum(
        view.forwarder.dropped + view.session.counts.get("overflows", 0) for view in views
    )
    deadline = time.monotonic() + _SETTLE_S
    while True:
        progress = [await host.progress.remote() for host in hosts]
        handled = sum(view.counts.readings for view in progress)
        if handled >= accepted or time.monotonic() > deadline:
            return Count(assets, actors, accepted, handled, dropped)
        await asyncio.sleep(0.1)
