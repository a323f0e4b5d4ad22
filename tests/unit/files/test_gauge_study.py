"""Tables of gauge R&R studies: read as they come, or refused with the lines at fault."""

from pathlib import Path

import pytest

from protocols.files.gauge_study import read_gauge_study
from tests.gauge_studies import AIAG, as_table
from twin.errors import InvalidFile

SMALL = """\
part,operator,trial,thickness [um]
1,Ada,1,108.2
1,Ada,2,108.4
1,Bob,1,108.1
1,Bob,2,108.0
2,Ada,1,110.2
2,Ada,2,110.1
2,Bob,1,110.4
2,Bob,2,110.3
"""


def written(folder: Path, content: str) -> Path:
    path = folder / "study.csv"
    path.write_text(content, encoding="utf-8")
    return path


def with_line(number: int, line: str) -> str:
    lines = SMALL.splitlines()
    lines[number - 1] = line
    return "\n".join(lines) + "\n"


def test_columns_are_known_by_their_names_and_the_unit_by_the_header(tmp_path: Path) -> None:
    found = read_gauge_study(written(tmp_path, SMALL))
    assert found.columns == {
        "part": "part",
        "operator": "operator",
        "trial": "trial",
        "value": "thickness [um]",
    }
    assert (found.unit, found.signed) == ("um", False)
    assert [m.value for m in found.measurements][:3] == [108.2, 108.4, 108.1]


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
def test_the_delimiter_is_found(delimiter: str, tmp_path: Path) -> None:
    found = read_gauge_study(written(tmp_path, as_table(AIAG, delimiter=delimiter)))
    assert list(found.measurements) == AIAG
    assert found.signed


def test_between_semicolons_a_decimal_comma_is_read(tmp_path: Path) -> None:
    content = SMALL.replace(",", ";").replace(".", ",")
    found = read_gauge_study(written(tmp_path, content))
    assert found.measurements == read_gauge_study(written(tmp_path, SMALL)).measurements


def test_decimal_comma_and_point_in_one_column_are_refused(tmp_path: Path) -> None:
    content = SMALL.replace(",", ";").replace("108.4", "108,4")
    with pytest.raises(InvalidFile, match=r"line 2: .* '108.2' is no number"):
        read_gauge_study(written(tmp_path, content))


def test_columns_may_be_named(tmp_path: Path) -> None:
    content = SMALL.replace("part,operator,trial", "foil,who,n").replace("\n", ",x\n")
    named = {"part": "foil", "operator": "who", "trial": "N", "value": "thickness"}
    found = read_gauge_study(written(tmp_path, content), named)
    assert found.columns["trial"] == "n"
    assert {m.operator for m in found.measurements} == {"Ada", "Bob"}


def test_without_operator_and_trial_it_is_a_study_of_repeatability(tmp_path: Path) -> None:
    found = read_gauge_study(written(tmp_path, "part,value\n1,5.1\n1,5.2\n2,7.1\n2,7.0\n"))
    assert {(m.operator, m.trial) for m in found.measurements} == {("", "")}


@pytest.mark.parametrize(
    ("content", "line", "why"),
    [
        (with_line(4, "1,Bob,1,thick"), 4, "'thick' is no number"),
        (with_line(4, "1,Bob,1,nan"), 4, "'nan' is no number"),
        (with_line(4, "1,Bob,1,1_0"), 4, "'1_0' is no number"),
        (with_line(4, "1,Bob,1,1e999"), 4, "the value is inf"),
        (with_line(4, "1,Bob,1,"), 4, "thickness [um] is blank"),
        (with_line(4, "1, ,1,108.1"), 4, "operator is blank"),
        (with_line(4, "1,Bob,1,0"), 4, "the value is zero"),
        (with_line(4, "1,Bob,1,-108.1"), 4, "the value is negative (-108.1)"),
        (with_line(4, "1,Bob,2,108.1"), 5, "trial '2' comes twice"),
        (with_line(4, "1,Ada,3,108.1"), 4, "operator 'Ada': measured 3 times"),
        (with_line(4, "1,Bob,1"), 4, "3 fields where the header has 4"),
        (SMALL[:-1], 9, "the file is cut off"),
        (SMALL[: SMALL.index("1,Ada")], None, "no measurement"),
        (SMALL[: SMALL.index("2,Ada")], None, "parts: 1"),
        (SMALL.replace("part", "part,part", 1), 1, "columns that come twice"),
        (SMALL.replace("part", "foil", 1), 1, "no column is known as the part"),
        ("", None, "is empty"),
    ],
)
def test_a_table_that_is_no_study_is_refused_with_line_and_reason(
    content: str, line: int | None, why: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidFile) as refused:
        read_gauge_study(written(tmp_path, content))
    assert refused.value.line == line
    assert why in refused.value.why


def test_all_faults_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    content = with_line(8, "2,Bob,1,0").replace("108.4", "-108.4")
    with pytest.raises(InvalidFile) as refused:
        read_gauge_study(written(tmp_path, content))
    assert "line 3: the value is negative" in str(refused.value)
    assert "\n  line 8: the value is zero" in str(refused.value)


def test_of_very_many_faults_the_first_are_told_and_the_rest_counted(tmp_path: Path) -> None:
    rows = "".join(f"{part},0\n{part},0\n" for part in range(20))
    with pytest.raises(InvalidFile) as refused:
        read_gauge_study(written(tmp_path, "part,value\n" + rows))
    assert str(refused.value).endswith("and 20 more")


@pytest.mark.parametrize(
    ("named", "why"),
    [
        ({"value": "mass"}, "no column 'mass'; there are 'part', 'operator'"),
        ({"part": "operator", "operator": "operator"}, "one column is named twice"),
    ],
)
def test_a_named_column_that_can_not_be_is_refused(
    named: dict[str, str], why: str, tmp_path: Path
) -> None:
    with pytest.raises(InvalidFile, match=why):
        read_gauge_study(written(tmp_path, SMALL), named)
