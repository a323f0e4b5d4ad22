"""The electrode supervisor: one recommendation a coater, its life, and what it did."""

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import COATER, GAUGE, SECOND, Line, at, coater, gauge
from twin.asset import Event, Json
from twin.electrode.coater_history import CoaterHistory
from twin.electrode.effect import EffectMeasurement, Judgement, Loading
from twin.electrode.proposal import Deviation, propose
from twin.electrode.supervisor import ElectrodeRules
from twin.errors import IllegalTransition, InvalidInput, NotFound
from twin.iso23247 import RECOMMENDATION
from twin.plant.genealogy import StepType
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Decisions, Reject, ReportApplied
from twin.snapshot import dumps, loads

MINUTE = 60 * SECOND


class Layer:
    """The rules, fed with events as twins would tell them."""

    def __init__(self, **of_coater: float | str) -> None:
        self.rules = ElectrodeRules()
        self.assets = {c.name: c for c in (coater(**of_coater), gauge())}
        self.rules.assets_changed(self.assets)
        self.latest: dict[str, Recommendation] = {}
        self.sequence = 0

    def tell(self, asset: str, kind: str, seconds: float, **data: Json) -> Decisions:
        self.sequence += 1
        uid = self.assets[asset].uid
        event = Event(asset, uid, self.sequence, kind, at(seconds), data)
        return self._kept(self.rules.on_event(event))

    def state(self, seconds: float = 0.0, **data: Json) -> Decisions:
        known: dict[str, Json] = {
            "line_speed": 40.0,
            "line_speed_sd": 0.01,
            "slot_die_gap": 300.0,
            "slot_die_gap_sd": 0.2,
            "web_length": 1000.0,
            "lot": "E-7",
            "lot_start_m": 900.0,
        }
        return self.tell(COATER, "coater.state", seconds, **{**known, **data})

    def excursion(self, deviation: float = 3.0, seconds: float = 1.0) -> Decisions:
        return self.tell(
            GAUGE,
            "gauge.excursion",
            seconds,
            deviation_pct=deviation,
            deviation_sd_pct=0.2,
            probability=0.999,
            n=3,
            from_ns=at(seconds - 0.2),
            to_ns=at(seconds),
            deciding_ns=at(seconds),
            model="test/1",
        )

    def recovered(self, seconds: float) -> Decisions:
        return self.tell(GAUGE, "gauge.recovered", seconds)

    def loading(self, deviation: float, from_s: float, to_s: float, sd: float = 0.1) -> Decisions:
        return self.tell(
            GAUGE,
            "gauge.loading",
            to_s,
            deviation_pct=deviation,
            deviation_sd_pct=sd,
            level_pct=deviation,
            level_sd_pct=0.15,
            n=10,
            from_ns=at(from_s),
            to_ns=at(to_s),
        )

    def loadings(self, deviation: float, from_s: int, to_s: int) -> None:
        for second in range(from_s, to_s):
            self.loading(deviation, second, second + 0.9)

    def at(self, seconds: float) -> Decisions:
        return self._kept(self.rules.at(at(seconds)))

    def approve(self, found: Recommendation, seconds: float = 5.0) -> Recommendation:
        return self._one(self.rules.on_command(Approve(found.id, "operator"), at(seconds)))

    def reject(self, found: Recommendation, seconds: float = 5.0) -> Recommendation:
        command = Reject(found.id, "operator", "the lot ends")
        return self._one(self.rules.on_command(command, at(seconds)))

    def apply(self, found: Recommendation, value: float, seconds: float = 6.0) -> Decisions:
        command = ReportApplied(found.id, "mes", value, at(seconds))
        return self._kept(self.rules.on_command(command, at(seconds)))

    def proposed(self, deviation: float = 3.0) -> Recommendation:
        self.state()
        return self._one(self.excursion(deviation))

    def applied(self) -> Recommendation:
        found = self.approve(self.proposed())
        self.apply(found, found.changes[0].to_value)
        return self.latest[found.id]

    def again(self, id: str) -> Recommendation:
        return self.latest[id]

    def _one(self, decisions: Decisions) -> Recommendation:
        (found,) = self._kept(decisions).recommendations
        return found

    def _kept(self, decisions: Decisions) -> Decisions:
        for found in decisions.recommendations:
            self.latest[found.id] = found
        return decisions


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


