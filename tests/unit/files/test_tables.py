from pathlib import Path

import pytest

from protocols.files.tables import read_table
from twin.errors import InvalidFile


def written(folder: Path, content: str | bytes) -> Path:
    path = folder / "table.csv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def test_a_quoted_field_may_hold_line_ends_and_a_record_knows_its_first_line(
    tmp_path: Path,
) -> None:
    table = read_table(written(tmp_path, 'run,note\na,"two\n\nlines"\nb,one\n'))

    assert [(row.line, row.values["note"]) for row in table.rows] == [
        (2, "two\n\nlines"),
        (5, "one"),
    ]


@pytest.mark.parametrize(
    ("content", "line", "reason"),
    [
        ("run,mass\na,1\nb\n", 3, "1 fields where the header has 2"),
        ("run,mass\na,1\nb,2", 3, "does not end: the file is cut off"),
        ('run,note\na,1\nb,"open\n\n', 3, "can't be read"),
        (b"run,note\na,\xfcber\n", 2, "byte 0xfc is not utf-8"),
        (b"run,note\na,\x00\n", 2, "control character 0x00"),
        ("run,run\na,b\n", 1, "columns that come twice: run"),
        ("", None, "is empty"),
    ],
)
def test_a_broken_table_is_refused_whole_with_line_and_reason(
    content: str | bytes, line: int | None, reason: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidFile) as refused:
        read_table(written(tmp_path, content))

    assert refused.value.line == line
    assert reason in refused.value.why


def test_a_blank_number_is_none_and_a_word_is_refused_with_its_line(tmp_path: Path) -> None:
    table = read_table(written(tmp_path, "run,mass\na,\nb,heavy\n"))

    assert table.number(table.rows[0], "mass") is None
    with pytest.raises(InvalidFile, match="line 3: mass 'heavy' is no number"):
        table.number(table.rows[1], "mass")
