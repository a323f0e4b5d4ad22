"""Opening the records' database, and one meaning for its errors."""

import sqlite3
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from types import MappingProxyType
from typing import Final

from sqlalchemy import Connection, Engine, create_engine, event, func, select
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DatabaseError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from sqlalchemy.pool import ConnectionPoolEntry

from stores.records.tables import metadata
from twin.errors import InvalidConfiguration, Unavailable

_DRIVERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "sqlite": "sqlite",
        "sqlite+pysqlite": "sqlite",
        "postgresql": "postgresql+psycopg",
        "postgresql+psycopg": "postgresql+psycopg",
    }
)
_BUSY_S: Final = 30.0
# Whatever else may hold advisory locks in that database: this one is ours.
_CREATING: Final = 0x67697461


def open_database(url: str) -> Engine:
    """``sqlite:///path`` or ``postgresql://user:password@host/database``.

    Connects at the first use. Raises InvalidConfiguration for an URL that can't work.
    """
    try:
        parsed = make_url(url)
        driver = _DRIVERS[parsed.drivername]
    except (ArgumentError, ValueError, KeyError) as error:
        # Not the URL itself: a password may stand in it.
        raise InvalidConfiguration(
            "the records store's address is none that can be used: give "
            "sqlite:///path/to/file or postgresql://user:password@host/database"
        ) from error
    if driver == "sqlite":
        return _sqlite(parsed.database or "")
    try:
        return create_engine(parsed.set(drivername=driver), pool_pre_ping=True)
    except ImportError as error:
        raise InvalidConfiguration(
            "PostgreSQL needs the driver psycopg: install gigatwin[postgres]"
        ) from error


def create_tables(engine: Engine) -> None:
    """Make what is not there yet; several processes may do so at the same time.

    Raises InvalidConfiguration where the database is there, but can't hold the records.
    """
    try:
        with unavailable_when_away(engine), engine.begin() as connection:
            _wait_for_turn(connection)
            metadata.create_all(connection)
    except DatabaseError as error:
        raise InvalidConfiguration(
            f"{engine.url!r} can't hold the records: {error.orig}"
        ) from error


@contextmanager
def unavailable_when_away(engine: Engine) -> Iterator[None]:
    """Turns the loss of the database into ``Unavailable``; other errors pass."""
    try:
        yield
    except (OperationalError, InterfaceError) as error:
        raise Unavailable(f"the records store {engine.url!r} is away: {error.orig}") from error
    except PoolTimeout as error:
        raise Unavailable(f"the records store {engine.url!r} is busy: {error}") from error


def _wait_for_turn(connection: Connection) -> None:
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_CREATING)))
    else:
        connection.exec_driver_sql("BEGIN IMMEDIATE")


def _sqlite(file: str) -> Engine:
    if file:
        try:
            Path(file).parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InvalidConfiguration(
                f"the records store {file!r} can't be made: {error}"
            ) from error
    engine = create_engine(f"sqlite:///{file}", connect_args={"timeout": _BUSY_S})
    event.listen(engine, "connect", _write_ahead)
    return engine


def _write_ahead(connection: object, _entry: ConnectionPoolEntry) -> None:
    """Readers do not wait for the writer; a commit survives the death of the process."""
    assert isinstance(connection, sqlite3.Connection)
    deadline = time.monotonic() + _BUSY_S
    while True:
        try:
            connection.execute("PRAGMA journal_mode=WAL")
            break
        except sqlite3.OperationalError as error:
            # Another one is making the same switch; SQLite does not wait for that itself.
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > deadline:
                raise
            time.sleep(0.01)
    connection.execute("PRAGMA synchronous=NORMAL")
