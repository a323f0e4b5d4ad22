"""All archives of these tests ask one DuckDB: to open one takes 15 ms, a question 1 ms."""

from collections.abc import Iterator
from unittest.mock import patch

import duckdb
import pytest

_Config = dict[str, str | bool | int | float | list[str]]


@pytest.fixture(scope="session", autouse=True)
def one_database() -> Iterator[None]:
    opens = duckdb.connect
    opened: list[tuple[_Config, duckdb.DuckDBPyConnection]] = []

    def connect(config: _Config) -> duckdb.DuckDBPyConnection:
        for known, database in opened:
            if known == config:
                return database.cursor()
        opened.append((config, opens(config=config)))
        return opened[-1][1].cursor()

    with patch.object(duckdb, "connect", connect):
        yield
    for _, database in opened:
        database.close()
