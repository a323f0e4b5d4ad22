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
    assert len(report["runs"]) == 8
    assert sum(run["cells"] for run in report["runs"]) == 58
    for run_ in report["runs"]:
        assert {"run", "cells", "below_grade", "first_pass_yield"} <= set(run_)


def test_no_reading_is_lost(report: Any) -> None:
    assert report["lost"] == 0


def test_all_impossible_weighings_are_quarantined_with_a_reason(report: Any) -> None:
    masses = [q for q in report["quarantined"] if q["value"] is not None and q["value"] <= 0.0]
    assert len(masses) == 108
    for refused in report["quarantined"]:
        assert refused["asset"]
        assert refused["time"]
        assert refused["reason"]
