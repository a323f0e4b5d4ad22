"""A grading station: bins, limits, and how sure a grade is."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Effects, Event
from twin.cell.grading.bins import Bins, edges
from twin.cell.grading.grading_station import GradingStation
from twin.errors import InvalidInput
from twin.frame import Reading
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000
SIGNALS = ("capacity", "resistance", "open_circuit_voltage")


def station(**parameters: float | str) -> GradingStation:
    given: dict[str, float | str] = {
        "grade_minimum": 4.8,
        "resistance_maximum": 30.0,
        "capacity_edges": "4.8, 4.9, 5.0",
        "resistance_edges": "20; 25",
        **parameters,
    }
    return GradingStation(AssetConfig("g/station", "u1", "grading_station", parameters=given))


def cell(serial: str, *values: float | None, second: int = 0) -> list[Reading]:
    return [
        Reading("g/station", signal, second * SECOND, value, text=serial)
        for signal, value in zip(SIGNALS, values, strict=False)
        if value is not None
    ]


def said(twin: GradingStation, *readings: Reading) -> list[Event]:
    effects = Effects({})
    for reading in readings:
        twin.step(reading, effects)
    return effects.events


def test_a_cell_is_graded_and_binned_by_what_was_measured() -> None:
    (event,) = said(station(), *cell("a", 4.95, 22.0, 3.7))
    assert event.kind == "cell.graded"
    assert event.data["bin"] == "C2R1"
    assert (event.data["grade"], event.data["near_edge"]) == ("good", False)
    assert event.data["probability"] == pytest.approx(1.0, abs=1e-6)


@pytest.mark.parametrize(
    ("capacity", "resistance", "reason"),
    [(4.7, 22.0, "capacity 4.7 Ah, limit 4.8"), (5.0, 33.0, "resistance 33 mOhm, limit 30")],
)
def test_a_cell_below_grade_says_why(capacity: float, resistance: float, reason: str) -> None:
    (event,) = said(station(), *cell("a", capacity, resistance, 3.7))
    assert (event.data["grade"], event.data["reason"]) == ("below grade", reason)


def test_a_grade_near_an_edge_is_told_with_its_probability() -> None:
    """At the edge itself it is as likely the one as the other."""
    (event,) = said(station(), *cell("a", 4.8, 22.0, 3.7))
    assert event.data["grade"] == "good"
    assert event.data["probability"] == pytest.approx(0.5)
    assert event.data["near_edge"] is True
    assert event.data["bin_probability"] == pytest.approx(0.5, abs=0.01)


def test_without_what_the_grade_rests_on_there_is_none() -> None:
    twin = station()
    assert said(twin, *cell("a", 4.95)) == []
    effects = Effects({})
    twin.at(901 * SECOND, effects)
    (event,) = effects.events
    assert (event.data["grade"], event.data["probability"]) == (None, None)
    assert event.data["reason"] == "not measured: resistance"
    assert event.data["bin"] is None


def test_what_was_measured_may_be_enough_to_fail() -> None:
    twin, effects = station(), Effects({})
    said(twin, *cell("a", 4.0))
    twin.at(901 * SECOND, effects)
    assert effects.events[0].data["grade"] == "below grade"


def test_without_any_limit_there_is_a_bin_but_no_grade() -> None:
    (event,) = said(station(grade_minimum=0.0, resistance_maximum=0.0), *cell("a", 5.5, 10.0, 3.7))
    assert (event.data["grade"], event.data["bin"]) == (None, "C3R0")


def test_a_cell_is_graded_once() -> None:
    assert len(said(station(), *cell("a", 5.0, 22.0, 3.7), *cell("a", 4.0, 22.0, 3.7))) == 1


@pytest.mark.parametrize("words", ["4.9, 4.8", "4.8, x", "4.8, 4.8", "nan"])
def test_edges_that_are_none_are_refused(words: str) -> None:
    with pytest.raises(InvalidInput, match="capacity_edges"):
        station(capacity_edges=words)


@given(st.lists(st.floats(0, 10), unique=True, max_size=5), st.floats(0, 10), st.floats(0, 1))
def test_the_bins_probability_is_at_least_that_of_any_other(
    found: list[float], value: float, sd: float
) -> None:
    bins = Bins(tuple(sorted(found)))
    assert 0.0 <= bins.probability(value, sd) <= 1.0
    assert edges("", "x").probability(value, sd) == 1.0


def test_a_restored_station_goes_on_as_the_one_that_never_stopped() -> None:
    history = [r for n in range(9) for r in cell(f"c{n}", 4.9, 21.0, None if n % 2 else 3.7)]
    whole, first, second = station(), station(), station()
    said(whole, *history[:11])
    said(first, *history[:11])
    second.restore(loads(dumps(first.snapshot())))
    assert said(second, *history[11:]) == said(whole, *history[11:])
    assert dumps(second.snapshot()) == dumps(whole.snapshot())
