"""Metres out of tolerance, by lot: coat again or scrap, decided when the lot has passed."""

from dataclasses import dataclass, field

import pytest

from tests.unit.twin.coated_web import EXIT, from_on, gauge_exit
from tests.unit.twin.coating_line import COATER, GAUGE, at, coater, gauge
from tests.unit.twin.supervised_web import LEARNED_S, learned
from twin.asset import AssetConfig, Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.disposition import Dispositions
from twin.electrode.coating.effect import Loading
from twin.plant.desk import Desk
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Decisions, ReportApplied
from twin.snapshot import dumps, loads

SPEED = 60.0
"""m/min: one metre a second."""


@dataclass
class Coated:
    """One metre a second past gauges 3 m and 60 m behind the die, a loading every 5 s."""

    off: dict[tuple[float, float], float] = field(default_factory=dict)
    """Deviation [%] of metres from - to, as at the die."""
    lots: dict[str, float] = field(default_factory=lambda: {"E-1": 0.0})
    gauges: tuple[AssetConfig, ...] = (gauge(),)
    config: AssetConfig = field(default_factory=lambda: coater(rework_limit=5.0))

    def __post_init__(self) -> None:
        self.desk = Desk()
        self.dispositions = Dispositions(self.desk)
        self.history = CoaterHistory()
        self.metres = 0.0
        self.steps: list[ProcessStep] = []

    def run(self, metres: float) -> list[Recommendation]:
        found = []
        for _ in range(round(metres / 5)):
            self.metres += 5.0
            lot = [name for name, start in self.lots.items() if start <= self.metres][-1]
            state: dict[str, Json] = {"line_speed": SPEED, "line_speed_sd": 0.01}
            state |= {"web_length": self.metres, "lot": lot, "lot_start_m": self.lots[lot]}
            coated = self.history.take(at(self.metres), state)
            self.dispositions.coated(lot, coated, "S-1" if self.metres < 300 else "S-2")
            for one in self.gauges:
                decisions = self._passes(one)
                found += decisions.recommendations
                self.steps += decisions.steps
        return found

    def _passes(self, one: AssetConfig) -> Decisions:
        there = self.metres - one.number("distance_from_die")
        if there < 5:
            return Decisions()
        deviation = next((d for (a, b), d in self.off.items() if a < there - 2.5 <= b), 0.1)
        loading = Loading(at(self.metres - 5), at(self.metres), 50, deviation, 0.1)
        return self.dispositions.measured(self.config, one, self.history, loading)


TWO_LOTS = {"E-1": 0.0, "E-2": 500.0}


def test_a_lot_with_a_length_out_of_tolerance_is_decided_on_when_it_has_passed() -> None:
    web = Coated({(100.0, 150.0): 3.0}, TWO_LOTS)
    assert web.run(500.0) == []
    (found,) = web.run(20.0)
    assert (found.type, found.asset, found.lot) == ("lot_disposition", COATER, "E-1")
    assert found.changes == ()
    assert found.title == "Coat again 50 m of lot E-1"
    assert found.lot_from_m == pytest.approx(100.0, abs=5.0)
    assert "up to +3.0 %" in found.reason
    (evidence,) = found.evidence
    assert (evidence.asset, evidence.readings) == (GAUGE, 500)
    assert found.expires_ns - found.created_ns == 8 * 3600 * 10**9
    assert web.run(400.0) == []


def test_a_lot_within_tolerance_is_not_spoken_of() -> None:
    assert Coated({(100.0, 150.0): 1.9}, TWO_LOTS).run(800.0) == []


@pytest.mark.parametrize(
    ("worst", "verb"), [(4.9, "Coat again"), (-4.9, "Coat again"), (5.2, "Scrap"), (-9.0, "Scrap")]
)
def test_what_is_too_far_off_is_scrap(worst: float, verb: str) -> None:
    (found,) = Coated({(100.0, 140.0): worst}, TWO_LOTS).run(600.0)
    assert found.title == f"{verb} 40 m of lot E-1"
    assert f"{worst:+.1f} %" in found.reason


