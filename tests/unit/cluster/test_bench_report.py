"""The form in which every benchmark reports."""

import json
import math

import pytest

from cluster.bench.report import Report, Row


@pytest.mark.parametrize(
    ("value", "target", "passes"),
    [
        (150, "<= 150", True),
        (150.1, "<= 150", False),
        (3, ">= 3", True),
        (2.9, ">= 3", False),
        (0, "== 0", True),
        (1, "== 0", False),
        (1e9, None, True),
        (None, "<= 150", False),
        (None, ">= 0", False),
        (None, None, True),
        (math.nan, "<= 150", False),
    ],
)
def test_a_row_is_held_to_its_target(value: float | None, target: str | None, passes: bool) -> None:
    assert Row("median", value, "ms", target).passes is passes


def test_a_target_that_says_nothing_is_a_mistake() -> None:
    with pytest.raises(KeyError, match="<"):
        Row("median", 1, "ms", "< 150").passes  # noqa: B018


def test_a_report_passes_where_every_row_does() -> None:
    good, bad = Row("lost", 0, "readings", "== 0"), Row("median", 200, "ms", "<= 150")
    assert Report("latency", 1, [good], {}).passes
    assert not Report("latency", 1, [good, bad], {}).passes


def test_the_document_has_the_form_that_every_bench_has() -> None:
    rows = [Row("median", 42.5, "ms", "<= 150", reference=80), Row("n", 200, "excursions")]

    document = json.loads(json.dumps(Report("latency", 12.3456, rows, {"n": 200}).document()))

    machine = document.pop("machine")
    assert "cores" in machine
    assert document == {
        "name": "latency",
        "seconds": 12.35,
        "n": 200,
        "rows": [
            {
                "what": "median",
                "value": 42.5,
                "unit": "ms",
                "reference": 80,
                "target": "<= 150",
                "pass": True,
            },
            {
                "what": "n",
                "value": 200,
                "unit": "excursions",
                "reference": None,
                "target": None,
                "pass": True,
            },
        ],
    }


def test_what_could_not_be_measured_is_null_and_misses() -> None:
    report = Report("latency", 1, [Row("median", None, "ms", "<= 150")], {})
    (row,) = json.loads(json.dumps(report.document(), allow_nan=False))["rows"]
    assert (row["value"], row["pass"]) == (None, False)
    (line,) = report.lines()
    assert line.startswith("MISS  median")


def test_lines_say_what_people_want_to_know() -> None:
    rows = [Row("median", 42.5, "ms", "<= 150"), Row("worst", 900, "ms", "<= 400")]
    assert Report("latency", 1, rows, {}).lines() == [
        "ok    median: 42.5 ms  (must be <= 150)",
        "MISS  worst: 900 ms  (must be <= 400)",
    ]
