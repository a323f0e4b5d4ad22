"""How many readings came in, and whether each of them was handled."""

import asyncio
import time
from dataclasses import dataclass
from typing import Final

from cluster.plant import Plant

_SETTLE_S: Final = 30.0


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
