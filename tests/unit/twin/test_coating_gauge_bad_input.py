"""What a coating line does to its gauge: breaks, splices, stops, and readings that lie."""

import math
from collections.abc import Callable, Iterable
from copy import deepcopy
from functools import cache

import numpy as np
import pytest

from tests.unit.twin.coating_line import GAUGE, at, gauge
from twin.asset import Event, Figure
from twin.electrode.gauge.coating_gauge import KIND
from twin.frame import Frame, Reading
from twin.host import TwinHost

WIDTH, TARGET = 600.0, 20.0
PASS_S = 6.0


class Scanned:
    """A gauge behind its gate, scanning at 10 Hz; deviations in % of the target."""

    def __init__(self, seed: int = 1, **parameters: float | str) -> None:
        self.host = TwinHost(KIND, (gauge(**parameters),))
        self.seconds = 0.0
        self.noise = 0.4
        self._random = np.random.default_rng(seed)
        self._frames = 0

    def run(self, seconds: float, deviation: Callable[[float], float] | float = 0.0) -> "Scanned":
        """``deviation`` may be a function of the direction, 1 or -1."""
        readings: list[Reading] = []
        for _ in range(round(seconds * 10)):
            readings += self._sample(deviation)
        self.send(*readings)
        return self

    def read(self, deviation: float) -> None:
        self.send(*self._sample(deviation))

    def _sample(self, deviation: Callable[[float], float] | float) -> tuple[Reading, Reading]:
        self.seconds = round(self.seconds + 0.1, 1)
        phase = self.seconds % (2 * PASS_S) / PASS_S
        across, direction = (phase, 1.0) if phase < 1 else (2 - phase, -1.0)
        off = deviation(direction) if callable(deviation) else deviation
        off += 0.8 * math.cos(3 * math.pi * across) + float(self._random.normal(0, self.noise))
        return (
            Reading(GAUGE, "head_position", at(self.seconds), WIDTH * across),
            self.loading(TARGET * (1 + off / 100)),
        )

    def loading(self, value: float, seconds: float | None = None) -> Reading:
        return Reading(
            GAUGE, "areal_loading", at(self.seconds if seconds is None else seconds), value
        )

    def send(self, *readings: Reading) -> None:
        self._frames += 1
        self.host.handle(Frame.of("edge", self._frames, at(self.seconds), readings))

    def wait(self, seconds: float) -> "Scanned":
        self.seconds = round(self.seconds + seconds, 1)
        self.send()
        return self

    def told(self, kind: str) -> list[Event]:
        return [event for event in self.host.outbox if event.kind == kind]

    def figure(self, name: str) -> Figure:
        return next(f for f in self.host.figures(GAUGE) if f.name == name)


@cache
def _once(seconds: int) -> Scanned:
    before = max((shorter for shorter in (30, 60, 300, 303) if shorter < seconds), default=0)
    return (deepcopy(_once(before)) if before else Scanned()).run(seconds - before)


def scanned(seconds: int) -> Scanned:
    """A web on target that has been scanned for so long; tests share how it got there."""
    return deepcopy(_once(seconds))


def _reasons(events: Iterable[Event]) -> list[object]:
    return [event.data["reason"] for event in events if event.data["phase"] == "onset"]


@pytest.mark.parametrize(
    ("value", "ahead_s", "reason"),
    [
        (0.0, 0.0, "RANGE"),
        (-3.0, 0.0, "RANGE"),
        (math.nan, 0.0, "NOT_A_NUMBER"),
        (95.0, 0.0, "RANGE"),
        (20.4, -5.0, "ORDER"),
        (20.4, 60.0, "FUTURE"),
    ],
)
def test_a_reading_that_can_t_be_is_refused_and_changes_no_estimate(
    value: float, ahead_s: float, reason: str
) -> None:
    web = scanned(30)
    before = web.host.figures(GAUGE)
    web.seconds = round(web.seconds + 0.1, 1)
    web.send(web.loading(value, web.seconds + ahead_s))
    assert _reasons(web.told("reading.quarantined")) == [reason]
    assert web.host.figures(GAUGE) == before


def test_a_stuck_gauge_is_refused_until_it_moves_again() -> None:
    web = scanned(30)
    for _ in range(60):
        web.seconds = round(web.seconds + 0.1, 1)
        web.send(web.loading(20.25))
    web.run(3)
    (onset, end) = web.told("reading.quarantined")
    assert onset.data["reason"] == "FLAT_LINE"
    assert (end.data["phase"], end.data["count"]) == ("end", 60 - 19)
    assert not web.told("gauge.excursion")


def test_after_a_web_break_of_twenty_minutes_nothing_is_taken_for_granted() -> None:
    web = scanned(60)
    for _ in range(20):
        web.seconds = round(web.seconds + 0.1, 1)
        web.send(web.loading(0.0))
    web.wait(1200)
    assert web.figure("deviation").sd == pytest.approx(0.14 * math.sqrt(1202), rel=0.01)
    assert len(web.told("signal.gap")) == 2

    web.noise = 0.0
    web.read(6.0)
    assert web.figure("deviation").value == pytest.approx(6.0, abs=1.0)
    web.read(6.0)
    assert not web.told("gauge.excursion")
    web.read(6.0)
    (event,) = web.told("gauge.excursion")
    assert event.data["n"] == 3
    assert event.data["from_ns"] == at(web.seconds - 0.2)


