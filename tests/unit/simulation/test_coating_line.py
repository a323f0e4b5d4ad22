"""The simulated line: physics in the right direction, at the right time, the same each time."""

from itertools import pairwise
from statistics import fmean

import numpy as np
import pytest

from simulation.chance import Array
from simulation.coating_line import SCAN_S, CoatingLine
from simulation.scenarios import SCENARIOS
from simulation.settings import LineSettings

TARGET = LineSettings().target_mg_cm2
SPEED = "coater.line_speed_setpoint"
GAP = "coater.slot_die_gap_setpoint"


def a_line(scenario: str = "steady", seed: int = 1) -> CoatingLine:
    settings = LineSettings.of(SCENARIOS[scenario])
    return CoatingLine(np.random.default_rng(seed), settings)


def run(line: CoatingLine, seconds: float) -> Array:
    """How far the true loading under the gauge is off [%], scan by scan."""
    truth = line.run(round(seconds / SCAN_S)).truth
    return 100.0 * (truth["loading_at_gauge"] / TARGET - 1.0)


def said(line: CoatingLine, signal: str, seconds: float) -> Array:
    return line.run(round(seconds / SCAN_S)).fast[signal]


@pytest.mark.parametrize("seed", range(5))
def test_an_undisturbed_line_stays_on_target(seed: int) -> None:
    assert np.max(np.abs(run(a_line(seed=seed), 300.0))) < 0.6


def test_a_faster_web_carries_less_slurry() -> None:
    line = a_line()
    line.setpoints[SPEED].command(44.0)
    assert run(line, 40.0)[-1] == pytest.approx(-8.8, abs=0.7)


def test_a_wider_gap_lets_more_slurry_through_than_a_newtonian_law_says() -> None:
    line = a_line()
    line.setpoints[GAP].command(408.0)
    newtonian_pct = 100.0 * (1.02**3 - 1.0)
    assert run(line, 40.0)[-1] > newtonian_pct + 0.5


def test_a_change_at_the_die_reaches_the_gauge_after_the_web_has_travelled_there() -> None:
    line = a_line()
    line.run(50)
    line.setpoints[GAP].command(420.0)
    truth = line.run(300).truth
    at_die, at_gauge = (
        int(np.argmax(truth[name] > 1.02 * TARGET)) for name in ("loading", "loading_at_gauge")
    )
    # 6 m at 40 m/min.
    assert (at_gauge - at_die) * SCAN_S == pytest.approx(9.0, abs=0.2)


def test_a_setpoint_is_followed_with_a_ramp_and_clamped_to_the_limits() -> None:
    line = a_line()
    assert line.setpoints[SPEED].command(1000.0) == 60.0
    assert 40.0 < said(line, "coater.line_speed", 1.0)[-1] < 40.7


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize(
    ("scenario", "sign"),
    [
        ("viscosity-drift", 1),
        ("pump-drift", -1),
        ("solids-drift", 1),
        ("lip-gap-drift", 1),
        ("speed-drift", 1),
        ("tension-slip", 1),
    ],
)
def test_a_drift_passes_two_percent_in_15_s_and_can_be_corrected(
    scenario: str, sign: int, seed: int
) -> None:
    line = a_line(scenario, seed)
    run(line, 30.0)

    line.start_fault()
    drift = sign * run(line, 60.0)
    onset = int(np.argmax(drift > 2.0))
    assert 9.0 < onset * SCAN_S < 15.0
    assert np.max(drift) < 3.4

    level = float(np.mean(drift[-100:]))
    corrected = line.setpoints[SPEED].command(40.0 * (1.0 + sign * level / 100.0))
    assert 20.0 < corrected < 60.0
    assert np.max(np.abs(run(line, 60.0)[200:])) < 1.0


def test_a_drift_waits_until_it_is_started_and_starts_once() -> None:
    line = a_line("viscosity-drift")
    assert np.max(np.abs(run(line, 60.0))) < 0.6
    line.start_fault()
    high = run(line, 30.0)[-1]
    line.start_fault()
    assert np.min(run(line, 5.0)) == pytest.approx(high, abs=0.5)


def test_the_gauge_sees_the_mean_with_its_noise_across_the_whole_web() -> None:
    scans = a_line().run(400)
    positions = scans.fast["coater.gauge-top.head_position"]
    sampled = scans.fast["coater.gauge-top.areal_loading"]
    loadings = sampled[np.abs(sampled / TARGET - 1.0) < 0.2]
    assert min(positions) == pytest.approx(10.0, abs=1.0)
    assert max(positions) == pytest.approx(590.0, abs=1.0)
    # 4 s from edge to edge.
    assert max(abs(a - b) for a, b in pairwise(positions)) < 14.6
    assert fmean(loadings) == pytest.approx(TARGET, rel=0.005)
    assert 0.004 < np.std(loadings) / TARGET < 0.015
    edge = fmean(x for p, x in zip(positions, sampled, strict=True) if p < 20 or p > 580)
    assert edge > fmean(loadings) * 1.005, "an edge bead is thicker"


def test_spikes_are_rare_or_frequent_as_the_scenario_says() -> None:
    def spikes(scenario: str) -> int:
        loadings = said(a_line(scenario), "coater.gauge-top.areal_loading", 200.0)
        return int(np.count_nonzero(np.abs(loadings / TARGET - 1.0) > 0.2))

    assert spikes("steady") <= 4
    assert 8 <= spikes("spikes") <= 40


def test_a_new_lot_begins_every_60_metres() -> None:
    line = a_line()
    scans = line.run(1950)
    assert 120.0 < line.metre < 180.0
    told = {lot: scans.truth["metre"][place] for place, lot in scans.texts["coater.lot"]}
    assert list(told) == ["L2026-0001", "L2026-0002", "L2026-0003"]
    assert told["L2026-0002"] == pytest.approx(60.0, abs=0.1)
    assert line.signals()["coater.lot"] == line.lot == "L2026-0003"


def test_oven_air_follows_its_setpoint_over_minutes() -> None:
    line = a_line()
    line.setpoints["oven.zone1.air_setpoint"].command(100.0)
    line.run(200)
    early = float(line.signals()["oven.zone1.air_temperature"])
    line.run(2000)
    late = float(line.signals()["oven.zone1.air_temperature"])
    assert 91.0 < early < 97.0
    assert late == pytest.approx(100.0, abs=2.0)


def test_the_same_seed_and_commands_give_the_same_plant_to_the_bit() -> None:
    def history(seed: int) -> list[dict[str, float | str]]:
        line = a_line("viscosity-drift", seed)
        said = []
        for scan in range(60):
            if scan == 10:
                line.start_fault()
            if scan == 40:
                line.setpoints[SPEED].command(41.0)
            line.step()
            said.append(line.signals())
        return said

    assert history(7) == history(7)
    assert history(7) != history(8)
