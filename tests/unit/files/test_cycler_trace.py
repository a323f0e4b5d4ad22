from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from protocols.files.cycler_trace import CyclerTrace, Format, read_trace
from protocols.files.manifest import load_manifest
from protocols.files.tables import read_table
from protocols.files.trace_sources import TraceSources
from twin.errors import InvalidFile

BERLIN = ZoneInfo("Europe/Berlin")
EIGHT_NS = 1_793_606_400_000_000_000  # 2026-11-02 08:00 UTC
BDF = """\
test_time_second,unix_time_second,voltage_volt,current_ampere,temperature_t1_celsius
0,1793606400,3.100,0.0,24.9
10,1793606410,3.200,0.25,25.0
20,1793606420,3.250,0.25,25.1
"""


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


def read(path: Path, format: Format = "auto") -> CyclerTrace:
    return read_trace(path, format, BERLIN)


def test_the_battery_data_format_is_known_by_its_header(tmp_path: Path) -> None:
    trace = read(written(tmp_path, "cell.bdf.csv", BDF))

    assert trace.started_ns == EIGHT_NS
    assert trace.seconds.tolist() == [0.0, 10.0, 20.0]
    assert trace.current.tolist() == [0.0, 0.25, 0.25]
    assert trace.temperature is not None
    assert trace.temperature.tolist() == [24.9, 25.0, 25.1]


def test_a_plain_table_is_read_by_named_columns_in_their_units(tmp_path: Path) -> None:
    path = written(tmp_path, "cell.csv", "t;U;I\n0;3100;-250\n1;3200;-250\n")

    trace = read_trace(
        path,
        "csv",
        BERLIN,
        {"time": "t", "voltage": "U", "current": "I"},
        {"time": "min", "voltage": "mV", "current": "mA"},
        delimiter=";",
    )

    assert trace.seconds == pytest.approx([0.0, 60.0])
    assert trace.voltage == pytest.approx([3.1, 3.2])
    assert trace.current == pytest.approx([-0.25, -0.25])
    assert (trace.started_ns, trace.temperature) == (None, None)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("test_time_second,voltage_volt\n0,3.1\n", "current"),
        (BDF.replace("3.200", ""), "line 3: voltage_volt is blank"),
        (BDF.replace("3.200", "n/a"), "line 3: voltage_volt 'n/a' is no number"),
        (BDF.splitlines()[0] + "\n", "holds no row"),
    ],
)
def test_a_trace_that_is_not_whole_is_refused_with_its_place(
    tmp_path: Path, text: str, reason: str
) -> None:
    path = written(tmp_path, "cell.csv", text)

    with pytest.raises(InvalidFile, match=reason):
        read(path, "bdf")


MANIFEST = """\
plant: plant.yaml
time_zone: Europe/Berlin
tables: {cells: {file: cells.csv}}
pieces:
  {table: cells, serial: cell, stacking: {run: cell}, filling: {run: cell}, formation: {run: cell}}
traces:
  - table: cells
    folder: .
    file: trace
    asset: "room/channel-{channel}"
    piece: "{cell}"
    started: began
"""


@pytest.fixture
def sources(tmp_path: Path) -> TraceSources:
    manifest = load_manifest(written(tmp_path, "replay.yaml", MANIFEST))
    backwards = BDF.replace("20,", "5,")
    written(tmp_path, "one.csv", BDF)
    written(tmp_path, "two.csv", backwards)
    table = written(
        tmp_path,
        "cells.csv",
        "cell,channel,trace,began\nC1,7,one.csv,\nC2,8,two.csv,\nC3,9,,\n"
        "C4,9,one.csv,2026-11-02T10:00:00\n",
    )
    return TraceSources(tmp_path, manifest, {"cells": read_table(table)})


def test_each_row_of_a_trace_is_a_reading_of_its_channel_that_names_the_cell(
    sources: TraceSources,
) -> None:
    readings = [r for r in sources.readings() if r.text == "C1"]

    assert {r.asset for r in readings} == {"room/channel-7"}
    assert [(r.signal, r.time_ns - EIGHT_NS, r.value) for r in readings[3:6]] == [
        ("voltage", 10_000_000_000, 3.2),
        ("current", 10_000_000_000, 0.25),
        ("temperature", 10_000_000_000, 25.0),
    ]


def test_a_clock_that_steps_back_is_named_and_its_cell_has_no_trace(sources: TraceSources) -> None:
    serials = {r.text for r in sources.readings()}

    assert serials == {"C1", "C4"}
    assert sources.missing == {"C2": "the tester file is refused", "C3": "no tester file"}
    assert "steps back from 10 s in data row 2 to 5 s" in str(sources.errors[0])


def test_the_tables_own_start_goes_before_the_files(sources: TraceSources) -> None:
    first = next(r for r in sources.readings() if r.text == "C4")

    assert first.time_ns == EIGHT_NS + 3600 * 1_000_000_000
