"""Web that stops, tears, or was coated before a correction: no setpoint follows from it."""

import pytest

from tests.unit.twin.coated_web import EXIT, from_on, gauge_exit
from tests.unit.twin.coating_line import COATER, GAUGE, at, coater, gauge
from tests.unit.twin.electrode_layer import Layer
from tests.unit.twin.supervised_web import LEARNED_S, SupervisedWeb, learned
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.disposition import Dispositions
from twin.electrode.coating.effect import Loading
from twin.electrode.supervisor import ElectrodeRules
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Decisions
from twin.snapshot import dumps, loads


class Line(Layer):
    """A gauge 3 m behind the die and one 60 m behind it: 4.5 s and 90 s at 40 m/min."""

    def __init__(self, **of_coater: float | str) -> None:
        super().__init__()
        configs = (coater(**of_coater), gauge(), gauge_exit())
        self.assets = {config.name: config for config in configs}
        self.rules.assets_changed(self.assets)
        self.state()

    def off(self, deviation: float, from_s: float, to_s: float, by: str = GAUGE) -> None:
        """That gauge sees the web off by so much; it says so each second."""
        self.sees("gauge.excursion", deviation, from_s, by)
        for second in range(round(from_s), round(to_s)):
            self.sees("gauge.loading", deviation, second + 1, by)

    def sees(self, kind: str, deviation: float, seconds: float, by: str = GAUGE) -> Decisions:
        return self.tell(
            by,
            kind,
            seconds,
            deviation_pct=deviation,
            deviation_sd_pct=0.2,
            level_pct=deviation,
            level_sd_pct=0.2,
            probability=0.999,
            n=10,
            from_ns=at(seconds - 1),
            to_ns=at(seconds),
            deciding_ns=at(seconds),
            model="test/1",
        )

    def stops(self, from_s: float, to_s: float) -> None:
        for seconds, speed in ((from_s, 0.0), (to_s - 1, 0.0), (to_s, 40.0)):
            self.state(seconds, line_speed=speed)

    @property
    def proposals(self) -> list[Recommendation]:
        return [*self.latest.values()]

    @property
    def proposal(self) -> Recommendation:
        (found,) = self.proposals
        return found

    def restarted(self) -> None:
        snapshot = loads(dumps(self.rules.snapshot()))
        self.rules = ElectrodeRules()
        self.rules.assets_changed(self.assets)
        self.rules.restore(snapshot)


@pytest.fixture
def corrected() -> Line:
    """A correction, written at 6 s and found effective within 20 s."""
    line = Line()
    line.off(3.0, 0, 2)
    found = line.approve(line.proposal)
    line.apply(found, found.changes[0].to_value, 6.0)
    for second in range(7, 25):
        line.sees("gauge.loading", 0.1, second)
    line.tell(GAUGE, "gauge.recovered", 25)
    assert line.proposal.state is State.EFFECTIVE
    return line


def test_web_from_before_a_correction_asks_for_no_further_one(corrected: Line) -> None:
    corrected.off(3.0, 91, 101, by=EXIT)
    assert len(corrected.proposals) == 1


def test_web_from_after_a_correction_that_is_off_asks_for_one(corrected: Line) -> None:
    corrected.off(3.0, 91, 120, by=EXIT)
    assert [found.source for found in corrected.proposals] == [GAUGE, EXIT]


def test_web_from_before_a_change_by_hand_asks_for_no_further_one() -> None:
    line = Line()
    line.state(1, line_speed_setpoint=40.0)
    line.state(2, line_speed_setpoint=41.0)
    line.off(3.0, 3, 7)
    assert line.proposals == []
    line.off(3.0, 7, 20)
    assert line.proposal.state is State.PROPOSED


def test_nothing_is_proposed_while_the_web_stands_nor_until_it_has_settled() -> None:
    line = Line()
    line.stops(10, 30)
    line.off(4.0, 12, 94)
    assert line.proposals == []


def test_web_that_was_at_the_die_before_the_line_settled_asks_for_nothing() -> None:
    line = Line()
    line.stops(10, 30)
    line.off(4.0, 100, 175, by=EXIT)
    assert line.proposals == []


def test_web_that_is_off_when_the_line_has_settled_is_corrected() -> None:
    line = Line()
    line.stops(10, 30)
    line.off(4.0, 90, 100)
    assert line.proposal.state is State.PROPOSED


def test_a_line_that_is_heard_of_for_the_first_time_has_not_just_restarted() -> None:
    line = Line()
    line.off(3.0, 1, 2)
    assert line.proposal.state is State.PROPOSED


