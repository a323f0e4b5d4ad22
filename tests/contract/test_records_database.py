"""Opening the records' database, alone and with others; losing it, and what is said then."""

import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from stores.records.store import SqlRecords
from tests.postgres import start_postgres
from tests.recommendation_samples import recommendation, step
from twin.errors import InvalidConfiguration, Unavailable
from twin.ports import RecommendationQuery

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgresql)])
def new_database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The address of a database without any table."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/records.sqlite"
        return
    with start_postgres() as server:
        yield server.url


def test_processes_that_open_a_new_database_together_all_find_its_tables(
    new_database: str,
) -> None:
    code = (
        "import sys; from stores.records.store import SqlRecords; print('ready', flush=True); "
        "sys.stdin.readline(); r = SqlRecords(sys.argv[1], 'p'); print(len(r.steps()))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, new_database],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(4)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in started:
        assert process.stdin is not None
        process.stdin.write("\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60) for process in started]
    assert [out for out, _ in answers] == ["0\n"] * 4, answers


@pytest.mark.needs_postgresql
def test_a_database_that_is_away_is_unavailable_and_comes_back_with_everything() -> None:
    with start_postgres() as server:
        records = SqlRecords(server.url, "demo")
        records.save_recommendations([recommendation()])
        server.stop()
        try:
            for call in (
                lambda: records.save_recommendations([recommendation("r2")]),
                lambda: records.recommendation("r1"),
                lambda: records.recommendations(RecommendationQuery()),
                lambda: records.record_steps([step()]),
                lambda: records.steps_of("cell-1"),
                lambda: records.refused(),
                lambda: SqlRecords(server.url, "demo"),
            ):
                with pytest.raises(Unavailable, match="records store"):
                    call()
        finally:
            server.start()
        assert records.recommendation("r1") == recommendation()
        records.close()


@contextmanager
def another_is_making(path: Path, lock: str) -> Iterator[sqlite3.Connection]:
    """A new database with one who is in the midst of a transaction."""
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("CREATE TABLE t (n INTEGER)")
    other.execute(lock)
    other.execute("SELECT * FROM t").fetchall()
    yield other
    other.close()


def test_a_database_that_another_is_just_making_is_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The journal's mode is changed by one who is alone; a writer is told at once that it is
    not, and asks again."""
    asks_again = threading.Event()

    def sleep(seconds: float) -> None:
        asks_again.set()
        time.sleep(seconds)

    clock = SimpleNamespace(monotonic=time.monotonic, sleep=sleep)
    monkeypatch.setattr("stores.records.database.time", clock)
    path = tmp_path / "records.sqlite"
    with another_is_making(path, "BEGIN IMMEDIATE") as other, ThreadPoolExecutor(1) as pool:
        opening = pool.submit(SqlRecords, f"sqlite:///{path}", "demo")
        assert asks_again.wait(timeout=20)
        assert not opening.done()
        other.execute("COMMIT")
        opening.result(timeout=20).close()


def test_a_database_that_another_goes_on_making_is_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Readers are waited for by SQLite itself: not for ever."""
    monkeypatch.setattr("stores.records.database._BUSY_S", 0.05)
    path = tmp_path / "records.sqlite"
    before = time.monotonic()
    with (
        another_is_making(path, "BEGIN"),
        pytest.raises(Unavailable, match="locked"),
    ):
        SqlRecords(f"sqlite:///{path}", "demo")
    assert time.monotonic() - before >= 0.05


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    (tmp_path / "records.sqlite").write_bytes(b"no database " * 500)
    with pytest.raises(InvalidConfiguration, match=r"records\.sqlite can't hold the records"):
        SqlRecords(f"sqlite:///{tmp_path}/records.sqlite", "demo")


@pytest.mark.parametrize(
    "url",
    [
        "records.sqlite",
        "mysql://user:secret@host/db",
        "postgresql+psycopg2://user:secret@host/db",
        "postgresql://user:secret@host:port/db",
        "",
    ],
)
def test_an_address_that_can_t_be_used_is_refused_without_its_password(url: str) -> None:
    with pytest.raises(InvalidConfiguration, match="postgresql://") as caught:
        SqlRecords(url, "demo")
    assert "secret" not in str(caught.value)


def test_a_password_is_told_to_nobody(tmp_path: Path) -> None:
    with pytest.raises(Unavailable) as caught:
        SqlRecords("postgresql://user:secret@127.0.0.1:1/db", "demo")
    assert "secret" not in str(caught.value)


def test_a_folder_that_can_t_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidConfiguration, match="file/records"):
        SqlRecords(f"sqlite:///{tmp_path}/file/records/r.sqlite", "demo")


def test_the_short_form_of_postgresql_finds_its_driver() -> None:
    with pytest.raises(Unavailable):
        SqlRecords("postgresql://user@127.0.0.1:1/db", "demo")
