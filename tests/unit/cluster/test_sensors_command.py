"""``gigatwin sensors rr``: what it says, and how it ends."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cluster.cli import cli
from tests.gauge_studies import AIAG, as_table
from twin.errors import GigatwinError
from twin.estimation.gauge_readings import Measurement


@pytest.fixture
def aiag(tmp_path: Path) -> Path:
    path = tmp_path / "aiag.csv"
    path.write_text(as_table(AIAG))
    return path


def rr(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["sensors", "rr", *map(str, arguments)])


def test_people_get_a_table_and_a_verdict(aiag: Path) -> None:
    done = rr(aiag)
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[0] == "value: 10 parts × 3 operators × 3 trials"
    assert any(line.split()[:4] == ["GRR", "gauge", "R&R", "0.30237"] for line in lines)
    assert "conditional: GRR 27.9 % of the total variation; 4 distinct categories" in lines


def document_of(*arguments: object) -> Any:
    """What the command writes into a file."""
    with TemporaryDirectory() as folder:
        path = Path(folder, "study.json")
        assert rr(*arguments, "--json", path).exit_code in (0, 1)
        return json.loads(path.read_text())


@pytest.mark.parametrize("order", ["after", "before"])
def test_programs_get_one_document(
    order: str, aiag: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    done = rr(aiag, "--json") if order == "after" else rr("--json", aiag)
    assert (done.exit_code, done.stdout) == (0, "")
    document = json.loads(capfd.readouterr().out)
    assert document["verdict"] == "conditional"
    assert document["grr_percent"] == pytest.approx(27.86, abs=0.005)
    assert document["distinct_categories"] == 4
    assert document["components"]["PV"]["sd"] == pytest.approx(1.042327, abs=1e-6)


def test_the_document_goes_into_a_file_and_people_read_on(aiag: Path, tmp_path: Path) -> None:
    done = rr(aiag, "--json", tmp_path / "study.json")
    assert "conditional: " in done.stdout
    assert json.loads((tmp_path / "study.json").read_text())["parts"] == 10


def test_the_study_is_never_written_over(aiag: Path) -> None:
    before = aiag.read_bytes()
    assert rr(aiag, "--json", aiag).exit_code == 2
    assert aiag.read_bytes() == before


def test_a_rejected_gauge_is_exit_code_1(aiag: Path) -> None:
    done = rr(aiag, "--tolerance", "5")
    assert done.exit_code == 1
    assert "reject: GRR 27.9 % of the total variation, 36.3 % of the tolerance" in done.stdout


@pytest.mark.parametrize("tolerance", ["5000um", "5000 um", "5 mm", "5"])
def test_a_tolerance_has_a_unit_of_its_own_or_that_of_the_values(
    tolerance: str, tmp_path: Path
) -> None:
    path = tmp_path / "aiag.csv"
    path.write_text(as_table(AIAG, value="gap [mm]"))
    document = document_of(path, "--tolerance", tolerance)
    assert (document["unit"], document["tolerance"]) == ("mm", 5.0)


def test_a_width_of_temperature_has_no_zero_point(aiag: Path) -> None:
    assert document_of(aiag, "--unit", "degC", "--tolerance", "8 K")["tolerance"] == 8.0


def test_one_operator_is_said(tmp_path: Path) -> None:
    path = tmp_path / "inline.csv"
    path.write_text(as_table([m for m in AIAG if m.operator == "A"]))
    done = rr(path)
    assert "value: 10 parts × 3 trials" in done.stdout
    assert "reproducibility is not known" in done.stdout


def test_readings_that_repeat_exactly_are_told_without_infinity(tmp_path: Path) -> None:
    path = tmp_path / "stuck.csv"
    values = [(part, operator) for part in range(1, 11) for operator in "ABC"]
    path.write_text(
        as_table([Measurement(str(p), o, 100.0 + p, t) for p, o in values for t in "12"])
    )
    document = document_of(path)
    assert (document["grr_percent"], document["distinct_categories"]) == (0.0, None)


@pytest.mark.parametrize(
    "arguments",
    [
        ("--tolerance", "wide"),
        ("--tolerance", "0"),
        ("--tolerance", "-5"),
        ("--tolerance", "nan"),
        ("--tolerance", "5 um"),
        ("--unit", "mm", "--tolerance", "5 degC"),
        ("--unit", "mm", "--tolerance", "5 cubits"),
        ("--pool-above", "2"),
        ("--value", "mass"),
        ("--not-signed",),
    ],
    ids=" ".join,
)
def test_wrong_use_is_refused_with_a_reason(arguments: tuple[str, ...], aiag: Path) -> None:
    done = rr(aiag, *arguments)
    assert done.stdout == ""
    assert done.exit_code == 2 or isinstance(done.exception, GigatwinError)


def test_another_unit_than_the_header_s_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "aiag.csv"
    path.write_text(as_table(AIAG, value="gap [mm]"))
    done = rr(path, "--unit", "um")
    assert done.exit_code == 2
    assert "the header says 'mm'" in done.stderr


def test_without_a_file_it_asks_for_one() -> None:
    done = rr()
    assert done.exit_code == 2
    assert "name the FILE" in done.stderr
