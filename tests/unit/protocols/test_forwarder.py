import asyncio
import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.edge.forwarder import FrameForwarder
from protocols.edge.outbox import BackboneState
from stores.spool import Spool
from tests.edge_probe import NOW_NS, clock
from tests.waiting import eventually
from twin.errors import Unavailable
from twin.frame import Frame, Reading
from twin.ports import START, Entry


class FlakyBackbone:
    """Does what it is told with each append: takes it, loses it, or takes it and says it
    did not. When it is told nothing it takes it."""

    def __init__(self, fates: Sequence[str] = ()) -> None:
        self.fates: Iterator[str] = iter(fates)
        self.away = False
        self.hangs = False
        self.entries: list[tuple[str, bytes]] = []
        self.tried = 0
        self.appended = asyncio.Condition()

    async def append(self, stream: str, data: bytes) -> str:
        self.tried += 1
        fate = "lose" if self.away else next(self.fates, "take")
        if self.hangs:
            await asyncio.Event().wait()
        await asyncio.sleep(0)
        if fate != "lose":
            self.entries.append((stream, data))
            async with self.appended:
                self.appended.notify_all()
        if fate != "take":
            raise Unavailable("the live store is away")
        return f"{len(self.entries)}-0"

    async def read(
        self, after: Mapping[str, str], *, block_ms: int | None = None, count: int = 64
    ) -> Sequence[Entry]:
        return ()

    async def last_id(self, stream: str) -> str:
        return START

    async def trim(self, stream: str, before: str) -> None: ...

    def values(self) -> dict[str, list[float]]:
        """What a host that drops repeated frames sees, by stream; checks the sequences."""
        latest: dict[tuple[str, str], int] = defaultdict(int)
        seen: dict[str, list[float]] = defaultdict(list)
        for stream, data in self.entries:
            frame = Frame.from_bytes(data)
            known = latest[stream, frame.producer]
            if frame.sequence <= known:
                continue
            assert frame.sequence == known + 1, "a frame is missing or out of order"
            latest[stream, frame.producer] = frame.sequence
            seen[stream] += [r.value for r in frame.readings()]
        return dict(seen)

    async def until(self, stream: str, count: int) -> None:
        async with asyncio.timeout(10), self.appended:
            await self.appended.wait_for(lambda: len(self.values().get(stream, ())) >= count)


def forwarder(
    backbone: FlakyBackbone,
    spool: Spool,
    boot: int = 1,
    *,
    append_timeout_s: float = 10.0,
    **options: int,
) -> FrameForwarder:
    """One that hurries, but for ``append_timeout_s``: a slow machine is no backbone that is
    away."""
    return FrameForwarder(
        backbone,
        spool,
        f"edge-plc:{boot}",
        clock,
        flush_s=0.001,
        append_timeout_s=append_timeout_s,
        retry_s=0.001,
        longest_retry_s=0.002,
        **options,
    )


def reading(value: float) -> Reading:
    return Reading("gauge", "loading", NOW_NS, value)


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path / "spool.db")


async def test_readings_of_one_moment_travel_in_one_frame_for_each_stream(spool: Spool) -> None:
    backbone = FlakyBackbone()
    edge = forwarder(backbone, spool)
    for value in (1.0, 2.0, 3.0):
        edge.put("a", reading(value))
    edge.put("b", reading(9.0))
    await edge.start()
    await edge.stored()

    frames = [(s, Frame.from_bytes(data)) for s, data in backbone.entries]
    assert [(s, f.producer, f.sequence, f.received_ns, len(f)) for s, f in frames] == [
        ("a", "edge-plc:1", 1, NOW_NS, 3),
        ("b", "edge-plc:1", 1, NOW_NS, 1),
    ]
    assert backbone.values() == {"a": [1.0, 2.0, 3.0], "b": [9.0]}
    await edge.stop()


async def test_a_source_is_acknowledged_only_when_its_reading_is_stored(spool: Spool) -> None:
    backbone = FlakyBackbone()
    edge = forwarder(backbone, spool)
    acknowledged: list[int] = []
    edge.put("a", reading(1.0), lambda: acknowledged.append(1))
    assert acknowledged == []

    await edge.start()
    await edge.stored()

    assert acknowledged == [1]
    assert len(backbone.entries) == 1
    await edge.stop()


async def test_while_the_backbone_is_away_frames_wait_on_disk_and_then_go_in_order(
    spool: Spool,
) -> None:
    backbone = FlakyBackbone()
    backbone.away = True
    edge = forwarder(backbone, spool)
    await edge.start()
    acknowledged: list[float] = []
    for value in (1.0, 2.0, 3.0):
        edge.put("a", reading(value), lambda value=value: acknowledged.append(value))
        await edge.stored()
    assert acknowledged == [1.0, 2.0, 3.0]
    assert (edge.status().backbone, edge.status().spooled) == (BackboneState.AWAY, 3)
    assert "away" in edge.status().reason

    backbone.away = False
    edge.put("a", reading(4.0))
    await backbone.until("a", 4)
    await edge.stop()

    assert backbone.values() == {"a": [1.0, 2.0, 3.0, 4.0]}
    assert len(spool) == 0


