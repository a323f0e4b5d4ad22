"""``gigatwin cell diagnose`` on the example, with every pair of the library and a picture."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from cluster.cli import cli

UMBL = Path(__file__).parents[2] / "examples" / "umbl-c20" / "charge.csv"

pytestmark = pytest.mark.integration


def test_the_example_is_diagnosed_and_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    picture, target = tmp_path / "umbl.svg", tmp_path / "umbl.json"
    columns = ["--charge", "charge_Ah", "--voltage", "voltage_V"]
    outputs = ["--plot", str(picture), "--json", str(target)]
    done = CliRunner().invoke(cli, ["cell", "diagnose", str(UMBL), *columns, *outputs])
    # 1: no curve of the library is this cell's own, and so it says.
    assert done.exit_code == 1
    found = json.loads(target.read_text())
    assert found["chemistry"]["used"] == "NMC532/graphite"
    assert found["rms_mV"] < 6
    assert "<svg" in picture.read_text()
