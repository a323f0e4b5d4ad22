"""The host: what stands before and behind the twins of one actor."""

from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Effects, Event, Figure, Limits, SignalSpec, Twin
from twin.errors import InvalidInput, NotFound
from twin.frame import Frame, Reading
from twin.host import TwinHost
from twin.kinds import Kind, Layer
from twin.quality import BAD
from twin.snapshot import Snapshot

S = 1_000_000_000
T0 = 1_700_000_000 * S


class Tank(Twin):
    """Keeps the mean level; says so when a reading is over 90, and notes every clock."""

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self.n = 0
        self.sum = 0.0
        self.clock_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        self.n += 1
        self.sum += reading.value
        if reading.value > 90:
            data = {"level": reading.value, "seen": [self.n, None, "µ"]}
            effects.emit(self.config, "tank.full", reading.time_ns, data)

    def at(self, now_ns: int, effects: Effects) -> None:
        self.clock_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        return (Figure("level", self.sum / self.n, 1.0, "%"),) if self.n else ()

    def snapshot(self) -> Snapshot:
        return {"n": self.n, "sum": self.sum, "clock_ns": self.clock_ns}

    def restore(self, snapshot: Snapshot) -> None:
        self.n = int(str(snapshot["n"]))
        self.sum = float(str(snapshot["sum"]))
        self.clock_ns = int(str(snapshot["clock_ns"]))


KIND = Kind(
    name="tank",
    title="Tank",
    layer=Layer.CELL,
    description="Holds slurry.",
    signals=(
        SignalSpec("level", "%", "how full", minimum=0.0, maximum=100.0, gap_after_s=3.0),
        SignalSpec("dose", "g", "one addition", above=0.0, per_item=True),
    ),
    parameters=(),
    twin=Tank,
)
A = AssetConfig("line1/a", "ua", "tank")
B = AssetConfig("line1/b", "ub", "tank")


def host(*assets: AssetConfig) -> TwinHost:
    return TwinHost(KIND, assets or (A, B))


def level(value: float, at_s: float, asset: AssetConfig = A, **fields: int) -> Reading:
    return Reading(asset.name, "level", T0 + round(at_s * S), value, **fields)


def frame(
    sequence: int, *readings: Reading, at_s: float | None = None, producer: str = "edge"
) -> Frame:
    received = max((r.time_ns for r in readings), default=T0)
    if at_s is not None:
        received = T0 + round(at_s * S)
    return Frame.of(producer, sequence, received, readings)


def kinds(events: Sequence[Event]) -> list[str]:
    return [event.kind for event in events]


def counted(found: TwinHost) -> tuple[int, int, int, int, int]:
    c = found.counts
    return c.frames, c.readings, c.quarantined, c.repeats, c.strays


def test_a_frame_that_comes_twice_changes_nothing_but_the_count_of_repeats() -> None:
    made = host()
    first, second = frame(1, level(95, 0)), frame(2, level(96, 1))
    made.handle(first)
    made.handle(second)
    before = made.figures(A.name)

    assert made.handle(second) == ()
    assert made.handle(first) == ()

    assert made.figures(A.name) == before
    assert len(made.outbox) == 2
    assert counted(made) == (2, 2, 0, 2, 0)


def test_each_producer_counts_for_itself() -> None:
    made = host()
    made.handle(frame(1, level(10, 0), producer="edge:1"))
    made.handle(frame(1, level(20, 1), producer="edge:2"))
    assert made.figures(A.name)[0].value == 15


def test_a_gap_in_a_producer_s_count_is_no_fault() -> None:
    made = host()
    made.handle(frame(1, level(10, 0)))
    made.handle(frame(7, level(20, 1)))
    assert made.counts.frames == 2


def test_readings_of_assets_that_are_not_hosted_are_counted_and_left_alone() -> None:
    made = host(A)
    stray = replace(B, name="line1/elsewhere")

    said = made.handle(frame(1, level(95, 0, stray), level(10, 0), level(-5, 0, stray)))

    assert said == []
    assert counted(made) == (1, 3, 0, 0, 2)
    assert made.figures(A.name)[0].value == 10


def test_no_refused_reading_reaches_the_twin() -> None:
    made = host()
    made.handle(frame(1, level(10, 0), level(101, 1), level(50, 2, quality=BAD)))
    assert made.figures(A.name)[0].value == 10
    assert counted(made) == (1, 3, 2, 0, 0)
    assert [s.quarantined for s in made.health(A.name)] == [2, 0]


def test_an_asset_s_own_limits_are_held() -> None:
    made = host(replace(A, limits={"level": Limits(maximum=50)}))
    made.handle(frame(1, level(60, 0)))
    assert made.figures(A.name) == ()


