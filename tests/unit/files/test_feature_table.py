"""Labelled tables as they come: marks, units and blanks told; what can't be told, refused."""

from pathlib import Path

import numpy as np
import pytest

from protocols.files.feature_table import read_feature_table, write_with
from twin.errors import InvalidFile


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "cells.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


@pytest.mark.parametrize(
    "content",
    [
        pytest.param("cell,q,lot\nA,0.42,L1\nB,1.5,L2\n", id="comma"),
        pytest.param("cell;q;lot\r\nA;0,42;L1\r\nB;1,5;L2\r\n", id="semicolon, decimal comma"),
        pytest.param("cell\tq\tlot\nA\t0.42\tL1\nB\t1.5\tL2", id="tab, no last line end"),
        pytest.param("\ufeffcell,q,lot\n\nA,0.42,L1\n,,\nB,1.5,L2\n\n", id="mark, blank lines"),
        pytest.param('cell,q,lot\nA,"0,42",L1\nB,"1,5",L2\n', id="quoted decimal comma"),
        pytest.param("cell,q,lot\n,Ah,\nA,0.42,L1\nB,1.5,L2\n", id="a row of units"),
        pytest.param("cell;q;lot\nA;4.2E-1;L1\nB;+1.5;L2\n", id="exponents and signs"),
    ],
)
def test_the_same_table_in_many_dresses(content: str, tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, content))
    assert table.columns == ("cell", "q", "lot")
    column = table.column("q")
    assert not isinstance(column.values, tuple)
    assert column.values.tolist() == [0.42, 1.5]
    assert table.texts("lot").values == ("L1", "L2")


def test_thousands_commas_are_no_decimal_commas(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, 'c,life\nA,"1,250"\nB,"980"\nC,"12,500.5"\n'))
    values = table.numbers("life").values
    assert not isinstance(values, tuple)
    assert values.tolist() == [1250.0, 980.0, 12500.5]


def test_latin_1_is_read(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "Prüfung,q\ngrün,1\nrot,2\n".encode("latin-1")))
    assert table.texts("Prüfung").values == ("grün", "rot")


def test_blank_words_are_missing_and_odd_cells_are_faults(tmp_path: Path) -> None:
    cells = ["1", "", "NaN", "n/a", "-", "inf", "4,2 V", *map(str, range(10))]
    table = read_feature_table(
        written(tmp_path, "i;q\n" + "".join(f"{i};{c}\n" for i, c in enumerate(cells)))
    )
    column = table.column("q")
    assert not isinstance(column.values, tuple)
    assert np.isfinite(column.values).tolist() == [True, *[False] * 6, *[True] * 10]
    assert column.faults == {5: "inf", 6: "4,2 V"}


def test_a_column_of_texts_is_one(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "p,q\nfast,1\nslow,2\n,3\nnone,4\nfast,5\n"))
    assert table.column("p").values == ("fast", "slow", "", "none", "fast")


def test_a_column_of_both_is_refused_with_lines(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "q,r\n1,1\n2,1\nbad,1\nworse,1\n"))
    with pytest.raises(InvalidFile, match=r"line 4: 'q' holds 2 numbers and 2 other cells"):
        table.column("q")


def test_columns_are_found_by_name_but_for_case_space_and_unit(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "First Charge [Ah],b\n1,2\n"))
    assert table.name("first_charge") == "First Charge [Ah]"
    with pytest.raises(InvalidFile, match=r"line 1: no column 'second'; there are 'First Charge"):
        table.name("second")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", "is empty"),
        ("a,b\n", "no row below it"),
        ("a,b\n1,2\n1,2,3\n", "line 3: 3 fields where the header has 2"),
        ('a,b\n1,"2\n', "line 2: the record that begins here can't be read"),
        ("a,b\n\x00\x01,2\n", "control character"),
    ],
)
def test_what_is_no_table_is_refused(content: str, said: str, tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=said):
        read_feature_table(written(tmp_path, content))


def test_a_column_named_twice_is_refused_when_asked_for(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "a,a,b\n1,2,3\n"))
    assert table.numbers("b").name == "b"
    with pytest.raises(InvalidFile, match="2 columns are named 'a'"):
        table.name("a")


def test_a_short_row_lacks_its_last_cells(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "a,b\n1,2\n3\n"))
    assert table.numbers("b").missing().tolist() == [False, True]


def test_columns_are_added_to_the_rows_as_they_came(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "c;q\n;Ah\nA; 0,42 \nB;\n"))
    out = tmp_path / "out.csv"
    write_with(out, table, {"prediction": ["1", ""], "reason": ["x; y", "q is missing"]})
    assert out.read_text() == (
        'c;q;prediction;reason\n;Ah;;\nA; 0,42 ;1;"x; y"\nB;;;q is missing\n'
    )


@pytest.mark.parametrize(
    ("content", "mark"),
    [("a;b\n0,5;x\n", ","), ("a;b\n0.5;x\n", "."), ('a,b\n"0,5",x\n', "."), ("a;b\n1;x\n", ".")],
)
def test_the_decimal_mark_is_told_by_the_cells(content: str, mark: str, tmp_path: Path) -> None:
    assert read_feature_table(written(tmp_path, content)).decimal() == mark


def test_a_column_that_is_there_already_is_not_written_over(tmp_path: Path) -> None:
    table = read_feature_table(written(tmp_path, "a,reason\n1,x\n"))
    with pytest.raises(InvalidFile, match="has a column 'reason' already"):
        write_with(tmp_path / "out.csv", table, {"reason": ["y"]})
    assert not (tmp_path / "out.csv").exists()
