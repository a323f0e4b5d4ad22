"""A folder of exported files through the same backbone, gate and actors as live data.

files ─▶ readings in the order of time ─▶ FrameForwarder ─▶ backbone ─▶ actors ─▶ records
"""

import asyncio
import time
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from actors.asset_actor import HostView
from actors.naming import PLACEMENT
from actors.placement import HostPlan
from cluster.client import registry_at
from cluster.config import load
from cluster.plant import Plant, Progress, forget
from protocols.edge.forwarder import FrameForwarder
from protocols.files.replay import ReplayPlan
from protocols.files.report import Report, report
from protocols.grpc.apply import apply_plan, plan_for
from stores.live.backbone import RedisBackbone
from stores.live.keys import Keys
from stores.records.store import SqlRecords
from stores.spool import Spool
from twin.errors import Unavailable
from twin.frame import Frame

_PLANT: Final = "replay"
_DAY_NS: Final = 86_400_000_000_000
_IN_FLIGHT: Final = 20_000
_CATCH_UP_S: Final = 300.0


def run(plan: ReplayPlan, data_dir: Path, progress: Progress) -> Report:
    """The replay's report. The plant is embedded, and made anew below ``data_dir``."""
    config = load(
        plant=_PLANT,
        data_dir=data_dir,
        gateway_port=0,
        idle_tick_s=0.0,
    )
    forget(config)
    with Plant(config, progress) as plant:
        lost = asyncio.run(_replay(plant, plan, progress))
        records = SqlRecords(plant.settings.records_url, _PLANT)
        try:
            return report(plan, records.steps(), records.refused(), lost)
        finally:
            records.close()


async def _replay(plant: Plant, plan: ReplayPlan, progress: Progress) -> int:
    """Returns how many readings were sent and not handled."""
    assets = plan.assets()
    progress(f"registering {len(assets)} assets")
    async with registry_at(plant.gateway, _PLANT) as client:
        await apply_plan(client, await plan_for(client, assets))
    progress(f"starting {len(assets)} actors")
    unwell = await asyncio.to_thread(plant.wait_until_placed)
    for asset, why in unwell.items():
        raise Unavailable(f"{asset}: {why}")
    hosts: Sequence[HostPlan] = await plant.handle(PLACEMENT).hosts.remote()
    await _send(plant, plan, hosts, progress)
    views = await _handled(plant, hosts, progress)
    return len(plan) - sum(view.counts.readings for view in views)


async def _send(
    plant: Plant, plan: ReplayPlan, hosts: Sequence[HostPlan], progress: Progress
) -> None:
    """The clock of the frames is that of the readings: the twins live through the past."""
    keys = Keys(plant.settings.plant)
    stream_of = {asset: keys.frames(host.host) for host in hosts for asset in host.assets}
    now_ns = 0
    producer = f"files:{plan.folder.name}"
    backbone = RedisBackbone(plant.settings.redis_url)
    forwarder = FrameForwarder(
        backbone,
        Spool(Path(plant.settings.spool_folder) / "replay.sqlite"),
        producer,
        lambda: now_ns,
    )
    await forwarder.start()
    for number, reading in enumerate(plan.readings(), start=1):
        now_ns = max(now_ns, reading.time_ns)
        forwarder.put(stream_of[reading.asset], reading)
        if number % _IN_FLIGHT == 0:
            progress(f"{number} of {len(plan)} readings sent")
            await forwarder.stored()
    await forwarder.stored()
    await forwarder.stop()
    # Whatever still waited for its second half is told that a day has gone by.
    for stream in sorted(set(stream_of.values())):
        end = Frame.of(f"end of {producer}", 1, now_ns + _DAY_NS, ())
        await backbone.append(stream, end.to_bytes())
    await backbone.close()


async def _handled(plant: Plant, hosts: Sequence[HostPlan], progress: Progress) -> list[HostView]:
    """Returns once every host has taken its stream and its events are acknowledged."""
    deadline = time.monotonic() + _CATCH_UP_S
    handles = [plant.handle(host.host) for host in hosts]
    while True:
        views: list[HostView] = list(await asyncio.gather(*(h.progress.remote() for h in handles)))
        busy = sum(not view.settled for view in views)
        if not busy:
            return views
        if time.monotonic() > deadline:
            raise Unavailable(f"{busy} actors have not caught up after {_CATCH_UP_S:.0f} s")
        handled = sum(view.counts.readings for view in views)
        progress(f"{handled} readings handled, {busy} actors busy")
        await asyncio.sleep(0.1)