async def test_a_backbone_that_does_not_answer_is_away(spool: Spool) -> None:
    backbone = FlakyBackbone()
    backbone.hangs = True
    edge = forwarder(backbone, spool, append_timeout_s=0.05)
    await edge.start()

    edge.put("a", reading(1.0))
    await edge.stored()

    assert edge.status().spooled == 1
    assert "did not answer" in edge.status().reason
    backbone.hangs = False
    await backbone.until("a", 1)
    await edge.stop()


async def test_frames_of_an_earlier_start_go_first(tmp_path: Path) -> None:
    away = FlakyBackbone()
    away.away = True
    earlier = forwarder(away, Spool(tmp_path / "spool.db"), boot=1)
    await earlier.start()
    earlier.put("a", reading(1.0))
    await earlier.stop()

    backbone = FlakyBackbone()
    later = forwarder(backbone, Spool(tmp_path / "spool.db"), boot=2)
    later.put("a", reading(2.0))
    await later.start()
    await backbone.until("a", 2)

    producers = [Frame.from_bytes(data).producer for _, data in backbone.entries]
    assert producers == ["edge-plc:1", "edge-plc:2"]
    assert later.status().dropped == 0
    await later.stop()


async def test_with_the_backbone_away_and_the_disk_full_nothing_is_acknowledged_nor_lost(
    tmp_path: Path,
) -> None:
    backbone = FlakyBackbone()
    backbone.away = True
    edge = forwarder(backbone, Spool(tmp_path / "spool.db", max_bytes=400), max_pending=3)
    await edge.start()
    acknowledged: list[float] = []
    taken: list[float] = []
    for value in itertools.count(1.0):
        if not edge.put("a", reading(value), lambda value=value: acknowledged.append(value)):
            break
        taken.append(value)
        # A frame for each, as readings of a slow source have.
        await eventually(
            lambda value=value: (
                value in acknowledged or edge.status().backbone is BackboneState.REFUSING
            ),
            f"{value} is stored or refused",
        )
    status = edge.status()
    assert status.backbone is BackboneState.REFUSING
    assert "full" in status.reason
    assert status.refused == 1
    assert status.pending == 3
    assert acknowledged == taken[:-3]

    backbone.away = False
    await backbone.until("a", len(taken))
    await edge.stop()

    assert backbone.values() == {"a": taken}
    assert acknowledged == taken
    assert edge.status().dropped == 0


async def test_what_had_to_be_given_up_when_stopping_is_counted(tmp_path: Path) -> None:
    backbone = FlakyBackbone()
    backbone.away = True
    edge = forwarder(backbone, Spool(tmp_path / "spool.db", max_bytes=1))
    await edge.start()
    edge.put("a", reading(1.0))

    await edge.stop(within_s=0.05)

    assert edge.status().dropped == 1


async def test_what_breaks_the_forwarder_itself_is_raised(spool: Spool) -> None:
    backbone = FlakyBackbone()
    edge = forwarder(backbone, spool)
    await edge.start()

    def broken() -> None:
        raise RuntimeError("the source's own fault")

    edge.put("a", reading(1.0), broken)

    with pytest.raises(RuntimeError, match="own fault"):
        await edge.failure()
    await edge.stop(within_s=0.01)


fates = st.lists(st.sampled_from(["take", "lose", "take, but say no"]), max_size=12)
bursts = st.lists(
    st.lists(st.sampled_from(["a", "b"]), min_size=1, max_size=3), min_size=1, max_size=6
)


@settings(max_examples=20, deadline=None)  # each example commits to a disk
@given(fates=fates, boots=st.lists(bursts, min_size=1, max_size=3))
def test_whatever_the_backbone_does_every_acknowledged_reading_arrives_once_and_in_order(
    fates: list[str], boots: list[list[list[str]]]
) -> None:
    async def scenario(folder: Path) -> None:
        backbone = FlakyBackbone(fates)
        acknowledged: dict[str, list[float]] = defaultdict(list)
        values = itertools.count()
        for boot, streams_of_bursts in enumerate(boots):
            spool = Spool(folder / "spool.db")
            edge = forwarder(backbone, spool, boot=boot)
            await edge.start()
            for burst in streams_of_bursts:
                for stream in burst:
                    value = float(next(values))
                    edge.put(
                        stream,
                        reading(value),
                        lambda stream=stream, value=value: acknowledged[stream].append(value),
                    )
                await asyncio.sleep(0)
            await edge.stop()
            assert edge.status().dropped == 0
            spool.close()
        last = forwarder(backbone, Spool(folder / "spool.db"), boot=99)
        await last.start()
        for stream, expected in acknowledged.items():
            await backbone.until(stream, len(expected))
        await last.stop()
        assert backbone.values() == acknowledged

    with TemporaryDirectory() as folder:
        asyncio.run(scenario(Path(folder)))
