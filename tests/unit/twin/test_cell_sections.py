"""The cell supervisor's sections: routing, soaking, grading, and who made what."""

import pytest

from tests.unit.twin.cell_layer import (
    CHANNEL,
    FILLER,
    HEAD,
    HOUR,
    STATION,
    diagnosed,
    event,
    filled,
    formed,
    graded,
    layer,
    porosity,
    started,
    wound,
)
from twin.asset import AssetConfig, Event
from twin.cell.supervisor import CellRules
from twin.errors import NotFound
from twin.plant.genealogy import StepType
from twin.plant.recommendation import State
from twin.plant.supervision import Approve, Decisions, Reject, ReportApplied
from twin.snapshot import dumps, loads


def play(rules: CellRules, *events: Event) -> Decisions:
    decisions = Decisions()
    for one in events:
        decisions.merge(rules.on_event(one))
    return decisions


def test_a_wound_jellyroll_is_a_step_from_its_lots() -> None:
    (step,) = layer().on_event(wound("j", cathode="K-1")).steps
    assert (step.type, step.inputs, step.outputs) == (StepType.WIND, ("A-1", "K-1"), ("j",))
    assert step.measured["separator_overhang [mm]"] == 1.5
    assert step.measured["short_probability [1]"] == 0.005


def test_a_jellyroll_that_may_be_short_circuited_leaves_the_line_by_a_recommendation() -> None:
    (found,) = layer().on_event(wound("j", 0.08)).recommendations
    assert (found.type, found.asset, found.changes) == ("jellyroll_routing", HEAD.name, ())
    assert found.title == "Put jellyroll j on the separate rack"
    assert "8 % (4 to 16 %); the limit is 2 %" in found.reason
    assert (found.predicted.lower, found.predicted.upper) == (0.04, 0.16)
    assert [e.signal for e in found.evidence] == ["separator_overhang"]
    assert found.lot == "A-1"


def test_a_jellyroll_that_is_likely_short_circuited_is_taken_apart() -> None:
    (found,) = layer().on_event(wound("j", 0.5)).recommendations
    assert found.title == "Take jellyroll j apart"


def test_a_sound_jellyroll_goes_on() -> None:
    assert layer().on_event(wound("j", 0.019)).recommendations == []


def test_what_a_person_has_done_with_a_jellyroll_closes_the_recommendation() -> None:
    rules = layer()
    (found,) = rules.on_event(wound("j", 0.08)).recommendations
    rules.on_command(Approve(found.id, "operator"), 5)
    closed = rules.on_command(ReportApplied(found.id, "mes", 0.0, 6), 7).recommendations[-1]
    assert closed.state is State.EFFECTIVE


def test_a_cell_has_the_lots_of_its_jellyrolls() -> None:
    rules = layer()
    play(rules, wound("cell/1", anode="A-1"), wound("cell/2", anode="A-1", time_ns=2))
    assert rules.jellyrolls("cell") == ("cell/1", "cell/2")
    assert rules.electrode_lots("cell") == {"anode": "A-1"}
    assert rules.station("cell", "wind") == HEAD.name


def test_the_soak_starts_from_the_porosity_that_was_handed_over() -> None:
    rules = layer()
    told = play(rules, porosity("A-1", 44.0), wound("j"), filled("j", HOUR))
    (found,) = told.recommendations
    (soaking,) = told.upward
    assert (found.type, found.lot, found.asset) == ("soak_time", "A-1", FILLER.name)
    assert "porosity 44.0 ± 0.5 %" in found.reason
    assert found.evidence[0].summary.lower == pytest.approx(43.18)
    assert (soaking.kind, soaking.data["porosity"]) == ("cell.soaking", 44.0)
    soak = rules.soak("j")
    assert soak is not None
    assert soak.quantile == found.predicted.upper
    assert soak.wetted_ns == HOUR + round(soak.quantile * HOUR)


def test_without_a_porosity_the_interval_is_wide_and_says_why() -> None:
    known, unknown = layer(), layer()
    told = play(known, porosity("A-1", 44.0), wound("j"), filled("j")).recommendations[0]
    guessed = play(unknown, wound("j"), filled("j")).recommendations[0]
    assert "nobody told the porosity" in guessed.reason
    ratios = [r.predicted.upper / r.predicted.lower for r in (told, guessed)]
    assert ratios[1] > 2 * ratios[0]


def test_a_cell_of_no_known_lot_is_no_reason_to_ask_a_person() -> None:
    rules = layer()
    assert play(rules, filled("x")).recommendations == []
    assert rules.kpis()["soak_hours"] == {}


