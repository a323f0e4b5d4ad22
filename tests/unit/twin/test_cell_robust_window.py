import random
import statistics

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.cell.robust_window import RobustWindow

masses = st.lists(st.floats(min_value=0.4, max_value=0.7), min_size=5, max_size=200)


def window_of(values: list[float], resolution: float = 0.0001) -> RobustWindow:
    window = RobustWindow(resolution)
    for value in values:
        window.add(value)
    return window


def test_nothing_is_said_of_fewer_than_five_values() -> None:
    window = window_of([0.5, 0.5, 0.5, 0.5])

    assert window.location() is None
    assert window.spread() is None


@given(masses)
def test_the_location_is_the_median_of_the_last_64_values(values: list[float]) -> None:
    location = window_of(values).location()

    assert location is not None
    assert location[0] == statistics.median(values[-64:])


@given(masses, st.lists(st.sampled_from([0.0001, 1.3, 50.0]), max_size=2))
def test_two_gross_errors_among_five_values_do_not_move_it_out_of_the_rest(
    values: list[float], errors: list[float]
) -> None:
    rest = values[-60:]
    location = window_of([*rest, *errors]).location()

    assert location is not None
    assert min(rest) <= location[0] <= max(rest)


def test_no_width_is_below_what_the_scale_can_show() -> None:
    window = window_of([0.5] * 20, resolution=0.01)

    location, spread = window.location(), window.spread()
    assert location is not None
    assert spread is not None
    assert location[1] == pytest.approx(0.01 / 12**0.5)
    assert spread[0] == pytest.approx(0.01 / 12**0.5)


def test_widths_cover_the_truth_as_often_as_one_standard_deviation_should() -> None:
    source = random.Random(7)
    hits_of_location = hits_of_spread = 0
    for _ in range(400):
        window = window_of([source.gauss(0.64, 0.008) for _ in range(64)])
        location, spread = window.location(), window.spread()
        assert location is not None
        assert spread is not None
        hits_of_location += abs(location[0] - 0.64) <= location[1]
        hits_of_spread += abs(spread[0] - 0.008) <= spread[1]

    assert 0.58 <= hits_of_location / 400 <= 0.82
    assert 0.58 <= hits_of_spread / 400 <= 0.78


@given(masses)
def test_its_values_are_its_whole_state(values: list[float]) -> None:
    window = window_of(values)
    again = RobustWindow(0.0001)
    again.replace(window.values())

    assert again.location() == window.location()
    assert again.spread() == window.spread()
