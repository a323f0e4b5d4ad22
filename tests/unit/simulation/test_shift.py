"""A shift without a clock: the same however it is cut, and each fault where it should be."""

from dataclasses import replace

import numpy as np
import pytest

from simulation.bench_scenarios import Wanted, bench_scenario
from simulation.chance import Array
from simulation.faults import Fault, FaultKind
from simulation.scenarios import SCENARIOS, Scenario
from simulation.settings import LineSettings, shift_settings
from simulation.shift import Shift
from simulation.slurry import Slot

STEADY = SCENARIOS["steady"]
TOP, EXIT = "coater.gauge-top.areal_loading", "coater.gauge-exit.areal_loading"
BEHIND = {
    *(TOP, EXIT, "thickness-dry.thickness", "calender.gap", "calender.thickness_out"),
    *(f"oven.zone{i}.web_temperature" for i in (1, 2, 3)),
}
"""What sees a true loading that has changed."""
COUNTED = {"coater.web_length", "calender.web_length", "coater.lot", "calender.lot"}


Said = dict[str, list[tuple[object, ...]]]


def told(shift: Shift, seconds: float, cuts: tuple[float, ...] = ()) -> Said:
    """Everything that was said, signal by signal: (time, value or text)."""
    said: Said = {}
    for piece in cuts or (seconds,):
        block = shift.advance(piece)
        for signal, (times, values) in block.columns.items():
            said.setdefault(signal, []).extend(zip(times.tolist(), values, strict=True))
        for signal, (times, numbers, items) in block.items.items():
            said.setdefault(signal, []).extend(zip(times.tolist(), numbers, items, strict=True))
    return said


def moved(scenario: Scenario, seconds: float = 1200.0) -> set[str]:
    """Signals that said anything else than on a line with nothing wrong."""
    usual, faulty = (told(Shift(4, s), seconds) for s in (STEADY, scenario))
    assert usual.keys() <= faulty.keys()
    return {signal for signal in faulty if faulty[signal] != usual.get(signal)}


def mean(values: Array | list[str]) -> float:
    return float(np.mean(np.array(values)))


def one(kind: FaultKind, size_pct: float = 0.0, **more: float | str) -> Scenario:
    return Scenario("one", "", (Fault(kind, size_pct, **more),))  # type: ignore[arg-type]


def test_how_the_time_is_cut_changes_nothing() -> None:
    events = (
        Fault(FaultKind.STOP, after_s=100.0, lasts_s=60.0),
        Fault(FaultKind.GAUGE_STUCK, after_s=250.0, lasts_s=20.0),
        Fault(FaultKind.FORMULATION, after_s=30.0),
    )
    wanted = [Wanted(FaultKind.VISCOSITY, 2.0, 120.0, 10.0, "line")]
    scenario = bench_scenario("all", wanted, events)
    settings = replace(shift_settings(scenario), lot_length_m=60.0, lab_delay_s=30.0)
    whole = told(Shift(4, scenario, settings), 600.0)
    cut = told(Shift(4, scenario, settings), 600.0, (1.0, 7.0, 92.0, 1.0, 1.0, 398.0, 100.0))
    assert whole == cut
    assert len(whole["calender.sample_porosity"]) == 4
    assert whole != told(Shift(5, scenario, settings), 600.0)


def test_a_command_takes_effect_now() -> None:
    shift = Shift(4, STEADY)
    shift.advance(60.0)
    shift.command("coater.line_speed_setpoint", 44.0)
    block = shift.advance(60.0)
    times, values = block.columns["coater.line_speed_setpoint"]
    assert (times[0], values[0]) == (shift.start_ns + 61 * 10**9, 44.0)
    assert shift.truth.loading[-1] / shift.truth.loading[59] == pytest.approx(0.912, abs=0.005)
    with pytest.raises(KeyError, match=r"no setpoint 'coater\.speed'; there are"):
        shift.command("coater.speed", 44.0)


@pytest.mark.parametrize("seed", range(3))
def test_eight_steady_hours_stay_within_limits(seed: int) -> None:
    shift = Shift(seed, STEADY)
    columns = shift.advance(8 * 3600.0).columns
    truth = shift.truth
    deviation = 100.0 * (truth.loading / 20.0 - 1.0)
    assert np.max(np.abs(deviation)) < 1.5
    assert 0.1 < np.std(deviation) < 0.5
    assert np.min(truth.window_margin) > 0.1
    assert np.all((truth.porosity > 29.0) & (truth.porosity < 35.0))
    assert np.all((truth.residual_solvent > 0.01) & (truth.residual_solvent < 1.0))
    lots = columns["mixer.lot"][1]
    assert 3 <= len(lots) <= 5