def test_every_length_is_named_and_scrap_comes_first() -> None:
    off = {(100.0, 140.0): 3.0, (200.0, 230.0): 7.0, (300.0, 320.0): -4.0}
    (found,) = Coated(off, TWO_LOTS).run(600.0)
    assert found.title == "Scrap 30 m, coat again 60 m of lot E-1"
    assert found.reason.count("metre ") == 3
    assert len(found.evidence) == 3
    assert [e.summary.value for e in found.evidence] == [3.0, 7.0, -4.0]


def test_lengths_that_nearly_touch_are_one() -> None:
    near = {(100.0, 140.0): 3.0, (145.0, 190.0): 4.0}
    (found,) = Coated(near, TWO_LOTS).run(600.0)
    assert found.reason.count("metre ") == 1
    assert "up to +4.0 %" in found.reason
    far = {(100.0, 140.0): 3.0, (180.0, 190.0): 4.0}
    (found,) = Coated(far, TWO_LOTS).run(600.0)
    assert found.reason.count("metre ") == 2


def test_ranges_are_metres_at_the_die_whichever_gauge_saw_them() -> None:
    starts = []
    for one in (gauge(), gauge_exit()):
        (found,) = Coated({(100.0, 150.0): 3.0}, TWO_LOTS, (one,)).run(700.0)
        starts.append(found.lot_from_m)
    assert starts[0] == pytest.approx(starts[1], abs=5.0)


def test_a_length_across_two_lots_is_split_between_them() -> None:
    web = Coated({(450.0, 560.0): 3.0}, {"E-1": 0.0, "E-2": 500.0, "E-3": 900.0})
    first, second = web.run(1000.0)
    assert (first.lot, second.lot) == ("E-1", "E-2")
    lengths = [float(found.title.split()[2]) for found in (first, second)]
    assert lengths == pytest.approx([50, 60], abs=6)


def test_two_gauges_on_one_web_make_one_recommendation_a_lot() -> None:
    """The end of the lot passes the second gauge long after the first."""
    web = Coated({(430.0, 500.0): 3.0}, TWO_LOTS, (gauge(), gauge_exit()))
    found = web.run(800.0)
    assert [one.source for one in found] == [GAUGE]


def test_yield_is_by_lot() -> None:
    web = Coated({(100.0, 150.0): 3.0}, TWO_LOTS)
    (found,) = web.run(700.0)
    kpis = web.dispositions.kpis()
    assert kpis["metres_coated"] == {"E-1": 490.0, "E-2": 205.0}
    outside, yields = kpis["metres_out_of_tolerance"], kpis["yield_by_lot"]
    assert outside == {"E-1": 50.0}
    assert isinstance(yields, dict)
    assert yields["E-1"] == pytest.approx(1 - 50 / 490)
    assert yields["E-2"] == 1.0
    assert found.predicted.value == pytest.approx(90.0, abs=1.0)


def test_metres_that_two_gauges_saw_count_once() -> None:
    web = Coated({(100.0, 150.0): 3.0}, TWO_LOTS, (gauge(), gauge_exit()))
    web.run(400.0)
    assert web.dispositions.kpis()["metres_out_of_tolerance"] == {"E-1": 50.0}


def test_a_lot_s_mean_loading_is_known_and_how_well() -> None:
    web = Coated({(0.0, 500.0): 1.0}, TWO_LOTS)
    assert web.dispositions.loading("E-1") is None
    web.run(100.0)
    early = web.dispositions.loading("E-1")
    web.run(300.0)
    late = web.dispositions.loading("E-1")
    assert early is not None
    assert late is not None
    assert late[0] == pytest.approx(20.2)
    assert late[1] < early[1]
    assert web.dispositions.loading("E-9") is None