def test_a_lot_is_said_once_however_many_cells_are_filled() -> None:
    rules = layer()
    told = play(rules, *(e for n in range(1, 9) for e in (wound(f"j{n}", time_ns=2 * n),
                                                       filled(f"j{n}", 2 * n + 1))))  # fmt: skip
    assert len(told.recommendations) == 1


def test_a_porosity_told_late_changes_the_soak_of_cells_that_wait() -> None:
    rules = layer()
    play(rules, wound("j"), filled("j"))
    before = rules.soak("j")
    told = rules.on_event(porosity("A-1", 44.0))
    after = rules.soak("j")
    assert before is not None
    assert after is not None
    assert after.quantile < 0.5 * before.quantile
    assert [r.state for r in told.recommendations] == [State.SUPERSEDED, State.PROPOSED]


def test_a_formation_that_begins_too_early_is_said_and_the_cell_marked() -> None:
    rules = layer()
    play(rules, porosity("A-1", 44.0), wound("j"), filled("j", 0))
    (risk,) = rules.on_event(started("j", HOUR)).upward
    assert (risk.kind, risk.data["risk"], risk.data["elapsed_h"]) == ("cell.at_risk", "wetting", 1)
    unwetted = rules.unwetted("j")
    assert unwetted is not None
    assert 0.5 < unwetted < 1
    assert rules.kpis()["started_early"] == 1
    assert rules.on_event(started("j", 2 * HOUR)).upward == []
    step = rules.on_event(graded("j")).steps[0]
    assert step.measured["unwetted_probability [1]"] == unwetted


def test_a_formation_that_waited_long_enough_is_no_matter() -> None:
    rules = layer()
    play(rules, porosity("A-1", 44.0), wound("j"), filled("j", 0))
    assert rules.on_event(started("j", 40 * HOUR)).upward == []
    assert rules.unwetted("j") == pytest.approx(0.0, abs=0.01)


def test_a_start_of_a_cell_that_was_not_filled_here_concludes_nothing() -> None:
    assert play(layer(), started("unknown", HOUR)).upward == []


def test_measured_wettings_shorten_the_doubt() -> None:
    rules = layer()
    play(rules, porosity("A-1", 36.0), *(wound(f"j{n}", time_ns=n) for n in range(1, 9)))
    play(rules, *(filled(f"j{n}", 10 + n) for n in range(1, 9)))
    before = rules.soak("j1")
    play(
        rules,
        *(event(FILLER, "cell.wetted", 100 + n, {"serial": f"j{n}", "hours": 3.0 + 0.1 * n})
          for n in range(1, 9)),
        wound("new", time_ns=200),
        filled("new", 201),
    )  # fmt: skip
    after = rules.soak("new")
    assert before is not None
    assert after is not None
    assert after.quantile / after.median < 0.6 * before.quantile / before.median
    assert after.median == pytest.approx(3.45, rel=0.15)


def test_a_wetting_of_a_lot_whose_porosity_is_not_known_teaches_nothing() -> None:
    rules = layer()
    play(
        rules, wound("j"), filled("j"), event(FILLER, "cell.wetted", 9, {"serial": "j", "hours": 3})
    )
    assert rules.kpis()["wettings_measured"] == 0


@pytest.mark.parametrize(("planned", "proposed"), [(4.0, 1), (7.0, 0), (30.0, 1)])
def test_a_plan_that_is_right_needs_no_word(planned: float, proposed: int) -> None:
    """The 95 % quantile of that lot is 6.4 h."""
    filler = AssetConfig(FILLER.name, "f1", FILLER.kind, parameters={"planned_soak": planned})
    told = play(layer(filler), porosity("A-1", 44.0, 0.2), wound("j"), filled("j"))
    assert len(told.recommendations) == proposed


def test_a_soak_time_that_was_rejected_is_not_said_again() -> None:
    rules = layer()
    (found,) = play(rules, wound("j"), filled("j")).recommendations
    rules.on_command(Reject(found.id, "operator", "we measure it"), 5)
    assert play(rules, wound("k", time_ns=8), filled("k", 9)).recommendations == []


def test_a_cell_that_formation_finds_bad_is_proposed_to_leave_its_channel() -> None:
    rules = layer()
    play(rules, wound("j"), filled("j"), started("j", 40 * HOUR))
    (found,) = rules.on_event(diagnosed("j", 43 * HOUR)).recommendations
    assert found.asset == CHANNEL.name
    rules.on_command(Approve(found.id, "operator"), 43 * HOUR)
    told = rules.on_command(ReportApplied(found.id, "mes", 0.0, 43 * HOUR), 43 * HOUR)
    assert told.recommendations[-1].state is State.EFFECTIVE
    assert rules.kpis()["hours_recovered"] == pytest.approx(45.1, abs=0.1)