@pytest.mark.parametrize(
    ("kind", "size_pct", "place", "signals"),
    [
        (
            FaultKind.VISCOSITY,
            -1.2,
            "tank",
            {"mixer.viscosity", "mixer.temperature", "coater.pump_flow"} | BEHIND,
        ),
        (FaultKind.VISCOSITY, -1.2, "line", {"coater.pump_flow"} | BEHIND),
        (FaultKind.VISCOSITY, 1.2, "tank", {"mixer.viscosity", "coater.pump_flow"} | BEHIND),
        (FaultKind.PUMP, -1.2, "", {"coater.feed_pressure", "coater.pump_flow"} | BEHIND),
        (FaultKind.LIP_GAP, 0.5, "", {"coater.slot_die_gap", "coater.pump_flow"} | BEHIND),
        (FaultKind.SOLIDS, 1.0, "tank", {"mixer.solids"} | BEHIND),
        (
            FaultKind.LINE_SPEED,
            -2.0,
            "",
            {"coater.line_speed", "coater.pump_flow"} | BEHIND | COUNTED,
        ),
        (
            FaultKind.WEB_TENSION,
            -25.0,
            "",
            {"coater.web_tension", "coater.pump_flow", "calender.web_length"}
            | BEHIND
            | COUNTED - {"coater.web_length"},
        ),
        (FaultKind.GAUGE, 2.0, "", {TOP}),
        (FaultKind.GAUGE, 2.0, "exit", {EXIT}),
        (FaultKind.GAUGE_NOISE, 2.0, "", {TOP}),
    ],
)
def test_each_cause_moves_the_signals_that_it_should_and_no_other(
    kind: FaultKind, size_pct: float, place: str, signals: set[str]
) -> None:
    found = moved(one(kind, size_pct, place=place))
    # With other solids the wet film is the same: only its solvent is not.
    wet = set() if kind in (FaultKind.SOLIDS, *_GAUGE) else {"thickness-wet.thickness"}
    # Lots may turn within the same scan although the web runs a little slower.
    assert signals - COUNTED | wet <= found <= signals | wet


_GAUGE = (FaultKind.GAUGE, FaultKind.GAUGE_NOISE)


def test_a_sensor_sees_only_part_of_what_it_should() -> None:
    def seen(kind: FaultKind, size_pct: float, signal: str) -> float:
        usual, faulty = (
            Shift(4, s).advance(300.0).columns[signal][1] for s in (STEADY, one(kind, size_pct))
        )
        return 100.0 * (mean(faulty) / mean(usual) - 1.0) / size_pct

    assert 0.2 < seen(FaultKind.LIP_GAP, 1.0, "coater.slot_die_gap") < 0.55
    assert 0.65 < seen(FaultKind.PUMP, 1.0, "coater.feed_pressure") < 0.95
    assert 0.75 < seen(FaultKind.LINE_SPEED, 1.0, "coater.line_speed") < 1.0
    assert 0.75 < seen(FaultKind.VISCOSITY, 1.0, "mixer.viscosity") <= 1.001


def test_viscosity_is_seen_in_the_mixer_before_it_comes_to_the_die() -> None:
    wanted = Wanted(FaultKind.VISCOSITY, 2.0, 0.0, 600.0)
    usual, faulty = (Shift(4, s) for s in (STEADY, bench_scenario("v", [wanted])))
    (_, before), (_, after) = (s.advance(900.0).columns["mixer.viscosity"] for s in (usual, faulty))
    first_in_tank = int(np.argmax(np.array(after) != np.array(before))) * 10.0
    at_die = np.flatnonzero(faulty.truth.loading != usual.truth.loading)[0]
    assert first_in_tank == pytest.approx(360.0, abs=12.0)
    assert at_die == pytest.approx(600.0, abs=3.0)


@pytest.mark.parametrize(
    ("kind", "bad"),
    [
        (FaultKind.GAUGE_ZERO, lambda read: read == 0.0),
        (FaultKind.GAUGE_NEGATIVE, lambda read: read < 0.0),
        (FaultKind.GAUGE_STUCK, lambda read: read == read[0]),
    ],
)
def test_a_bad_gauge_is_bad_for_its_time_and_well_again(kind: FaultKind, bad: object) -> None:
    assert callable(bad)
    shift = Shift(4, one(kind, after_s=100.0, lasts_s=50.0))
    shift.advance(100.0)
    assert np.all(bad(shift.advance(50.0).columns[TOP][1]))
    assert np.count_nonzero(bad(shift.advance(50.0).columns[TOP][1])) <= 1


def test_stamps_can_lie_in_the_future_or_run_backwards() -> None:
    late = Shift(4, one(FaultKind.GAUGE_OUT_OF_ORDER)).advance(60.0).columns[TOP][0]
    assert np.count_nonzero(np.diff(late) < 0) == 12
    future = Shift(4, one(FaultKind.GAUGE_FUTURE)).advance(60.0).columns
    ahead = (future[TOP][0] - future["coater.line_speed"][0]) / 1e9
    assert sorted(set(ahead.tolist())) == [0.0, 600.0]
    assert (future["coater.gauge-top.head_position"][0] == future[TOP][0]).all()


