import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Event, Json
from twin.cell.supervisor import CellRules, wilson
from twin.errors import NotFound
from twin.plant.genealogy import StepType
from twin.plant.supervision import Approve, Reject, ReportApplied
from twin.snapshot import dumps, loads

CHANNEL = AssetConfig("f/channel-1", "c1", "cycler_channel", parameters={"grade_minimum": 0.42})
UNGRADED = AssetConfig("f/channel-2", "c2", "cycler_channel", parameters={"grade_minimum": 0.0})


def rules() -> CellRules:
    made = CellRules()
    made.assets_changed({asset.name: asset for asset in (CHANNEL, UNGRADED)})
    return made


def formed(
    capacity: float, channel: AssetConfig = CHANNEL, sequence: int = 1, serial: str = "a"
) -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "first_charge_Ah": 0.5,
        "first_discharge_Ah": capacity,
        "first_efficiency": capacity / 0.5,
    }
    return Event(channel.name, channel.uid, sequence, "cell.formed", 9, data)


def test_a_stack_is_made_of_its_electrodes() -> None:
    data: dict[str, Json] = {
        "serial": "a",
        "electrodes": ["a/1", "a/2"],
        "electrodes_mass_g": 1.14,
    }

    (step,) = rules().on_event(Event("scale", "s", 3, "cell.stacked", 7, data)).steps

    assert (step.type, step.station, step.time_ns) == (StepType.STACK, "scale", 7)
    assert (step.inputs, step.outputs) == (("a/1", "a/2"), ("a",))
    assert step.measured == {"electrodes_mass [g]": 1.14}
    assert step.id == "s:3:cell.stacked:stack"


def test_a_filling_holds_what_was_measured_and_leaves_out_what_was_not() -> None:
    data: dict[str, Json] = {
        "serial": "a",
        "dry_g": None,
        "wet_g": 13.4,
        "electrolyte_g": None,
        "volume_mL": 1.3,
    }

    (step,) = rules().on_event(Event("filler", "f", 1, "cell.filled", 8, data)).steps

    assert (step.type, step.inputs, step.outputs) == (StepType.FILL, ("a",), ("a",))
    assert step.measured == {"wet_cell_mass [g]": 13.4, "electrolyte_volume [mL]": 1.3}


@pytest.mark.parametrize(
    ("capacity", "grade"), [(0.44, "good"), (0.42, "good"), (0.41999, "below grade")]
)
def test_a_formed_cell_is_graded_by_its_first_discharge(capacity: float, grade: str) -> None:
    form, graded = rules().on_event(formed(capacity)).steps

    assert form.measured["discharge_capacity [Ah]"] == capacity
    assert (form.type, graded.type) == (StepType.FORM, StepType.GRADE)
    assert graded.measured == {
        "discharge_capacity [Ah]": capacity,
        "grade_minimum [Ah]": 0.42,
        "grade": grade,
    }


def test_the_verdict_is_withheld_where_the_channel_has_no_minimum() -> None:
    made = rules()

    (step,) = made.on_event(formed(0.1, UNGRADED)).steps

    assert step.type is StepType.FORM
    assert made.kpis()["graded"] == 0
    assert made.kpis()["first_pass_yield"] is None


def test_the_verdict_is_withheld_for_a_channel_that_is_not_known() -> None:
    (step,) = CellRules().on_event(formed(0.1)).steps

    assert step.type is StepType.FORM


def test_the_same_event_gives_the_same_steps() -> None:
    assert rules().on_event(formed(0.3)) == rules().on_event(formed(0.3))


def test_other_events_change_nothing() -> None:
    made = rules()
    before = dumps(made.snapshot())

    for kind in ("reading.quarantined", "gauge.excursion"):
        assert made.on_event(Event("x", "x", 1, kind, 1, {"signal": "y"})).steps == []

    assert dumps(made.snapshot()) == before


@pytest.mark.parametrize(
    "command", [Approve("r1", "me"), Reject("r1", "me", "no"), ReportApplied("r1", "mes", 1.0, 1)]
)
def test_no_recommendation_is_known_here_yet(command: Approve | Reject | ReportApplied) -> None:
    with pytest.raises(NotFound, match="'r1'"):
        rules().on_command(command, 1)


def test_a_cell_counts_as_it_was_graded_first() -> None:
    made = rules()
    for i, capacity in enumerate([0.30, 0.44]):
        made.on_event(formed(capacity, sequence=i))

    kpis = made.kpis()
    assert (kpis["formed"], kpis["graded"], kpis["below_grade"]) == (2, 1, 1)


def test_first_pass_yield_comes_with_an_interval() -> None:
    made = rules()
    for i, capacity in enumerate([0.44, 0.43, 0.45, 0.30]):
        made.on_event(formed(capacity, sequence=i, serial=f"cell {i}"))

    kpis = made.kpis()
    assert (kpis["formed"], kpis["graded"], kpis["below_grade"]) == (4, 4, 1)
    assert kpis["first_pass_yield"] == 0.75
    assert kpis["first_pass_yield_lower"] == pytest.approx(0.30064, abs=1e-5)
    assert kpis["first_pass_yield_upper"] == pytest.approx(0.95441, abs=1e-5)


@given(st.integers(1, 5_000), st.data())
def test_the_interval_holds_the_share_and_stays_a_share(n: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, n))

    lower, upper = wilson(successes, n)

    assert lower is not None
    assert upper is not None
    assert 0 <= lower <= successes / n + 1e-12
    assert successes / n - 1e-12 <= upper <= 1


def test_restored_rules_go_on_as_those_that_never_stopped() -> None:
    whole = rules()
    whole.on_event(formed(0.3))
    restored = rules()

    restored.restore(loads(dumps(whole.snapshot())))

    assert restored.on_event(formed(0.5, sequence=2)) == whole.on_event(formed(0.5, sequence=2))
    assert dumps(restored.snapshot()) == dumps(whole.snapshot())
    assert restored.kpis() == whole.kpis()
