"""One zone of the oven: temperatures that follow their drives."""

import math

import numpy as np
import pytest

from tests.unit.twin.coating_line import SECOND, at
from twin.asset import AssetConfig, Effects, Event
from twin.electrode.drying.lag_filter import LagFilter
from twin.electrode.drying.oven_zone import KIND
from twin.frame import Reading
from twin.snapshot import dumps, loads

ZONE = AssetConfig("line1/oven/zone1", "uid-zone", "oven_zone", "line1/oven", {})


class _Zone:
    def __init__(self) -> None:
        self.twin = KIND.twin(ZONE)
        self.events: list[Event] = []
        self._sequences: dict[str, int] = {}

    def read(self, signal: str, seconds: float, value: float) -> None:
        effects = Effects(self._sequences)
        self.twin.step(Reading(ZONE.name, signal, at(seconds), value), effects)
        self.events += effects.events


def test_before_any_reading_there_are_no_figures() -> None:
    assert _Zone().twin.figures() == ()


def test_state_is_told_every_ten_seconds_in_steady_running() -> None:
    zone, random = _Zone(), np.random.default_rng(1)
    zone.read("air_setpoint", 0, 120.0)
    for i in range(600):
        zone.read("air_temperature", i / 10, 120.0 + float(random.normal(0, 0.3)))
    assert {event.kind for event in zone.events} == {"oven.state"}
    assert len(zone.events) <= 8
    data = zone.events[-1].data
    assert data["deviation"] == pytest.approx(0.0, abs=0.5)
    assert data["web_temperature"] is None


def test_a_new_setpoint_is_told_at_once() -> None:
    zone = _Zone()
    zone.read("air_temperature", 0, 120.0)
    zone.read("air_setpoint", 1, 120.0)
    zone.read("air_setpoint", 2, 130.0)
    assert [event.time_ns for event in zone.events] == [at(0), at(1), at(2)]
    assert zone.events[-1].data["deviation"] == pytest.approx(-10.0)


def test_air_that_leaves_its_setpoint_is_told_at_once() -> None:
    zone = _Zone()
    zone.read("air_setpoint", 0, 120.0)
    for i in range(30):
        zone.read("air_temperature", i / 10, 120.0)
    told = len(zone.events)
    for i in range(30, 60):
        zone.read("air_temperature", i / 10, 112.0)
    assert told < len(zone.events) <= told + 2
    assert zone.events[-1].data["air_temperature"] == pytest.approx(112.0, abs=1.0)


def test_without_readings_air_is_expected_at_its_setpoint_more_widely() -> None:
    zone = _Zone()
    for i in range(100):
        zone.read("air_temperature", i / 10, 100.0)
    before = zone.twin.figures()[0]
    zone.twin.at(at(600), Effects({}))
    after = zone.twin.figures()[0]
    assert after.value == before.value
    assert after.sd > 3 * before.sd


def _lag(drive: float | None = None, offset_sd: float = 0.0) -> LagFilter:
    lag = LagFilter(noise=0.3, wander=0.01, tau=60.0, offset_sd=offset_sd, offset_wander=0.0)
    if drive is not None:
        lag.drive_at(0, drive)
    return lag


def test_a_lag_answers_a_step_as_an_exponential() -> None:
    lag = _lag(drive=100.0)
    lag.take(0, 100.0)
    lag.drive_at(0, 120.0)
    lag.advance(60 * SECOND)
    assert lag.level == pytest.approx(120.0 - 20.0 / math.e)


def test_variance_without_readings_tends_to_that_of_the_process() -> None:
    lag = _lag(drive=100.0)
    lag.take(0, 100.0)
    lag.advance(6000 * SECOND)
    assert lag.variance == pytest.approx(0.01 * 60.0 / 2)


def test_a_new_drive_does_not_move_the_temperature() -> None:
    lag = _lag()
    lag.take(0, 100.0)
    lag.drive_at(0, 150.0)
    assert lag.level == pytest.approx(100.0)


def test_a_ramp_is_followed_within_the_width() -> None:
    lag, random = _lag(drive=150.0), np.random.default_rng(3)
    truth = 100.0
    for i in range(1, 1200):
        truth += (150.0 - truth) / 600
        lag.take(i * SECOND // 10, truth + float(random.normal(0, 0.3)))
    assert abs(lag.level - truth) < 3 * lag.sd


def test_the_distance_at_which_it_settles_is_learned() -> None:
    lag = _lag(drive=120.0, offset_sd=30.0)
    for i in range(600):
        lag.take(i * SECOND, 90.0)
    assert lag.offset == pytest.approx(-30.0, abs=1.0)
    lag.drive_at(600 * SECOND, 130.0)
    lag.advance(1200 * SECOND)
    assert lag.level == pytest.approx(100.0, abs=1.0)


def test_the_web_follows_the_air() -> None:
    zone = _Zone()
    for i in range(300):
        zone.read("air_temperature", i / 10, 120.0)
        zone.read("web_temperature", i / 10, 90.0)
    web = zone.twin.figures()[1]
    assert (web.name, web.unit) == ("web_temperature", "degC")
    assert web.value == pytest.approx(90.0, abs=0.3)


def test_a_restored_zone_goes_on_to_the_bit() -> None:
    whole, restored = _Zone(), _Zone()
    for i in range(50):
        whole.read("air_setpoint", i, 120.0 + i // 20)
        whole.read("air_temperature", i, 118.0)
    restored.twin.restore(loads(dumps(whole.twin.snapshot())))
    for zone in (whole, restored):
        zone.read("web_temperature", 60, 80.0)
        zone.read("air_temperature", 61, 119.0)
    assert dumps(restored.twin.snapshot()) == dumps(whole.twin.snapshot())


def _settled(zone: _Zone, air: float, seconds: int = 400) -> None:
    for i in range(seconds):
        zone.read("air_temperature", i, air)


def test_settled_air_beyond_its_tolerance_is_told_as_a_fault_once() -> None:
    zone = _Zone()
    zone.read("air_setpoint", 0, 120.0)
    _settled(zone, 108.0)
    faults = [event for event in zone.events if event.kind == "oven.fault"]
    assert len(faults) == 1
    assert faults[0].data["deviation"] == pytest.approx(-12.0, abs=0.5)
    assert faults[0].time_ns >= at(300)
    assert zone.events[-1].data["fault"] is True


def test_air_on_its_way_to_a_new_setpoint_is_no_fault() -> None:
    zone = _Zone()
    zone.read("air_setpoint", 0, 120.0)
    _settled(zone, 100.0, seconds=290)
    assert all(event.kind == "oven.state" for event in zone.events)


def test_a_fault_ends_when_the_air_is_back() -> None:
    zone = _Zone()
    zone.read("air_setpoint", 0, 120.0)
    _settled(zone, 108.0)
    for i in range(400, 460):
        zone.read("air_temperature", i, 119.0)
    assert zone.events[-1].data["fault"] is False


def test_the_vapour_in_the_exhaust_is_handed_on() -> None:
    zone = _Zone()
    zone.read("exhaust_solvent", 0, 0.25)
    zone.read("air_temperature", 1, 120.0)
    assert zone.events[-1].data["exhaust_solvent"] == 0.25