def test_a_lot_is_recorded_once_with_the_slurry_that_it_was_coated_of() -> None:
    web = Coated({(100.0, 150.0): 3.0}, TWO_LOTS, (gauge(), gauge_exit()))
    web.run(800.0)
    (step,) = web.steps
    assert (step.type, step.station) == (StepType.COAT, COATER)
    assert (step.inputs, step.outputs) == (("S-1", "S-2"), ("E-1",))
    assert step.measured["out_of_tolerance [m]"] == 50.0
    assert step.measured["areal_loading [mg/cm2]"] == pytest.approx(20.08, abs=0.03)


def test_a_coater_without_lots_is_not_disposed_of() -> None:
    assert Coated({(0.0, 500.0): 5.0}, {"": 0.0}).run(600.0) == []


def test_it_is_closed_when_it_is_reported_as_carried_out() -> None:
    web = Coated({(100.0, 150.0): 3.0}, TWO_LOTS)
    (found,) = web.run(600.0)
    decisions = web.dispositions.carried_out(_applied(web.desk, found), at(web.metres + 10))
    (closed,) = decisions.recommendations
    assert closed.state is State.EFFECTIVE
    assert closed.effect is not None
    assert "carried out" in closed.effect.verdict
    assert decisions.steps[0].inputs == ("E-1",)


def _applied(desk: Desk, found: Recommendation) -> Recommendation:
    desk.on_command(Approve(found.id, "operator"), found.created_ns + 1)
    desk.on_command(ReportApplied(found.id, "mes", 0.0, found.created_ns + 2), found.created_ns + 2)
    return desk.book.get(found.id)


@pytest.mark.parametrize("cut_m", [120.0, 300.0, 505.0])
def test_restored_it_goes_on_as_if_it_had_never_stopped(cut_m: float) -> None:
    off = {(100.0, 150.0): 3.0, (152.0, 160.0): 6.0}
    one, other = Coated(off, TWO_LOTS), Coated(off, TWO_LOTS)
    assert one.run(cut_m) == other.run(cut_m)
    snapshot = loads(dumps(other.dispositions.snapshot()))
    other.dispositions = Dispositions(other.desk)
    other.dispositions.restore(snapshot)
    assert one.run(300.0) == other.run(300.0)
    assert one.dispositions.kpis() == other.dispositions.kpis()


# With the supervision of the line: who is in doubt has no say.


def test_while_a_gauge_is_in_doubt_nothing_is_disposed_of() -> None:
    line = learned({GAUGE: from_on(LEARNED_S, 3.5, 500.0)})
    line.run(700.0)
    line.web.next_lot("E-2")
    decided = line.run(300.0)
    assert "lot_disposition" not in {found.type for found in decided}
    outside = line.rules.kpis()["metres_out_of_tolerance"]
    assert outside == {}


def test_a_web_that_was_off_is_disposed_of_through_the_rules_and_reported() -> None:
    line = learned({"pump": from_on(LEARNED_S, 4.0, 300.0)})
    line.run(600.0)
    line.web.next_lot("E-2")
    line.web.faults = {}
    decided = [found for found in line.run(200.0) if found.type == "lot_disposition"]
    (found,) = decided
    assert (found.lot, found.source) == ("E-1", GAUGE)
    closed = line.carry_out(found)
    assert closed.state is State.EFFECTIVE


def test_the_gauge_that_can_be_trusted_disposes_of_the_lot() -> None:
    line = learned({GAUGE: from_on(LEARNED_S, 1.5, 100.0)})
    line.run(400.0)
    off = line.web.faults[GAUGE]
    line.web.faults = {GAUGE: off, "pump": from_on(line.now, 4.0, 100.0)}
    line.run(400.0)
    line.web.next_lot("E-2")
    decided = [found for found in line.run(300.0) if found.type == "lot_disposition"]
    assert [found.source for found in decided] == [EXIT]