def test_a_run_of_refused_readings_is_told_at_its_onset_and_at_its_end() -> None:
    made = host()

    said = made.handle(frame(1, *(level(v, t) for t, v in enumerate([10, 101, 102, 20]))))

    assert kinds(said) == ["reading.quarantined"] * 2
    onset, end = said
    assert (onset.data["phase"], onset.data["value"], onset.data["reason"]) == (
        "onset",
        101,
        "RANGE",
    )
    assert (end.data["phase"], end.data["count"]) == ("end", 2)
    assert (onset.asset, onset.uid, onset.time_ns) == (A.name, A.uid, T0 + S)


def test_every_refused_weighing_is_told_by_itself() -> None:
    made = host()
    doses = [Reading(A.name, "dose", T0 + n, -1.0, text=f"piece-{n}") for n in range(3)]

    said = made.handle(frame(1, *doses))

    assert [(e.data["phase"], e.data["text"]) for e in said] == [
        ("item", "piece-0"),
        ("item", "piece-1"),
        ("item", "piece-2"),
    ]


def test_events_are_numbered_by_asset_and_wait_in_order() -> None:
    made = host()

    said = made.handle(frame(1, level(95, 0), level(96, 0, B), level(97, 1)))

    assert [(e.asset, e.sequence) for e in said] == [(A.name, 1), (B.name, 1), (A.name, 2)]
    assert list(made.outbox) == list(said)


def test_acknowledged_events_leave_the_outbox_oldest_first() -> None:
    made = host()
    first, second, third = made.handle(frame(1, *(level(95, t) for t in range(3))))

    made.acknowledge(2)

    assert list(made.outbox) == [third]
    made.acknowledge(1)
    assert not made.outbox
    assert (first.sequence, second.sequence) == (1, 2)


def test_the_clock_moves_in_whole_seconds_and_never_back() -> None:
    made = host()
    seen = []
    for number, at_s in enumerate([0.2, 0.9, 1.1, 0.5, 3.99], start=1):
        made.handle(frame(number, at_s=at_s))
        seen.append((made.clock_ns - T0) / S)
    assert seen == [0, 0, 1, 1, 3]


def test_a_frame_without_readings_tells_of_a_silent_signal_once() -> None:
    made = host()
    made.handle(frame(1, level(10, 0)))

    assert made.handle(frame(2, at_s=3)) == []
    (gap,) = made.handle(frame(3, at_s=4))
    assert made.handle(frame(4, at_s=5)) == []

    assert (gap.kind, gap.asset) == ("signal.gap", A.name)
    assert gap.data == {"signal": "level", "since_ns": T0}


def test_an_asset_that_is_not_hosted_is_not_found() -> None:
    with pytest.raises(NotFound, match="line1/b"):
        host(A).figures(B.name)
    with pytest.raises(NotFound, match="line1/b"):
        host(A).health(B.name)


_readings = st.builds(
    level,
    st.sampled_from([5.0, 50.0, 90.5, 95.25, 101.0, -1.0, float("nan")]),
    st.floats(0, 20),
    st.sampled_from([A, B, AssetConfig("line1/stray", "us", "tank")]),
)
_frames = st.lists(
    st.builds(
        lambda producer, sequence, at_s, readings: frame(
            sequence, *readings, at_s=at_s, producer=producer
        ),
        st.sampled_from(["edge:1", "edge:2", "a", "clock"]),
        st.integers(1, 6),
        st.floats(0, 30),
        st.lists(_readings, max_size=4),
    ),
    max_size=12,
)


@given(_frames, st.integers(0, 12), st.integers(0, 3))
def test_a_host_that_was_stopped_and_restored_ends_as_one_that_never_was(
    frames: list[Frame], cut: int, acknowledged: int
) -> None:
    undisturbed = host()
    told = [event for f in frames for event in undisturbed.handle(f)]

    first = host()
    said = [event for f in frames[:cut] for event in first.handle(f)]
    second = host()
    second.restore(first.snapshot())
    assert second.snapshot() == first.snapshot()
    said += [event for f in frames[cut:] for event in second.handle(Frame.from_bytes(f.to_bytes()))]

    assert second.snapshot() == undisturbed.snapshot()
    assert second.state() == undisturbed.state()
    assert said == told
    done = min(acknowledged, len(undisturbed.outbox))
    second.acknowledge(done)
    undisturbed.acknowledge(done)
    assert list(second.outbox) == list(undisturbed.outbox)


@given(_frames, st.integers(0, 12))
def test_frames_that_are_sent_again_after_a_restart_change_no_twin(
    frames: list[Frame], cut: int
) -> None:
    undisturbed, restarted = host(), host()
    for f in frames:
        undisturbed.handle(f)
    for f in frames[:cut]:
        restarted.handle(f)
    checkpoint = restarted.snapshot()
    restarted = host()
    restarted.restore(checkpoint)
    for f in [*frames[:cut], *frames[cut:]]:
        restarted.handle(f)
    for asset in (A, B):
        assert restarted.figures(asset.name) == undisturbed.figures(asset.name)
    assert list(restarted.outbox) == list(undisturbed.outbox)