@pytest.mark.parametrize("seen", [35.0, -99.0, 10.5])
def test_what_no_setpoint_corrects_leads_to_no_proposal(seen: float) -> None:
    line = Line()
    line.off(seen, 0, 5)
    assert line.proposals == []


def test_the_largest_correction_is_the_plants_to_set() -> None:
    line = Line(largest_correction=40.0)
    line.off(35.0, 0, 1)
    assert line.proposal.changes


def test_a_level_on_its_way_down_from_a_splice_leads_to_no_proposal() -> None:
    line = Line()
    line.off(35.0, 0, 2)
    for i, deviation in enumerate((9.0, 6.0, 4.0, 3.0)):
        line.sees("gauge.loading", deviation, 3 + i)
    assert line.proposals == []


def test_an_excursion_that_has_long_been_correctable_again_is_corrected() -> None:
    line = Line()
    line.off(12.0, 0, 2)
    for second in range(3, 40):
        line.sees("gauge.loading", 6.0, second)
    assert line.proposal.state is State.PROPOSED


def test_an_undecided_proposal_is_withdrawn_when_more_is_wrong_than_a_setpoint_corrects() -> None:
    line = Line()
    line.off(5.0, 0, 1)
    line.sees("gauge.loading", -60.0, 2)
    assert line.proposal.state is State.EXPIRED
    assert "no setpoint corrects" in line.proposal.history[-1].reason


@pytest.fixture
def stepped() -> SupervisedWeb:
    """A line whose loading stepped up by 3 %; an excursion that was corrected at once, while
    the blocks of web that the gauge behind the oven must see first are still on their way."""
    line = learned({"pump": from_on(LEARNED_S, 3.0)})
    line.run(20.0)
    line.excursion(3.0, line.now)
    (found,) = line.latest.values()
    assert line.carry_out(found).state is State.APPLIED
    return line


@pytest.mark.parametrize("restarts", [False, True])
def test_a_drift_that_lags_behind_a_step_does_not_take_its_correction_back(
    stepped: SupervisedWeb, restarts: bool
) -> None:
    if restarts:
        stepped.restarted()
    decided = stepped.run(400.0)
    lowered = [f for f in decided for c in f.changes if c.to_value < c.from_value - 0.4]
    assert lowered == []
    assert stepped.deviation() == pytest.approx(0.0, abs=0.5)


def test_a_cause_that_quick_sensors_told_is_not_lost_to_web_from_before_it(
    stepped: SupervisedWeb,
) -> None:
    stepped.run(60.0)
    told = []
    for _ in range(20):
        stepped.run(20.0)
        lines = stepped.rules.kpis()["lines"]
        assert isinstance(lines, dict)
        causes = lines[COATER]["causes"]
        told.append(max(causes, key=causes.get) if causes else None)
    assert told[0] == "pump"
    assert set(told) == {"pump"}


def test_a_restart_of_the_supervisor_forgets_none_of_it(corrected: Line) -> None:
    corrected.restarted()
    corrected.off(3.0, 91, 101, by=EXIT)
    assert len(corrected.proposals) == 1
    stopped = Line()
    stopped.stops(10, 30)
    stopped.off(35.0, 40, 42, by=EXIT)
    stopped.restarted()
    stopped.off(4.0, 42, 94)
    assert stopped.proposals == []


def test_web_that_stands_under_the_gauge_is_out_of_tolerance_once() -> None:
    dispositions, history = Dispositions(Desk()), CoaterHistory()
    for second in range(1, 31):
        # It slows down from 60 m/min to nothing; the speed that was told last is too high.
        metre = 10.0 * second if second <= 10 else 100.0
        history.take(
            at(10 * second),
            {
                "line_speed": 60.0,
                "line_speed_sd": 0.01,
                "web_length": metre,
                "lot": "E-1",
                "lot_start_m": 0.0,
            },
        )
        loading = Loading(at(10 * second - 10), at(10 * second), 50, 8.0, 0.1)
        dispositions.measured(coater(), gauge(), history, loading)
    outside = dispositions.kpis()["metres_out_of_tolerance"]
    assert isinstance(outside, dict)
    assert outside["E-1"] == pytest.approx(100.0, abs=5.0)


def test_an_asset_that_is_deleted_is_forgotten() -> None:
    line = Line()
    line.state(5, line_speed=0.0)
    line.rules.assets_changed({})
    assert COATER not in dumps(line.rules.snapshot()).decode("latin-1")
