"""An excursion becomes one recommendation, with all that it rests on."""

import pytest

from tests.unit.twin.coating_line import COATER, GAUGE, SECOND
from tests.unit.twin.electrode_layer import Layer
from twin.iso23247 import RECOMMENDATION

MINUTE = 60 * SECOND


def test_an_excursion_becomes_a_recommendation_with_all_that_it_rests_on() -> None:
    found = Layer().proposed(3.0)
    (change,) = found.changes
    assert (found.asset, found.source, found.layer) == (COATER, GAUGE, "electrode")
    assert (change.signal, change.unit, change.from_value) == ("line_speed", "m/min", 40.0)
    assert change.to_value == pytest.approx(41.2)
    assert (change.lower_limit, change.upper_limit) == (20.0, 60.0)
    assert found.predicted.value == pytest.approx(20.0, abs=0.01)
    assert found.predicted.lower < 20.0 < found.predicted.upper
    assert (found.predicted.unit, found.predicted.confidence) == ("mg/cm2", 0.95)
    of_gauge, of_coater = found.evidence
    assert (of_gauge.asset, of_gauge.signal, of_gauge.readings) == (GAUGE, "areal_loading", 3)
    assert of_gauge.summary.value == pytest.approx(20.6)
    assert (of_coater.asset, of_coater.signal) == (COATER, "line_speed")
    assert found.expires_ns - found.created_ns == 15 * MINUTE
    assert found.iso23247 == RECOMMENDATION
    assert "3.0 % over target" in found.reason


def test_it_names_the_lot_under_the_gauge_and_the_metre_where_it_began() -> None:
    layer = Layer()
    layer.state(0, lot="E-6", web_length=950.0, lot_start_m=None)
    # The new lot has begun 2 m ago; the gauge is 3 m behind the die.
    layer.state(10, lot="E-7", web_length=1000.0, lot_start_m=998.0)
    found = layer._one(layer.excursion(seconds=10.2))
    assert found.lot == "E-6"
    assert found.lot_from_m == pytest.approx(997.0)


def test_too_little_loading_lowers_the_line_speed() -> None:
    found = Layer().proposed(-4.0)
    assert found.changes[0].to_value == pytest.approx(38.4)
    assert found.title == "Lower line speed from 40 to 38.4 m/min"
    assert "4.0 % under target" in found.reason


def test_the_same_cause_has_the_same_id_which_fits_a_url() -> None:
    ids = {Layer().proposed().id for _ in range(2)}
    assert len(ids) == 1
    assert ids.pop().replace("-", "").isalnum()


def test_an_excursion_before_the_coater_has_spoken_waits_for_it() -> None:
    layer = Layer()
    assert not layer.excursion().recommendations
    assert len(layer.state(2.0).recommendations) == 1


def test_a_web_that_stands_is_not_corrected() -> None:
    layer = Layer()
    layer.state(line_speed=0.0)
    assert not layer.excursion().recommendations
