"""Gauge R&R against AIAG's own example, known truth, and what is no study."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.gauge_studies import AIAG
from twin.errors import InvalidInput
from twin.estimation.gauge_readings import Fault, Measurement, crossed, faults
from twin.estimation.gauge_rr import Study, Verdict, judge, study
from twin.estimation.mean_squares import MeanSquares


def of(values: np.ndarray) -> list[Measurement]:
    """The measurements of values with the shape (parts, operators, trials)."""
    return [
        Measurement(f"P{part}", f"O{operator}", float(value), str(trial))
        for (part, operator, trial), value in np.ndenumerate(values)
    ]


def drawn(
    seed: int, shape: tuple[int, int, int], part: float, operator: float, gauge: float
) -> np.ndarray:
    """Values around 100 with those standard deviations."""
    random = np.random.default_rng(seed)
    return (
        100.0
        + random.normal(0, part, (shape[0], 1, 1))
        + random.normal(0, operator, (1, shape[1], 1))
        + random.normal(0, gauge, shape)
    )


def sds(found: Study) -> dict[str, float]:
    return {symbol: component.sd for symbol, component in found.components.items()}


def test_aiag_s_example_gives_aiag_s_numbers() -> None:
    found = study(AIAG)
    assert found.pooled
    assert sds(found) == pytest.approx(
        {"EV": 0.199933, "AV": 0.226838, "GRR": 0.302373, "PV": 1.042327, "TV": 1.0853}, abs=2e-6
    )
    percent = {symbol: c.percent for symbol, c in found.components.items()}
    assert percent == pytest.approx(
        {"EV": 18.42, "AV": 20.90, "GRR": 27.86, "PV": 96.04, "TV": 100.0}, abs=0.005
    )
    contribution = [found.components[s].contribution for s in ("EV", "AV", "GRR", "PV")]
    assert contribution == pytest.approx([3.4, 4.4, 7.8, 92.2], abs=0.05)
    assert (found.distinct_categories, found.verdict) == (4, Verdict.CONDITIONAL)
    assert any("distinct categories: 4" in note for note in found.notes)


def test_aiag_s_example_gives_aiag_s_analysis_of_variance() -> None:
    lines = {line.source: line for line in study(AIAG, pool_above=1.0).anova}
    assert {source: line.df for source, line in lines.items()} == {
        "part": 9,
        "operator": 2,
        "part × operator": 18,
        "repeatability": 60,
    }
    assert [round(line.ss, 4) for line in lines.values()] == [88.3619, 3.1673, 0.3590, 2.7589]
    interaction = lines["part × operator"]
    assert interaction.f == pytest.approx(0.434, abs=5e-4)
    assert interaction.p == pytest.approx(0.9741, abs=5e-5)


def test_without_pooling_repeatability_is_the_error_alone_and_what_is_negative_is_told() -> None:
    found = study(AIAG, pool_above=1.0)
    assert not found.pooled
    assert found.components["EV"].sd == pytest.approx(0.214435, abs=1e-6)
    assert found.components["INT"].variance == 0.0
    assert any("INT (interaction) came out negative" in note for note in found.notes)


def test_an_interaction_that_is_significant_is_kept() -> None:
    random = np.random.default_rng(5)
    values = drawn(5, (10, 3, 3), 1.0, 0.1, 0.1) + random.normal(0, 0.5, (10, 3, 1))
    found = study(of(values))
    assert not found.pooled
    assert found.components["INT"].sd == pytest.approx(0.5, rel=0.3)
    assert study(of(values), pool_above=0.0).pooled


def test_with_a_tolerance_the_worse_of_the_two_decides() -> None:
    """GRR is 27.9 % of the total variation; six of its sd are 1.81."""
    wide, narrow = study(AIAG, tolerance=30.0), study(AIAG, tolerance=5.0)
    assert wide.components["GRR"].percent_of_tolerance == pytest.approx(
        100 * 1.81423 / 30, abs=0.01
    )
    assert (wide.verdict, narrow.verdict) == (Verdict.CONDITIONAL, Verdict.REJECT)


@pytest.mark.parametrize(
    ("percent", "verdict"),
    [
        (0.0, Verdict.GOOD),
        (9.99, Verdict.GOOD),
        (10.0, Verdict.CONDITIONAL),
        (30.0, Verdict.CONDITIONAL),
        (30.01, Verdict.REJECT),
    ],
)
def test_verdicts_have_aiag_s_limits(percent: float, verdict: Verdict) -> None:
    assert judge(percent) is verdict


@pytest.mark.parametrize(
    ("gauge", "verdict", "categories"),
    [(0.02, Verdict.GOOD, 30), (0.2, Verdict.CONDITIONAL, 5), (0.6, Verdict.REJECT, 1)],
)
def test_a_gauge_is_judged_as_it_is(gauge: float, verdict: Verdict, categories: int) -> None:
    found = study(of(drawn(2, (20, 5, 4), 1.0, gauge / 3, gauge)))
    assert found.verdict is verdict
    assert found.distinct_categories is not None
    assert found.distinct_categories >= categories
    assert found.components["EV"].sd == pytest.approx(gauge, rel=0.15)
    assert found.components["PV"].sd == pytest.approx(1.0, rel=0.4)


def test_one_operator_tells_repeatability_alone_and_says_so() -> None:
    found = study(of(drawn(1, (10, 1, 5), 1.0, 0.0, 0.05)))
    assert set(found.components) == {"EV", "GRR", "PV", "TV"}
    assert found.components["GRR"].sd == found.components["EV"].sd
    assert any("reproducibility is not known" in note for note in found.notes)


def test_few_parts_say_how_little_they_tell() -> None:
    found = study(of(drawn(3, (3, 2, 2), 1.0, 0.3, 0.3)))
    low, high = found.components["GRR"].percent_interval or (0, 0)
    assert high - low > 30
    assert any("AIAG wants more than 15" in note for note in found.notes)
    assert any("could be good to reject: more parts" in note for note in found.notes)


def test_readings_that_repeat_exactly_have_no_categories_and_say_why() -> None:
    values = np.arange(100.1, 110.0)[:, np.newaxis, np.newaxis] + np.zeros((10, 3, 3))
    found = study(of(values))
    assert (found.components["GRR"].sd, found.distinct_categories) == (0.0, None)
    assert any("resolution" in note for note in found.notes)


def test_parts_that_do_not_differ_make_a_gauge_that_tells_nothing() -> None:
    random = np.random.default_rng(1)
    found = study(of(random.normal(100.0, 1.0, (10, 3, 3))))
    assert (found.verdict, found.distinct_categories) == (Verdict.REJECT, 0)


@given(
    seed=st.integers(0, 10_000),
    shape=st.tuples(st.integers(2, 8), st.integers(1, 4), st.integers(2, 4)),
    factor=st.sampled_from([1e-3, 1.0, 1e6]),
)
def test_components_add_up_lie_in_their_intervals_and_follow_the_unit(
    seed: int, shape: tuple[int, int, int], factor: float
) -> None:
    values = drawn(seed, shape, 1.0, 0.2, 0.3)
    found, other = study(of(values)), study(of(factor * values))
    parts = sum(c.variance for s, c in found.components.items() if s not in ("GRR", "TV"))
    assert found.components["TV"].variance == pytest.approx(parts)
    for symbol, component in found.components.items():
        low, high = component.sd_interval
        assert 0 <= low <= component.sd <= high
        assert other.components[symbol].sd == pytest.approx(factor * component.sd, rel=1e-6)
    low, high = found.components["GRR"].percent_interval or (1, 0)
    assert 0 <= low <= found.components["GRR"].percent <= high <= 100 + 1e-9


def test_intervals_cover_the_truth_as_often_as_they_promise() -> None:
    """Mean squares of a study of 10 × 3 × 3, drawn from their distributions; 200 of 90 %
    have a standard deviation of 2.1 %."""
    truth = {"part": 1.0, "operator": 0.09, "interaction": 0.01, "error": 0.04}
    df = np.array([9.0, 2.0, 18.0, 60.0])
    error, interaction = truth["error"], truth["error"] + 3 * truth["interaction"]
    expected = np.array(
        [interaction + 9 * truth["part"], interaction + 30 * truth["operator"], interaction, error]
    )
    of_part = np.array([1, 0, -1, 0]) / 9
    of_operator = np.array([0, 1, -1, 0]) / 30
    of_gauge = of_operator + np.array([0, 0, 1, 2]) / 3
    gauge = truth["operator"] + truth["interaction"] + truth["error"]
    hits = np.zeros(4)
    random = np.random.default_rng(4)
    for _ in range(200):
        found = MeanSquares(expected * random.chisquare(df) / df, df, confidence=0.9)
        for i, (row, true) in enumerate([(of_part, 1.0), (of_operator, 0.09), (of_gauge, gauge)]):
            low, high = found.interval(row)
            hits[i] += low <= true <= high
        low, high = found.ratio_interval(of_gauge, of_gauge + of_part)
        hits[3] += low <= gauge / (gauge + 1.0) <= high
    assert np.all((hits / 200 > 0.84) & (hits / 200 < 0.97)), hits / 200


def test_a_single_mean_square_has_the_exact_interval() -> None:
    found = MeanSquares(np.array([4.0]), np.array([10.0]), confidence=0.95)
    # 10 × 4 over the quantiles of chi-square with 10 degrees of freedom.
    assert found.interval(np.array([1.0])) == pytest.approx((40 / 20.4832, 40 / 3.24697), rel=1e-4)


def test_parts_and_operators_keep_their_order() -> None:
    values = drawn(1, (3, 2, 2), 1.0, 0.2, 0.1)
    assert np.array_equal(crossed(of(values)), values)


def changed(index: int, **fields: str | float) -> list[Measurement]:
    found = of(drawn(1, (5, 2, 3), 1.0, 0.2, 0.1))
    old = found[index]
    found[index] = Measurement(
        str(fields.get("part", old.part)),
        str(fields.get("operator", old.operator)),
        float(fields.get("value", old.value)),
        str(fields.get("trial", old.trial)),
    )
    return found


@pytest.mark.parametrize(
    ("measurements", "index", "why"),
    [
        (changed(7, value=0.0), 7, "the value is zero"),
        (changed(7, value=-3.0), 7, "negative (-3)"),
        (changed(7, value=math.nan), 7, "the value is nan"),
        (changed(7, value=math.inf), 7, "the value is inf"),
        (changed(7, value=1e200), 7, "the value is 1e+200"),
        (changed(7, trial="0"), 7, "part 'P1', operator 'O0': trial '0' comes twice"),
        (changed(0)[:-1], 28, "part 'P4', operator 'O1': measured twice"),
        ([*changed(0), Measurement("P2", "O1", 100.0)], 30, "measured 4 times"),
        (changed(0)[:-3], None, "part 'P4', operator 'O1': measured never"),
        (changed(7, part="P9"), 7, "part 'P9', operator 'O0': measured once"),
        (of(np.ones((5, 2, 1))), None, "each part is measured once"),
        (of(drawn(1, (1, 2, 3), 1.0, 0.1, 0.1)), None, "parts: 1, and at least 2"),
        ([], None, "parts: 0"),
        (of(np.full((5, 2, 3), 0.1)), None, "all values are equal"),
    ],
)
def test_what_is_no_study_is_refused_whole_with_the_reason(
    measurements: list[Measurement], index: int | None, why: str
) -> None:
    assert any(fault.index == index and why in fault.why for fault in faults(measurements))
    with pytest.raises(InvalidInput, match="no gauge R&R study"):
        study(measurements)


def test_every_fault_is_told() -> None:
    measurements = changed(3, value=0.0)
    measurements[9] = Measurement("P1", "O1", -1.0, "0")
    assert [fault.index for fault in faults(measurements)] == [3, 9]


def test_values_of_both_signs_are_deviations_unless_one_says_otherwise() -> None:
    """Parts 2, 5, 6, 8 and 10 of AIAG's example lie below the nominal."""
    assert faults(AIAG) == ()
    refused = faults(AIAG, signed=False)
    assert refused[0] == Fault(7, refused[0].why)
    assert len(refused) == sum(measured.value <= 0 for measured in AIAG)
    assert faults(changed(7, value=-3.0), signed=True) == ()


@pytest.mark.parametrize(
    "arguments",
    [
        {"tolerance": 0.0},
        {"tolerance": -1.0},
        {"tolerance": math.nan},
        {"pool_above": 1.1},
        {"pool_above": math.nan},
        {"confidence": 1.0},
        {"confidence": 0.1},
    ],
    ids=str,
)
def test_arguments_that_can_not_be_are_refused(arguments: dict[str, float]) -> None:
    with pytest.raises(InvalidInput):
        study(AIAG, **arguments)
