"""``gigatwin cell diagnose``: what it says, and how it ends."""

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cluster.cli import cli
from tests.slow_charges import slow_charge
from twin.errors import InvalidFile

UMBL = Path(__file__).parents[3] / "examples" / "umbl-c20" / "charge.csv"
PAIR = ("--chemistry", "nmc532_mohtat2020/graphite_mohtat2020")


def run(file: Path, *options: str) -> Result:
    columns = ("--charge", "charge_Ah", "--voltage", "voltage_V")
    return CliRunner().invoke(cli, ["cell", "diagnose", str(file), *columns, *options])


def document(folder: Path, file: Path, *options: str) -> tuple[int, Any]:
    target = folder / "found.json"
    done = run(file, *options, "--json", str(target))
    return done.exit_code, json.loads(target.read_text())


@pytest.fixture
def own(tmp_path: Path) -> Path:
    return slow_charge().table(tmp_path / "own.csv")


def test_a_real_charge_is_fitted_within_6_mv_with_every_interval(tmp_path: Path) -> None:
    code, found = document(tmp_path, UMBL, "--chemistry", "nmc532_mohtat2020/graphite_ampworks2025")
    assert found["rms_mV"] < 6
    for name in ("C_p", "C_n", "x0", "y0"):
        each = found["parameters"][name]
        assert each["lower"] < each["value"] < each["upper"]
    # Near in voltage, but graphite's step stands elsewhere: no curve is this cell's own.
    assert (code, found["verdict"]["matches"], found["anode_potential"]) == (1, False, None)
    assert "graphite's step" in found["verdict"]["reason"]


def test_a_match_has_its_keys_and_an_anode_potential(own: Path, tmp_path: Path) -> None:
    code, found = document(tmp_path, own, *PAIR)
    assert code == 0
    assert set(found) == {
        *("file", "chemistry", "rms_mV", "model_error_mV", "noise_mV", "points", "window"),
        *("confidence", "parameters", "lithium_inventory", "slippage", "anode_potential"),
        *("anode_potential_reason", "verdict", "notes"),
    }
    assert found["verdict"]["matches"] is True
    assert set(found["anode_potential"][0]) == {"charge_Ah", "potential_V", "lower", "upper"}
    assert found["lithium_inventory"]["mol"]["unit"] == "mol"
    assert set(found["slippage"]) == {"x0", "y0"}


def test_curves_that_do_not_match_end_with_1_and_give_no_anode_potential(
    own: Path, tmp_path: Path
) -> None:
    code, found = document(tmp_path, own, "--chemistry", "lco_ai2020/graphite_ai2020")
    assert (code, found["verdict"]["matches"], found["anode_potential"]) == (1, False, None)
    assert found["anode_potential_reason"] == found["verdict"]["reason"]


def test_people_get_a_table_and_a_verdict(own: Path) -> None:
    done = run(own, *PAIR)
    assert done.exit_code == 0
    assert "the references match: nmc532_mohtat2020 and graphite_mohtat2020" in done.stdout
    assert "n_Li   lithium inventory" in done.stdout


def test_milliampere_hours_are_a_thousandth(own: Path, tmp_path: Path) -> None:
    _, plain = document(tmp_path, own, *PAIR)
    _, milli = document(tmp_path, own, *PAIR, "--unit", "mAh")
    scale = milli["parameters"]["C_p"]["value"] / plain["parameters"]["C_p"]["value"]
    assert scale == pytest.approx(1e-3, rel=1e-3)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        (("--chemistry", "lead"), "no chemistry 'lead'"),
        (("--current", "0"), "no charging current"),
        (("--json", str(UMBL)), "would write over FILE itself"),
    ],
)
def test_wrong_use_ends_with_2(options: tuple[str, ...], why: str) -> None:
    done = run(UMBL, *options)
    assert done.exit_code == 2
    assert why in done.stderr


def test_a_file_that_is_no_charge_is_refused_by_name(tmp_path: Path) -> None:
    path = tmp_path / "flat.csv"
    path.write_text("charge_Ah,voltage_V\n" + "".join(f"{i},3.7\n" for i in range(40)))
    with pytest.raises(InvalidFile, match=r"flat.csv: the voltage moves by 0 mV only"):
        raise run(path).exception or AssertionError
