"""Control charts: when they alarm, that a bank is its charts."""

import math
import pickle

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.errors import InvalidInput
from twin.estimation.chart_bank import bank
from twin.estimation.charts import (
    Cusum,
    CusumChart,
    Design,
    Ewma,
    EwmaChart,
    Shewhart,
    ShewhartChart,
    Side,
    chart,
)
from twin.snapshot import dumps, loads

DESIGNS: list[Design] = [Shewhart(), Cusum(0.5, 4.0), Cusum(0.25, 8.01), Ewma(), Ewma(1.0, 3.0)]
Z = st.floats(-6, 6)


def test_a_shewhart_chart_alarms_beyond_its_limits_only() -> None:
    found = ShewhartChart(Shewhart(3.0), centre=20.0, sd=0.5)
    sides = [found.take(value) for value in (20.0, 21.5, 21.6, 18.5, 18.4, 20.0)]
    assert sides == [None, None, Side.ABOVE, None, Side.BELOW, None]


def test_a_cusum_adds_up_what_exceeds_k_and_forgets_what_does_not() -> None:
    found = CusumChart(Cusum(k=0.5, h=2.0), centre=20.0, sd=0.5)
    assert found.take(20.75) is None
    assert found.upper == 1.0
    assert found.take(19.75) is None
    assert (found.upper, found.lower) == (0.0, 0.0)
    assert [found.take(19.0) for _ in range(2)] == [None, Side.BELOW]
    assert found.lower == 3.0


def test_an_ewma_alarms_at_its_asymptotic_limit() -> None:
    design = Ewma(weight=0.2, limit=3.0)
    assert design.height == pytest.approx(1.0)
    found = EwmaChart(design)
    sides = [found.take(2.0) for _ in range(4)]
    assert found.average == pytest.approx(2.0 * (1 - 0.8**4))
    assert sides == [None, None, None, Side.ABOVE]


def test_an_alarm_lasts_until_the_chart_is_back_or_reset() -> None:
    found = CusumChart(Cusum(k=0.5, h=2.0))
    assert [found.take(3.0), found.take(0.0), found.take(0.0)] == [Side.ABOVE, None, None]
    assert [found.take(4.0), found.take(0.0)] == [Side.ABOVE, Side.ABOVE]
    found.reset()
    assert found.take(0.0) is None


@pytest.mark.parametrize("design", DESIGNS, ids=str)
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf])
def test_a_chart_fed_no_number_says_so_and_stays_as_it_was(design: Design, value: float) -> None:
    found = chart(design)
    found.take(1.7)
    before = dumps(found.snapshot())
    with pytest.raises(InvalidInput, match="gate readings before"):
        found.take(value)
    assert dumps(found.snapshot()) == before


@pytest.mark.parametrize("design", DESIGNS, ids=str)
@given(values=st.lists(Z, max_size=30), cut=st.integers(0, 30))
def test_restored_or_pickled_a_chart_goes_on_to_the_bit(
    design: Design, values: list[float], cut: int
) -> None:
    whole, restored = chart(design, 1.0, 0.7), chart(design, 1.0, 0.7)
    for value in values[:cut]:
        whole.take(value)
    restored.restore(loads(dumps(whole.snapshot())))
    copy = pickle.loads(pickle.dumps(whole))
    for value in values[cut:]:
        side = whole.take(value)
        assert restored.take(value) == copy.take(value) == side
    assert dumps(restored.snapshot()) == dumps(copy.snapshot()) == dumps(whole.snapshot())


@pytest.mark.parametrize("design", DESIGNS, ids=str)
@given(data=st.data())
def test_a_bank_is_its_charts_to_the_bit(design: Design, data: st.DataObject) -> None:
    """Also where some charts are not fed, some are reset, and the bank is restored."""
    charts = data.draw(st.integers(1, 4))
    centre = data.draw(st.lists(Z, min_size=charts, max_size=charts))
    sd = data.draw(st.lists(st.floats(0.1, 3), min_size=charts, max_size=charts))
    singles = [chart(design, c, s) for c, s in zip(centre, sd, strict=True)]
    found = bank(design, centre, sd)
    sample = st.tuples(st.booleans(), st.booleans(), Z)
    for rows in data.draw(st.lists(st.tuples(*[sample] * charts), max_size=12)):
        fed = np.array([fed for fed, _, _ in rows])
        reset = np.array([reset and not fed for fed, reset, _ in rows])
        values = np.array([value if fed else math.nan for fed, _, value in rows])
        expected = [
            (single.take(float(value)) or 0) if taken else 0
            for single, value, taken in zip(singles, values, fed, strict=True)
        ]
        taken = found.take(values) if fed.all() else found.take(values, fed)
        assert taken.tolist() == expected
        for single in np.array(singles)[reset]:
            single.reset()
        found.reset(reset)
        again = bank(design, centre, sd)
        again.restore(loads(dumps(found.snapshot())))
        found = again
    for name, values in found.snapshot().items():
        assert isinstance(values, np.ndarray)
        assert values.tolist() == [single.snapshot()[name] for single in singles]


def test_a_bank_fed_no_number_names_the_chart_and_stays_as_it_was() -> None:
    found = bank(Cusum(), np.zeros(3), np.ones(3))
    found.take(np.array([1.0, 2.0, 3.0]))
    before = dumps(found.snapshot())
    with pytest.raises(InvalidInput, match="of chart 1 is not finite"):
        found.take(np.array([1.0, math.nan, 1.0]))
    with pytest.raises(InvalidInput, match="of chart 2 is not finite"):
        found.take(np.array([1.0, math.nan, math.inf]), np.array([True, False, True]))
    assert dumps(found.snapshot()) == before


@pytest.mark.parametrize(
    ("centre", "sd", "why"),
    [
        ([0.0, 1.0], [1.0], "one number for each"),
        ([0.0, math.nan], [1.0, 1.0], "centre of chart 1"),
        ([0.0, 0.0], [0.0, 1.0], "sd of chart 0"),
    ],
)
def test_a_bank_that_can_not_work_is_refused(
    centre: list[float], sd: list[float], why: str
) -> None:
    with pytest.raises(InvalidInput, match=why):
        bank(Ewma(), centre, sd)


def test_a_bank_refuses_the_values_and_the_snapshot_of_another() -> None:
    found = bank(Cusum(), np.zeros(3), np.ones(3))
    with pytest.raises(InvalidInput, match="for 3 charts"):
        found.take(np.zeros(2))
    with pytest.raises(InvalidInput, match="of 2 charts, not 3"):
        found.restore(bank(Cusum(), np.zeros(2), np.ones(2)).snapshot())


@pytest.mark.parametrize("value", [0.0, -1.0, math.nan, math.inf])
def test_limits_that_can_not_work_are_refused(value: float) -> None:
    for make in (Shewhart, lambda x: Cusum(h=x), lambda x: Ewma(limit=x), lambda x: Ewma(x)):
        with pytest.raises(InvalidInput):
            make(value)
    with pytest.raises(InvalidInput):
        chart(Shewhart(), sd=value)


def test_a_negative_k_and_a_centre_that_is_no_number_are_refused() -> None:
    with pytest.raises(InvalidInput, match="k is -"):
        Cusum(k=-0.1)
    with pytest.raises(InvalidInput, match="centre"):
        chart(Shewhart(), centre=math.nan)
