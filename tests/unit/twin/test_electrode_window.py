"""A correction keeps the film within the coating window, and says where that stops it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.twin.coating_line import at, coater
from twin.asset import AssetConfig, Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.proposal import Deviation, Proposal, bead_of, propose, wet_film

MARGIN = 10.0


def _history(
    film: float = 166.0, speed: float = 40.0, viscosity: float | None = None, **more: Json
) -> CoaterHistory:
    """A coater that lays a wet film [um] on 600 mm; ``viscosity`` as its mixer sees it."""
    history = CoaterHistory(viscosity=viscosity)
    known: dict[str, Json] = {
        "line_speed": speed,
        "slot_die_gap": 300.0,
        "pump_flow": film * 600.0 * speed / 1000,
    }
    known |= {f"{signal}_sd": 0.01 for signal in [*known]}
    history.take(at(0), {**known, **more})
    return history


def _coater(gap: float = 180.0, **more: float | str) -> AssetConfig:
    return coater(feed="pressure", coating_gap=gap, window_margin=MARGIN, **more)


def _margin(config: AssetConfig, history: CoaterHistory) -> float:
    bead, film = bead_of(config, history), wet_film(config, history, None)
    assert bead is not None
    assert film is not None
    assert history.speed is not None
    return bead.margin(film, history.speed)


def _margin_after(
    config: AssetConfig, history: CoaterHistory, found: Proposal, value: float
) -> float:
    """With that value of the setpoint: mass balance, and the flow of a slot."""
    bead, film, speed = bead_of(config, history), wet_film(config, history, None), history.speed
    assert bead is not None
    assert film is not None
    assert speed is not None
    if found.change.signal == "line_speed":
        return bead.margin(film * speed / value, value)
    return bead.margin(film * (value / 300.0) ** 3, speed)


def _proposed(config: AssetConfig, history: CoaterHistory, deviation: float) -> Proposal:
    found = propose(config, history, Deviation(deviation, 0.2, 20.0))
    assert found is not None
    return found


def test_a_correction_that_would_leave_the_window_stops_at_its_margin_and_says_so() -> None:
    config, history = _coater(), _history(film=164.0)
    assert MARGIN < _margin(config, history) < MARGIN + 6
    found = _proposed(config, history, 8.0)
    assert found.stopped_by.startswith("the coating window stops it: ")
    assert "would remain" in found.stopped_by
    assert _margin_after(config, history, found, found.change.to_value) == pytest.approx(
        MARGIN, abs=0.5
    )


def test_the_same_correction_is_whole_where_the_film_is_thick_enough() -> None:
    found = _proposed(_coater(), _history(film=220.0), 8.0)
    assert found.stopped_by == ""
    assert found.change.to_value == pytest.approx(43.2)
    assert found.change.upper_limit < 60.0


def test_where_the_coating_gap_is_not_known_no_window_is_kept() -> None:
    found = _proposed(_coater(gap=0.0), _history(film=50.0), 8.0)
    assert found.stopped_by == ""
    assert (found.change.lower_limit, found.change.upper_limit) == (20.0, 60.0)


@pytest.mark.parametrize("preferred", ["line_speed", "slot_die_gap"])
def test_a_film_that_is_too_thin_already_may_only_become_thicker(preferred: str) -> None:
    config, history = _coater(preferred_correction=preferred), _history(film=145.0)
    assert _margin(config, history) < MARGIN
    assert propose(config, history, Deviation(3.0, 0.2, 20.0)) is None
    found = _proposed(config, history, -12.0)
    after = _margin_after(config, history, found, found.change.to_value)
    assert after > _margin(config, history)


def test_a_slurry_that_has_thickened_needs_a_thicker_film() -> None:
    thin, thick = (
        _proposed(_coater(), _history(film=175.0, viscosity=viscosity), 2.0).change.upper_limit
        for viscosity in (2000.0, 4000.0)
    )
    assert thick < thin < 60.0


def test_without_a_flow_meter_the_film_follows_from_the_loading_and_the_recipe() -> None:
    config, history = _coater(), _history(pump_flow=None)
    # 20 mg/cm2 of 70 % solids at 2300 kg/m3.
    assert wet_film(config, history, 20.0) == pytest.approx(124.2, abs=0.1)
    assert wet_film(config, history, None) is None
    assert propose(config, history, Deviation(3.0, 0.2, 20.0)) is None
    assert propose(_coater(gap=120.0), history, Deviation(3.0, 0.2, 20.0)) is not None


@given(
    st.floats(-25, 25),
    st.floats(20, 60),
    st.floats(200, 10_000),
    st.floats(60, 400),
    st.floats(40, 300),
    st.sampled_from(["metered", "pressure"]),
    st.sampled_from(["line_speed", "slot_die_gap"]),
)
def test_no_proposal_leaves_the_coating_window(
    deviation: float,
    speed: float,
    viscosity: float,
    gap: float,
    film: float,
    feed: str,
    preferred: str,
) -> None:
    config = coater(
        feed=feed, preferred_correction=preferred, coating_gap=gap, window_margin=MARGIN
    )
    history = _history(film, speed, viscosity)
    found = propose(config, history, Deviation(deviation, 0.2, 20.0))
    if found is None:
        return
    change = found.change
    assert change.lower_limit <= change.to_value <= change.upper_limit
    before = _margin(config, history)
    # What the MES may write instead keeps the margin as well.
    for value in (change.to_value, change.lower_limit, change.upper_limit):
        after = _margin_after(config, history, found, value)
        assert after >= MARGIN - 1e-6 or after >= before - 1e-6
    if before < MARGIN:
        assert _margin_after(config, history, found, change.to_value) > before


def test_a_correction_starts_from_what_is_commanded_and_not_from_a_drive_that_drifted() -> None:
    """The drive runs 2 % slow: told 40, it makes 39.2. It is told 40.8 and makes 40."""
    history = _history(speed=39.2, line_speed_setpoint=40.0)
    found = _proposed(coater(), history, 100 * (40 / 39.2 - 1))
    assert found.change.from_value == 40.0
    assert found.change.to_value == pytest.approx(40 * 40 / 39.2, abs=0.01)
    assert found.predicted.loading == pytest.approx(20.0, abs=0.01)


def test_where_no_setpoint_is_read_it_starts_from_what_is_measured() -> None:
    found = _proposed(coater(), _history(speed=39.2), 2.0)
    assert found.change.from_value == 39.2
    assert found.change.to_value == pytest.approx(39.2 * 1.02, abs=0.01)


def test_a_gap_that_is_commanded_is_the_base_too() -> None:
    config = coater(feed="pressure", preferred_correction="slot_die_gap")
    history = _history(slot_die_gap=303.0, slot_die_gap_setpoint=300.0)
    found = _proposed(config, history, 3.0)
    assert (found.change.from_value, found.change.to_value) == (300.0, 297.0)
