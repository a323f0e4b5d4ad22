"""Exports that the optional extra ``testers`` reads; its libraries take seconds to import."""

from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import pytest

from protocols.files.cycler_trace import CyclerTrace, read_trace
from twin.errors import InvalidFile

EIGHT_NS = 1_793_606_400_000_000_000  # 2026-11-02 08:00 UTC
ARBIN = """\
Data Point,Date Time,Test Time (s),Step Time (s),Cycle Index,Step Index,Current (A),Voltage (V)
1,11/02/2026 09:00:00,0.0,0.0,1,1,0.0,3.1000
2,11/02/2026 09:00:10,10.0,10.0,1,2,0.2500,3.2000
3,11/02/2026 09:00:20,20.0,20.0,1,2,0.2500,3.2500
4,11/02/2026 09:00:30,30.0,30.0,1,2,0.2500,3.3000
5,11/02/2026 09:00:40,40.0,40.0,1,3,-0.2500,3.1500
6,11/02/2026 09:00:50,50.0,50.0,1,3,-0.2500,3.1000
"""


def read(folder: Path, text: str) -> CyclerTrace:
    pytest.importorskip("ionworksdata", reason="needs the extra 'testers'")
    path = folder / "cell.csv"
    path.write_text(text, encoding="utf-8")
    return read_trace(path, "auto", ZoneInfo("Europe/Berlin"))


def test_a_testers_own_export_is_read_with_its_local_start_and_a_positive_charge(
    tmp_path: Path,
) -> None:
    trace = read(tmp_path, ARBIN)

    assert trace.started_ns == EIGHT_NS
    assert trace.voltage == pytest.approx([3.1, 3.2, 3.25, 3.3, 3.15, 3.1])
    assert np.sign(trace.current).tolist() == [0.0, 1.0, 1.0, 1.0, -1.0, -1.0]


def test_what_no_library_knows_is_refused_with_its_reason(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match="can't be read"):
        read(tmp_path, "a,b\n1,2\n")
