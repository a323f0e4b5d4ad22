"""Hidden faults ramp and level off; scenarios are well-formed data."""

import pytest

from simulation.faults import Fault, FaultKind, Hidden, hidden
from simulation.scenarios import SCENARIOS

DRIFT = Fault(FaultKind.VISCOSITY_DRIFT, size_pct=-10.0, ramp_s=20.0, after_s=5.0)


@pytest.mark.parametrize(
    ("seconds", "factor"), [(-1.0, 1.0), (5.0, 1.0), (15.0, 0.95), (25.0, 0.9), (1e6, 0.9)]
)
def test_a_fault_ramps_from_its_beginning_and_then_stays(seconds: float, factor: float) -> None:
    assert DRIFT.factor(seconds) == pytest.approx(factor)


def test_faults_of_one_kind_multiply_and_leave_the_other_quantities_alone() -> None:
    assert hidden((DRIFT, DRIFT), 25.0) == Hidden(viscosity=pytest.approx(0.81))


def test_a_step_needs_no_ramp() -> None:
    assert Fault(FaultKind.PUMP_DRIFT, 5.0, ramp_s=0.0).factor(0.1) == 1.05


@pytest.mark.parametrize("name", ["steady", "viscosity-drift", "pump-drift", "spikes"])
def test_the_promised_scenarios_exist_and_describe_themselves(name: str) -> None:
    scenario = SCENARIOS[name]
    assert scenario.name == name
    assert scenario.description