def test_events_of_others_and_of_strangers_change_nothing() -> None:
    layer = Layer()
    before = dumps(layer.rules.snapshot())
    assert layer.tell(GAUGE, "reading.quarantined", 1, signal="areal_loading") == Decisions()
    stranger = Event("line9/gauge", "x", 1, "gauge.excursion", at(1), {})
    assert layer.rules.on_event(stranger) == Decisions()
    bygone = Event(GAUGE, "uid-of-a-deleted-gauge", 1, "gauge.excursion", at(1), {})
    assert layer.rules.on_event(bygone) == Decisions()
    assert dumps(layer.rules.snapshot()) == before


def test_a_second_excursion_while_one_is_open_proposes_nothing_new() -> None:
    layer = Layer()
    layer.proposed(3.0)
    assert not layer.excursion(3.3, seconds=2.0).recommendations


def test_an_excursion_that_has_grown_supersedes_its_proposal() -> None:
    layer = Layer()
    first = layer.proposed(3.0)
    second = next(r for r in layer.excursion(6.0, 20.0).recommendations if r.id != first.id)
    assert layer.again(first.id).state is State.SUPERSEDED
    assert (second.state, second.changes[0].to_value) == (State.PROPOSED, 42.4)


def test_a_drift_that_goes_on_supersedes_its_proposal_too() -> None:
    layer = Layer()
    first = layer.proposed(2.4)
    assert not layer.loading(2.8, 2, 3).recommendations
    decided = layer.loading(4.5, 30, 31).recommendations
    assert [r.state for r in decided] == [State.SUPERSEDED, State.PROPOSED]
    assert decided[0].id == first.id


def test_what_a_person_has_approved_is_not_superseded() -> None:
    layer = Layer()
    layer.approve(layer.proposed(3.0))
    assert not layer.excursion(6.0, 20.0).recommendations


def test_a_rejected_proposal_is_not_made_again_until_it_is_much_worse() -> None:
    layer = Layer()
    layer.reject(layer.proposed(3.0))
    assert not layer.excursion(3.5, 20.0).recommendations
    assert not layer.loading(4.5, 30, 31).recommendations
    assert len(layer.loading(5.5, 40, 41).recommendations) == 1


def test_on_its_way_back_within_the_limit_nothing_is_proposed() -> None:
    layer = Layer()
    layer.reject(layer.proposed(3.0))
    assert not layer.loading(1.2, 30, 31).recommendations
    assert not layer.loading(-0.2, 31, 32).recommendations


def test_an_open_proposal_is_not_superseded_by_a_correction_that_nobody_needs() -> None:
    layer = Layer()
    layer.proposed(5.0)
    assert not layer.loading(1.0, 30, 31).recommendations


def test_after_a_recovery_a_rejected_proposal_may_come_again() -> None:
    layer = Layer()
    layer.reject(layer.proposed(3.0))
    layer.recovered(60)
    assert len(layer.excursion(3.0, 90).recommendations) == 1


def test_a_proposal_is_withdrawn_when_the_loading_comes_back_by_itself() -> None:
    layer = Layer()
    found = layer.proposed()
    layer.recovered(60)
    assert layer.again(found.id).state is State.EXPIRED
    assert "came back" in layer.again(found.id).history[-1].reason


def test_an_approved_one_stays_since_its_change_may_be_why_it_came_back() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    layer.recovered(60)
    assert layer.again(found.id).state is State.APPROVED


def test_what_nobody_decides_expires_and_is_proposed_again_while_it_lasts() -> None:
    layer = Layer()
    found = layer.proposed()
    layer.at(15 * 60)
    assert layer.again(found.id).state is State.PROPOSED
    layer.at(15 * 60 + 2)
    assert layer.again(found.id).state is State.EXPIRED
    assert len(layer.loading(3.0, 903, 904).recommendations) == 1


def test_what_was_approved_but_never_applied_expires_later() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed(), seconds=14 * 60)
    layer.at(16 * 60)
    assert layer.again(found.id).state is State.APPROVED
    layer.at(29 * 60 + 1)
    assert layer.again(found.id).state is State.EXPIRED


def test_an_expired_proposal_can_not_be_approved_even_before_the_clock_is_told() -> None:
    layer = Layer()
    with pytest.raises(IllegalTransition, match="expired"):
        layer.approve(layer.proposed(), seconds=15 * 60 + 2)


def test_commands_are_refused_with_the_reason() -> None:
    layer = Layer()
    found = layer.proposed()
    rules = layer.rules
    with pytest.raises(NotFound, match="cw-none"):
        rules.on_command(Approve("cw-none", "operator"), at(2))
    with pytest.raises(InvalidInput, match="say why"):
        rules.on_command(Reject(found.id, "operator", " "), at(2))
    with pytest.raises(InvalidInput, match="say who"):
        rules.on_command(Approve(found.id, ""), at(2))
    with pytest.raises(IllegalTransition, match="PROPOSED"):
        rules.on_command(ReportApplied(found.id, "mes", 41.2, at(2)), at(2))


