"""The command line as its users meet it: exit codes, one document, nothing left behind."""

import csv
import json
import shutil
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from tests.commands import ROOT, Command, run
from tests.servers import free_port

pytestmark = [pytest.mark.integration, pytest.mark.timeout(300)]

PLANT = """\
plant: plant
assets:
  - name: line1/filler
    kind: electrolyte_filler
    parent: line1
    bindings:
      dry_cell_mass: {push: true, unit: g}
"""


def up(folder: Path) -> Command:
    """Returns once the plant is up."""
    command = Command("up", "--data-dir", folder, "--port", 0)
    deadline = time.monotonic() + 120
    while not (folder / "running.json").exists():
        assert command.process.poll() is None, command.process.communicate()
        assert time.monotonic() < deadline, "the plant is not up"
        time.sleep(0.1)
    return command


def test_a_live_store_that_is_away_at_the_start_is_one_line_and_exit_code_2(
    tmp_path: Path,
) -> None:
    address = f"redis://127.0.0.1:{free_port()}/0"
    done = run("up", "--redis", address, "--data-dir", tmp_path)
    assert (done.code, done.output) == (2, "")
    (line,) = done.errors.splitlines()
    assert line.startswith("gigatwin: ")
    assert address in line


@pytest.mark.parametrize(
    "arguments",
    [
        ("fly",),
        ("apply", "missing.yaml"),
        ("bench", "nothing"),
        ("replay",),
        ("demo", "--scenario", "sunshine"),
        ("up", "--port", "99999"),
        ("status", "--data-dir", "no/plant/here"),
        ("down", "--data-dir", "no/plant/here"),
    ],
    ids=" ".join,
)
def test_wrong_use_is_exit_code_2_with_a_reason_and_no_traceback(
    arguments: tuple[str, ...],
) -> None:
    done = run(*arguments)
    assert (done.code, done.output) == (2, "")
    assert done.errors
    assert "Traceback" not in done.errors


def test_a_plant_comes_up_is_filled_comes_back_and_leaves_nothing_behind(tmp_path: Path) -> None:
    folder, file = tmp_path / "data", tmp_path / "plant.yaml"
    file.write_text(PLANT)
    command = up(folder)
    here = ("--data-dir", folder)

    dry = run("apply", file, "--dry-run", "--json", *here)
    assert (dry.code, dry.document["create"], dry.document["dry_run"]) == (
        0,
        ["line1/filler"],
        True,
    )
    assert run("status", "--json", *here).document["assets"] == 0
    assert "line1/filler" in dry.errors

    assert run("apply", file, "--json", *here).document["create"] == ["line1/filler"]
    again = run("apply", file, "--json", *here)
    assert (again.document["create"], again.document["update"]) == ([], [])
    assert again.document["unchanged"] == ["line1/filler"]
    assert "nothing to do" in again.errors

    status = run("status", "--json", *here)
    assert (status.code, status.document["assets"]) == (0, 1)

    assert run("down", "--json", *here).document == {"plant": "plant", "stopped": True}
    ended = command.finish(60)
    assert (ended.code, ended.output) == (0, "")
    assert command.left_behind() == []

    second = up(folder)
    status = run("status", "--json", *here)
    assert (status.document["assets"], status.document["states"]) == (1, {"PENDING": 1})
    second.process.send_signal(signal.SIGTERM)
    assert second.finish(60).code == 0
    assert second.left_behind() == []


def test_sigterm_ends_the_demonstration_and_all_it_started(tmp_path: Path) -> None:
    command = Command("demo", "--data-dir", tmp_path / "demo", "--json")
    until(lambda: len(command.family()) > 12, "the demonstration has started its processes")
    command.process.send_signal(signal.SIGTERM)
    ended = command.finish(60)
    assert ended.code != 0
    assert ended.output == ""
    assert command.left_behind() == []


def until(reached: Callable[[], bool], what: str, within_s: float = 90.0) -> None:
    deadline = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(0.05)


def test_a_broken_tester_file_is_named_with_its_line_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    folder, broken = _two_cells(tmp_path / "files")
    done = run("replay", folder, "--data-dir", tmp_path / "data", "--json", within_s=150)
    assert done.code == 1
    (refused,) = [line for line in done.errors.splitlines() if "refused" in line]
    assert broken in refused
    assert "line 12" in refused
    assert done.document["cells"] == 2
    assert done.document["lost"] == 0
    assert sum(run["cells"] for run in done.document["runs"]) >= 1


def _two_cells(folder: Path) -> tuple[Path, str]:
    """The pilot line's folder cut down to two cells of two channels, the second one's tester
    file cut off in its twelfth line. Returns the folder and that file's name."""
    source = ROOT / "examples" / "kiprobatt"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("stats"))
    (folder / "stats").mkdir()
    with (source / "cells.csv").open(newline="") as cells:
        chosen = [cell for cell in csv.DictReader(cells) if cell["stats_file"]][:2]
    with (folder / "cells.csv").open("w", newline="") as cut:
        table = csv.DictWriter(cut, list(chosen[0]))
        table.writeheader()
        table.writerows(chosen)
    channels = [f"pilot/formation/channel-{cell['tester_channel']}" for cell in chosen]
    plant = yaml.safe_load((source / "plant.yaml").read_text())
    plant["assets"] = [
        asset
        for asset in plant["assets"]
        if asset["kind"] != "cycler_channel" or asset["name"] in channels
    ]
    (folder / "plant.yaml").write_text(yaml.safe_dump(plant))
    names = [cell["stats_file"] for cell in chosen]
    for name in names:
        shutil.copy(source / "stats" / name, folder / "stats" / name)
    lines = (folder / "stats" / names[1]).read_bytes().splitlines(keepends=True)
    (folder / "stats" / names[1]).write_bytes(b"".join(lines[:11]) + lines[11][:9])
    return folder, names[1]


def test_a_benchmark_prints_its_numbers_as_one_document() -> None:
    done = run("bench", "kill", "--quick", "--json", within_s=200)
    assert done.code == 0, done.errors
    document = done.document
    assert document["name"] == "kill"
    assert document["machine"]
    assert document["seconds"] > 0
    for row in document["rows"]:
        assert set(row) >= {"what", "value", "unit", "reference", "target", "pass"}
    numbers = {row["what"]: row["value"] for row in document["rows"]}
    assert numbers["readings lost"] == 0
    assert all(row["pass"] for row in document["rows"])
    assert json.dumps(document)
