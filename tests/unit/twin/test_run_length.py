"""Run lengths: computed and measured, they are those of the table."""

import math

import numpy as np
import pytest

from twin.errors import InvalidInput
from twin.estimation.chart_bank import bank
from twin.estimation.charts import Cusum, Design, Ewma, Shewhart
from twin.estimation.run_length import (
    AnyDesign,
    average_run_length,
    design_for,
    run_length_for,
)

SHIFTS = (0.0, 0.5, 1.0, 2.0)
# Two-sided, in samples, by Markov chain: Montgomery, Introduction to Statistical Quality
# Control, ch. 9 (CUSUM); Lucas and Saccucci, Technometrics 32 (1990) 1 (EWMA).
TABLE: dict[Design, tuple[float, ...]] = {
    Shewhart(3.0): (370, 155, 43.9, 6.3),
    Cusum(0.5, 4.0): (168, 26.6, 8.4, 3.3),
    Cusum(0.5, 5.0): (465, 38.0, 10.4, 4.0),
    Cusum(0.25, 8.01): (370, 28.8, 11.4, 5.2),
    Ewma(0.1, 2.814): (499, 31.3, 10.3, 4.4),
}


def measured(design: Design, shift: float, charts: int) -> float:
    """Mean number of samples until a chart alarms for the first time, from so many, until
    all but 5 % have: the samples of all of them, over the alarms."""
    random = np.random.default_rng(20)
    found = bank(design, np.full(charts, 20.0), np.full(charts, 0.1))
    first = np.zeros(charts, dtype=np.int64)
    samples = 0
    while np.count_nonzero(first) < 0.95 * charts:
        for values in random.normal(20.0 + 0.1 * shift, 0.1, (100, charts)):
            samples += 1
            first[(found.take(values) != 0) & (first == 0)] = samples
    running = charts - np.count_nonzero(first)
    return float(first.sum() + running * samples) / (charts - running)


@pytest.mark.parametrize("design", TABLE, ids=str)
def test_the_markov_chain_gives_the_table(design: Design) -> None:
    found = [average_run_length(design, shift) for shift in SHIFTS]
    assert found == pytest.approx(TABLE[design], rel=0.013)


@pytest.mark.parametrize("design", TABLE, ids=str)
def test_charts_run_as_long_as_the_table_says(design: Design) -> None:
    """The bound is 10 %; 1,500 runs leave 2.6 % (one standard deviation) at most."""
    found = [measured(design, shift, charts=1500) for shift in SHIFTS]
    assert found == pytest.approx(TABLE[design], rel=0.1)


@pytest.mark.parametrize("design", TABLE, ids=str)
def test_a_shift_down_is_found_as_soon_as_one_up(design: Design) -> None:
    assert average_run_length(design, -1.0) == pytest.approx(average_run_length(design, 1.0))


def test_limit_cases_are_a_shewhart_chart() -> None:
    """An EWMA of weight 1 remembers nothing; nor does a CUSUM of a large k and a small h."""
    for shift in SHIFTS:
        expected = average_run_length(Shewhart(3.0), shift)
        assert average_run_length(Ewma(1.0, 3.0), shift) == pytest.approx(expected, rel=1e-6)
        assert average_run_length(Cusum(2.99, 0.01), shift) == pytest.approx(expected, rel=0.01)


@pytest.mark.parametrize(
    ("design", "run_length"),
    [
        (Shewhart(), 2.0),
        (Shewhart(), 1e9),
        (Cusum(0.5), 57_600.0),
        (Cusum(0.5), 1e9),
        (Ewma(0.1), 57_600.0),
        (Ewma(0.02), 370.0),
        (Ewma(0.2), 2.0),
    ],
    ids=str,
)
def test_the_limit_for_a_run_length_gives_that_run_length(
    design: AnyDesign, run_length: float
) -> None:
    found = design_for(design, run_length)
    assert type(found) is type(design)
    assert average_run_length(found) == pytest.approx(run_length, rel=1e-4)


def test_what_is_not_the_limit_stays() -> None:
    assert design_for(Cusum(0.25, 1.0), 370.0).k == 0.25
    assert design_for(Cusum(0.25, 1.0), 370.0).h == pytest.approx(8.01, abs=0.01)
    assert design_for(Ewma(0.1), 500.0).weight == 0.1
    assert design_for(Ewma(0.1), 500.0).limit == pytest.approx(2.814, abs=0.002)
    assert design_for(Shewhart(), 370.4).limit == pytest.approx(3.0, abs=1e-4)


def test_false_alarms_a_shift_are_a_run_length() -> None:
    assert run_length_for(false_alarms=0.5, samples=8 * 3600) == 57_600


def test_a_chart_that_never_alarms_runs_for_ever() -> None:
    for design in (Shewhart(40.0), Cusum(0.5, 30.0), Ewma(1.0, 12.0)):
        assert average_run_length(design) == math.inf


@pytest.mark.parametrize("run_length", [1.0, 0.0, -5.0, 1e10, math.nan, math.inf])
def test_a_run_length_that_no_limit_gives_is_refused(run_length: float) -> None:
    with pytest.raises(InvalidInput, match="run length"):
        design_for(Cusum(), run_length)


@pytest.mark.parametrize(("alarms", "samples"), [(0, 100), (1, 0), (-1, 100), (math.nan, 100)])
def test_a_budget_that_is_none_is_refused(alarms: float, samples: float) -> None:
    with pytest.raises(InvalidInput, match="above 0"):
        run_length_for(alarms, samples)


def test_a_shift_that_is_no_number_is_refused() -> None:
    with pytest.raises(InvalidInput, match="shift"):
        average_run_length(Cusum(), math.nan)
