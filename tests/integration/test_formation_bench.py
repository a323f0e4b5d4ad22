"""``gigatwin bench formation --quick`` prints the whole table, and holds what it promises."""

import pytest

from tests.commands import run

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PROMISED = {
    "faulty cells flagged within 3 h; plating within 30 min of its onset",
    "good cells falsely flagged in 48 h",
    "right diagnosis of the four",
    "hours saved by a flagged cell, median",
    "capacity at 3 h, mean absolute error",
    "greatest difference from single twins",
    "bad inputs named, verdict withheld",
    "umbl_c20: fitted voltage, RMS",
}


def test_faulty_cells_are_found_early_and_bad_input_is_named() -> None:
    done = run("bench", "formation", "--quick", "--json", within_s=280)
    rows = {row["what"]: row for row in done.document["rows"]}

    assert rows.keys() >= PROMISED
    missed = [what for what in PROMISED if not rows[what]["pass"]]
    assert not missed, done.errors
    # Without a gain over plain rules there would be no point.
    found = rows["faulty cells flagged within 3 h; plating within 30 min of its onset"]
    assert found["value"] > found["reference"]
    error = rows["capacity at 3 h, mean absolute error"]
    assert error["value"] < 0.7 * error["reference"]
    assert done.document["test"]["good"]["cells"] == 460
