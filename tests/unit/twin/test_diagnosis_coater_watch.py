"""What is commanded is no fault, and a web that stands says nothing."""

from collections.abc import Callable

import numpy as np
import pytest

from tests.unit.twin.coated_web import TICK_S, CoatedWeb, Told, from_on, gauge_exit, mixer
from tests.unit.twin.coating_line import COATER, at, coater, gauge
from twin.asset import AssetConfig
from twin.electrode.coating.coater_watch import CoaterWatch
from twin.electrode.diagnosis.watch import Episode
from twin.snapshot import dumps, loads

_LEARNED_S = 480.0
_GAUGES = {asset.name: asset for asset in (gauge(), gauge_exit())}


def _watch() -> CoaterWatch:
    return CoaterWatch(coater(feed="pressure", watch_block=20.0, watch_learning=300.0))


def _hear(watch: CoaterWatch, told: Told) -> list[Episode]:
    if told.asset == COATER:
        found = watch.coater_state(at(told.seconds), told.data)
        return [episode for episode in found if episode is not None]
    watch.loading(_GAUGES[told.asset], told.data)
    return []


def _watched(watch: CoaterWatch, web: CoatedWeb, seconds: float) -> list[Episode]:
    return [episode for told in web.run(seconds) for episode in _hear(watch, told)]


def _level(watch: CoaterWatch, web: CoatedWeb) -> float:
    found = watch.watch.course.at(at(web.now))
    assert found is not None
    return found.value


def _faster(web: CoatedWeb) -> None:
    web.speed = 44.0


def _wider(web: CoatedWeb) -> None:
    web.gap = 309.0


def _both(web: CoatedWeb) -> None:
    web.speed, web.gap = 36.0, 291.0


@pytest.mark.parametrize("command", [_faster, _wider, _both])
def test_a_change_that_is_commanded_is_no_fault(command: Callable[[CoatedWeb], None]) -> None:
    watch, web = _watch(), CoatedWeb()
    _watched(watch, web, _LEARNED_S)
    command(web)
    assert _watched(watch, web, 400.0) == []
    assert abs(_level(watch, web)) < 0.3
    physics = 100 * (3 * np.log(web.gap / 300) - np.log(web.speed / 40))
    assert watch.effect_at(at(web.now)) == pytest.approx(physics)
    # It is dated: before the change nothing had been commanded.
    assert watch.effect_at(at(_LEARNED_S - 10)) == 0.0


def test_the_same_change_that_nobody_has_told_of_is_found() -> None:
    watch, web = _watch(), CoatedWeb(bound=False)
    _watched(watch, web, _LEARNED_S)
    web.speed = 40.8
    found = _watched(watch, web, 400.0)
    assert found
    assert next(iter(found[-1].causes)) == "line_speed"


def test_where_no_setpoint_is_read_the_mes_s_report_tells_of_the_change() -> None:
    watch, web = _watch(), CoatedWeb(bound=False)
    _watched(watch, web, _LEARNED_S)
    web.speed = 40.8
    watch.applied(at(web.now), "line_speed", 40.8, before=40.0)
    assert _watched(watch, web, 400.0) == []
    assert watch.effect_at(at(web.now)) == pytest.approx(-100 * np.log(40.8 / 40))


def test_a_report_does_not_count_where_the_setpoint_itself_is_read() -> None:
    watch, web = _watch(), CoatedWeb()
    _watched(watch, web, 100.0)
    watch.applied(at(web.now), "line_speed", 44.0, before=40.0)
    assert watch.effect_at(at(web.now + 1)) == 0.0


def test_a_change_that_is_written_and_reported_counts_once() -> None:
    watch, web = _watch(), CoatedWeb()
    _watched(watch, web, 100.0)
    web.speed = 44.0
    _watched(watch, web, 4.0)
    watch.applied(at(web.now - 2), "line_speed", 44.0, before=40.0)
    _watched(watch, web, 4.0)
    assert watch.effect_at(at(web.now)) == pytest.approx(-100 * np.log(1.1))


def test_a_fault_is_found_through_a_change_that_is_commanded() -> None:
    watch = _watch()
    web = CoatedWeb({"pump": from_on(_LEARNED_S, 2.0, 120.0)})
    _watched(watch, web, _LEARNED_S)
    web.speed = 41.0
    found = _watched(watch, web, 300.0)
    assert found
    assert _level(watch, web) == pytest.approx(2.0, abs=0.4)


def test_a_web_that_stands_says_nothing() -> None:
    watch, web = _watch(), CoatedWeb()
    _watched(watch, web, _LEARNED_S)
    seen_s = watch.watch.ordinary.known_s
    web.speed = 0.0
    assert _watched(watch, web, 600.0) == []
    assert watch.standing
    assert watch.watch.ordinary.known_s <= seen_s + 40.0


