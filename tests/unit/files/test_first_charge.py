"""What is known of a cell at the end of its first charge, and no more."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from protocols.files.first_charge import first_charges, write_first_charges

EXAMPLE = Path(__file__).parents[3] / "examples" / "kiprobatt"
KEPT = ("c02469ba", "895ba5e2", "314d66fd", "8a1a0526")
"""A cell weighed whole, one whose electrolyte was, one without a cycle, one without a file."""


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """The example's folder, with a handful of its cells."""
    text = (EXAMPLE / "cells.csv").read_text(encoding="utf-8")
    header, _, rows = text.partition("\n")
    # A note runs over several lines; the cell is the last but three of its fields.
    import csv
    import io

    kept = [r for r in csv.reader(io.StringIO(rows, newline="")) if r[11] in KEPT]
    with (tmp_path / "cells.csv").open("w", newline="", encoding="utf-8") as file:
        file.write(header + "\n")
        csv.writer(file, lineterminator="\n").writerows(kept)
    (tmp_path / "stats").symlink_to(EXAMPLE / "stats")
    return tmp_path


def test_the_example_table_is_made_of_the_exports(few: Path, tmp_path: Path) -> None:
    cells = first_charges(few, ZoneInfo("Europe/Berlin"))
    write_first_charges(tmp_path / "made.csv", cells)
    made = (tmp_path / "made.csv").read_text().splitlines()
    shipped = (EXAMPLE / "formation.csv").read_text().splitlines()
    assert made[0] == shipped[0]
    assert len(made) == 5
    assert set(made) <= set(shipped)


def test_what_was_not_recorded_is_blank(few: Path) -> None:
    cells = {c.cell: c for c in first_charges(few, ZoneInfo("Europe/Berlin"))}
    whole, alone = cells["c02469ba"], cells["895ba5e2"]
    assert whole.electrolyte_g == pytest.approx(13.38 - 11.771)
    assert alone.electrolyte_g == pytest.approx(2.27)
    assert whole.rest_h == pytest.approx(48.035, abs=0.001)
    assert whole.charge_v == pytest.approx(3.711, abs=0.001)
    assert cells["314d66fd"].charge_ah is None
    assert cells["8a1a0526"].rest_h is None
