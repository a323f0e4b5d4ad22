"""The note that ``gigatwin up`` leaves while it runs."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from cluster import runfile
from cluster.runfile import Running
from twin.errors import NotFound

HERE = Running(os.getpid(), "demo", "127.0.0.1:50051", "http://127.0.0.1:8265")


def test_what_runs_is_found_by_its_data_folder(tmp_path: Path) -> None:
    folder = tmp_path / "made" / "on the way"
    runfile.write(folder, HERE)
    assert runfile.read(folder) == HERE
    assert [path.name for path in folder.iterdir()] == ["running.json"]


def test_the_newest_note_counts(tmp_path: Path) -> None:
    runfile.write(tmp_path, Running(1, "old", "", ""))
    runfile.write(tmp_path, HERE)
    assert runfile.read(tmp_path) == HERE


def test_nothing_runs_once_the_note_is_gone(tmp_path: Path) -> None:
    runfile.write(tmp_path, HERE)
    runfile.remove(tmp_path)
    runfile.remove(tmp_path)
    with pytest.raises(NotFound, match="gigatwin up"):
        runfile.read(tmp_path)


def test_without_a_folder_the_usual_one_is_looked_at(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    runfile.write(Path("var"), HERE)
    assert runfile.read(None) == HERE


def test_a_note_that_a_dead_process_left_counts_for_nothing(tmp_path: Path) -> None:
    dead = subprocess.Popen([sys.executable, "-S", "-E", "-c", ""])
    dead.wait()
    runfile.write(tmp_path, Running(dead.pid, "demo", "", ""))
    with pytest.raises(NotFound):
        runfile.read(tmp_path)


def test_a_plant_of_another_user_runs_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def not_ours(pid: int, signal: int) -> None:
        raise PermissionError

    runfile.write(tmp_path, HERE)
    monkeypatch.setattr(os, "kill", not_ours)
    assert runfile.read(tmp_path) == HERE


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "{}",
        json.dumps({"pid": "x", "plant": "p", "gateway": "", "dashboard": ""}),
        json.dumps({"pid": 10**30, "plant": "p", "gateway": "", "dashboard": ""}),
    ],
)
def test_a_note_that_can_t_be_read_counts_for_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / "running.json").write_text(text)
    with pytest.raises(NotFound):
        runfile.read(tmp_path)


def test_a_file_in_the_folder_s_place_counts_for_nothing(tmp_path: Path) -> None:
    path = tmp_path / "var"
    path.write_text("")
    with pytest.raises(NotFound):
        runfile.read(path)
