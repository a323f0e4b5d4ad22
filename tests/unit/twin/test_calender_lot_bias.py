"""What all lots' porosities by thickness and loading are wrong by, as samples teach it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from twin.electrode.calendering.lot_bias import LotBias
from twin.snapshot import dumps, loads

HOUR = 3_600_000_000_000
REPEAT = 0.43
"""Standard deviation of a sample [points]."""


def _ran(lots: int, shared_sd: float = 1.0, laboratory_sd: float = 0.0) -> LotBias:
    """That many lots of 30 %, by thickness and loading."""
    found = LotBias(shared_sd, laboratory_sd)
    for i in range(lots):
        found.keep(f"E-{i}", 30.0, 0.05)
    return found


def test_before_any_sample_all_that_lots_share_is_open() -> None:
    assert _ran(1).porosity("E-0") == (30.0, pytest.approx(np.hypot(1.0, 0.05)))
    assert _ran(0).expected("E-9", 31.0, 0.05) == (31.0, pytest.approx(np.hypot(1.0, 0.05)))


def test_a_late_sample_corrects_its_lot_its_neighbours_and_those_to_come() -> None:
    found = _ran(3)
    assert found.sample("E-0", 31.0, REPEAT)
    gain = 1.0025 / (1.0025 + REPEAT**2)
    assert found.porosity("E-0")[0] == pytest.approx(30.0 + gain)
    shared = 30.0 + 1.0 / (1.0025 + REPEAT**2)
    assert found.porosity("E-2") == (pytest.approx(shared), pytest.approx(0.399, abs=0.002))
    assert found.expected("E-9", 32.0, 0.05)[0] == pytest.approx(shared + 2.0)


def test_one_sample_among_many_moves_its_lot_hardly_more_than_the_others() -> None:
    found = _ran(20)
    for i in range(19):
        found.sample(f"E-{i}", 30.0, REPEAT)
    found.sample("E-19", 31.0, REPEAT)
    sampled, other = found.porosity("E-19"), found.porosity("E-5")
    assert 0.04 < other[0] - 30.0 < sampled[0] - 30.0 < 0.08
    assert other[1] < sampled[1] + 0.01 < 0.13


def test_no_number_of_samples_makes_it_surer_than_the_laboratory_is() -> None:
    found = _ran(1, laboratory_sd=0.25)
    for _ in range(1000):
        found.sample("E-0", 30.5, REPEAT)
    value, sd = found.porosity("E-0")
    assert value == pytest.approx(30.5, abs=0.05)
    assert 0.24 < sd < 0.25


def test_intervals_of_90_percent_cover_the_truth_of_plants_that_differ() -> None:
    chance = np.random.default_rng(3)
    covered = []
    for _ in range(200):
        found, truth = LotBias(1.0, 0.2), []
        b, laboratory = chance.normal(), 0.2 * chance.normal()
        for i in range(8):
            b += 0.15 * (0.5 / 24) ** 0.5 * chance.normal()
            found.advance(i * HOUR // 2, 0.15)
            found.keep(f"E-{i}", 30.0, 0.05)
            truth.append(30.0 + b + 0.05 * chance.normal())
            if i >= 2:
                found.sample(
                    f"E-{i - 2}", truth[i - 2] + laboratory + REPEAT * chance.normal(), REPEAT
                )
        for i, true in enumerate(truth):
            value, sd = found.porosity(f"E-{i}")
            covered.append(abs(value - true) <= 1.645 * sd)
    assert 0.85 < np.mean(covered) < 0.95


def test_one_odd_sample_is_not_taken() -> None:
    found = _ran(10)
    for i in range(8):
        found.sample(f"E-{i}", 30.0, REPEAT)
    before = found.porosity("E-9")
    assert not found.sample("E-8", 38.0, REPEAT)
    assert found.porosity("E-9") == before
    assert found.sample("E-9", 30.0, REPEAT)
    assert not found.sample("E-9", 38.0, REPEAT)


def test_two_samples_that_agree_show_that_something_has_moved_between_the_lots() -> None:
    found = _ran(10)
    for i in range(8):
        found.sample(f"E-{i}", 30.0, REPEAT)
    assert not found.sample("E-8", 33.0, REPEAT)
    assert found.sample("E-9", 33.2, REPEAT)
    assert found.porosity("E-7")[0] == pytest.approx(30.0, abs=0.1)
    assert found.porosity("E-8")[0] == pytest.approx(33.1, abs=0.1)
    assert found.shared[0] == pytest.approx(3.1, abs=0.1)


def test_what_lots_share_wanders_and_what_has_run_does_not() -> None:
    found = _ran(1)
    for _ in range(100):
        found.sample("E-0", 30.0, REPEAT)
    found.advance(0, 0.3)
    known = found.porosity("E-0")
    found.advance(24 * HOUR, 0.3)
    assert found.porosity("E-0") == known
    assert found.shared[1] == pytest.approx(np.hypot(0.3, 0.066), abs=0.01)


def test_opened_it_is_known_no_worse_than_at_first() -> None:
    found = _ran(1)
    for _ in range(100):
        found.sample("E-0", 30.0, REPEAT)
    found.open(0.4)
    assert found.shared[1] == pytest.approx(np.hypot(0.4, 0.066), abs=0.01)
    for _ in range(20):
        found.open(0.4)
    assert found.shared[1] == pytest.approx(1.0)


def test_the_latest_lots_are_kept_for_samples_that_come_late() -> None:
    assert _ran(40).lots == [f"E-{i}" for i in range(8, 40)]


@given(st.lists(st.floats(20.0, 40.0), min_size=1, max_size=12), st.integers(0, 11))
@settings(max_examples=10)
def test_restored_it_goes_on_to_the_bit(samples: list[float], cut: int) -> None:
    whole = _ran(12, laboratory_sd=0.1)
    restored = whole
    for i, value in enumerate(samples):
        if i == cut:
            restored = LotBias.restored(loads(dumps(whole.snapshot())))
        for found in {id(whole): whole, id(restored): restored}.values():
            found.advance(i * HOUR, 0.2)
            found.sample(f"E-{i}", value, REPEAT)
    assert dumps(restored.snapshot()) == dumps(whole.snapshot())
    assert np.linalg.eigvalsh(whole.P).min() > -1e-12
