"""The coating gauge: level along the web, profile across it, excursions."""

import math
from copy import deepcopy
from functools import cache
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import SECOND, at, gauge
from tests.unit.twin.scanned_web import Web
from twin.asset import Effects, Event
from twin.electrode.gauge.coating_gauge import KIND
from twin.electrode.gauge.excursion import beyond
from twin.electrode.gauge.pairing import Pairing, Sample
from twin.electrode.gauge.web_geometry import Lanes, Passes
from twin.electrode.gauge.web_profile import NoiseEstimate
from twin.frame import Reading
from twin.quality import UNCERTAIN
from twin.snapshot import dumps, loads


@cache
def _once() -> Web:
    return Web().run(60)


def _scanned() -> Web:
    """A web on target after a minute; tests share how it got there."""
    return deepcopy(_once())


def _number(event: Event, name: str) -> float:
    value = event.data[name]
    assert isinstance(value, int | float)
    return float(value)


def test_before_any_reading_there_are_no_figures() -> None:
    assert Web().twin.figures() == ()


def test_level_profile_and_noise_are_told_apart() -> None:
    web = Web(noise=0.4).run(240, deviation=1.0)
    loading, deviation, noise = (web.figure(n) for n in ("areal_loading", "deviation", "noise"))
    assert loading.value == pytest.approx(20.2, abs=4 * loading.sd)
    assert deviation.value == pytest.approx(1.0, abs=0.5)
    assert noise.value == pytest.approx(0.4, abs=0.05)
    profile = [e.data["profile"] for e in web.told("loading") if "profile" in e.data][-1]
    assert isinstance(profile, tuple)
    truth = np.array([0.8 * math.cos(3 * math.pi * (i + 0.5) / 20) for i in range(20)])
    assert np.abs(np.array(profile) - (truth - truth.mean())).max() < 0.2


def test_on_target_nothing_is_an_excursion() -> None:
    for noise in (0.5, 1.0):
        web = Web(noise=noise, seed=3).run(120)
        assert not web.told("excursion")


@pytest.mark.parametrize("step", [6.0, -6.0])
def test_a_step_of_six_per_cent_is_decided_with_the_third_reading(step: float) -> None:
    web = _scanned()
    for _ in range(2):
        web.read(step)
    assert not web.told("excursion")
    web.read(step)
    (event,) = web.told("excursion")
    assert event.time_ns == event.data["deciding_ns"] == at(web.seconds)
    assert event.data["n"] == 3
    assert event.data["from_ns"] == at(web.seconds - 0.2)
    assert _number(event, "deviation_pct") == pytest.approx(step, abs=1)
    assert _number(event, "probability") >= 0.99


def test_a_small_sustained_shift_is_found_within_seconds() -> None:
    web = _scanned().run(10, deviation=2.7)
    (event,) = web.told("excursion")
    assert at(60) < event.time_ns <= at(68)


def test_a_shift_within_the_limit_is_none() -> None:
    assert not _scanned().run(120, deviation=1.5).told("excursion")


def test_one_spike_or_two_are_no_excursion() -> None:
    web = _scanned()
    for spike in (8.0, -8.0):
        web.read(spike)
        web.run(5)
        web.read(spike)
        web.read(spike)
        web.run(5)
    assert not web.told("excursion")


def test_an_excursion_is_told_once_and_so_is_its_end() -> None:
    web = _scanned().run(30, deviation=4.0).run(30)
    assert [e.kind for e in web.events if e.kind != "gauge.loading"] == [
        "gauge.excursion",
        "gauge.recovered",
    ]
    assert web.told("recovered")[0].time_ns <= at(93)


def test_a_process_that_stays_at_the_limit_does_not_chatter() -> None:
    web = Web(noise=1.0).run(60).run(120, deviation=2.1)
    assert len(web.told("excursion")) <= 3


