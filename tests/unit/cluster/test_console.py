"""What people see, and what programs read."""

import json
import sys
from pathlib import Path

import pytest

from cluster.console import Progress, write_json


def test_progress_and_what_libraries_print_go_to_standard_error(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with Progress() as progress:
        progress("starting Ray")
        print("a library's warning")
    out, err = capsys.readouterr()
    assert out == ""
    assert "starting Ray" in err
    assert "a library's warning" in err


def test_names_in_brackets_are_told_as_they_are(capsys: pytest.CaptureFixture[str]) -> None:
    with Progress() as progress:
        progress("registering [/line1] [bold]")
    assert "registering [/line1] [bold]" in capsys.readouterr().err


def test_standard_output_is_given_back(capsys: pytest.CaptureFixture[str]) -> None:
    before = sys.stdout
    with pytest.raises(KeyError), Progress():
        raise KeyError
    assert sys.stdout is before


def test_a_document_is_one_json_in_a_file(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    write_json({"unit": "µm", "n": [1, None]}, path)
    assert json.loads(path.read_text(encoding="utf-8")) == {"unit": "µm", "n": [1, None]}
    assert [p.name for p in tmp_path.iterdir()] == ["demo.json"]


def test_a_document_with_a_number_that_json_lacks_leaves_the_file_alone(tmp_path: Path) -> None:
    path = tmp_path / "demo.json"
    write_json({"n": 1}, path)
    with pytest.raises(ValueError, match="JSON"):
        write_json({"n": float("nan")}, path)
    assert json.loads(path.read_text()) == {"n": 1}