def test_a_web_break_stops_the_line_and_the_gauges_see_nothing() -> None:
    shift = Shift(4, one(FaultKind.WEB_BREAK, after_s=60.0, lasts_s=120.0))
    shift.advance(120.0)
    torn = shift.advance(30.0).columns
    assert np.max(np.abs(torn[TOP][1])) < 0.3
    assert np.max(torn["coater.line_speed"][1]) < 0.01
    assert np.max(torn["coater.web_tension"][1]) == 0.0
    assert np.isnan(shift.truth.window_margin[-1])
    shift.advance(300.0)
    assert shift.truth.loading[-1] == pytest.approx(20.0, rel=0.02)
    assert shift.truth.speed[-1] == pytest.approx(40.0, rel=0.01)


def test_a_splice_is_a_short_thick_spot() -> None:
    fault = Fault(FaultKind.SPLICE, size_pct=35.0, after_s=60.0, lasts_s=2.0)
    read = Shift(4, Scenario("s", "", (fault,))).advance(120.0).columns[TOP][1]
    assert 1 <= np.count_nonzero(np.array(read) > 24.0) <= 3


@pytest.mark.parametrize(
    ("fault", "quantity"),
    [
        (Fault(FaultKind.OVEN_HEATER, -20.0, place="zone3"), "residual_solvent"),
        (Fault(FaultKind.OVEN_EXHAUST, -60.0), "residual_solvent"),
        (Fault(FaultKind.ROLL_WEAR, -10.0), "porosity"),
    ],
)
def test_oven_and_roll_faults_show_in_the_product(fault: Fault, quantity: str) -> None:
    usual, faulty = Shift(4, STEADY), Shift(4, Scenario("f", "", (fault,)))
    for shift in (usual, faulty):
        shift.advance(600.0)
    assert getattr(faulty.truth, quantity)[-1] > 1.01 * getattr(usual.truth, quantity)[-1]
    assert (faulty.truth.loading == usual.truth.loading).all()


def test_worn_rolls_are_thinner_than_the_gap_says() -> None:
    usual, worn = Shift(4, STEADY), Shift(4, one(FaultKind.ROLL_WEAR, -10.0))
    gaps = [mean(shift.advance(600.0).columns["calender.gap"][1]) for shift in (usual, worn)]
    # 40 um, less what the coating behind them is thicker by.
    assert gaps[1] - gaps[0] == pytest.approx(-40.0, abs=3.0)


def test_new_rolls_have_a_name_of_their_own() -> None:
    rolls = told(Shift(4, one(FaultKind.ROLL_CHANGE, after_s=100.0)), 200.0)["calender.roll_set"]
    assert [text for _, text in rolls] == ["R01", "R02"]


def test_a_new_formulation_is_named_at_the_mixer_and_comes_to_the_die_later() -> None:
    shift = Shift(4, one(FaultKind.FORMULATION, after_s=100.0))
    said = told(shift, 1200.0)
    assert [str(text)[:6] for _, text in said["mixer.lot"]] == ["S2026-", "S2026-"]
    assert "B" in str(said["mixer.lot"][-1])
    wet = shift.truth.wet_film
    assert abs(wet[300] / wet[0] - 1.0) < 0.01
    assert wet[-1] / wet[0] < 0.97
    assert shift.truth.loading[-1] == pytest.approx(20.0, rel=0.01)


def test_below_its_least_film_the_bead_breaks_into_ribs() -> None:
    slot = Slot(to_web_um=220.0)
    settings = replace(shift_settings(STEADY), slot=slot)
    thin = Shift(4, STEADY, settings)
    spread, usual = (
        np.std(np.array(s.advance(300.0).columns[TOP][1][200:])) for s in (thin, Shift(4, STEADY))
    )
    assert thin.truth.window_margin[-1] < 0.0
    assert spread > 3.0 * usual


def test_the_lab_tells_each_lot_s_porosity_late_and_with_its_noise() -> None:
    settings = replace(shift_settings(STEADY), lot_length_m=60.0, lab_delay_s=300.0)
    shift = Shift(4, STEADY, settings)
    times, values, lots = shift.advance(1800.0).items["calender.sample_porosity"]
    assert lots[:2] == ["L2026-0001", "L2026-0002"]
    # 66 m to the calender and 60 m of lot at 40 m/min, and the lab's own time.
    assert (times[0] - shift.start_ns) / 1e9 == pytest.approx(189.0 + 300.0, abs=12.0)
    truth = float(np.mean(shift.truth.porosity))
    assert np.max(np.abs(values - truth)) < 5 * 0.43


def test_a_longer_scan_averages_the_gauge_s_noise() -> None:
    def noise(settings: LineSettings) -> float:
        read = np.array(Shift(4, STEADY, settings).advance(600.0).columns[TOP][1])
        steps = np.diff(read[np.abs(read / 20.0 - 1.0) < 0.1])
        return float(np.median(np.abs(steps)))

    fast, slow = LineSettings(), replace(LineSettings(), scan_s=1.0, gauge_pass_s=40.0)
    assert noise(slow) < 0.5 * noise(fast)
