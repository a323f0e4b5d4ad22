"""Where the loading is going."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.electrode.diagnosis.course import DRIFTS, Course, Level
from twin.snapshot import dumps, loads

S = 1_000_000_000
_SD = 0.06


def _followed(values: list[float], every: int = 10, sd: float = _SD) -> Course:
    course = Course()
    for i, value in enumerate(values):
        course.add(i * every * S, value, sd)
    return course


def _at(course: Course, seconds: float) -> Level:
    found = course.at(round(seconds * S))
    assert found is not None
    return found


def test_before_anything_is_heard_nothing_is_known() -> None:
    assert Course().at(0) is None
    assert Course().latest == 0.0


@pytest.mark.parametrize("level", [-1.5, 0.0, 0.4])
def test_a_level_is_followed_and_does_not_drift(level: float) -> None:
    noise = np.random.default_rng(3).normal(0, _SD, 120)
    found = _at(_followed([level + float(e) for e in noise]), 1190)
    assert found.value == pytest.approx(level, abs=4 * found.sd)
    assert abs(found.slope) < DRIFTS


@pytest.mark.parametrize("per_minute", [-0.15, 0.08])
def test_a_ramp_is_followed_and_carried_on(per_minute: float) -> None:
    noise = np.random.default_rng(4).normal(0, _SD, 120)
    course = _followed([per_minute * i / 6 + float(e) for i, e in enumerate(noise)])
    now, later = _at(course, 1190), _at(course, 1190 + 240)
    assert now.slope == pytest.approx(per_minute / 60, rel=0.3)
    assert abs(now.slope) > DRIFTS
    assert now.value == pytest.approx(per_minute * 1190 / 60, abs=4 * now.sd)
    assert later.value == pytest.approx(per_minute * 1430 / 60, abs=4 * later.sd)


def test_the_further_ahead_the_less_is_known() -> None:
    course = _followed([0.0] * 60)
    widths = [_at(course, 590 + ahead).sd for ahead in (0, 60, 240, 900)]
    assert widths == sorted(widths)
    assert widths[-1] > 2 * widths[0]


def test_what_is_told_with_more_doubt_moves_it_less() -> None:
    moved = []
    for sd in (0.05, 0.5):
        course = _followed([0.0] * 30)
        course.add(300 * S, 0.15, sd)
        moved.append(_at(course, 300).value)
    assert 0 < moved[1] < moved[0]


def test_a_single_wild_estimate_does_not_carry_it_away() -> None:
    course = _followed([0.0] * 30)
    course.add(300 * S, 8.0, _SD)
    course.add(310 * S, 0.0, _SD)
    assert abs(_at(course, 310).value) < 0.1


def test_cleared_it_knows_nothing_any_more() -> None:
    course = _followed([2.0] * 30)
    course.clear()
    assert course.at(300 * S) is None


@given(st.lists(st.floats(-3, 3), min_size=1, max_size=20), st.integers(0, 19))
def test_a_restored_one_goes_on_to_the_bit(values: list[float], cut: int) -> None:
    one, other = Course(), Course()
    for i, value in enumerate(values):
        if i == cut:
            other.restore(loads(dumps(one.snapshot())))
        one.add(i * 10 * S, value, _SD)
        if i >= cut:
            other.add(i * 10 * S, value, _SD)
    if cut < len(values):
        assert dumps(other.snapshot()) == dumps(one.snapshot())
        assert other.at(300 * S) == one.at(300 * S)
