"""The command line as its users meet it: exit codes, one document, nothing left behind."""

import csv
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import yaml

from tests.commands import ROOT, Command, run
from tests.servers import free_port
from tests.waiting import wait_until

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


@contextmanager
def up(folder: Path) -> Iterator[Command]:
    """A plant that is up."""
    with Command("up", "--data-dir", folder, "--port", 0) as command:

        def is_up() -> bool:
            assert command.process.poll() is None, command.process.communicate()
            return (folder / "running.json").exists()

        wait_until(is_up, "the plant is up", 120)
        yield command


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
    here = ("--data-dir", folder)
    with up(folder) as command:
        dry = run("apply", file, "--dry-run", "--json", *here)
        assert (dry.code, dry.document["create"]) == (0, ["line1/filler"])
        assert dry.document["dry_run"] is True
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

    with up(folder) as second:
        status = run("status", "--json", *here)
        assert (status.document["assets"], status.document["states"]) == (1, {"PENDING": 1})
        second.process.terminate()
        assert second.finish(60).code == 0
        assert second.left_behind() == []


def test_sigterm_ends_the_demonstration_and_all_it_started(tmp_path: Path) -> None:
    with Command("demo", "--data-dir", tmp_path / "demo", "--json") as command:
        started = "the demonstration has started its processes"
        wait_until(lambda: len(command.family()) > 12, started)
        command.process.terminate()
        ended = command.finish(60)
        assert ended.code != 0
        assert ended.output == ""
        assert command.left_behind() == []


def test_ctrl_c_ends_a_command_with_130_and_no_traceback() -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        silent.settimeout(60)
        gateway = f"127.0.0.1:{silent.getsockname()[1]}"
        with Command("status", "--gateway", gateway, "--plant", "demo") as command:
            connection, _ = silent.accept()
            with connection:
                command.interrupt()
                ended = command.finish(30)
    assert (ended.code, ended.output) == (130, "")
    assert "Traceback" not in ended.errors


def test_ctrl_c_while_a_plant_runs_ends_all_that_the_command_started(tmp_path: Path) -> None:
    files = ROOT / "examples" / "kiprobatt"
    with Command("replay", files, "--data-dir", tmp_path / "data", "--json") as command:
        wait_until(
            lambda: any(line.startswith("ray::Gateway") for line in command.family()),
            "the plant's actors run",
        )
        command.interrupt()
        ended = command.finish(60)
        assert (ended.code, ended.output) == (130, "")
        assert command.left_behind() == []


def test_broken_tester_files_are_named_with_their_lines_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    folder, cut_off, mis_encoded = _three_cells(tmp_path / "files")
    done = run("replay", folder, "--data-dir", tmp_path / "data", "--json", within_s=150)
    assert done.code == 1
    assert "Traceback" not in done.errors
    refused = [line for line in done.errors.splitlines() if "refused" in line]
    assert len(refused) == 2
    (first,) = [line for line in refused if cut_off in line]
    assert "line 12" in first
    (second,) = [line for line in refused if mis_encoded in line]
    assert "line 1: " in second
    assert "is UTF-16" in second
    assert done.document["cells"] == 3
    assert done.document["lost"] == 0
    # Of the cell whose file was good there is everything; of the others what is not in the file.
    assert done.document["traced"] == {"stack": 3, "fill": 3, "form": 1, "grade": 1}


def _three_cells(folder: Path) -> tuple[Path, str, str]:
    """The pilot line's folder cut down to three cells of three channels, the second one's
    tester file cut off in its twelfth line, the third one's saved as UTF-16. Returns the
    folder and those two files' names."""
    source = ROOT / "examples" / "kiprobatt"
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns("stats"))
    (folder / "stats").mkdir()
    with (source / "cells.csv").open(newline="") as cells:
        chosen = [cell for cell in csv.DictReader(cells) if cell["stats_file"]][:3]
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
    good, cut_off, mis_encoded = (Path(cell["stats_file"]) for cell in chosen)
    shutil.copy(source / "stats" / good, folder / "stats" / good)
    lines = (source / "stats" / cut_off).read_bytes().splitlines(keepends=True)
    (folder / "stats" / cut_off).write_bytes(b"".join(lines[:11]) + lines[11][:9])
    text = (source / "stats" / mis_encoded).read_text(encoding="latin-1")
    (folder / "stats" / mis_encoded).write_text(text, encoding="utf-16")
    return folder, cut_off.name, mis_encoded.name
