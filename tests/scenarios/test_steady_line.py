"""A line on which nothing is wrong: the twin proposes nothing."""

from pathlib import Path

import pytest

from tests.commands import run

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(240)]


def test_a_steady_line_gets_no_recommendation(tmp_path: Path) -> None:
    done = run(
        *("demo", "--scenario", "steady", "--for", 20, "--json"),
        *("--data-dir", tmp_path / "demo"),
        within_s=200,
    )
    assert done.code == 0, done.errors
    assert done.document["recommendations"] == []
    assert done.document["readings_lost"] == 0
    assert done.document["readings_in"] > 1_000
