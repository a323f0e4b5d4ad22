from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from protocols.files.maccor import CycleRow, read_stats
from protocols.files.times import nanoseconds
from twin.errors import InvalidFile

DATA = Path(__file__).parents[2] / "data" / "maccor"
PILOT_LINE = Path(__file__).parents[3] / "examples" / "kiprobatt" / "stats"
BERLIN = ZoneInfo("Europe/Berlin")


def utc(*moment: int) -> int:
    return nanoseconds(datetime(*moment, tzinfo=UTC))  # type: ignore[arg-type,misc]


def test_an_export_gives_its_channel_its_start_and_a_row_a_cycle() -> None:
    export = read_stats(DATA / "good.txt", BERLIN)

    assert (export.channel, export.test_name) == (35, "formation.000")
    assert export.started_ns == utc(2022, 8, 3, 10, 0)  # noon in Berlin, summer time
    assert export.cycles[1] == CycleRow(1, utc(2022, 8, 3, 22, 0), 0.52, 0.44, 1.93, 1.64)
    assert [cycle.cycle for cycle in export.cycles] == [0, 1, 2]


def test_a_blank_cell_is_not_a_zero() -> None:
    first = read_stats(DATA / "good.txt", BERLIN).cycles[0]

    assert (first.charge_capacity, first.charge_energy) == (None, None)
    assert first.discharge_capacity == 5.3e-7


@pytest.mark.parametrize(
    "name", ["latin1.txt", "utf8.txt", "utf8_with_mark.txt", "windows_line_ends.txt"]
)
def test_encodings_and_line_ends_that_say_the_same_are_read_alike(name: str) -> None:
    assert read_stats(DATA / name, BERLIN) == read_stats(DATA / "good.txt", BERLIN)


def test_columns_are_found_by_name_below_a_row_of_group_names() -> None:
    cycles = read_stats(DATA / "two_header_rows.txt", BERLIN).cycles

    assert [(c.cycle, c.discharge_capacity) for c in cycles] == [(1, 0.44)]


def test_a_test_without_a_finished_cycle_has_no_rows_and_needs_no_date_column() -> None:
    assert read_stats(DATA / "no_cycle_yet.txt", BERLIN).cycles == ()


def test_decimal_points_are_read_where_the_manifest_says_so() -> None:
    export = read_stats(DATA / "decimal_point.txt", BERLIN, decimal=".")

    assert export == read_stats(DATA / "good.txt", BERLIN)


@pytest.mark.parametrize(
    ("name", "line", "reason"),
    [
        ("cut_off.txt", 12, "does not end: the file is cut off"),
        ("cut_off_at_the_last_digit.txt", 12, "does not end: the file is cut off"),
        ("damaged_line.txt", 11, "3 columns where the header has 6"),
        ("no_cycles_header.txt", 6, "no header row that begins with 'Cycle'"),
        ("no_channel.txt", 8, "no 'Channel Number:'"),
        ("no_capacity_column.txt", 9, "no column 'AH-OUT'"),
        ("no_date_column.txt", 10, "no column 'Date'"),
        ("utf16.txt", 1, "is UTF-16 (little-endian), not latin-1"),
        ("utf16_without_mark.txt", 1, "control character 0x00"),
        ("windows1252.txt", 4, "control character 0x96"),
        ("binary.txt", 2, "control character 0x00"),
        ("empty.txt", None, "is empty"),
        ("decimal_point.txt", 5, "'44776.5' is no number with a decimal comma"),
        ("one_decimal_point.txt", 11, "'0.44' is no number with a decimal comma"),
        ("dates_backwards.txt", 12, "dates run backwards: cycle 2 ends at 2022-08-03T16:00"),
        ("before_the_start.txt", 10, "before the start of the test"),
        ("cycles_backwards.txt", 12, "cycle 1 after cycle 2"),
        ("date_out_of_reach.txt", 10, "no date between 1970 and 2100"),
        ("not_there.txt", None, "can't be read: No such file"),
    ],
)
def test_a_broken_export_is_refused_whole_with_line_and_reason(
    name: str, line: int | None, reason: str
) -> None:
    with pytest.raises(InvalidFile) as refused:
        read_stats(DATA / name, BERLIN)

    assert refused.value.line == line
    assert reason in refused.value.why
    assert refused.value.path.endswith(name)


@pytest.mark.parametrize("cut", [1, 7, 20])
def test_any_cut_within_the_last_line_is_noticed(cut: int, tmp_path: Path) -> None:
    whole = (DATA / "good.txt").read_bytes()
    path = tmp_path / "cut.txt"
    path.write_bytes(whole[:-cut])

    with pytest.raises(InvalidFile, match="line 12: the last line does not end"):
        read_stats(path, BERLIN)


def test_the_hour_that_autumn_repeats_is_told_apart_by_the_order_of_the_rows(
    tmp_path: Path,
) -> None:
    # 2022-10-30 is day 44864; 02:30 comes twice, then 02:15 can only be the second one
    lines = (DATA / "good.txt").read_text().split("\n")
    rows = [
        "1\t0,5\t0,4\t1,9\t1,6\t44864,104166666667",  # 02:30
        "2\t0,5\t0,4\t1,9\t1,6\t44864,09375",  # 02:15
        "",
    ]
    path = tmp_path / "autumn.txt"
    path.write_text("\n".join([*lines[:9], *rows]))

    first, second = (c.time_ns for c in read_stats(path, BERLIN).cycles)

    assert second - first == 45 * 60 * 1_000_000_000
    assert second == utc(2022, 10, 30, 1, 15)


def test_an_hour_that_spring_leaves_out_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "spring.txt"
    text = (DATA / "good.txt").read_text().replace("44777,25", "45011,104166666667")
    path.write_text(text)  # 2023-03-26 02:30

    with pytest.raises(InvalidFile, match=r"line 12: .* does not exist in Europe/Berlin"):
        read_stats(path, BERLIN)


def test_all_exports_of_the_pilot_line_are_read() -> None:
    exports = [read_stats(path, BERLIN) for path in sorted(PILOT_LINE.iterdir())]

    assert len(exports) == 57
    assert sum(not export.cycles for export in exports) == 2
    assert sum(len(export.cycles) for export in exports) == 15_195
