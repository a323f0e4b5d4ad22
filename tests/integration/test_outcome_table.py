"""From the lake's traces to a table, a model, and a channel that predicts by it."""

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from cluster.cli import cli
from historian.traces import Trace, TraceStore
from tests.unit.twin.formation_cells import (
    HOUR,
    NOMINAL,
    PROTOCOL_H,
    SETTINGS,
    Cells,
    play,
    reference,
    serials,
    through,
)
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import save

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
AT_H = 1.9


def keep(folder: Path, cells: Cells) -> None:
    """Traces as the archiver cuts them; the last cell stops at 5 h, diverted."""
    rows = play(cells, until_h=PROTOCOL_H)
    time = np.array([row.time_ns for row in rows])
    columns = [np.array([getattr(r, n) for r in rows]) for n in ("voltage", "current")]
    traces = []
    for i, serial in enumerate(serials(cells)):
        n = len(rows)
        if i == cells.n - 1:
            n = int(np.searchsorted(time, time[0] + 5 * HOUR))
        voltage, current = (column[:n, i] for column in columns)
        step = np.full(n, -1, dtype=np.int32)
        traces.append(Trace(serial, f"r1/{i}", time[:n], voltage, current, np.full(n, 25.0), step))
    TraceStore(folder).write(traces)


def gigatwin(*arguments: object) -> str:
    done = CliRunner().invoke(cli, ["models", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


@pytest.fixture
def cells(tmp_path: Path) -> Cells:
    made = Cells(48, seed=31, lots=6)
    keep(tmp_path / "traces", made)
    save(reference(), tmp_path / "reference.json")
    lots = "\n".join(f"{s},{lot}" for s, lot in zip(serials(made), made.lot, strict=True))
    (tmp_path / "lots.csv").write_text(f"serial,lot\n{lots}\n")
    return made


def test_a_row_holds_what_the_channel_knew_then_and_what_the_cell_gave(
    cells: Cells, tmp_path: Path
) -> None:
    said = gigatwin(
        *("table", "formation-outcome", "--traces", tmp_path / "traces", "--hour", AT_H),
        *("--reference", tmp_path / "reference.json", "--protocol-hours", PROTOCOL_H),
        *("--lots", tmp_path / "lots.csv", "--out", tmp_path / "T.csv"),
    )

    assert "48 cells, 47 with first_discharge_Ah" in said
    with (tmp_path / "T.csv").open(newline="") as file:
        rows = {row["serial"]: row for row in csv.DictReader(file)}
    cohort, _ = through(cells, reference(), until_h=AT_H)
    names, values = cohort.features(AT_H)
    for serial, lot, expected in zip(serials(cells), cells.lot, values, strict=True):
        row = rows[serial]
        assert row["lot"] == lot
        at = names.index("charge1.ohmic#1")
        assert float(row["charge1.ohmic#1"]) == pytest.approx(expected[at], rel=1e-6)
    assert rows[serials(cells)[-1]]["first_discharge_Ah"] == ""
    assert float(rows[serials(cells)[0]]["first_discharge_Ah"]) == pytest.approx(
        0.4 * NOMINAL, rel=0.01
    )


def test_a_channel_predicts_by_the_model_that_the_table_gave(
    cells: Cells, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    table = tmp_path / "T.csv"
    gigatwin(
        *("table", "formation-outcome", "--traces", tmp_path / "traces", "--hour", AT_H),
        *("--reference", tmp_path / "reference.json", "--protocol-hours", PROTOCOL_H),
        *("--lots", tmp_path / "lots.csv", "--out", table),
    )
    graded(table, cells)
    capfd.readouterr()
    gigatwin(
        *("train", "formation-outcome", "--table", table, "--target", "grade_ah"),
        *("--group", "lot", "--features", "charge1.ohmic*", "--below", "1.97", "--json"),
        *("--models", tmp_path / "models"),
    )
    told = json.loads(capfd.readouterr().out)
    assert told["skill"] is True

    settings = replace(SETTINGS, outcome_model=told["folder"], outcome_at=AT_H)
    others = Cells(12, seed=77)
    cohort = ChannelCohort.bulk(others.n, settings, reference())
    events = []
    for row in play(others, until_h=1.95):
        events += cohort.step_block(
            row.time_ns, row.voltage, row.current, row.temperature, serials=serials(others)
        )
    found = [e for e in events if e.kind == "cell.predicted"]
    assert len(found) == others.n
    assert found[0].data["model"] == "formation-outcome/1"
    record = json.loads((Path(told["folder"]) / "record.json").read_text())
    assert record["sha256"].startswith(str(found[0].data["digest"]))
    off = [float(str(e.data["prediction"])) for e in found] - grade(others)
    assert np.abs(off).mean() < 0.01


def grade(cells: Cells) -> np.ndarray:
    return np.asarray(2.3 - 10.0 * cells.ohmic)


def graded(table: Path, cells: Cells) -> None:
    """The grader's figure joins the table."""
    with table.open(newline="") as file:
        rows = list(csv.DictReader(file))
    of = dict(zip(serials(cells), grade(cells), strict=True))
    with table.open("w", newline="") as file:
        out = csv.DictWriter(file, [*rows[0], "grade_ah"])
        out.writeheader()
        out.writerows({**row, "grade_ah": f"{of[row['serial']]:.6g}"} for row in rows)
