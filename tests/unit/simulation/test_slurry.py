"""The slot die's closures."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulation.slurry import Slot

SLOT = Slot()


@given(
    flow=st.floats(1e-6, 1e-3),
    gap=st.floats(1e-4, 1e-3),
    consistency=st.floats(0.1, 100.0),
    n=st.floats(0.3, 1.0),
)
def test_pressure_and_flow_are_inverse(
    flow: float, gap: float, consistency: float, n: float
) -> None:
    pressure = SLOT.pressure_pa(flow, gap, consistency, n)
    assert SLOT.flow_m3_s(pressure, gap, consistency, n) == pytest.approx(flow, rel=1e-9)


def test_with_an_index_of_one_it_is_newton_s_slot() -> None:
    # Q = W H^3 P / (12 mu L)
    newton = SLOT.width_m * (4e-4) ** 3 * 3e5 / (12.0 * 0.4 * SLOT.length_m)
    assert SLOT.flow_m3_s(3e5, 4e-4, 0.4, 1.0) == pytest.approx(newton)


def test_a_shear_thinning_slurry_flows_more_than_in_proportion_to_pressure() -> None:
    once = SLOT.flow_m3_s(3e5, 4e-4, 10.0, 0.6)
    assert SLOT.flow_m3_s(6e5, 4e-4, 10.0, 0.6) / once == pytest.approx(2.0 ** (1 / 0.6))