@given(st.lists(st.tuples(st.floats(0, 100), st.booleans()), max_size=20))
def test_how_readings_are_cut_into_frames_does_not_matter_to_the_twins(
    values: list[tuple[float, bool]],
) -> None:
    """Within one second: the clock moves with frames."""
    readings = [level(value, n / 100) for n, (value, _) in enumerate(values)]
    whole, cut = host(), host()
    whole.handle(frame(1, *readings, at_s=0.5))
    pending: list[Reading] = []
    sequence = 0
    for reading, (_, ends) in zip(readings, values, strict=True):
        pending.append(reading)
        if ends:
            sequence += 1
            cut.handle(frame(sequence, *pending, at_s=0.5))
            pending = []
    cut.handle(frame(sequence + 1, *pending, at_s=0.5))
    assert cut.figures(A.name) == whole.figures(A.name)
    assert cut.health(A.name) == whole.health(A.name)
    assert [e.id for e in cut.outbox] == [e.id for e in whole.outbox]


def test_an_asset_more_starts_anew_and_the_others_go_on() -> None:
    before = host(A)
    before.handle(frame(1, level(95, 0)))
    after = host(A, B)

    after.restore(before.snapshot())

    assert after.figures(A.name) == before.figures(A.name)
    assert after.figures(B.name) == ()
    assert list(after.outbox) == list(before.outbox)
    (event,) = after.handle(frame(2, level(95, 1), level(10, 1, B)))
    assert event.sequence == 2
    assert after.figures(B.name)[0].value == 10


def test_an_asset_less_leaves_the_others_and_its_events_as_they_were() -> None:
    before = host(A, B)
    before.handle(frame(1, level(95, 0), level(96, 0, B), level(101, 1, B)))
    after = host(A)

    after.restore(before.snapshot())
    after.handle(frame(2, level(10, 1, B), level(97, 1)))

    assert sorted((e.asset, e.sequence) for e in after.outbox) == [
        (A.name, 1),
        (A.name, 2),
        (B.name, 1),
        (B.name, 2),
    ]
    assert after.counts.strays == 1


def test_an_asset_that_comes_back_goes_on_where_it_left_off() -> None:
    """Deleted and undeleted: its state, and the count of its events."""
    both = host(A, B)
    both.handle(frame(1, level(95, 0), level(96, 0, B), level(101, 1, B)))
    alone = host(A)
    alone.restore(both.snapshot())
    alone.handle(frame(2, level(97, 1)))
    again = host(A, B)
    again.restore(alone.snapshot())

    assert again.figures(B.name) == both.figures(B.name)
    assert again.health(B.name) == both.health(B.name)
    numbers = [e.sequence for e in again.handle(frame(3, level(97, 2, B)))]
    assert numbers == [3]


def test_a_name_that_is_used_again_does_not_inherit_the_old_asset_s_state() -> None:
    before = host(A, B)
    before.handle(frame(1, level(95, 5), level(101, 6), level(30, 5, B)))
    anew = replace(A, uid="another")
    after = host(anew, B)

    after.restore(before.snapshot())

    assert after.figures(A.name) == ()
    assert after.health(A.name) == host(anew).health(A.name)
    assert after.figures(B.name)[0].value == 30
    # Earlier than the old asset's last one: the gate must not hold that against it.
    (event,) = after.handle(frame(2, level(95, 1)))
    assert (event.uid, event.sequence) == ("another", 1)


def test_only_the_latest_producers_are_remembered() -> None:
    made = host()
    for number in range(1000):
        made.handle(frame(1, producer=f"edge:{number}"))
    size = len(made.snapshot())
    for number in range(1000, 2000):
        made.handle(frame(1, producer=f"edge:{number}"))
    assert len(made.snapshot()) < size + 200
    repeats = made.counts.repeats
    made.handle(frame(1, producer="edge:1999"))
    assert made.counts.repeats == repeats + 1


def test_a_producer_that_still_speaks_is_not_forgotten_for_new_ones() -> None:
    made = host()
    for sequence in (1, 2):
        made.handle(frame(sequence, producer="steady"))
        for number in range(40):
            made.handle(frame(1, producer=f"boot:{sequence}:{number}"))
    made.handle(frame(2, producer="steady"))
    assert made.counts.repeats == 1


def test_those_who_spoke_last_are_remembered_longest_also_after_a_restart() -> None:
    made = host()
    for number in range(100):
        made.handle(frame(1, producer=f"boot:{number}"))
    made.handle(frame(1, producer="a late one"))
    restarted = host()
    restarted.restore(made.snapshot())

    restarted.handle(frame(1, producer="the next"))
    restarted.handle(frame(1, producer="a late one"))

    assert restarted.counts.repeats == 1


def test_what_is_no_snapshot_is_refused() -> None:
    with pytest.raises(InvalidInput, match="no snapshot"):
        host().restore(b"GTF1")