def test_an_excursion_to_the_other_side_is_told() -> None:
    web = _scanned().run(10, deviation=5.0).run(10, deviation=-5.0)
    signs = [_number(event, "deviation_pct") > 0 for event in web.told("excursion")]
    assert signs == [True, False]


def test_the_profile_does_not_swallow_a_shift_of_the_whole_web() -> None:
    web = Web().run(120).run(240, deviation=4.0)
    assert web.figure("deviation").value == pytest.approx(4.0, abs=0.5)


def test_a_strong_profile_alone_is_no_excursion() -> None:
    def bowl(x: float) -> float:
        return 4.5 * (x - 0.5) ** 2 * 4 - 1.5

    assert not Web(profile=bowl, profile_sd=2.0).run(240).told("excursion")


def test_noise_that_is_greater_than_told_is_learned() -> None:
    web = Web(noise=1.2).run(120)
    assert web.figure("noise").value == pytest.approx(1.2, abs=0.2)
    assert not web.told("excursion")


def test_loadings_come_each_second_without_overlap_and_a_profile_after_each_pass() -> None:
    web = _scanned()
    loadings = web.told("loading")
    assert 55 <= len(loadings) <= 75
    for before, after in pairwise(loadings):
        assert _number(before, "to_ns") < _number(after, "from_ns")
    assert 8 <= sum("profile" in event.data for event in loadings) <= 10


def test_means_of_windows_hold_the_truth_as_often_as_they_say() -> None:
    loadings = Web(noise=0.5, seed=5).run(300, deviation=1.0).told("loading")[100:]
    inside = [
        abs(_number(e, "deviation_pct") - 1.0) < 1.96 * _number(e, "deviation_sd_pct")
        for e in loadings
    ]
    assert 0.9 <= np.mean(inside) <= 0.99


def test_missing_data_widens() -> None:
    web = _scanned()
    before = web.figure("deviation")
    web.twin.at(at(web.seconds + 60), Effects({}))
    after = web.figure("deviation")
    assert after.value == before.value
    assert after.sd == pytest.approx(math.hypot(before.sd, 0.14 * math.sqrt(60)), rel=0.01)


def test_a_doubtful_reading_weighs_less() -> None:
    sure, doubtful = Web().run(30), Web().run(30)
    sure.read(1.5)
    doubtful.read(1.5, quality=UNCERTAIN)
    assert doubtful.figure("deviation").sd > sure.figure("deviation").sd


def test_a_gauge_at_a_fixed_point_needs_no_head_position() -> None:
    web = Web(scans=False, lanes=1.0).run(60)
    assert web.figure("deviation").value == pytest.approx(0, abs=0.6)
    for _ in range(3):
        web.read(6.0)
    assert len(web.told("excursion")) == 1


def test_readings_over_the_web_edge_are_left_out() -> None:
    def beads(x: float) -> float:
        return 30.0 if x < 0.05 or x > 0.95 else 0.0

    web = Web(profile=beads, edge=45.0).run(120)
    assert web.figure("deviation").value == pytest.approx(0, abs=0.6)
    assert not web.told("excursion")


def _pairs(order: list[tuple[str, float]]) -> list[Sample]:
    pairing = Pairing()
    found: list[Sample] = []
    for kind, seconds in order:
        if kind == "p":
            found += pairing.position(Reading("g", "head_position", at(seconds), 100 * seconds))
        else:
            found += pairing.loading(Reading("g", "areal_loading", at(seconds), 20.0))
    return found


@pytest.mark.parametrize("first", ["p", "l"])
def test_position_and_loading_meet_in_either_order(first: str) -> None:
    second = "l" if first == "p" else "p"
    order = [("p", 0.5), *((kind, t) for t in (1.0, 2.0) for kind in (first, second))]
    assert [(s.time_ns, s.position) for s in _pairs(order)] == [
        (at(1), 100.0),
        (at(2), 200.0),
    ]


def test_a_whole_frame_of_positions_may_come_first() -> None:
    order = [("p", 1.0), ("p", 1.5), ("l", 1.0), ("l", 1.5)]
    assert [s.position for s in _pairs(order)] == [100.0, 150.0]