@pytest.mark.parametrize("value", [19.9, 60.1, -1.0, math.nan, math.inf])
def test_a_value_outside_the_limits_can_not_have_been_applied(value: float) -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    with pytest.raises(InvalidInput, match="not within 20 and 60 m/min"):
        layer.apply(found, value)
    assert layer.again(found.id).state is State.APPROVED


def test_a_change_can_not_have_been_applied_in_the_future() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    with pytest.raises(InvalidInput, match="still to come"):
        layer.rules.on_command(ReportApplied(found.id, "mes", 41.2, at(1000)), at(6))


def test_commands_that_come_again_change_nothing() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    assert layer.approve(found, seconds=7.0) == found
    first = layer.apply(found, 41.2)
    again = layer.apply(found, 41.2, seconds=9.0)
    assert again.recommendations == first.recommendations
    assert again.steps == []
    with pytest.raises(IllegalTransition):
        layer.apply(found, 41.0)


def test_a_rejection_that_comes_again_changes_nothing() -> None:
    layer = Layer()
    found = layer.reject(layer.proposed())
    assert layer.reject(found, seconds=9.0) == found


def test_what_was_applied_is_linked_to_the_lot() -> None:
    layer = Layer()
    found = layer.approve(layer.proposed())
    (step,) = layer.apply(found, 41.2).steps
    assert (step.id, step.type, step.station) == (f"{found.id}-applied", StepType.CORRECT, COATER)
    assert step.inputs == step.outputs == ("E-7",)
    assert step.measured["line_speed [m/min]"] == 41.2
    assert step.measured["recommendation"] == found.id


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


def test_kpis_count_metres_by_lot_and_recommendations_by_state() -> None:
    layer = Layer()
    layer.state(0.0, web_length=1000.0)
    layer.state(60.0, web_length=1040.0)
    layer.loading(2.5, 60, 63)
    layer.loading(1.5, 63, 66)
    layer.excursion(3.0, 70)
    kpis = layer.rules.kpis()
    assert kpis["metres_coated"] == {"E-7": 40.0}
    outside = kpis["metres_out_of_tolerance"]
    assert isinstance(outside, dict)
    assert outside["E-7"] == pytest.approx(2.0)
    counts = kpis["recommendations"]
    assert isinstance(counts, dict)
    assert counts["PROPOSED"] == 1
    assert sum(n for n in counts.values() if isinstance(n, int)) == 1


def _history(**setpoints: float) -> CoaterHistory:
    history = CoaterHistory()
    known: dict[str, Json] = {}
    for signal, value in {"line_speed": 40.0, "slot_die_gap": 300.0, **setpoints}.items():
        known |= {signal: value, f"{signal}_sd": 0.01}
    history.take(at(0), known)
    return history


def test_the_slot_gap_is_turned_where_it_is_preferred_and_does_something() -> None:
    config = coater(feed="pressure", preferred_correction="slot_die_gap")
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert (found.change.signal, found.change.unit) == ("slot_die_gap", "um")
    assert found.change.to_value == 297.0
    assert found.predicted.loading == pytest.approx(20.0, abs=0.05)


def test_the_slot_gap_of_a_metered_feed_is_left_alone() -> None:
    config = coater(feed="metered", preferred_correction="slot_die_gap")
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert found.change.signal == "line_speed"


def test_the_slot_gap_steps_in_where_the_line_speed_meets_its_limit() -> None:
    config = coater(feed="pressure", line_speed_max=40.5)
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert found.change.signal == "slot_die_gap"


def test_where_no_setpoint_reaches_the_target_the_best_is_proposed_and_the_limit_named() -> None:
    config = coater(line_speed_max=40.5)
    found = propose(config, _history(), Deviation(3.0, 0.2, 20.0))
    assert found is not None
    assert found.change.to_value == 40.5
    assert found.stopped_by == (
        "the line speed may not go above 40.5 m/min: 1.7 % over target would remain"
    )


def test_where_nothing_can_be_turned_nothing_is_proposed() -> None:
    config = coater(line_speed_max=40.0)
    assert propose(config, _history(), Deviation(3.0, 0.2, 20.0)) is None


