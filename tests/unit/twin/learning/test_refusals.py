"""Tables that nothing can be learned from, and features that know too much."""

import numpy as np
import pytest

from tests.labelled_tables import QUICK, Lots
from twin.errors import InvalidInput
from twin.learning.columns import Column
from twin.learning.leakage import refuse_named
from twin.learning.outcome import train
from twin.learning.table import labelled

LOTS = Lots(1)


def table(**changed: object):  # type: ignore[no-untyped-def]
    columns = {"x": LOTS.a, "y": LOTS.y, "lot": LOTS.lot} | changed
    return labelled(
        [Column("x", columns["x"])],  # type: ignore[arg-type]
        Column("y", columns["y"]),  # type: ignore[arg-type]
        Column("lot", columns["lot"]),  # type: ignore[arg-type]
    )


@pytest.mark.parametrize(
    ("features", "said"),
    [
        ([], "no features"),
        (["y"], "target 'y' is among the features"),
        (["a", "lot"], "group 'lot' is among the features"),
        (["a", "a"], "named twice: 'a'"),
    ],
)
def test_features_that_give_the_answer_away_are_refused(features: list[str], said: str) -> None:
    with pytest.raises(InvalidInput, match=said):
        refuse_named(features, "y", "lot")


def test_target_and_group_are_not_the_same_column() -> None:
    with pytest.raises(InvalidInput, match="both target and group"):
        refuse_named(["a"], "y", "y")


@pytest.mark.parametrize(
    "disguise",
    [
        pytest.param(1000.0 * LOTS.y, id="another unit"),
        pytest.param(-np.round(LOTS.y, 1), id="rounded and turned round"),
        pytest.param(np.log(LOTS.y - 80.0), id="a logarithm"),
    ],
)
def test_the_target_in_disguise_is_refused_by_name(disguise: np.ndarray) -> None:
    with pytest.raises(InvalidInput, match="disguise: 'x' \\("):
        train(table(x=disguise), QUICK)


def test_the_target_less_its_groups_mean_is_refused() -> None:
    names, number = np.unique(LOTS.lot, return_inverse=True)
    rng = np.random.default_rng(0)
    shifted = LOTS.y + rng.normal(0.0, 50.0, len(names))[number]
    with pytest.raises(InvalidInput, match="correlation within groups"):
        train(table(x=shifted), QUICK)


def test_what_is_known_in_time_can_be_allowed_by_name() -> None:
    from dataclasses import replace

    model = train(table(x=1000.0 * LOTS.y), replace(QUICK, allow=("x",)))
    assert model.skill
    assert any("all but tells the target" in note for note in model.notes)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"y": np.full(120, 4.2)}, "'y' is 4.2 in every row"),
        ({"y": np.where(np.arange(120) < 10, LOTS.y, np.nan)}, "10 rows to learn from"),
        ({"y": ("good", "bad") * 60}, "target 'y' is no number: 'good', 'bad'"),
        ({"lot": ("one",) * 120}, "'lot' is 'one' in every row"),
        ({"x": np.full(120, np.nan)}, "no row has all .* 'x' is missing most often"),
        ({"x": tuple(map(str, range(120)))}, "'x' is a text with 120 values"),
    ],
)
def test_a_table_without_anything_to_learn_is_refused(
    changed: dict[str, object], said: str
) -> None:
    with pytest.raises(InvalidInput, match=said):
        train(table(**changed), QUICK)


def test_rows_left_out_are_counted_with_the_reason() -> None:
    y = LOTS.y.copy()
    y[:3] = np.nan
    ready = labelled(
        [Column("x", LOTS.a)], Column("y", y, {1: "tbd"}), Column("lot", ("", *LOTS.lot[1:]))
    )
    assert len(ready.target) == 117
    assert ready.notes == ("3 rows left out: 'y' is blank, 'y' is no usable number ('tbd')",)


def test_rows_that_stand_twice_count_once() -> None:
    ready = labelled(
        [Column("x", np.tile(LOTS.a, 2))],
        Column("y", np.tile(LOTS.y, 2)),
        Column("lot", LOTS.lot * 2),
    )
    assert len(ready.target) == 120
    assert ready.notes == ("120 rows left out: they stand in the table twice",)


def test_equal_cells_with_serials_of_their_own_are_all_kept() -> None:
    whole = [f"serial {i}" for i in range(240)]
    ready = labelled(
        [Column("x", np.tile(LOTS.a, 2))],
        Column("y", np.tile(LOTS.y, 2)),
        Column("lot", LOTS.lot * 2),
        whole=whole,
    )
    assert len(ready.target) == 240
