"""The simulated line: physics in the right direction, at the right time, the same each time."""

from collections.abc import Iterator
from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest

from simulation.coating_line import SCAN_S, CoatingLine, LineSettings
from simulation.scenarios import SCENARIOS

TARGET = LineSettings().target_mg_cm2
SPEED = "coater.line_speed_setpoint"
GAP = "coater.slot_die_gap_setpoint"


def a_line(scenario: str = "steady", seed: int = 1) -> CoatingLine:
    settings = LineSettings(scenario=SCENARIOS[scenario])
    return CoatingLine(np.random.default_rng(seed), settings)


def run(line: CoatingLine, seconds: float) -> Iterator[float]:
    """The true loading under the gauge, scan by scan."""
    for _ in range(round(seconds / SCAN_S)):
        line.step()
        yield line.loading_at_gauge


def deviation_pct(loading: float) -> float:
    return 100.0 * (loading / TARGET - 1.0)


@pytest.mark.parametrize("seed", range(5))
def test_an_undisturbed_line_stays_on_target(seed: int) -> None:
    line = a_line(seed=seed)
    assert max(abs(deviation_pct(x)) for x in run(line, 300.0)) < 0.6


def test_a_faster_web_carries_less_slurry() -> None:
    line = a_line()
    line.setpoints[SPEED].command(44.0)
    assert deviation_pct(list(run(line, 40.0))[-1]) == pytest.approx(-8.8, abs=0.7)


def test_a_wider_gap_lets_more_slurry_through_than_a_newtonian_law_says() -> None:
    line = a_line()
    line.setpoints[GAP].command(408.0)
    newtonian_pct = 100.0 * (1.02**3 - 1.0)
    assert deviation_pct(list(run(line, 40.0))[-1]) > newtonian_pct + 0.5


def test_a_change_at_the_die_reaches_the_gauge_after_the_web_has_travelled_there() -> None:
    line = a_line()
    list(run(line, 5.0))
    line.setpoints[GAP].command(420.0)
    changed_at_die = changed_at_gauge = None
    for scan in range(300):
        line.step()
        if changed_at_die is None and deviation_pct(line.loading_at_die) > 2.0:
            changed_at_die = scan
        if changed_at_gauge is None and deviation_pct(line.loading_at_gauge) > 2.0:
            changed_at_gauge = scan
    assert changed_at_die is not None
    assert changed_at_gauge is not None
    # 6 m at 40 m/min.
    assert (changed_at_gauge - changed_at_die) * SCAN_S == pytest.approx(9.0, abs=0.2)


def test_a_setpoint_is_followed_with_a_ramp_and_clamped_to_the_limits() -> None:
    line = a_line()
    assert line.setpoints[SPEED].command(1000.0) == 60.0
    list(run(line, 1.0))
    speed = line.signals()["coater.line_speed"]
    assert isinstance(speed, float)
    assert 40.0 < speed < 40.7


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("scenario", "sign"), [("viscosity-drift", 1), ("pump-drift", -1), ("solids-drift", 1)]
)
def test_a_drift_passes_two_percent_in_15_s_and_can_be_corrected(
    scenario: str, sign: int, seed: int
) -> None:
    line = a_line(scenario, seed)
    list(run(line, 30.0))

    line.start_fault()
    drift = [sign * deviation_pct(x) for x in run(line, 60.0)]
    onset = next(i for i, d in enumerate(drift) if d > 2.0)
    assert 9.0 < onset * SCAN_S < 15.0
    assert max(drift) < 3.4

    level = fmean(drift[-100:])
    corrected = line.setpoints[SPEED].command(40.0 * (1.0 + sign * level / 100.0))
    assert 20.0 < corrected < 60.0
    settled = [deviation_pct(x) for x in run(line, 60.0)][200:]
    assert max(abs(d) for d in settled) < 1.0


