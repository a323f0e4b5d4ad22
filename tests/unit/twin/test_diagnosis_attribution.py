"""Which cause, or which two, explain what the sensors say together."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from tests.unit.twin.observed_line import ANSWERS, NOISE
from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis.attribution import attribute
from twin.electrode.diagnosis.signatures import CAUSES, UNKNOWN, signatures

Array = NDArray[np.float64]
ALL = tuple(NOISE)
GAUGES = ("gauge:top", "gauge:exit")


def _seen(of: dict[str, float], sensors: tuple[str, ...] = ALL) -> Array:
    """What the sensors of a line with a power-law slurry say of these causes [% loading]."""
    seen = np.zeros(len(sensors))
    for cause, size in of.items():
        for i, sensor in enumerate(sensors):
            if cause in GAUGES:
                seen[i] += size * (sensor == cause)
            elif ":" in sensor:
                seen[i] += 0.0 if sensor == "wet:die" and cause == "solids" else size
            else:
                seen[i] += size * ANSWERS.get(cause, {}).get(sensor, 0.0)
    return seen


def _covariance(sensors: tuple[str, ...] = ALL) -> Array:
    return np.diag([NOISE[sensor] ** 2 for sensor in sensors])


def _chances(
    of: dict[str, float], sensors: tuple[str, ...] = ALL, feed: Feed = Feed.PRESSURE
) -> dict[str, float]:
    return attribute(_seen(of, sensors), _covariance(sensors), signatures(feed, sensors))


def _likeliest(chances: dict[str, float]) -> str:
    return max(chances, key=lambda cause: chances[cause])


@pytest.mark.parametrize("feed", [*Feed])
@pytest.mark.parametrize("size", [-2.0, 0.8, 2.0])
@pytest.mark.parametrize("cause", [*ANSWERS, *GAUGES])
def test_each_cause_is_known_by_what_it_does(cause: str, size: float, feed: Feed) -> None:
    seen = _seen({cause: size})
    if feed is Feed.METERED and cause in ("viscosity", "lip_gap"):
        # The pump keeps the flow up against what resists more: its pressure tells.
        seen[ALL.index("pressure")] = -2.0 * size
    chances = attribute(seen, _covariance(), signatures(feed, ALL))
    assert _likeliest(chances) == cause
    assert chances[cause] > 0.5


def test_a_film_that_moves_while_no_sensor_of_a_cause_does_is_of_unknown_cause() -> None:
    assert _likeliest(_chances({UNKNOWN: 2.0})) == UNKNOWN


@pytest.mark.parametrize(
    "pair",
    [
        ("viscosity", "line_speed"),
        ("pump", "gauge:top"),
        ("solids", "web_tension"),
        ("lip_gap", "gauge:exit"),
        ("viscosity", "solids"),
    ],
)
def test_two_causes_at_once_are_both_named(pair: tuple[str, str]) -> None:
    chances = _chances(dict.fromkeys(pair, 1.5))
    assert min(chances[cause] for cause in pair) > 0.5
    assert all(chance < 0.5 for cause, chance in chances.items() if cause not in pair)


def test_two_causes_that_cancel_out_on_the_web_are_both_named_too() -> None:
    chances = _chances({"viscosity": 1.5, "line_speed": -1.5})
    assert min(chances["viscosity"], chances["line_speed"]) > 0.5


def test_a_gauge_that_another_contradicts_is_in_doubt_and_not_the_web() -> None:
    chances = _chances({"gauge:exit": 1.0}, GAUGES)
    assert _likeliest(chances) == "gauge:exit"
    assert chances["gauge:top"] < 0.2


def test_without_evidence_every_cause_is_as_likely_as_before() -> None:
    nothing = _covariance() * 1e8
    chances = attribute(_seen({"pump": 1.0}), nothing, signatures(Feed.PRESSURE, ALL))
    known = [chance for cause, chance in chances.items() if cause != UNKNOWN]
    assert max(known) - min(known) < 0.01
    assert 0 < chances[UNKNOWN] < min(known)


def test_a_sensor_that_is_missing_leaves_open_what_it_would_have_told() -> None:
    # Viscosity, pump and lip gap differ by what mixer, pressure and gap sensor say.
    chances = _chances({"viscosity": 2.0}, ("gauge:top", "gauge:exit", "flow", "speed"))
    for cause in ("viscosity", "pump", "lip_gap"):
        assert 0.15 < chances[cause] < 0.7
    assert chances["line_speed"] < 0.1


def test_two_gauges_alone_name_no_cause_on_the_web() -> None:
    chances = _chances({"viscosity": 2.0}, GAUGES)
    assert max(chances[cause] for cause in CAUSES) < 0.5
    assert max(chances[gauge] for gauge in GAUGES) < 0.2


def test_more_evidence_makes_the_cause_more_probable() -> None:
    found = [_chances({"pump": size})["pump"] for size in (0.1, 0.3, 1.0)]
    assert found == sorted(found)


_DEVIATIONS = st.lists(st.floats(-20, 20), min_size=len(ALL), max_size=len(ALL)).map(np.array)


@given(_DEVIATIONS, st.sampled_from([*Feed]), st.floats(0.1, 10))
def test_probabilities_are_probabilities_and_one_cause_or_two_are_at_work(
    deviation: Array, feed: Feed, widened: float
) -> None:
    found = attribute(deviation, _covariance() * widened, signatures(feed, ALL))
    assert all(-1e-12 <= chance <= 1 + 1e-12 for chance in found.values())
    assert 1 - 1e-9 <= sum(found.values()) <= 2 + 1e-9


@given(_DEVIATIONS)
def test_too_much_and_too_little_have_the_same_causes(deviation: Array) -> None:
    of = signatures(Feed.PRESSURE, ALL)
    more, less = (attribute(sign * deviation, _covariance(), of) for sign in (1, -1))
    assert more == pytest.approx(less)


@given(_DEVIATIONS, st.permutations(range(len(ALL))))
def test_the_order_of_the_sensors_does_not_matter(deviation: Array, order: list[int]) -> None:
    sensors = tuple(ALL[i] for i in order)
    found = attribute(deviation, _covariance(), signatures(Feed.PRESSURE, ALL))
    other = attribute(
        deviation[list(order)], _covariance(sensors), signatures(Feed.PRESSURE, sensors)
    )
    assert other == pytest.approx(found, abs=1e-6)
