"""Readings of one stretch of web, brought together by when it was at the die."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.electrode.diagnosis.blocks import Block, Blocks
from twin.snapshot import dumps, loads

S = 1_000_000_000
LENGTH = 10.0


def _blocks(**readings: dict[float, float]) -> Blocks:
    """Of each observable: values by die time [s]."""
    found = Blocks(LENGTH)
    for name, values in readings.items():
        for seconds, value in values.items():
            found.add(name, round(seconds * S), value)
    return found


def _values(blocks: Blocks, block: Block) -> dict[str, float]:
    return {
        name: float(value)
        for name, value in zip(blocks.names, block.values, strict=True)
        if not np.isnan(value)
    }


def test_a_block_holds_the_means_of_what_was_coated_in_it() -> None:
    blocks = _blocks(flow={0: 1.0, 4: 2.0, 9.9: 3.0, 10: 7.0}, speed={5: -1.0})
    (block,) = blocks.closed(20 * S + 1)
    assert _values(blocks, block) == {"flow": 2.0, "speed": -1.0}
    assert blocks.middle_ns(block.number) == 5 * S


def test_a_gauge_60_m_behind_and_the_flow_meter_speak_of_the_same_block() -> None:
    """At 40 m/min the gauge sees 90 s later what the flow meter sees now."""
    blocks, lag = Blocks(LENGTH), 90 * S
    found = []
    for second in range(300):
        # The slurry is 1 % richer from 100 to 110 s on, and only then.
        for name, die_s, of in (("flow", second, 0), ("gauge:exit", second - 90, lag)):
            blocks.add(name, die_s * S, 1.0 if 100 <= die_s < 110 else 0.0, of)
        found += blocks.closed(second * S)
    by_time = {blocks.middle_ns(block.number) // S: _values(blocks, block) for block in found}
    assert by_time[105] == {"flow": 1.0, "gauge:exit": 1.0}
    assert by_time[95] == by_time[115] == {"flow": 0.0, "gauge:exit": 0.0}


def test_a_block_waits_for_the_slowest_gauge() -> None:
    blocks = _blocks(flow={1: 1.0})
    blocks.add("gauge:exit", 1 * S, 2.0, 90 * S)
    assert blocks.closed(100 * S) == []
    (block,) = blocks.closed(111 * S)
    assert _values(blocks, block) == {"flow": 1.0, "gauge:exit": 2.0}


def test_what_comes_for_a_block_that_is_closed_is_dropped() -> None:
    blocks = _blocks(flow={1: 1.0, 11: 1.0})
    blocks.closed(21 * S)
    blocks.add("flow", 2 * S, 50.0)
    assert blocks.fresh().tolist() == [1.0]
    (block,) = blocks.closed(31 * S)
    assert blocks.middle_ns(block.number) == 15 * S
    assert _values(blocks, block) == {"flow": 1.0}


def test_blocks_come_in_order_and_each_once_gaps_included() -> None:
    blocks = _blocks(flow={1: 1.0, 35: 4.0})
    numbers = [block.number for now in range(0, 80, 2) for block in blocks.closed(now * S)]
    assert numbers == [*range(numbers[0], numbers[0] + len(numbers))]
    assert len(numbers) >= 4


def test_nothing_heard_is_no_block() -> None:
    assert Blocks(LENGTH).closed(1_000 * S) == []
    assert Blocks(LENGTH).early(1_000 * S) == []


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_values_that_are_no_numbers_are_not_taken(value: float) -> None:
    blocks = _blocks(flow={1: 2.0})
    blocks.add("flow", 2 * S, value)
    (block,) = blocks.closed(21 * S)
    assert _values(blocks, block) == {"flow": 2.0}


def test_an_observable_that_is_silent_in_a_block_is_not_a_number_there() -> None:
    blocks = _blocks(flow={1: 1.0, 11: 1.0}, speed={1: 3.0})
    first, second = blocks.closed(31 * S)
    assert _values(blocks, first) == {"flow": 1.0, "speed": 3.0}
    assert _values(blocks, second) == {"flow": 1.0}


def test_void_blocks_say_nothing_and_their_neighbours_do() -> None:
    blocks = _blocks(flow={5: 1.0, 15: 2.0, 25: 3.0, 35: 4.0})
    blocks.void(12 * S, 22 * S)
    found = [_values(blocks, block) for block in blocks.closed(51 * S)]
    assert found == [{"flow": 1.0}, {}, {}, {"flow": 4.0}]


def test_after_a_restart_only_what_is_coated_from_then_on_counts() -> None:
    blocks = _blocks(flow={5: 1.0, 15: 2.0})
    blocks.restart(32 * S)
    blocks.add("flow", 20 * S, 9.0)
    blocks.add("flow", 45 * S, 4.0)
    found = [_values(blocks, block) for block in blocks.closed(61 * S)]
    assert found == [{"flow": 4.0}]


def test_line_stops_leave_nothing_behind() -> None:
    blocks = _blocks(flow={5: 1.0})
    sizes = []
    for stop in range(1, 50):
        blocks.void(stop * 1000 * S, (stop * 1000 + 200) * S)
        blocks.restart((stop * 1000 + 300) * S)
        sizes.append(len(dumps(blocks.snapshot())))
    assert max(sizes[10:]) < sizes[0] + 50


def test_quick_sensors_are_heard_before_the_slow_one_has_spoken() -> None:
    blocks = Blocks(LENGTH)
    for second in range(60):
        blocks.add("flow", second * S, 1.0)
        blocks.add("gauge:exit", (second - 90) * S, 5.0, 90 * S)
    closed = blocks.closed(60 * S)
    early = blocks.early(60 * S)
    assert [_values(blocks, block) for block in early[-3:]] == [{"flow": 1.0}] * 3
    assert not {b.number for b in closed} & {b.number for b in early}
    # They are only looked at: they come again when they are whole.
    assert blocks.early(60 * S)[-1].number == early[-1].number


def test_fresh_means_are_of_what_is_not_closed_yet() -> None:
    blocks = _blocks(flow={1: 100.0, 12: 1.0, 22: 3.0})
    blocks.closed(21 * S)
    assert blocks.fresh().tolist() == [2.0]


_READINGS = st.lists(
    st.tuples(
        st.sampled_from(["flow", "speed", "gauge:top"]),
        st.floats(-5, 5),
        st.integers(0, 30),
        st.booleans(),
    ),
    max_size=40,
)


@given(_READINGS, st.integers(0, 40))
def test_a_restored_one_goes_on_to_the_bit(
    readings: list[tuple[str, float, int, bool]], cut: int
) -> None:
    one, other = Blocks(LENGTH), Blocks(LENGTH)
    for i, (name, value, lag_s, void) in enumerate(readings):
        if i == cut:
            other = Blocks(LENGTH)
            other.restore(loads(dumps(one.snapshot())))
        now = 4 * i * S
        told = []
        for blocks in (one, other):
            blocks.add(name, now - lag_s * S, value, lag_s * S)
            if void:
                blocks.void(now, now + 5 * S)
            told.append([(b.number, b.values.tobytes()) for b in blocks.closed(now)])
        assert told[0] == told[1]
    assert dumps(one.snapshot()) == dumps(other.snapshot())


@given(st.permutations([(0.5, 1.0), (3.0, 2.0), (9.0, 4.0), (12.0, 8.0)]))
def test_the_order_in_which_readings_come_does_not_matter(
    readings: list[tuple[float, float]],
) -> None:
    blocks = Blocks(LENGTH)
    blocks.add("speed", 0, 0.0)
    for seconds, value in readings:
        blocks.add("flow", round(seconds * S), value)
    first, second = blocks.closed(31 * S)
    assert _values(blocks, first)["flow"] == pytest.approx(7 / 3)
    assert _values(blocks, second)["flow"] == 8.0