def test_what_is_coated_right_after_a_stop_is_not_judged() -> None:
    """For half a minute the film is 15 % off, as it is when a die starts up."""
    stops_s, runs_s = _LEARNED_S + 10, _LEARNED_S + 130
    start_up: Callable[[float], float] = lambda t: 15.0 if runs_s <= t < runs_s + 30 else 0.0  # noqa: E731
    watch, web = _watch(), CoatedWeb({"pump": start_up})
    assert _watched(watch, web, stops_s) == []
    web.speed = 0.0
    assert _watched(watch, web, runs_s - stops_s) == []
    web.speed = 40.0
    assert _watched(watch, web, 500.0) == []
    assert abs(_level(watch, web)) < 0.3


def test_without_a_stop_the_same_film_is_found() -> None:
    off: Callable[[float], float] = lambda t: 15.0 if _LEARNED_S <= t < _LEARNED_S + 30 else 0.0  # noqa: E731
    watch, web = _watch(), CoatedWeb({"pump": off})
    assert _watched(watch, web, _LEARNED_S + 300)


def test_a_fault_that_is_still_there_after_a_stop_is_found_then() -> None:
    watch, web = _watch(), CoatedWeb({"pump": from_on(_LEARNED_S, 2.0)})
    _watched(watch, web, _LEARNED_S)
    web.speed = 0.0
    _watched(watch, web, 60.0)
    web.speed = 40.0
    found = _watched(watch, web, 400.0)
    assert found
    assert _level(watch, web) == pytest.approx(2.0, abs=0.4)


def test_a_weekend_of_silence_costs_no_time_and_raises_no_alarm() -> None:
    watch, web = _watch(), CoatedWeb()
    _watched(watch, web, _LEARNED_S)
    web.now += 2 * 86_400.0
    blocks = 0
    for told in web.run(120.0):
        if told.asset == COATER:
            blocks += len(list(watch.coater_state(at(told.seconds), told.data)))
        else:
            _hear(watch, told)
    assert blocks < 100
    assert watch.watch.episode is None


def test_the_mixer_speaks_of_the_slurry_that_comes_to_the_die_later() -> None:
    """A lot 4 % thinner leaves the mixer; 100 s later it is at the die, and flows faster."""
    config = mixer(transfer_time=100.0)
    watch, web = _watch(), CoatedWeb({"viscosity": from_on(_LEARNED_S + 100, 4.0)})
    found = []
    for told in web.run(_LEARNED_S + 400):
        if told.asset == COATER:
            thinner = from_on(_LEARNED_S, 4.0)(told.seconds)
            viscosity = 3000.0 * float(np.exp(-0.8 * thinner / 100))
            watch.mixer_state(config, at(told.seconds), {"viscosity": viscosity, "solids": 70.0})
        found += _hear(watch, told)
    assert found
    assert found[0].from_ns > at(_LEARNED_S)
    assert found[-1].causes["viscosity"] > 0.5


def test_a_calendered_film_and_figures_that_are_missing_are_passed_over() -> None:
    watch, web = _watch(), CoatedWeb()
    _watched(watch, web, 100.0)
    film = AssetConfig("line1/t", "t", "thickness_gauge", "line1", {"film": "calendered"})
    span = {"from_ns": at(90), "to_ns": at(100)}
    before = dumps(watch.snapshot())
    watch.thickness(film, {**span, "coating_thickness": 70.0})
    watch.loading(gauge(), {**span, "deviation_pct": None})
    watch.loading(gauge(), {"deviation_pct": 1.0})
    watch.applied(at(100), "line_speed", 0.0, 40.0)
    assert dumps(watch.snapshot()) == before


@pytest.mark.parametrize("cut_s", [100.0, 500.0, 560.0])
def test_a_restored_watch_goes_on_to_the_bit(cut_s: float) -> None:
    """Cut while it learns, in a transport of a command, and after a stop."""
    one, web = _watch(), CoatedWeb({"pump": from_on(450.0, 2.0, 60.0)})
    other = _watch()
    for told in web.run(700.0):
        web.speed = 0.0 if 530 <= web.now < 540 else 42.0 if web.now > 490 else 40.0
        if web.now - TICK_S <= cut_s < web.now and told.asset == COATER:
            other.restore(loads(dumps(one.snapshot())))
        heard = _hear(one, told)
        if web.now > cut_s:
            assert _hear(other, told) == heard
    assert dumps(other.snapshot()) == dumps(one.snapshot())