def test_a_drift_waits_until_it_is_started_and_starts_once() -> None:
    line = a_line("viscosity-drift")
    assert max(abs(deviation_pct(x)) for x in run(line, 60.0)) < 0.6
    line.start_fault()
    list(run(line, 30.0))
    high = line.loading_at_gauge
    line.start_fault()
    assert min(run(line, 5.0)) == pytest.approx(high, rel=0.005)


def test_the_flow_meter_sees_a_viscosity_drift_but_not_one_of_solids() -> None:
    def flow_change_pct(scenario: str) -> float:
        line = a_line(scenario)
        before = _mean_flow(line)
        line.start_fault()
        list(run(line, 10.0))
        return 100.0 * (_mean_flow(line) / before - 1.0)

    assert flow_change_pct("viscosity-drift") == pytest.approx(2.7, abs=0.4)
    assert flow_change_pct("solids-drift") == pytest.approx(0.0, abs=0.4)


def _mean_flow(line: CoatingLine) -> float:
    flows = []
    for _ in range(100):
        line.step()
        flow = line.signals()["coater.pump_flow"]
        assert isinstance(flow, float)
        flows.append(flow)
    return fmean(flows)


def test_the_gauge_sees_the_mean_with_its_noise_across_the_whole_web() -> None:
    line = a_line()
    positions, loadings = [], []
    for _ in range(400):
        line.step()
        signals = line.signals()
        positions.append(float(signals["coater.gauge-top.head_position"]))
        loadings.append(float(signals["coater.gauge-top.areal_loading"]))
    assert min(positions) == pytest.approx(10.0, abs=1.0)
    assert max(positions) == pytest.approx(590.0, abs=1.0)
    # 4 s from edge to edge.
    assert max(abs(a - b) for a, b in pairwise(positions)) < 14.6
    assert fmean(loadings) == pytest.approx(TARGET, rel=0.005)
    assert 0.004 < np.std(loadings) / TARGET < 0.015
    edge = fmean(x for p, x in zip(positions, loadings, strict=True) if p < 20 or p > 580)
    assert edge > fmean(loadings) * 1.005, "an edge bead is thicker"


def test_spikes_are_rare_or_frequent_as_the_scenario_says() -> None:
    def spikes(scenario: str) -> int:
        line = a_line(scenario)
        count = 0
        for _ in range(2000):
            line.step()
            loading = line.signals()["coater.gauge-top.areal_loading"]
            count += abs(float(loading) / TARGET - 1.0) > 0.2
        return count

    assert spikes("steady") <= 4
    assert 8 <= spikes("spikes") <= 40


def test_a_new_lot_begins_every_60_metres() -> None:
    line = a_line()
    lots = {}
    while line.metre < 130.0:
        line.step()
        lots.setdefault(line.signals()["coater.lot"], line.metre)
    assert list(lots) == ["L2026-0001", "L2026-0002", "L2026-0003"]
    assert lots["L2026-0002"] == pytest.approx(60.0, abs=0.1)


def test_oven_air_follows_its_setpoint_over_minutes() -> None:
    line = a_line()
    line.setpoints["oven.zone1.air_setpoint"].command(100.0)
    list(run(line, 20.0))
    early = float(line.signals()["oven.zone1.air_temperature"])
    list(run(line, 200.0))
    late = float(line.signals()["oven.zone1.air_temperature"])
    assert 91.0 < early < 97.0
    assert late == pytest.approx(100.0, abs=2.0)


def test_the_same_seed_and_commands_give_the_same_plant_to_the_bit() -> None:
    def history(seed: int) -> list[dict[str, float | str]]:
        line = a_line("viscosity-drift", seed)
        said = []
        for scan in range(300):
            if scan == 50:
                line.start_fault()
            if scan == 200:
                line.setpoints[SPEED].command(41.0)
            line.step()
            said.append(line.signals())
        return said

    assert history(7) == history(7)
    assert history(7) != history(8)
