"""The outcome predictor on the pilot line's later runs, beside both baselines."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from cluster.bench.formation import kiprobatt
from protocols.files.first_charge import first_charges, write_first_charges
from twin.errors import Unavailable

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]


def test_the_shipped_table_is_what_the_exports_give(tmp_path: Path) -> None:
    cells = first_charges(kiprobatt.DATA, ZoneInfo("Europe/Berlin"))
    write_first_charges(tmp_path / "made.csv", cells)
    shipped = (kiprobatt.DATA / "formation.csv").read_text()
    assert (tmp_path / "made.csv").read_text() == shipped


def test_later_runs_are_predicted_by_models_of_runs_that_were_over() -> None:
    tested = kiprobatt.play()
    assert [t.run for t in tested] == ["4ea2d2f3", "a7024a38", "0f1dcbc0"]
    assert [len(t.model.groups) for t in tested] == [5, 6, 6]
    assert all(t.run not in t.model.groups for t in tested)


def test_error_flags_and_false_flags_are_told_beside_both_baselines() -> None:
    rows, more = kiprobatt.measure(quick=True)
    told = {row.what: row for row in rows}
    for baseline in ("the mean", "the run's label"):
        for what in ("mean absolute error", "below grade and flagged", "good and flagged"):
            row = told[f"KIproBatt: {what}, beside {baseline}"]
            assert row.value is not None
            assert row.reference is not None
    assert all(row.target is None for row in rows)
    assert len(more["kiprobatt"]) == 3  # type: ignore[arg-type]


def test_offset_stacks_are_not_called_worse_than_their_references() -> None:
    """They are not: the pilot line's deliberately offset stacks are as good as the others."""
    offset = kiprobatt.play()[-1]
    assert not any(row.flagged for row in offset.said)


def test_without_the_data_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="come with a checkout"):
        kiprobatt.measure(quick=True, folder=tmp_path / "none")
