"""A line is watched: an episode begins, has causes, goes on, and is ordinary one day."""

from collections.abc import Mapping
from functools import cache

import pytest

from tests.unit.twin.observed_line import BLOCK_S, Course, ObservedLine, ramp
from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis.watch import Episode, LineWatch, WatchSettings
from twin.snapshot import dumps, loads

_LEARNING_S = 1200.0
_BEGINS_S = 1800.0
_RAMP_S = 600.0
S = 1_000_000_000


def _watch() -> LineWatch:
    return LineWatch(WatchSettings(Feed.PRESSURE, BLOCK_S, _LEARNING_S, _LEARNING_S))


@cache
def _learned() -> bytes:
    """A watch that has seen half an hour of a line on which nothing is wrong."""
    watch = _watch()
    ObservedLine(_BEGINS_S).into(watch)
    return dumps(watch.snapshot())


def _faulty(faults: Mapping[str, Course], seconds: float = 1200.0) -> ObservedLine:
    return ObservedLine(_BEGINS_S + seconds, faults=faults)


def _experienced() -> LineWatch:
    watch = _watch()
    watch.restore(loads(_learned()))
    return watch


_FROM = round(_BEGINS_S / BLOCK_S)


def _first(line: ObservedLine, watch: LineWatch) -> tuple[float, Episode]:
    return next(line.told(watch, _FROM))


def _explained(line: ObservedLine) -> Episode:
    """As it stands when the line ends."""
    return list(line.told(_experienced(), _FROM))[-1][1]


def test_a_line_on_which_nothing_is_wrong_raises_no_alarm() -> None:
    assert list(ObservedLine(5400.0, seed=11).told(_watch())) == []


@pytest.mark.parametrize(
    ("cause", "size"),
    [
        ("viscosity", 2.0),
        ("pump", -2.0),
        ("lip_gap", 2.0),
        ("line_speed", -2.0),
        ("web_tension", 2.0),
        ("solids", -2.0),
        ("gauge:top", 2.0),
    ],
)
def test_a_cause_that_leaves_its_course_is_found_and_named(cause: str, size: float) -> None:
    line = _faulty({cause: ramp(size, _BEGINS_S, _RAMP_S)}, seconds=600.0)
    found = _explained(line)
    assert next(iter(found.causes)) == cause
    assert found.causes[cause] > 0.5
    for moved in found.evidence:
        if moved.observable == "gauge:top":
            assert moved.change * size > 0
            assert moved.sigmas * size > 0


def test_it_is_found_before_it_is_scrap() -> None:
    line = _faulty({"pump": ramp(2.0, _BEGINS_S, _RAMP_S)})
    seconds, found = _first(line, _experienced())
    assert _BEGINS_S < seconds < _BEGINS_S + 0.75 * _RAMP_S
    assert found.from_ns < found.to_ns <= (seconds + BLOCK_S) * S


def test_two_causes_at_once_are_both_named() -> None:
    both = {
        "viscosity": ramp(1.5, _BEGINS_S, _RAMP_S),
        "line_speed": ramp(1.5, _BEGINS_S, _RAMP_S),
    }
    found = _explained(_faulty(both))
    assert found.causes["viscosity"] > 0.5
    assert found.causes["line_speed"] > 0.5


def test_an_episode_goes_on_and_knows_how_long() -> None:
    line = _faulty({"pump": ramp(2.0, _BEGINS_S, _RAMP_S)})
    watch = _experienced()
    told = list(line.told(watch, _FROM))
    began, found = told[0]
    assert all(episode is found for _, episode in told)
    assert len(told) == round((line.seconds - began) / BLOCK_S)
    assert found.blocks == len(told) - 1
    assert watch.episode is found


def test_the_course_of_the_loading_is_followed_through_a_fault() -> None:
    line = _faulty({"pump": ramp(2.0, _BEGINS_S, _RAMP_S)}, seconds=900.0)
    watch = _experienced()
    line.into(watch, _FROM)
    found = watch.course.at(round(line.seconds * S))
    assert found is not None
    usual = float(line.loading[:_FROM].mean())
    assert found.value == pytest.approx(line.loading[-5:].mean() - usual, abs=0.25)


def test_a_gauge_that_drifts_is_not_taken_for_the_web() -> None:
    line = _faulty({"gauge:top": ramp(2.0, _BEGINS_S, _RAMP_S)}, seconds=900.0)
    watch = _experienced()
    line.into(watch, _FROM)
    found = watch.course.at(round(line.seconds * S))
    assert found is not None
    usual = float(line.loading[:_FROM].mean())
    assert found.value == pytest.approx(line.loading[-5:].mean() - usual, abs=0.3)


