"""``gigatwin models … jellyroll-short``: from a labelled table to the winding head's risk."""

import csv
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from click.testing import CliRunner

from cluster.cli import cli
from twin.cell.winding.short_risk import ShortRisk
from twin.errors import GigatwinError

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]
_COLUMNS = ("--target", "shorted", "--group", "lot")
_FEATURES = ("--features", "separator_overhang,tension_sd")


def run(folder: Path, verb: str, *arguments: object) -> str:
    given = map(str, arguments)
    done = CliRunner().invoke(
        cli, ["models", verb, "jellyroll-short", *given, "--models", str(folder / "models")]
    )
    if isinstance(done.exception, GigatwinError):
        raise done.exception
    assert done.exit_code == 0, done.output
    return done.stdout


def jellyrolls(folder: Path, seed: int = 1, slope: float = -6.0) -> Path:
    """800 jellyrolls of 16 lots; the less the separator overhangs, the likelier a short."""
    random = np.random.default_rng(seed)
    overhang, tension = random.normal(1.5, 0.5, 800), random.normal(0.2, 0.05, 800)
    chance = 1.0 / (1.0 + np.exp(2.5 - slope * (overhang - 1.5)))
    shorted = random.uniform(size=800) < chance
    lines = ["serial,lot,separator_overhang,tension_sd,shorted"]
    lines += [
        f"J{i},L{i % 16},{overhang[i]:.5g},{tension[i]:.5g},{int(shorted[i])}" for i in range(800)
    ]
    file = folder / "T.csv"
    file.write_text("\n".join(lines) + "\n")
    return file


def test_a_table_becomes_the_file_that_a_winding_head_names(tmp_path: Path) -> None:
    said = run(tmp_path, "train", "--table", jellyrolls(tmp_path), *_COLUMNS, *_FEATURES)

    assert "beats the share alone" in said
    assert "reliability" in said
    file = said.rsplit("short_model: ", 1)[1].strip()
    risk = ShortRisk(file, 0.1)
    few, many = (risk.of({"separator_overhang": at, "tension_sd": 0.2}) for at in (2.2, 0.6))
    assert few.probability < 0.05 < 0.5 < many.probability
    assert many.lower <= many.probability <= many.upper
    assert many.model.startswith("model.skops (")


def test_the_record_holds_the_reliability_curve(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    run(tmp_path, "train", "--table", jellyrolls(tmp_path), *_COLUMNS, *_FEATURES, "--json")

    told: Any = json.loads(capfd.readouterr().out)
    kept = json.loads(Path(told["file"]).with_name("record.json").read_text())
    assert kept["reliability"] == told["reliability"]
    assert sum(point["rows"] for point in kept["reliability"]) == kept["rows"] == 800
    assert all(p["lower"] <= p["happened"] <= p["upper"] for p in kept["reliability"])
    assert kept["scores"]["brier"] < kept["scores"]["brier_of_share_alone"]


def test_jellyrolls_are_predicted_or_the_reason_is_said(tmp_path: Path) -> None:
    run(tmp_path, "train", "--table", jellyrolls(tmp_path), *_COLUMNS, *_FEATURES)
    (tmp_path / "U.csv").write_text("serial;separator_overhang;tension_sd\na;1,5;0,2\nb;;0,2\n")

    said = run(tmp_path, "predict", "--table", tmp_path / "U.csv", "--out", tmp_path / "P.csv")

    assert "2 rows, 1 predicted" in said
    with (tmp_path / "P.csv").open(newline="") as file:
        known, unknown = csv.DictReader(file, delimiter=";")
    lower, at, upper = (
        float(known[k].replace(",", ".")) for k in ("lower", "probability", "upper")
    )
    assert 0.0 < lower <= at <= upper < 0.5
    assert (unknown["probability"], unknown["reason"][:9]) == ("", "a feature")


def test_no_skill_is_said(tmp_path: Path) -> None:
    table = jellyrolls(tmp_path, seed=2, slope=0.0)

    assert "no skill" in run(tmp_path, "train", "--table", table, *_COLUMNS, *_FEATURES)


@pytest.mark.parametrize(
    ("more", "says"),
    [
        (["--below", "1"], "--below: not for jellyroll-short"),
        (["--features", "serial"], "does not know serial"),
    ],
)
def test_what_no_winding_head_knows_is_refused(tmp_path: Path, more: list[str], says: str) -> None:
    with pytest.raises(GigatwinError, match=says):
        run(tmp_path, "train", "--table", jellyrolls(tmp_path), *_COLUMNS, *_FEATURES, *more)
