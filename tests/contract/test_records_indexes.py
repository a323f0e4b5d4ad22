"""What is asked of the records often is found by an index, however much they hold.

SQLite is asked how it goes about it; PostgreSQL has the same indexes, and decides by how
much there is.
"""

import sqlite3
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from sqlalchemy import Engine, event

from stores.records.store import SqlRecords
from twin.errors import NotFound
from twin.plant.recommendation import State
from twin.ports import RecommendationQuery

pytestmark = pytest.mark.integration

Ask = Callable[[SqlRecords], object]


class Explained:
    """A records database, and how SQLite goes about what it is asked."""

    def __init__(self, path: Path) -> None:
        self.records = SqlRecords(f"sqlite:///{path}", "demo")
        self._database = sqlite3.connect(path)
        self._asked: list[tuple[str, Sequence[object]]] = []

    def close(self) -> None:
        self._database.close()
        self.records.close()

    def plan(self, ask: Ask) -> list[str]:
        def listen(*what: object) -> None:
            _, _, statement, parameters, *_ = what
            assert isinstance(statement, str)
            assert isinstance(parameters, Sequence)
            self._asked.append((statement, parameters))

        event.listen(Engine, "before_cursor_execute", listen)
        try:
            ask(self.records)
        finally:
            event.remove(Engine, "before_cursor_execute", listen)
        return [
            row[3]
            for statement, parameters in self._asked
            for row in self._database.execute(f"EXPLAIN QUERY PLAN {statement}", parameters)
        ]


@pytest.fixture
def explained(tmp_path: Path) -> Iterator[Explained]:
    made = Explained(tmp_path / "records.sqlite")
    yield made
    made.close()


def page(**query: object) -> Ask:
    return lambda records: records.recommendations(RecommendationQuery(**query))  # type: ignore[arg-type]


def one(records: SqlRecords) -> None:
    with pytest.raises(NotFound):
        records.recommendation("r1")


@pytest.mark.parametrize(
    ("ask", "index"),
    [
        pytest.param(one, "sqlite_autoindex_recommendations_1 (plant=? AND id=?)", id="one"),
        pytest.param(page(), "recommendations_newest (plant=?", id="the newest"),
        pytest.param(
            page(states=(State.PROPOSED,)),
            "recommendations_by_state (plant=? AND state=?",
            id="those in a state",
        ),
        pytest.param(
            page(asset="line1/coater"),
            "recommendations_by_asset (plant=? AND asset=?",
            id="those of an asset",
        ),
    ],
)
def test_recommendations_are_searched_by_an_index_in_its_own_order(
    explained: Explained, ask: Ask, index: str
) -> None:
    (step,) = explained.plan(ask)

    assert step.startswith("SEARCH recommendations USING INDEX")
    assert index in step


@pytest.mark.parametrize("query", [{}, {"states": (State.PROPOSED,)}, {"asset": "line1/coater"}])
def test_the_next_page_is_begun_where_the_last_one_ended(
    explained: Explained, query: dict[str, object]
) -> None:
    (step,) = explained.plan(page(after=(1_700_000_000_000_000_000, "r1"), **query))

    assert step.startswith("SEARCH recommendations USING INDEX")
    assert "(created_ns,id)<(?,?)" in step


def test_the_way_of_a_piece_is_searched_by_the_piece_and_then_by_its_steps(
    explained: Explained,
) -> None:
    plan = explained.plan(lambda records: records.steps_of("cell-1"))

    searched = {step for step in plan if not step.startswith("LIST SUBQUERY")}
    assert len(searched) == 3
    for begin, end in (
        ("SEARCH step_pieces USING COVERING INDEX", "(plant=? AND piece=?)"),
        ("SEARCH step_pieces USING INDEX", "(plant=? AND step=?)"),
        ("SEARCH steps USING INDEX", "(plant=? AND id=?)"),
    ):
        assert [step for step in searched if step.startswith(begin) and step.endswith(end)], plan
