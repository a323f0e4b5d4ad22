"""What a correction did, measured on the web that was coated after it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import COATER, SECOND, at
from tests.unit.twin.electrode_layer import Layer
from twin.electrode.coating.effect import EffectMeasurement, Judgement, Loading
from twin.plant.recommendation import State
from twin.snapshot import dumps, loads

# The change was applied at 6 s; 3 m at 40 m/min and 1 s of settling make 11.5 s.


def test_a_correction_that_brought_the_loading_back_is_effective() -> None:
    layer = Layer()
    found = layer.applied()
    layer.loadings(3.0, 6, 12)
    assert layer.again(found.id).state is State.APPLIED
    layer.loadings(0.3, 12, 17)
    closed = layer.again(found.id)
    assert closed.state is State.EFFECTIVE
    assert closed.effect is not None
    assert closed.effect.measured.value == pytest.approx(20.06, abs=0.01)
    assert closed.effect.measured.lower < 20.06 < closed.effect.measured.upper
    assert (closed.effect.readings, closed.effect.from_ns) == (50, at(12))
    assert closed.effect.verdict == "mean is 0.3 % over target after the change, within ±1 %"


def test_loadings_from_before_the_arrival_say_nothing_of_the_effect() -> None:
    layer = Layer()
    found = layer.applied()
    layer.loadings(0.0, 6, 11)
    assert layer.again(found.id).state is State.APPLIED


def test_an_effect_that_takes_time_to_settle_is_seen_in_a_later_window() -> None:
    layer = Layer()
    found = layer.applied()
    layer.loadings(1.5, 12, 17)
    assert layer.again(found.id).state is State.APPLIED
    layer.loadings(0.2, 17, 22)
    assert layer.again(found.id).state is State.EFFECTIVE


def test_a_correction_that_did_not_help_is_ineffective_in_words() -> None:
    layer = Layer()
    found = layer.applied()
    layer.state(10.0, line_speed=41.2)
    layer.loadings(3.1, 12, 27)
    closed = layer.again(found.id)
    assert closed.state is State.INEFFECTIVE
    assert closed.effect is not None
    assert closed.effect.verdict == "mean is 3.1 % over target after the change, not within ±1 %"


def test_a_setpoint_that_never_moved_is_named() -> None:
    layer = Layer()
    found = layer.applied()
    layer.state(10.0)
    layer.loadings(3.1, 12, 27)
    effect = layer.again(found.id).effect
    assert effect is not None
    assert effect.verdict.startswith("the line speed never changed from 40 m/min")


def test_an_ineffective_correction_is_followed_by_another_proposal() -> None:
    layer = Layer()
    found = layer.applied()
    layer.state(10.0, line_speed=41.2)
    layer.loadings(3.1, 12, 28)
    (other,) = [r for r in layer.latest.values() if r.id != found.id]
    assert (other.state, other.changes[0].from_value) == (State.PROPOSED, 41.2)


def test_an_effect_that_can_not_be_measured_does_not_stay_open() -> None:
    layer = Layer()
    found = layer.applied()
    layer.at(60)
    assert layer.again(found.id).state is State.APPLIED
    layer.at(300)
    closed = layer.again(found.id)
    assert closed.state is State.INEFFECTIVE
    assert "could not be measured" in closed.history[-1].reason


def test_a_gauge_deleted_meanwhile_does_not_leave_it_open_either() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    layer.rules.assets_changed({COATER: layer.assets[COATER]})
    layer.apply(found, 41.2)
    layer.at(7.0)
    assert layer.again(found.id).state is State.INEFFECTIVE


def test_the_effect_is_linked_to_the_lot_too() -> None:
    layer = Layer()
    layer.applied()
    steps = [s for second in range(12, 17) for s in layer.loading(0.2, second, second + 0.9).steps]
    (step,) = steps
    assert step.inputs == ("E-7",)
    assert step.id.endswith("-effect")
    assert step.measured["state"] == "EFFECTIVE"


@given(
    st.lists(
        st.tuples(st.floats(-3, 3), st.floats(0.05, 1.0), st.integers(1, 20)),
        min_size=1,
        max_size=25,
    ),
    st.integers(0, 25),
)
def test_an_effect_s_measurement_goes_on_after_a_restart(
    rows: list[tuple[float, float, int]], cut: int
) -> None:
    whole = EffectMeasurement(at(0), 5 * SECOND, 1.0)
    restored = EffectMeasurement(at(0), 5 * SECOND, 1.0)
    for i, (deviation, sd, n) in enumerate(rows):
        if i == cut:
            restored = EffectMeasurement.restored(loads(dumps(whole.snapshot())))
        loading = Loading(at(i), at(i + 0.9), n, deviation, sd)
        told = whole.take(loading)
        if i >= cut:
            assert restored.take(loading) == told
        if told[0] is not Judgement.NOT_YET:
            return


def test_loadings_that_scatter_more_than_they_say_widen_the_effect() -> None:
    calm = EffectMeasurement(at(0), 5 * SECOND, 1.0)
    wild = EffectMeasurement(at(0), 5 * SECOND, 1.0)
    for i in range(3):
        calm.take(Loading(at(i), at(i + 0.9), 10, 0.1, 0.1))
        wild.take(Loading(at(i), at(i + 0.9), 10, (-1.0) ** i * 0.8, 0.1))
    one, other = calm.measured(), wild.measured()
    assert one is not None
    assert other is not None
    assert other.sd > 3 * one.sd
