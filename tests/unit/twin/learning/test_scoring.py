"""The parts that the verdict rests on."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.learning.conformal import own_share, residuals
from twin.learning.folds import by_group
from twin.learning.scoring import choose, held_out_mean, paired, with_label


@given(st.lists(st.integers(0, 9), min_size=2, max_size=60), st.integers(2, 5))
def test_folds_never_part_a_group_and_hold_each_row_out_once(groups: list[int], most: int) -> None:
    folds = by_group([str(g) for g in groups], most)
    held_out = np.concatenate([held for _, held in folds])
    assert sorted(held_out) == list(range(len(groups)))
    for seen, held in folds:
        assert not {groups[i] for i in seen} & {groups[i] for i in held}


def test_the_paired_test_finds_as_many_false_gains_as_it_says() -> None:
    rng = np.random.default_rng(0)
    group = np.arange(80) % 8
    found = 0
    for _ in range(400):
        difference = rng.normal(size=8)[group] + rng.normal(size=80)
        p = paired(difference, group)[2]
        assert p is not None
        found += p < 0.05
    assert found / 400 == pytest.approx(0.05, abs=0.03)


def test_two_groups_give_no_p() -> None:
    assert paired(np.ones(10), np.arange(10) % 2) == (1.0, None, None)


def test_a_label_knows_its_groups_other_rows_and_never_its_own() -> None:
    folds = by_group(["a", "a", "b", "b", "c", "c"], 6)
    y = np.array([1.0, 1.0, 5.0, 5.0, 9.0, 9.0])
    mean = held_out_mean(y, folds)
    known = with_label(mean, y, folds.group)
    assert np.abs(known - y).max() < 0.1
    y[0] = 1.5
    again = with_label(held_out_mean(y, folds), y, folds.group)
    assert again[0] == pytest.approx(1.0, abs=0.1)
    assert again[1] == pytest.approx(1.5, abs=0.1)


def test_independent_errors_give_nearly_the_plain_quantile() -> None:
    rng = np.random.default_rng(1)
    errors, group = rng.normal(size=2000), np.arange(2000) % 50
    found = residuals(errors, group, 0.9)
    assert found.half_width == pytest.approx(1.645, abs=0.12)
    assert not found.widened
    assert np.mean(found.below(np.zeros(1), 0.0)) == pytest.approx(0.5, abs=0.05)


def test_errors_that_groups_share_count_as_one_a_group() -> None:
    rng = np.random.default_rng(2)
    group = np.arange(120) % 6
    found = residuals(rng.normal(size=6)[group], group, 0.9)
    assert found.effective == pytest.approx(6.0, abs=0.1)
    assert found.widened
    assert own_share(rng.normal(size=6)[group], group) == pytest.approx(1.0)


def test_the_simplest_option_is_taken_among_equals() -> None:
    y = np.arange(12.0)
    folds = by_group([str(i // 3) for i in range(12)], 4)
    same = np.stack([y + 1.0, y + 1.0, y + 0.999])
    assert choose(same, y, folds)[0] == 0
    assert choose(np.stack([y + 1.0, y + 0.5]), y, folds)[0] == 1