def test_what_agreed_before_a_gap_does_not_count_after_it() -> None:
    """At 1.6 % the readings agree all the time, and the level is within the limit."""
    web = Scanned().run(60, 1.6)
    web.wait(1203)
    web.noise = 0.0
    web.run(0.2, 6.0)
    assert not web.told("gauge.excursion")
    web.read(6.0)
    assert len(web.told("gauge.excursion")) == 1


def test_a_line_that_stops_and_starts_on_target_gives_no_excursion() -> None:
    web = scanned(60)
    for _ in range(3):
        web.wait(1200).run(60)
    assert not web.told("gauge.excursion")
    assert web.figure("deviation").value == pytest.approx(0.0, abs=4 * 0.15)


def test_the_profile_outlasts_a_stop() -> None:
    web = scanned(300)
    before = web.figure("worst_lane_deviation")
    web.wait(1200).run(12)
    after = web.figure("worst_lane_deviation")
    assert after.value == pytest.approx(before.value, abs=3 * before.sd)


def test_a_splice_of_two_readings_is_no_excursion() -> None:
    web = scanned(60)
    for _ in range(5):
        web.run(0.2, 30.0)
        web.run(20)
    assert not web.told("gauge.excursion")
    assert web.figure("deviation").value == pytest.approx(0.0, abs=0.5)


def _profile(web: Scanned) -> list[float]:
    told = [e.data["profile"] for e in web.told("gauge.loading") if "profile" in e.data]
    assert isinstance(told[-1], tuple)
    return [float(str(lane)) for lane in told[-1]]


def test_a_new_lot_in_mid_scan_is_a_step_of_the_level_and_not_of_the_profile() -> None:
    web = scanned(303)
    before = _profile(web)
    web.run(27, 1.5)
    assert web.figure("deviation").value == pytest.approx(1.5, abs=0.5)
    assert np.abs(np.subtract(_profile(web), before)).max() < 0.15


def test_bare_foil_is_told_as_what_it_is_and_leaves_the_profile_alone() -> None:
    """The gauge can't know whether a pump has stopped or a leader runs through."""
    web = scanned(303)
    before = _profile(web)
    web.run(3, -99.0).run(20)
    (event,) = web.told("gauge.excursion")
    assert float(str(event.data["deviation_pct"])) == pytest.approx(-99.0, abs=1.0)
    assert len(web.told("gauge.recovered")) == 1
    assert web.figure("deviation").value == pytest.approx(0.0, abs=0.5)
    assert np.abs(np.subtract(_profile(web), before)).max() < 0.15


def test_an_edge_frame_out_of_order_is_refused_as_a_whole_and_the_level_stays() -> None:
    web = scanned(30)
    before = web.host.figures(GAUGE)
    late = [
        reading
        for i in range(10)
        for reading in (
            Reading(GAUGE, "head_position", at(10 + i / 10), 300.0),
            web.loading(25.0, 10 + i / 10),
        )
    ]
    web.send(*late)
    assert web.host.counts.quarantined == 20
    assert web.host.figures(GAUGE) == before


def test_a_loading_can_be_told_of_each_pass() -> None:
    web = Scanned(report_every=PASS_S).run(120)
    told = web.told("gauge.loading")
    assert len(told) == pytest.approx(120 / PASS_S, abs=1)
    directions = [event.data["direction"] for event in told[3:]]
    assert directions == [(-1) ** i * int(str(directions[0])) for i in range(len(directions))]
    assert all(event.data["lanes_seen"] == 1.0 for event in told[3:])
    assert sum("profile" in event.data for event in told) >= 18


def test_a_loading_of_a_second_has_seen_a_few_lanes() -> None:
    told = scanned(60).told("gauge.loading")
    seen = [float(str(event.data["lanes_seen"])) for event in told]
    assert np.mean(seen) == pytest.approx(1 / PASS_S + 1 / 20, abs=0.05)


def test_a_gauge_at_a_fixed_point_has_no_direction() -> None:
    web = Scanned(lanes=1.0)
    for i in range(100):
        web.seconds = i / 10
        web.send(web.loading(20.0 + 0.01 * (i % 7)))
    told = web.told("gauge.loading")
    assert {(e.data["direction"], e.data["lanes_seen"]) for e in told} == {(0, 1.0)}
    names = {figure.name for figure in web.host.figures(GAUGE)}
    assert names == {"areal_loading", "deviation", "noise"}


def test_what_the_direction_of_the_scan_adds_is_told_apart() -> None:
    web = Scanned(direction_sd=0.3).run(600, lambda direction: 0.2 * direction)
    offset = web.figure("direction_offset")
    assert offset.value == pytest.approx(0.2, abs=3 * offset.sd)
    assert offset.sd < 0.05
    assert web.figure("deviation").value == pytest.approx(0.0, abs=0.5)


def test_a_web_without_hysteresis_is_given_none() -> None:
    offset = scanned(600).figure("direction_offset")
    assert abs(offset.value) < 3 * offset.sd


def test_the_spread_across_the_web_and_its_worst_lane_are_figures() -> None:
    web = scanned(300)
    truth = np.array([0.8 * math.cos(3 * math.pi * (i + 0.5) / 20) for i in range(20)])
    truth -= truth.mean()
    spread, worst = web.figure("cross_direction_sd"), web.figure("worst_lane_deviation")
    assert spread.value == pytest.approx(float(np.sqrt(np.mean(truth**2))), abs=2 * spread.sd)
    assert abs(worst.value) == pytest.approx(float(np.abs(truth).max()), abs=4 * worst.sd)
