"""Hidden faults ramp and level off; scenarios are well-formed data."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.bench_scenarios import Wanted, bench_scenario
from simulation.causes import LOADING_CAUSES, hidden_change_pct, relative_loading
from simulation.faults import Fault, FaultKind, Hidden
from simulation.scenarios import SCENARIOS
from simulation.settings import LineSettings
from simulation.slurry import Slot, Slurry

DRIFT = Fault(FaultKind.VISCOSITY, size_pct=-10.0, ramp_s=20.0, after_s=5.0)


def at(*seconds: float) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
    return np.array(seconds)


@pytest.mark.parametrize(
    ("seconds", "factor"), [(-1.0, 1.0), (5.0, 1.0), (15.0, 0.95), (25.0, 0.9), (1e6, 0.9)]
)
def test_a_fault_ramps_from_its_beginning_and_then_stays(seconds: float, factor: float) -> None:
    assert DRIFT.factor(at(seconds))[0] == pytest.approx(factor)


def test_faults_of_one_kind_multiply_and_leave_the_other_quantities_alone() -> None:
    hidden = Hidden((DRIFT, DRIFT), at(25.0))
    assert hidden.factor(FaultKind.VISCOSITY) == pytest.approx(0.81)
    assert hidden.factor(FaultKind.PUMP) == 1.0


def test_a_fault_at_one_place_is_not_at_another() -> None:
    hidden = Hidden((Fault(FaultKind.GAUGE, 5.0, place="exit"),), at(1.0))
    assert hidden.factor(FaultKind.GAUGE, "") == 1.0
    assert hidden.factor(FaultKind.GAUGE, "exit") == 1.05


def test_a_step_needs_no_ramp() -> None:
    assert Fault(FaultKind.PUMP, 5.0).factor(at(0.1)) == 1.05


def test_a_fault_that_lasts_is_over_after_its_time() -> None:
    stop = Hidden((Fault(FaultKind.STOP, after_s=10.0, lasts_s=5.0),), at(9.0, 12.0, 16.0))
    there = stop.there(FaultKind.STOP)
    assert there is not None
    assert there.tolist() == [False, True, False]


@pytest.mark.parametrize("name", SCENARIOS)
def test_scenarios_describe_themselves(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.name == name
    assert scenario.description


def test_the_promised_scenarios_exist() -> None:
    promised = {
        *("steady", "viscosity-drift", "pump-drift", "solids-drift", "spikes", "lip-gap-drift"),
        *("speed-drift", "tension-slip", "gauge-drift", "gauge-stuck", "confounded"),
        *("oven-fault", "roll-wear", "roll-change", "web-break", "splice", "coating-window"),
    }
    assert promised <= set(SCENARIOS)


def test_a_scenario_says_whether_there_is_a_loading_to_correct() -> None:
    moving = {name for name, scenario in SCENARIOS.items() if scenario.moves_loading}
    assert {"viscosity-drift", "tension-slip", "coating-window"} <= moving
    assert not moving & {"steady", "spikes", "gauge-drift", "web-break", "roll-change"}


@given(kind=st.sampled_from(LOADING_CAUSES), wanted=st.floats(-5.0, 5.0))
def test_a_hidden_change_is_sized_by_what_it_does_to_the_loading(
    kind: FaultKind, wanted: float
) -> None:
    if kind is FaultKind.WEB_TENSION:
        wanted = abs(wanted)  # A slack web slips; a tight one does not run ahead of the roll.
    factor = 1.0 + hidden_change_pct(kind, wanted) / 100.0
    assert relative_loading(kind, factor, Slurry(), Slot()) == pytest.approx(1 + wanted / 100)


def test_what_does_not_move_the_loading_is_refused_by_name() -> None:
    with pytest.raises(ValueError, match="roll_wear does not move the loading"):
        hidden_change_pct(FaultKind.ROLL_WEAR, 2.0)


def test_a_bench_s_onset_is_when_the_loading_changes_at_the_die() -> None:
    transfer_s = LineSettings().transfer_s
    viscosity, pump = bench_scenario(
        "two",
        [
            Wanted(FaultKind.VISCOSITY, 2.0, 1800.0, 3600.0),
            Wanted(FaultKind.PUMP, -1.0, 0.0, 3600.0),
        ],
    ).faults
    assert (viscosity.after_s, viscosity.place) == (3600.0 - transfer_s, "tank")
    assert (pump.after_s, pump.ramp_s) == (3600.0, 0.0)


def test_a_bench_can_t_ask_for_an_onset_before_the_tank_could_have_caused_it() -> None:
    with pytest.raises(ValueError, match="too early"):
        bench_scenario("early", [Wanted(FaultKind.SOLIDS, 2.0, 0.0, 10.0)])