@given(
    st.floats(-30, 30),
    st.floats(5, 80),
    st.sampled_from(["metered", "pressure"]),
    st.sampled_from(["line_speed", "slot_die_gap"]),
)
def test_every_proposal_stays_within_its_limits_and_helps(
    deviation: float, speed: float, feed: str, preferred: str
) -> None:
    config = coater(feed=feed, preferred_correction=preferred)
    found = propose(config, _history(line_speed=speed), Deviation(deviation, 0.2, 20.0))
    if found is None:
        return
    change = found.change
    assert change.lower_limit <= change.to_value <= change.upper_limit
    before = abs(deviation) / 100 * 20.0
    assert abs(found.predicted.loading - 20.0) < before


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


def _drift(t: float) -> float:
    return 3.0 * min(max((t - 30) / 40, 0), 1)


def _corrected(line: Line) -> Recommendation:
    line.run_until(lambda: bool(line.recommendations))
    line.run(20)
    found = line.latest
    line.command(Approve(found.id, "operator"))
    change = found.changes[0]
    if change.signal == "line_speed":
        line.speed = change.to_value
    else:
        line.slot_gap = change.to_value
    line.command(ReportApplied(found.id, "mes", change.to_value, line.time_ns))
    line.run_until(lambda: not line.recommendations[found.id].state.is_open, at_most=60)
    return line.recommendations[found.id]


def test_a_hidden_drift_is_found_corrected_and_the_correction_measured() -> None:
    line = Line(drift=_drift)
    closed = _corrected(line)
    assert closed.state is State.EFFECTIVE
    assert [t.to_state for t in closed.history] == [
        State.APPROVED,
        State.APPLIED,
        State.EFFECTIVE,
    ]
    assert len(line.recommendations) == 1
    assert [s.inputs for s in line.steps] == [("E-1",), ("E-1",)]
    assert len(line.told("gauge.recovered")) == 1


def test_the_same_with_the_slot_gap_of_a_pressure_feed() -> None:
    config = coater(feed="pressure", preferred_correction="slot_die_gap")
    # A gap in whole micrometres of an unknown exponent comes within 0.8 to 1.1 %.
    line = Line(drift=_drift, coater=config, gauge=gauge(effective_within=1.5), gap_exponent=3.0)
    closed = _corrected(line)
    assert closed.changes[0].signal == "slot_die_gap"
    assert closed.state is State.EFFECTIVE


def test_a_correction_reported_but_never_written_is_found_out() -> None:
    line = Line(drift=_drift)
    line.run_until(lambda: bool(line.recommendations))
    found = line.latest
    line.command(Approve(found.id, "operator"))
    line.command(ReportApplied(found.id, "mes", found.changes[0].to_value, line.time_ns))
    line.run_until(lambda: not line.recommendations[found.id].state.is_open, at_most=60)
    closed = line.recommendations[found.id]
    assert closed.state is State.INEFFECTIVE
    assert closed.effect is not None
    assert "never changed from 40 m/min" in closed.effect.verdict


def _measuring(layer: Layer) -> None:
    layer.applied()
    layer.loadings(2.0, 12, 15)


_moments: list[tuple[str, Callable[[Layer], object]]] = [
    ("nothing", lambda layer: None),
    ("proposed", lambda layer: layer.proposed()),
    ("rejected", lambda layer: layer.reject(layer.proposed())),
    ("applied", lambda layer: layer.applied()),
    ("measuring", _measuring),
]


@pytest.mark.parametrize(("moment", "reach"), _moments, ids=[name for name, _ in _moments])
def test_restored_rules_decide_as_those_that_never_stopped(
    moment: str, reach: Callable[[Layer], object]
) -> None:
    layer = Layer()
    reach(layer)
    other = Layer()
    other.rules.restore(loads(dumps(layer.rules.snapshot())))
    other.sequence = layer.sequence
    assert dumps(other.rules.snapshot()) == dumps(layer.rules.snapshot())
    for second in range(15, 40):
        assert other.loading(3.5, second, second + 0.9) == layer.loading(3.5, second, second + 0.9)
    assert other.state(41) == layer.state(41)
    assert other.at(2000) == layer.at(2000)
    assert dumps(other.rules.snapshot()) == dumps(layer.rules.snapshot())


def test_an_asset_made_anew_under_its_old_name_starts_anew() -> None:
    layer = Layer()
    layer.state()
    renewed = {**layer.assets, COATER: replace(layer.assets[COATER], uid="uid-2")}
    layer.rules.assets_changed(renewed)
    assert not layer.excursion().recommendations
