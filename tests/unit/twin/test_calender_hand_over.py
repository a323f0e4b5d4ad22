"""A lot's porosity as it is handed on: by thickness and loading, put right by samples."""

import pytest

from tests.unit.twin.supervised_calender import NAME, SupervisedCalender
from twin.asset import AssetConfig, Event

MEASURED, MODELLED = "thickness and loading", "calender model"


def _measured(lots: int, **parameters: float | str) -> SupervisedCalender:
    """Lots E-1 and so on have ended, with thickness and loading of each known; the next one
    runs."""
    found = SupervisedCalender(**parameters)
    for i in range(1, lots + 2):
        found.line.loadings[f"E-{i}"] = (20.0, 0.005)
        for j in range(30):
            found.state(60 * i + 2 * j, lot=f"E-{i}", thickness_out_sd=0.2)
    return found


def _sample(found: SupervisedCalender, seconds: float, lot: str, value: float) -> list[Event]:
    """What is told upwards of it."""
    before = len(found.done.upward)
    found.tell("calender.sample", seconds, lot=lot, sample=value, used=True)
    return found.done.upward[before:]


def test_a_lot_s_thickness_and_loading_tell_its_porosity() -> None:
    (event,) = _measured(1).upward("lot.porosity")
    # 20 mg/cm2 a side in 65 um of coating: 3.077 g/cm3 of solids that have 4.4.
    assert event.data["porosity"] == pytest.approx(30.07, abs=0.01)
    assert event.data["density"] == pytest.approx(3077, abs=1)
    assert (event.data["route"], event.data["thickness"]) == (MEASURED, pytest.approx(145.0))
    # Density 1.36 %, gauge and foil 0.62 %, loading 0.5 %: of 70 points.
    assert event.data["porosity_sd"] == pytest.approx(0.7 * 1.58, abs=0.02)


def test_what_the_samples_scatter_by_is_not_taken_for_what_the_lots_do() -> None:
    found = _measured(8)
    for i in range(1, 8):
        _sample(found, 600 + i, f"E-{i}", 31.0)
    told = _sample(found, 700, "E-8", 30.2)
    data = next(event.data for event in told if event.data["lot"] == "E-8")
    assert data["sample"] == 30.2
    assert data["porosity"] == pytest.approx(30.83, abs=0.05)
    assert data["route"] == MEASURED
    assert data["density"] == pytest.approx(3077, abs=1)


def test_a_sample_tells_anew_of_every_lot_that_it_moves() -> None:
    found = _measured(4)
    told = _sample(found, 600, "E-2", 31.5)
    assert [event.data["lot"] for event in told] == ["E-1", "E-2", "E-3", "E-4"]
    assert all(event.data["porosity"] == pytest.approx(31.2, abs=0.2) for event in told)
    assert ["sample" in event.data for event in told] == [False, True, False, False]
    lots = found.section.kpis()["porosity_by_lot"]
    assert isinstance(lots, dict)
    assert lots["E-4"]["porosity"] == told[-1].data["porosity"]
    for i in range(20):
        _sample(found, 610 + i, "E-1", 31.5)
    # What hardly moves is not told again.
    assert [event.data["lot"] for event in _sample(found, 640, "E-1", 31.5)] == ["E-1"]


def test_the_lot_that_runs_is_told_with_what_samples_have_said() -> None:
    found = _measured(1)
    _sample(found, 170, "E-2", 31.5)
    found.state(182, lot="E-3")
    data = found.upward("lot.porosity")[-1].data
    assert (data["lot"], data["porosity"]) == ("E-2", pytest.approx(31.3, abs=0.1))


@pytest.mark.parametrize("missing", ["loading", "thickness", "thickness over half of the lot"])
def test_where_thickness_or_loading_is_not_known_the_calender_s_model_tells(missing: str) -> None:
    found = SupervisedCalender()
    if missing != "loading":
        found.line.loadings["E-1"] = (20.0, 0.01)
    for i in range(100):
        silent = missing == "thickness" or ("half" in missing and i > 40)
        thickness = None if missing == "thickness" else 145.0
        sd = 2.0 if silent else 0.2
        found.state(i, porosity=31.0, thickness_out=thickness, thickness_out_sd=sd)
    found.state(100, lot="E-2")
    data = found.upward("lot.porosity")[0].data
    assert (data["route"], data["porosity"]) == (MODELLED, pytest.approx(31.0))


def test_another_recipe_is_learned_anew_and_the_old_one_s_samples_still_count() -> None:
    found = _measured(3)
    for i in range(10):
        _sample(found, 600 + i, "E-3", 31.5)
    found.config = AssetConfig(NAME, "uid", "calender", "line1", {"formulation": "B"})
    found.section.assets_changed({NAME: found.config})
    found.line.loadings["E-9"] = (20.0, 0.005)
    for i in range(30):
        found.state(700 + 2 * i, lot="E-9", thickness_out_sd=0.2)
    found.state(760, lot="E-10")
    data = found.upward("lot.porosity")[-1].data
    assert (data["lot"], data["porosity"]) == ("E-9", pytest.approx(30.07, abs=0.01))
    assert data["porosity_sd"] == pytest.approx(1.1, abs=0.02)
    told = _sample(found, 770, "E-3", 31.0)
    assert {event.data["lot"] for event in told} <= {"E-1", "E-2", "E-3"}
    assert told[-1].data["porosity"] == pytest.approx(31.4, abs=0.1)


def test_new_rolls_leave_less_known_of_the_lots_to_come() -> None:
    found = _measured(3)
    for i in range(30):
        _sample(found, 600 + i, "E-3", 30.0)
    before = found.upward("lot.porosity")[-1].data["porosity_sd"]
    found.tell("calender.rolls_changed", 640, before="R-1", after="R-2")
    found.state(642, lot="E-5", thickness_out_sd=0.2)
    data = found.upward("lot.porosity")[-1].data
    assert isinstance(before, float)
    # The gauge is set up anew: 0.7 um of 130 um, of 70 points.
    assert data["porosity_sd"] == pytest.approx((before**2 + 0.377**2) ** 0.5, abs=0.02)
