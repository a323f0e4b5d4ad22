"""The electrode bench: which shifts it runs, how it scores them, and that it is repeatable."""

import numpy as np
import pytest

from cluster.bench.electrode import bench, peers
from cluster.bench.electrode.line import TwinLine
from cluster.bench.electrode.play import Alarm, Played, Told
from cluster.bench.electrode.shifts import SIX, Plan, plans
from simulation.bench_scenarios import Wanted, bench_scenario
from simulation.faults import FaultKind
from simulation.settings import shift_settings
from simulation.shift import Shift
from twin.electrode.coating.drift import CALIBRATION
from twin.electrode.writing import TYPE

PASS_S = 20.0
PASSES = 1440


def played(seed: int, *kinds: FaultKind, onset_s: float = 14_400.0, drift: float = 0.0) -> Played:
    """A shift whose gauge reads white noise of 0.05 mg/cm2, and a drift of so much at its end."""
    rng = np.random.default_rng(seed)
    causes = tuple(Wanted(kind, 2.0, 1800.0, onset_s) for kind in kinds)
    found = Played(Plan(seed, causes, onset_s if kinds else 0.0))
    found.pass_seconds = PASS_S * np.arange(1.0, PASSES + 1)
    found.pass_metres = found.pass_seconds * 40.0 / 60.0
    found.onset_metre = onset_s * 40.0 / 60.0
    ramp = np.clip((found.pass_seconds - onset_s) / 1800.0, 0.0, 1.0)
    found.passes = 20.0 + 0.05 * rng.standard_normal(PASSES) + drift * ramp
    return found


class TestWhichShifts:
    def test_at_least_two_hundred_each_with_a_seed_of_its_own(self) -> None:
        found = plans(quick=False)
        assert len(found) >= 200
        assert len({plan.seed for plan in found}) == len(found)

    def test_every_cause_alone_equally_often(self) -> None:
        alone = [plan.kinds[0] for plan in plans(quick=False) if len(plan.kinds) == 1]
        assert {kind: alone.count(kind) for kind in set(alone)} == dict.fromkeys(SIX, 20)

    def test_the_quick_form_has_every_sort_of_shift(self) -> None:
        assert {len(plan.kinds) for plan in plans(quick=True)} == {0, 1, 2}

    def test_equal_calls_give_equal_plans(self) -> None:
        assert plans(quick=False) == plans(quick=False)


class TestThePeers:
    @pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
    def test_matched_they_alarm_no_more_often_than_the_twin(self, peer: peers.Peer) -> None:
        calm = [played(seed) for seed in range(8)]
        sd = peers.pooled_sd(calm)
        scale = peers.matched(peer, calm, sd, rate=0.5)
        assert peers.per_shift(peer, scale, calm, sd) <= 0.5

    @pytest.mark.parametrize("peer", peers.PEERS, ids=lambda peer: peer.name)
    def test_a_drift_is_seen_after_its_onset(self, peer: peers.Peer) -> None:
        calm = [played(seed) for seed in range(8)]
        sd = peers.pooled_sd(calm)
        scale = peers.matched(peer, calm, sd, rate=0.5)
        drifting = played(99, FaultKind.PUMP, drift=0.4)
        assert 0 < peers.metres_to_alarm(peer, scale, drifting, sd) < 1200

    def test_one_that_never_alarms_took_for_ever(self) -> None:
        drifting = played(99, FaultKind.PUMP, drift=0.4)
        assert peers.metres_to_alarm(peers.PEERS[0], 60.0, drifting, 0.05) == float("inf")


class TestTheScores:
    def test_an_alarm_before_the_onset_has_not_seen_the_drift(self) -> None:
        shift = played(1, FaultKind.PUMP)
        shift.alarms = [Alarm(7200.0, 4800.0), Alarm(14_700.0, 9800.0)]
        assert bench._metres(shift) == pytest.approx(200.0)

    def test_the_cause_is_that_of_the_first_recommendation_after_the_onset(self) -> None:
        shift = played(1, FaultKind.PUMP)
        shift.told = [
            Told(9000.0, TYPE, (("lip_gap", 0.9),)),
            Told(14_700.0, TYPE, (("pump", 0.6), ("viscosity", 0.4))),
            Told(15_000.0, TYPE, (("viscosity", 0.9),)),
        ]
        assert bench._first(shift) == "pump"

    def test_a_gauge_that_was_sent_to_calibration_was_not_taken_for_the_process(self) -> None:
        shift = played(1, FaultKind.GAUGE)
        shift.told = [Told(14_700.0, CALIBRATION, (("gauge", 0.9),))]
        assert not bench._taken(shift)
        shift.told.append(Told(15_000.0, TYPE, (("gauge", 0.4),)))
        assert bench._taken(shift)

    def test_both_causes_must_be_held_at_once(self) -> None:
        shift = played(1, FaultKind.PUMP, FaultKind.LIP_GAP)
        shift.held = [(15_000.0, {"pump": 0.9}), (15_300.0, {"lip_gap": 0.9, "pump": 0.2})]
        assert not bench._both(shift)
        shift.held.append((15_600.0, {"lip_gap": 0.9, "pump": 0.6}))
        assert bench._both(shift)


class TestTheLine:
    def test_equal_shifts_leave_the_layer_in_equal_states(self) -> None:
        def state() -> object:
            shift = Shift(7, bench_scenario("calm"), shift_settings(bench_scenario("calm")))
            line = TwinLine()
            while shift.seconds < 300.0:
                line.take(shift.advance(20.0), shift.now_ns)
            return line.rules.kpis()

        assert state() == state()

    def test_every_sensor_of_the_line_reaches_its_twin(self) -> None:
        shift = Shift(7, bench_scenario("calm"), shift_settings(bench_scenario("calm")))
        line = TwinLine()
        while shift.seconds < 120.0:
            block = shift.advance(20.0)
            line.take(block, shift.now_ns)
        assert line.quarantined == 0
        assert line.unbound(block) == set()
