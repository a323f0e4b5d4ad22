from pathlib import Path

import pytest

from stores.spool import Spool
from twin.errors import Unavailable


def test_frames_come_out_in_the_order_in_which_they_went_in(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db")
    spool.append([("a", b"1"), ("b", b"2")])
    spool.append([("a", b"3")])

    assert [(f.stream, f.data) for f in spool.peek(10)] == [("a", b"1"), ("b", b"2"), ("a", b"3")]
    assert [f.data for f in spool.peek(2)] == [b"1", b"2"]


def test_what_was_appended_is_there_after_a_restart(tmp_path: Path) -> None:
    # given: a process that ended without closing its spool
    Spool(tmp_path / "spool.db").append([("a", b"12345")])

    again = Spool(tmp_path / "spool.db")

    assert (len(again), again.size_bytes) == (1, 5)
    assert again.peek(1)[0].data == b"12345"


def test_dropped_frames_are_gone_and_leave_room(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", max_bytes=8)
    spool.append([("a", b"1234"), ("a", b"5678")])

    spool.drop(spool.peek(1))
    spool.append([("a", b"9abc")])

    assert [f.data for f in spool.peek(10)] == [b"5678", b"9abc"]
    assert (len(spool), spool.size_bytes) == (2, 8)


def test_a_full_spool_refuses_all_of_what_does_not_fit(tmp_path: Path) -> None:
    spool = Spool(tmp_path / "spool.db", max_bytes=8)
    spool.append([("a", b"12345")])

    with pytest.raises(Unavailable, match="full: 5 of 8 bytes"):
        spool.append([("a", b"6"), ("a", b"789")])

    assert (len(spool), spool.size_bytes) == (1, 5)


def test_a_file_that_is_no_spool_is_named(tmp_path: Path) -> None:
    (tmp_path / "spool.db").write_bytes(b"not a database, " * 100)

    with pytest.raises(Unavailable, match=r"spool\.db can't be used"):
        Spool(tmp_path / "spool.db")
