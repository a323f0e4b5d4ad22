"""Traces of cells from any text table, and the one sweep in them that is meant."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from protocols.files.cell_sweeps import one_sweep
from protocols.files.cell_trace import CellTrace, read_cell_trace
from twin.errors import InvalidFile

SMALL = "charge_Ah,voltage_V\n0.0,3.00\n0.5,3.50\n1.0,4.00\n"


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "trace.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


def test_a_plain_table_is_read(tmp_path: Path) -> None:
    trace = read_cell_trace(written(tmp_path, SMALL), "charge_Ah", "voltage_V")
    assert trace.charge.tolist() == [0.0, 0.5, 1.0]
    assert trace.voltage.tolist() == [3.0, 3.5, 4.0]
    assert (trace.unit, trace.line.tolist()) == ("Ah", [2, 3, 4])


@pytest.mark.parametrize(
    "content",
    [
        "q;v\n0,0;3,00\n0,5;3,50\n1,0;4,00\n",
        "q\tv\n0.0\t3.00\n0.5\t3.50\n1.0\t4.00",
        "q v\n0.0 3.00\n0.5   3.50\n1.0 4.00\n",
        "﻿q,v\r\n0.0,3.00\r\n\r\n0.5,3.50\r\n1.0,4.00\r\n",
        "Test: cell 7\nOperator,Ada\n\nq,v,T\n0.0,3.00,25\n0.5,3.50,25\n1.0,4.00,25\n",
        "q,v\nAh,V\n0.0,3.00\n0.5,3.50\n1.0,4.00\n",
        "q,v\n[mAh],[mV]\n0.0,3000\n500,3500\n1000,4000\n",
        "q,v,note\n0.0,3.00,a\nNaN,3.2,b\n0.5,3.50,\n0.6,,c\n1.0,4.00,d\n",
    ],
    ids=["semicolons", "tabs", "blanks", "bom", "preamble", "units", "milli", "gaps"],
)
def test_tables_are_read_as_testers_write_them(content: str, tmp_path: Path) -> None:
    trace = read_cell_trace(written(tmp_path, content), "q", "v")
    assert trace.charge == pytest.approx([0.0, 0.5, 1.0])
    assert trace.voltage == pytest.approx([3.0, 3.5, 4.0])


def test_latin_1_is_read(tmp_path: Path) -> None:
    content = "Ladung [mAh];Spannung [V];Temp [°C]\n0;3,0;25\n500;3,5;25\n".encode("latin-1")
    trace = read_cell_trace(written(tmp_path, content), "Ladung", "Spannung [V]")
    assert trace.charge == pytest.approx([0.0, 0.5])


@pytest.mark.parametrize(
    ("header", "unit", "factor"),
    [
        ("Capacity(mAh)", None, 1e-3),
        ("capacity_mAh", None, 1e-3),
        ("Q [C]", None, 1 / 3600),
        ("Q/Ah", None, 1.0),
        ("Q", "mAh", 1e-3),
        ("Q", "As", 1 / 3600),
        ("Q [Ah]", "mAh", 1e-3),
        ("Q", None, 1.0),
    ],
)
def test_the_unit_comes_from_the_option_or_the_header(
    header: str, unit: str | None, factor: float, tmp_path: Path
) -> None:
    path = written(tmp_path, f"{header},v\n0,3.0\n1000,4.0\n")
    assert read_cell_trace(path, header, "v", unit=unit).charge[1] == pytest.approx(1000 * factor)


def test_rows_left_out_are_told(tmp_path: Path) -> None:
    trace = read_cell_trace(written(tmp_path, SMALL + "nan,4.1\n"), "charge_Ah", "voltage_V")
    assert trace.notes == ("1 rows without a charge or a voltage were left out",)


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (SMALL + "1.1,abc\n", 5, "voltage_V 'abc' is no number"),
        ("a,b\n1,2\n", 1, "no column 'charge_Ah', 'voltage_V'; there are 'a', 'b'"),
        ("charge_Ah,voltage_V\n", None, "has no row"),
        ("", None, "is empty"),
        ("charge_Ah,voltage_V\n1.2.3,3.0\n", 2, "charge_Ah '1.2.3' is no number"),
    ],
)
def test_what_cannot_be_read_is_refused_with_its_line(
    content: str, line: int | None, why: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidFile) as refused:
        read_cell_trace(written(tmp_path, content), "charge_Ah", "voltage_V")
    assert refused.value.line == line
    assert why in refused.value.why


def test_an_unknown_unit_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="unit 'kg' is no charge"):
        read_cell_trace(written(tmp_path, SMALL), "charge_Ah", "voltage_V", unit="kg")


def cycled(folder: Path, cycles: int = 2, counter: str = "anew") -> CellTrace:
    """Charges and discharges with rests: the counter starts ``anew`` with each half cycle,
    or goes ``on`` up and down."""

    def rows() -> Iterator[str]:
        for cycle in range(1, cycles + 1):
            for i in range(60):
                yield f"{cycle},{i / 59:.4f},{3 + 1.2 * i / 59:.4f},0.05"
            for _ in range(8):
                yield f"{cycle},1.0,4.18,0.0"
            for i in range(60):
                q = i / 59 if counter == "anew" else 1 - i / 59
                yield f"{cycle},{q:.4f},{4.15 - 1.2 * i / 59:.4f},-0.05"

    path = written(folder, "Cycle,q,v,I\n" + "\n".join(rows()) + "\n")
    return read_cell_trace(path, "q", "v", current="I", find_cycle=True)


@pytest.mark.parametrize("counter", ["anew", "on"])
def test_of_one_cycle_the_charge_is_taken(counter: str, tmp_path: Path) -> None:
    picked = one_sweep(cycled(tmp_path, counter=counter), cycle=2)
    assert (picked.direction, picked.current) == ("charge", 0.05)
    assert picked.voltage[0] < 3.05
    assert picked.voltage[-1] > 4.15
    assert len(picked.charge) == pytest.approx(60, abs=2)


def test_several_cycles_are_refused_with_their_lines(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile) as refused:
        one_sweep(cycled(tmp_path))
    assert "4 sweeps; choose one with --sweep N or --cycle N" in refused.value.why
    assert "charge, 1 Ah, 3.00 to 4.20 V" in refused.value.why


def test_a_sweep_is_taken_by_its_number(tmp_path: Path) -> None:
    picked = one_sweep(cycled(tmp_path), sweep=2)
    assert picked.direction == "discharge"
    with pytest.raises(InvalidFile, match="no sweep 9; there are 4"):
        one_sweep(cycled(tmp_path), sweep=9)


def test_a_cycle_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="no cycle 7; there are 1, 2"):
        one_sweep(cycled(tmp_path), cycle=7)


def test_a_lone_charge_is_taken_whole(tmp_path: Path) -> None:
    q = np.linspace(0, 1, 40)
    content = "q,v\n" + "".join(f"{a:.4f},{3 + a:.4f}\n" for a in q)
    picked = one_sweep(read_cell_trace(written(tmp_path, content), "q", "v"))
    assert len(picked.charge) == 40