def test_a_loading_whose_position_was_lost_is_of_an_unknown_lane() -> None:
    order = [("p", 1.0), ("l", 1.0), ("l", 1.1), ("p", 1.2), ("l", 1.2)]
    assert [s.position for s in _pairs(order)] == [100.0, None, 120.0]


def test_a_head_that_falls_silent_is_not_waited_for() -> None:
    order = [("p", 1.0), ("l", 1.0), ("l", 1.5), ("l", 3.0), ("l", 3.1)]
    found = _pairs(order)
    assert [s.time_ns for s in found] == [at(1), at(1.5), at(3), at(3.1)]
    assert [s.position for s in found[1:]] == [None, None, None]


@given(st.lists(st.tuples(st.booleans(), st.booleans()), max_size=30))
def test_no_loading_is_lost_or_counted_twice(kept: list[tuple[bool, bool]]) -> None:
    pairing, found, sent = Pairing(), 0, 0
    for i, (position, loading) in enumerate(kept):
        if position:
            found += len([*pairing.position(Reading("g", "head_position", i * SECOND, 1.0))])
        if loading:
            sent += 1
            found += len([*pairing.loading(Reading("g", "areal_loading", i * SECOND, 20.0))])
    waiting = pairing.snapshot()["waiting"]
    assert isinstance(waiting, list)
    assert found + len(waiting) == sent


def test_lanes_at_the_edge_are_not_measured() -> None:
    lanes = Lanes(600.0, 20, 40.0)
    assert lanes.measured == 18
    assert not lanes.on_web(39.0)
    assert not lanes.on_web(-5.0)
    assert not lanes.on_web(601.0)
    assert lanes.weights(45.0).argmax() == 0
    assert lanes.weights(555.0).argmax() == 17


@given(st.floats(10.0, 590.0), st.integers(1, 30))
def test_between_two_lanes_a_reading_is_a_bit_of_both(position: float, count: int) -> None:
    weights = Lanes(600.0, count, 10.0).weights(position)
    assert weights.sum() == pytest.approx(1.0)
    assert weights.min() >= 0
    assert np.count_nonzero(weights) <= 2


def test_halfway_between_two_lanes_both_count_the_same() -> None:
    assert Lanes(600.0, 3, 0.0).weights(200.0).tolist() == [0.5, 0.5, 0.0]


def test_jitter_of_the_head_is_no_turn() -> None:
    passes = Passes(600.0)
    positions = [0.0, 100.0, 200.0, 195.0, 300.0, 290.0, 250.0, 200.0, 100.0, 130.0]
    assert [passes.turned(p) for p in positions] == [
        *[False] * 6,
        True,
        False,
        False,
        True,
    ]


def test_the_noise_is_not_fooled_by_spikes() -> None:
    random, noise = np.random.default_rng(2), NoiseEstimate(0.5, 0.02)
    for i in range(2000):
        noise.learn(float(random.normal(0, 0.5 * math.sqrt(2))) + (30.0 if i % 50 == 0 else 0))
    assert noise.sd == pytest.approx(0.5, abs=0.06)


def test_probability_beyond_a_limit_is_that_of_both_tails() -> None:
    assert beyond(0.0, 1.0, 1.959963984540054) == pytest.approx(0.05)
    assert beyond(2.0, 0.1, 2.0) == pytest.approx(0.5)
    assert beyond(-5.0, 0.1, 2.0) == pytest.approx(1.0)


def test_a_gauge_restored_in_an_excursion_does_not_tell_it_again() -> None:
    web = _scanned().run(5, deviation=5.0)
    assert len(web.told("excursion")) == 1
    restored = KIND.twin(gauge())
    restored.restore(loads(dumps(web.twin.snapshot())))
    web.twin = restored
    web.run(20, deviation=5.0)
    assert len(web.told("excursion")) == 1