def test_a_slow_drift_is_not_learned_as_ordinary() -> None:
    line = _faulty({"pump": ramp(2.0, _BEGINS_S, 2400.0)}, seconds=2400.0)
    seconds, _ = _first(line, _experienced())
    assert seconds < _BEGINS_S + 0.75 * 2400
    # What was learned ends before the drift began to show.
    watch = _experienced()
    line.into(watch, _FROM)
    assert watch.ordinary.mean_of("flow") == pytest.approx(0.0, abs=0.35)


def test_while_a_line_is_being_learned_nothing_is_said() -> None:
    line = ObservedLine(_LEARNING_S - 60, faults={"pump": ramp(3.0, 600.0, 60.0)})
    assert list(line.told(_watch())) == []


def test_what_is_accepted_is_ordinary_from_then_on() -> None:
    line = ObservedLine(_BEGINS_S + 3600.0, faults={"pump": ramp(2.0, _BEGINS_S, 300.0)})
    watch = _experienced()
    accepted = _FROM + 30
    line.into(watch, _FROM, accepted - 1)
    assert list(line.told(watch, accepted - 1, accepted))
    watch.accept()
    assert watch.episode is None
    assert watch.ordinary.known_s == 0.0
    assert watch.standing is None
    assert list(line.told(watch, accepted)) == []
    assert watch.standing == pytest.approx(2.0, abs=0.5)


def test_accepting_one_fault_does_not_hide_the_next() -> None:
    line = ObservedLine(
        _BEGINS_S + 4200.0,
        faults={
            "pump": ramp(2.0, _BEGINS_S, 300.0),
            "solids": ramp(-2.0, _BEGINS_S + 3000.0, 300.0),
        },
    )
    watch = _experienced()
    line.into(watch, _FROM, _FROM + 30)
    watch.accept()
    *_, (seconds, found) = line.told(watch, _FROM + 30)
    assert seconds > _BEGINS_S + 3000.0
    assert next(iter(found.causes)) == "solids"


def test_an_interruption_makes_it_forget_what_was_gathered() -> None:
    """A fault that was about to be found when the web stopped, and was mended meanwhile."""
    lasting = _faulty({"pump": ramp(0.8, _BEGINS_S, 1.0)})
    found_s, _ = _first(lasting, _experienced())
    stops = round(found_s / BLOCK_S)
    assert stops > _FROM + 2
    watch = _experienced()
    lasting.into(watch, _FROM, stops)
    assert watch.episode is None
    watch.interrupted(round(found_s * S))
    assert watch.course.at(round(found_s * S)) is None
    assert list(ObservedLine(lasting.seconds).told(watch, stops)) == []
    assert watch.ordinary.known_s >= _LEARNING_S


def test_fresh_causes_come_from_what_was_heard_this_moment() -> None:
    watch = _experienced()
    assert _watch().fresh() == {}
    line = _faulty({"line_speed": ramp(4.0, _BEGINS_S, 1.0)}, seconds=200.0)
    line.into(watch, _FROM, _FROM + 3)
    causes = watch.fresh()
    assert max(causes, key=lambda cause: causes[cause]) == "line_speed"


def test_a_sensor_that_falls_silent_raises_no_alarm() -> None:
    line = ObservedLine(_BEGINS_S + 1200.0)
    for sensor in ("flow", "gauge:top"):
        line.observed[sensor][_FROM + 5 :] = float("nan")
    assert list(line.told(_experienced(), _FROM)) == []


@pytest.mark.parametrize("cut", [3, 17, 40])
def test_a_restored_watch_goes_on_to_the_bit(cut: int) -> None:
    """Cut while nothing is wrong, while it is being found, and in an episode."""
    line = _faulty({"viscosity": ramp(2.0, _BEGINS_S, _RAMP_S)}, seconds=1000.0)
    one, other = _experienced(), _watch()
    line.into(one, _FROM, _FROM + cut)
    other.restore(loads(dumps(one.snapshot())))
    for i in range(_FROM + cut, len(line.times), 4):
        told = [list(line.told(watch, i, i + 4)) for watch in (one, other)]
        assert told[0] == told[1]
    assert one.episode is not None
    assert dumps(one.snapshot()) == dumps(other.snapshot())