def test_a_grade_is_linked_to_all_that_made_the_cell() -> None:
    rules = layer()
    told = play(rules, wound("j", cathode="K-9"), filled("j"), formed("j", 0.44), graded("j"))
    step = [s for s in told.steps if s.type is StepType.GRADE][-1]
    assert step.inputs == ("j", "A-1", "K-9")
    assert step.measured == {
        "capacity [Ah]": 4.9,
        "resistance [mOhm]": 22.0,
        "open_circuit_voltage [V]": 3.7,
        "grade": "good",
        "grade_probability [1]": 0.99,
        "bin": "C1R0",
        "bin_probability [1]": 0.9,
        "anode_lot": "A-1",
        "cathode_lot": "K-9",
        "winding_head": HEAD.name,
        "filler": FILLER.name,
        "channel": CHANNEL.name,
    }


def test_first_pass_yield_is_told_by_lot_head_filler_and_rack() -> None:
    rules = layer()
    for n, grade in enumerate(["good", "below grade", "good"]):
        serial, lot = f"j{n}", "A-1" if n < 2 else "A-2"
        play(rules, wound(serial, time_ns=10 * n + 1, anode=lot), filled(serial, 10 * n + 2))
        play(rules, started(serial, 10 * n + 3), graded(serial, grade, 10 * n + 4))
    by = rules.kpis()["first_pass_yield_by"]
    assert isinstance(by, dict)
    assert {lot: found["yield"] for lot, found in by["electrode_lot"].items()} == {
        "A-1": 0.5,
        "A-2": 1.0,
    }
    assert by["rack"]["r1"]["graded"] == 3
    assert by["winding_head"][HEAD.name]["yield"] == pytest.approx(2 / 3)
    assert by["filler"][FILLER.name]["lower"] < 2 / 3
    assert rules.kpis()["bins"] == {"C1R0": 3}


def test_the_use_of_the_racks_and_what_comes_out_of_them_is_told() -> None:
    rules = layer()
    play(rules, started("a", HOUR), formed("a", 0.44, 5 * HOUR), started("b", 7 * HOUR))
    play(rules, graded("x", time_ns=9 * HOUR), formed("b", 0.44, 9 * HOUR), started("c", 9 * HOUR))
    kpis = rules.kpis()
    assert kpis["formed_per_day"] == 2
    assert kpis["racks"] == {"r1": {"channels": 1, "busy": 1, "use": 6 / 8}}
    play(rules, formed("c", 0.44, 40 * HOUR))
    assert rules.kpis()["formed_per_day"] == 1


def test_a_grade_that_is_withheld_is_neither_good_nor_bad() -> None:
    rules = layer()
    assert rules.on_event(graded("j", None)).steps == []
    kpis = rules.kpis()
    assert (kpis["graded"], kpis["grades_withheld"]) == (0, 1)


def test_the_layer_does_not_grow_with_the_cells_it_has_seen() -> None:
    rules = layer()
    for n in range(5_200):
        rules.on_event(event(STATION, "cell.formed", n, {"serial": f"c{n}"}))
    assert rules.station("c0", "form") == ""
    assert rules.station("c5199", "form") == STATION.name


def test_a_recommendation_of_another_layer_is_not_known() -> None:
    with pytest.raises(NotFound, match="the cell layer has no recommendation 'cw-1'"):
        layer().on_command(Approve("cw-1", "operator"), 1)


def test_an_older_checkpoint_without_sections_starts_anew() -> None:
    rules = layer()
    rules.restore({"counts": {"stacked": 3}, "first_pass": {}})
    assert rules.kpis()["stacked"] == 0


def test_a_restored_layer_goes_on_as_the_one_that_never_stopped() -> None:
    history = [
        porosity("A-1", 44.0),
        wound("j", 0.08),
        filled("j", 2, 31.0),
        event(FILLER, "scale.health", 3, {"state": "bad", "faults": ["noisy"]}),
        event(FILLER, "cell.wetted", 4, {"serial": "j", "hours": 3.0}),
        started("j", HOUR),
        diagnosed("j", HOUR + 9),
        formed("j", 0.4, 2 * HOUR),
        graded("j", "good", 3 * HOUR),
        porosity("A-1", 40.0, sequence=2),
        wound("k", 0.5, 4 * HOUR),
        filled("k", 5 * HOUR),
    ]
    for cut in range(len(history)):
        whole, restored = layer(), layer()
        play(whole, *history[:cut])
        restored.restore(loads(dumps(whole.snapshot())))
        assert play(restored, *history[cut:]) == play(whole, *history[cut:])
        assert dumps(restored.snapshot()) == dumps(whole.snapshot())
        assert restored.kpis() == whole.kpis()
