from collections import Counter
from pathlib import Path
from shutil import copy

import pytest

from protocols.files.replay import ReplayPlan, load_replay
from twin.errors import InvalidFile

PILOT_LINE = Path(__file__).parents[3] / "examples" / "kiprobatt"
EXPORT = "stats/Gron_KI_220803-kaop-0252-mi-035_-STATS-.txt"


@pytest.fixture(scope="module")
def plan() -> ReplayPlan:
    return load_replay(PILOT_LINE)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two cells of the pilot line, with four cycles each, that a test may damage."""
    for name in ("plant.yaml", "replay.yaml"):
        copy(PILOT_LINE / name, tmp_path)
    for name, first, last in (("cells.csv", 1, 2), ("weighings.csv", 1, 5)):
        lines = (PILOT_LINE / name).read_text(encoding="utf-8").split("\n")
        part = [lines[0], *lines[first : last + 1], ""]
        (tmp_path / name).write_text("\n".join(part), encoding="utf-8")
    (tmp_path / "stats").mkdir()
    for name in ("stats/Gron_KI_220803-kaop-0251-mi-033_-STATS-.txt", EXPORT):
        lines = (PILOT_LINE / name).read_text(encoding="latin-1").split("\n")
        (tmp_path / name).write_text("\n".join([*lines[:13], ""]), encoding="latin-1")
    return tmp_path


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


def test_every_weighing_and_every_tester_row_becomes_a_reading(plan: ReplayPlan) -> None:
    signals = Counter(reading.signal for reading in plan.readings())

    assert plan.errors == ()
    weighed = ("predrying_mass", "dry_cell_mass", "wet_cell_mass")
    assert sum(signals[signal] for signal in weighed) == 1_676
    assert signals["stacked_cell"] == signals["electrolyte_volume"] == 58
    assert signals["cycle"] == 15_195
    assert len(plan) == sum(signals.values())


def test_readings_come_in_the_order_of_their_times(plan: ReplayPlan) -> None:
    moments = [reading.time_ns for reading in plan.readings()]

    assert moments == sorted(moments)


def test_all_zero_and_negative_weighings_are_handed_on_for_the_gate_to_judge(
    plan: ReplayPlan,
) -> None:
    assert sum(r.value <= 0 and r.signal.endswith("mass") for r in plan.readings()) == 108


def test_every_reading_is_of_an_asset_of_the_plant(plan: ReplayPlan) -> None:
    assert {r.asset for r in plan.readings()} == {asset.name for asset in plan.assets()}


def test_a_filling_weighing_belongs_to_the_cell_whose_masses_it_bears(plan: ReplayPlan) -> None:
    masses = {
        (r.text, r.signal): r.value
        for r in plan.readings()
        if r.asset == "pilot/filling/filler" and r.signal != "electrolyte_volume"
    }
    serials = {piece.serial for piece in plan.pieces}

    # first in its formation run, second in its filling run
    assert masses["c02469ba", "wet_cell_mass"] == pytest.approx(13.38)
    assert masses["c02469ba", "dry_cell_mass"] == pytest.approx(11.771)
    assert len({serial for serial, _ in masses} & serials) == 56
    assert masses["ee2b001b/1", "wet_cell_mass"] == 13.25  # of none of the 58 cells


def test_a_cell_is_stacked_no_later_than_anything_else_that_is_known_of_it(
    plan: ReplayPlan,
) -> None:
    serials = {piece.serial for piece in plan.pieces}
    first: dict[str, str] = {}
    for reading in plan.readings():
        if reading.text in serials:
            first.setdefault(reading.text, reading.signal)

    assert set(first) == serials
    assert set(first.values()) == {"stacked_cell"}


def test_cells_without_a_tester_record_say_why(plan: ReplayPlan) -> None:
    assert {p.serial: p.untested for p in plan.pieces if p.untested} == {
        "8a1a0526": "no tester file",
        "8b3a73a8": "the tester file holds no cycle",
        "314d66fd": "the tester file holds no cycle",
    }


def test_a_truncated_export_is_refused_with_its_line_and_the_rest_goes_on(folder: Path) -> None:
    path = folder / EXPORT
    path.write_bytes(path.read_bytes()[:-30])

    plan = load_replay(folder)

    (error,) = plan.errors
    assert error.path == str(path)
    assert error.line == 13
    assert "cut off" in error.why
    assert {p.serial: p.untested for p in plan.pieces}["8d3426c7"] == "the tester file is refused"
    assert {r.text for r in plan.readings() if r.signal == "cycle"} == {"c02469ba"}


def test_an_export_of_another_channel_than_the_table_says_is_refused(folder: Path) -> None:
    edit(folder / EXPORT, "Channel Number:\t35", "Channel Number:\t36")

    (error,) = load_replay(folder).errors

    assert error.why == "is of channel 36; cells.csv says 35"


def test_an_export_of_another_test_than_the_table_says_is_refused(folder: Path) -> None:
    edit(folder / EXPORT, "StartDateTime:\t44776,66054625", "StartDateTime:\t44776,65")

    (error,) = load_replay(folder).errors

    assert error.why == "began at 2022-08-03T13:36:00.000Z; cells.csv says 2022-08-03T13:51:11.000Z"


def test_an_export_that_no_cell_names_is_not_passed_over(folder: Path) -> None:
    (folder / "stats" / "extra.txt").write_bytes((folder / EXPORT).read_bytes())

    (error,) = load_replay(folder).errors

    assert error.path.endswith("extra.txt")
    assert "no row of cells.csv names this file" in error.why


@pytest.mark.parametrize(
    ("old", "new", "line", "reason"),
    [
        ("0.5746", "0,5746 g", 2, "mass_g '0,5746 g' is no number"),
        ("PredryingMass5,", "Mass5,", 2, "unknown measurement 'Mass'"),
        ("Separation Protocol", "Scale 7", 2, "no measurement of the manifest takes this row"),
        ("2022-06-23 08:30:10+00:00", "yesterday", 2, "weighed_at: Invalid isoformat"),
    ],
)
def test_a_weighing_that_cannot_be_read_is_named_and_the_rest_goes_on(
    old: str, new: str, line: int, reason: str, folder: Path
) -> None:
    weighings = folder / "weighings.csv"
    row = next(r for r in weighings.read_text(encoding="utf-8").split("\n") if "0.5746" in r)
    edit(weighings, row, row.replace(old, new) if old != "0.5746" else row.replace(old, f'"{new}"'))

    plan = load_replay(folder)

    (error,) = plan.errors
    assert (error.line, error.path) == (line, str(weighings))
    assert reason in error.why
    assert sum(r.signal.endswith("mass") for r in plan.readings()) == 4


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        ("time_zone: Europe/Berlin", "time_zone: Mars", "'Mars' is no time zone"),
        ("value: mass_g", "value: weight", "table 'weighings' has no column 'weight'"),
        ("unit: mL", "unit: g", "'g' cannot be converted to 'mL'"),
        ("asset: pilot/filling/filler", "asset: pilot/filler", "no asset 'pilot/filler'"),
        ("credit:", "kredit:", "kredit: Extra inputs are not permitted"),
        ("tables:", "tables: [", "is no YAML"),
    ],
)
def test_a_manifest_that_cannot_be_followed_is_refused(
    old: str, new: str, reason: str, folder: Path
) -> None:
    edit(folder / "replay.yaml", old, new)

    with pytest.raises(InvalidFile) as refused:
        load_replay(folder)

    assert refused.value.path.endswith("replay.yaml")
    assert reason in refused.value.why


def test_two_cells_of_one_serial_are_refused(folder: Path) -> None:
    edit(folder / "cells.csv", "c02469ba", "8d3426c7")

    with pytest.raises(InvalidFile, match="line 3: serial '8d3426c7' comes twice"):
        load_replay(folder)


def test_a_table_that_is_refused_leaves_the_tester_exports_to_go_on(folder: Path) -> None:
    weighings = folder / "weighings.csv"
    weighings.write_text(weighings.read_text(encoding="utf-8"), encoding="utf-16")

    plan = load_replay(folder)

    (error,) = plan.errors
    assert (error.path, error.line) == (str(weighings), 1)
    assert {r.signal for r in plan.readings()} >= {"stacked_cell", "discharge_capacity"}


def test_without_the_table_of_the_cells_there_is_nothing_to_replay(folder: Path) -> None:
    (folder / "cells.csv").unlink()

    with pytest.raises(InvalidFile, match=r"cells\.csv: can't be read: No such file"):
        load_replay(folder)
