"""``gigatwin sensors rr`` as its users start it: exit codes and one document."""

from pathlib import Path

import pytest

from tests.commands import run
from tests.gauge_studies import AIAG, as_table

pytestmark = pytest.mark.integration


def test_a_study_is_one_document_and_exit_code_0_unless_the_gauge_is_rejected(
    tmp_path: Path,
) -> None:
    path = tmp_path / "aiag.csv"
    path.write_text(as_table(AIAG))

    done = run("sensors", "rr", path, "--json")
    assert (done.code, done.document["verdict"], done.errors) == (0, "conditional", "")

    rejected = run("sensors", "rr", path, "--tolerance", "5", "--json")
    assert (rejected.code, rejected.document["verdict"]) == (1, "reject")


def test_a_bad_study_is_exit_code_2_with_line_and_reason_and_no_traceback(tmp_path: Path) -> None:
    path = tmp_path / "study.csv"
    path.write_text(as_table(AIAG).replace("P3,B,2,0.94", "P3,B,2,broken"))

    done = run("sensors", "rr", path, "--json")
    assert (done.code, done.output) == (2, "")
    assert done.errors == f"gigatwin: {path}, line 24: value 'broken' is no number\n"

    missing = run("sensors", "rr", tmp_path / "missing.csv")
    assert (missing.code, missing.output) == (2, "")
    assert "can't be read: No such file" in missing.errors
