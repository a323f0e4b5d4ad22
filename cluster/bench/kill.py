"""The coating gauge's actor killed with SIGKILL in mid-run, against one left alone.

Both read the same backbone stream. The one that is killed restores its last checkpoint
and replays what came since; at the end its state must equal the other's to the bit, and
every value that the PLC was given must have been handled once.
"""

import asyncio
import os
import signal
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

import ray

from actors.asset_actor import AssetActor, HostView
from actors.naming import PLACEMENT, edge_name, make
from cluster.bench.gauges import GaugePlant
from cluster.bench.report import Report, Row
from cluster.plant import Progress
from stores.live.keys import Keys
from twin.errors import Unavailable

_KILLS: Final = 5
_QUICK_KILLS: Final = 2
_SCAN_S: Final = 0.05
_SCANS_BETWEEN: Final = 60
_SETTLE_S: Final = 60.0


@dataclass(slots=True)
class _Result:
    written: int = 0
    handled: int = 0
    equal: bool = False
    repeated_frames: int = 0
    recover_s: list[float] = field(default_factory=list)
    state_bytes: int = 0


async def _measure(folder: Path, kills: int, progress: Progress) -> _Result:
    async with GaugePlant(1, folder, progress) as plant:
        result = _Result()
        settings = plant.plant.settings
        gauge = plant.gauge(0)
        victim = plant.plant.handle(gauge)
        shadow = make(
            settings,
            f"undisturbed {gauge}",
            AssetActor,
            "CoatingGauge",
            settings,
            f"undisturbed {gauge}",
            "coating_gauge",
            (gauge,),
            Keys(settings.plant).frames(gauge),
        )
        await shadow.ready.remote()
        scanning = asyncio.create_task(_scan(plant))
        for number in range(kills):
            await asyncio.sleep(_SCANS_BETWEEN * _SCAN_S)
            progress(f"killing the gauge's actor, {number + 1} of {kills}")
            result.recover_s.append(await _kill(victim))
        await asyncio.sleep(_SCANS_BETWEEN * _SCAN_S)
        scanning.cancel()
        await asyncio.gather(scanning, return_exceptions=True)
        (address,) = await plant.plant.handle(PLACEMENT).edges.remote()
        edge = plant.plant.handle(edge_name(address))
        await _settled(lambda: _caught_up(edge, victim, shadow))
        ended: HostView = await victim.progress.remote()
        state, undisturbed = await victim.state.remote(), await shadow.state.remote()
        result.written = plant.written + 1
        result.handled = ended.counts.readings
        result.repeated_frames = ended.counts.repeats
        result.equal = state == undisturbed
        result.state_bytes = len(state)
        return result


async def _scan(plant: GaugePlant) -> None:
    """Twice as fast as a real line scans, with an excursion now and then."""
    due = time.monotonic()
    while True:
        due += _SCAN_S
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        plant.deviation[0] = 0.04 if plant.written // 80 % 2 else 0.0
        await plant.write()


async def _kill(victim: Any) -> float:
    """Seconds from SIGKILL until the restarted actor has taken all that was waiting."""
    before: HostView = await victim.progress.remote()
    killed = time.monotonic()
    os.kill(before.pid, signal.SIGKILL)

    async def back() -> bool:
        now: HostView = await victim.progress.remote()
        return now.incarnation > before.incarnation and not now.behind

    await _settled(back)
    return time.monotonic() - killed


async def _caught_up(edge: Any, *hosts: Any) -> bool:
    forwarder = (await edge.view.remote()).forwarder
    views = [await host.progress.remote() for host in hosts]
    positions = {view.position for view in views}
    return not forwarder.pending and len(positions) == 1 and all(v.settled for v in views)


async def _settled(reached: Any) -> None:
    deadline = time.monotonic() + _SETTLE_S
    while time.monotonic() < deadline:
        try:
            if await reached():
                return
        except ray.exceptions.RayError:
            pass
        await asyncio.sleep(0.02)
    raise Unavailable(f"the gauge's actor has not caught up after {_SETTLE_S:.0f} s")


def run(folder: Path, quick: bool, progress: Progress) -> Report:
    started = time.monotonic()
    result = asyncio.run(_measure(folder, _QUICK_KILLS if quick else _KILLS, progress))
    rows = [
        Row("readings lost", result.written - result.handled, "readings", "== 0"),
        Row("state equal to the undisturbed run's, to the bit", float(result.equal), "1", "== 1"),
        Row("seconds to recover, worst", round(max(result.recover_s), 2), "s"),
        Row("readings written", result.written, "readings"),
        Row("kills", len(result.recover_s), "kills"),
    ]
    more = {"recover_s": [round(s, 2) for s in result.recover_s], "state_bytes": result.state_bytes}
    return Report("kill", time.monotonic() - started, rows, more)
