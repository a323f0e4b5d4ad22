"""The KIproBatt pilot line through the same actors as live data."""

from typing import Any

import pytest

from tests.commands import ROOT, Finished, run

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def replayed(tmp_path_factory: pytest.TempPathFactory) -> Finished:
    return run(
        *("replay", ROOT / "examples" / "kiprobatt", "--json"),
        *("--data-dir", tmp_path_factory.mktemp("replay")),
        within_s=280,
    )


@pytest.fixture(scope="module")
def report(replayed: Finished) -> Any:
    assert replayed.code == 0, replayed.errors
    return replayed.document


def test_every_cell_and_every_formation_run_is_there(report: Any) -> None:
    assert report["cells"] == 58
    assert [(run_["run"], run_["cells"]) for run_ in report["runs"]] == [
        ("5fc0a832", 10),
        ("6f0a8e17", 4),
        ("bef00088", 4),
        ("618063bc", 2),
        ("191ebd16", 9),
        ("4ea2d2f3", 9),
        ("a7024a38", 10),
        ("0f1dcbc0", 10),
    ]


def test_every_step_of_every_cell_s_way_is_traced(report: Any) -> None:
    """58 were stacked and filled; of three there is no formation record to grade by."""
    assert report["traced"] == {"stack": 58, "fill": 58, "form": 55, "grade": 55}


def test_a_run_s_cells_below_grade_and_its_yield_over_the_graded_ones_are_those_of_the_files(
    report: Any,
) -> None:
    found = [(run_["below_grade"], run_["first_pass_yield"]) for run_ in report["runs"]]

    assert found == [
        (2, 7 / 9),
        (0, 1.0),
        (0, 1.0),
        (0, 1.0),
        (2, 7 / 9),
        (4, 4 / 8),
        (2, 8 / 10),
        (0, 1.0),
    ]


def test_no_reading_is_lost(report: Any) -> None:
    assert report["lost"] == 0


def test_all_impossible_weighings_are_quarantined_with_a_reason(report: Any) -> None:
    masses = [q for q in report["quarantined"] if q["value"] is not None and q["value"] <= 0.0]
    assert len(masses) == 108
    for refused in report["quarantined"]:
        assert refused["asset"]
        assert refused["time"]
        assert refused["reason"]
