"""From a change in the PLC to WatchRecommendations, through everything in between.

Each excursion is a step of 6 % on one gauge, written at the scan of 100 ms like every
other sample. Two latencies are told: from the sample that completed the evidence (the
twin names it in the recommendation), and from the first sample of the step, which also
holds the samples that the twin waits for on purpose, so that one spike proposes nothing.
"""

import asyncio
import time
from pathlib import Path
from typing import Final

import grpc
import numpy as np

from cluster.bench.gauges import GaugePlant, Written
from cluster.bench.report import Report, Row
from cluster.plant import Progress
from protocols.grpc.times import nanoseconds
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc

_GAUGES: Final = 4
_EXCURSIONS: Final = 208
_QUICK_EXCURSIONS: Final = 16
_SCAN_S: Final = 0.1
_STEP: Final = 0.06
_SETTLE_SCANS: Final = 45
_WARM_UP_SCANS: Final = 60
_GIVE_UP_S: Final = 10.0


class _Excursion:
    def __init__(self) -> None:
        self.samples: list[Written] = []
        self.arrived: asyncio.Future[tuple[float, int, str]] = (
            asyncio.get_running_loop().create_future()
        )


class _Bench:
    def __init__(self, plant: GaugePlant, stub: "pb_grpc.RecommendationServiceAsyncStub") -> None:
        self._plant = plant
        self._stub = stub
        self._open: dict[str, _Excursion] = {}
        self.deciding_ms: list[float] = []
        self.onset_ms: list[float] = []
        self.missed = 0
        self.unasked: list[str] = []

    async def watch(self) -> None:
        request = pb.WatchRecommendationsRequest(parent="plants/bench")
        async for change in self._stub.WatchRecommendations(request):
            arrived = time.monotonic()
            found = change.recommendation
            if change.synced or found.state != pb.Recommendation.STATE_PROPOSED:
                continue
            excursion = self._open.get(found.source_asset)
            if excursion is None:
                self.unasked.append(f"{found.source_asset}: {found.title}: {found.reason}")
            elif not excursion.arrived.done():
                deciding = max(
                    nanoseconds(e.to_time) for e in found.evidence if e.asset == found.source_asset
                )
                excursion.arrived.set_result((arrived, deciding, found.name))

    async def scan(self) -> None:
        """Every gauge is written at each scan, whatever the excursions do."""
        due = time.monotonic()
        while True:
            due += _SCAN_S
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            written = await self._plant.write()
            for excursion in self._open.values():
                excursion.samples.append(written)

    async def excursions(self, gauge: int, count: int, done: "asyncio.Queue[None]") -> None:
        await asyncio.sleep((_WARM_UP_SCANS + gauge * _SETTLE_SCANS / _GAUGES) * _SCAN_S)
        for number in range(count):
            await self._excursion(gauge, _STEP if number % 2 else -_STEP)
            done.put_nowait(None)
            await asyncio.sleep(_SETTLE_SCANS * _SCAN_S)

    async def _excursion(self, gauge: int, step: float) -> None:
        excursion = _Excursion()
        name = f"plants/bench/assets/{self._plant.gauge(gauge)}"
        self._plant.deviation[gauge] = step
        self._open[name] = excursion
        try:
            async with asyncio.timeout(_GIVE_UP_S):
                arrived, deciding_ns, recommendation = await excursion.arrived
        except TimeoutError:
            self.missed += 1
            return
        finally:
            del self._open[name]
            self._plant.deviation[gauge] = 0.0
        written = next((w for w in excursion.samples if _same_time(w.source_ns, deciding_ns)), None)
        if written is None:
            self.missed += 1
        else:
            self.deciding_ms.append(1e3 * (arrived - written.monotonic))
            self.onset_ms.append(1e3 * (arrived - excursion.samples[0].monotonic))
        await self._stub.RejectRecommendation(
            pb.RejectRecommendationRequest(
                name=recommendation, decided_by="bench", reason="the bench made this step itself"
            )
        )


def _same_time(written_ns: int, told_ns: int) -> bool:
    """OPC UA's times have steps of 100 ns, the server's library microseconds."""
    return abs(written_ns - told_ns) < 2_000


async def _measure(folder: Path, excursions: int, progress: Progress) -> _Bench:
    async with GaugePlant(_GAUGES, folder, progress) as plant:
        channel = grpc.aio.insecure_channel(plant.plant.gateway)
        stub: pb_grpc.RecommendationServiceAsyncStub = pb_grpc.RecommendationServiceStub(channel)
        bench = _Bench(plant, stub)
        done: asyncio.Queue[None] = asyncio.Queue()
        background = [asyncio.create_task(bench.watch()), asyncio.create_task(bench.scan())]
        driven = [
            asyncio.create_task(bench.excursions(g, excursions // _GAUGES, done))
            for g in range(_GAUGES)
        ]
        for number in range(excursions // _GAUGES * _GAUGES):
            await _next(done, background)
            progress(f"excursion {number + 1} of {excursions}")
        await asyncio.gather(*driven)
        for task in background:
            task.cancel()
        await asyncio.gather(*background, return_exceptions=True)
        await channel.close()
        return bench


async def _next(done: "asyncio.Queue[None]", background: list["asyncio.Task[None]"]) -> None:
    """The next excursion's end; a failure of what runs beside it ends the bench."""
    waiting = asyncio.create_task(done.get())
    await asyncio.wait([waiting, *background], return_when=asyncio.FIRST_COMPLETED)
    for task in background:
        if task.done():
            waiting.cancel()
            task.result()
    await waiting


def run(folder: Path, quick: bool, progress: Progress) -> Report:
    started = time.monotonic()
    wanted = _QUICK_EXCURSIONS if quick else _EXCURSIONS
    bench = asyncio.run(_measure(folder, wanted, progress))
    deciding, onset = np.array(bench.deciding_ms), np.array(bench.onset_ms)
    rows = [
        Row(
            "change that completes the evidence to WatchRecommendations, median",
            _percentile(deciding, 50),
            "ms",
            "<= 150",
        ),
        Row(
            "change that completes the evidence to WatchRecommendations, 99 %",
            _percentile(deciding, 99),
            "ms",
            "<= 400",
        ),
        Row("first changed sample to WatchRecommendations, median", _percentile(onset, 50), "ms"),
        Row("first changed sample to WatchRecommendations, 99 %", _percentile(onset, 99), "ms"),
        Row("excursions without a recommendation", bench.missed, "excursions", "== 0"),
        Row("recommendations without an excursion", len(bench.unasked), "recommendations", "== 0"),
    ]
    more = {"n": len(deciding), "unasked": bench.unasked}
    return Report("latency", time.monotonic() - started, rows, more)


def _percentile(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", q: float) -> float | None:
    return round(float(np.percentile(values, q)), 1) if len(values) else None
