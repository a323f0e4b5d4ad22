"""The promise of the records store, kept on SQLite and on a real PostgreSQL."""

import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from uuid import uuid4

import psycopg
import pytest

from stores.records.store import SqlRecords
from tests.postgres import PostgresServer, start_postgres
from tests.recommendation_samples import EFFECT, T0, moved, recommendation, step
from twin.asset import Event
from twin.errors import NotFound
from twin.plant.genealogy import StepType
from twin.plant.recommendation import Applied, State, Step
from twin.ports import RecommendationQuery

pytestmark = pytest.mark.integration


@dataclass(frozen=True)
class Database:
    url: str
    server: PostgresServer | None

    def rows(self, query: str) -> list[tuple[object, ...]]:
        if self.server is None:
            connection = sqlite3.connect(self.url.removeprefix("sqlite:///"))
            try:
                return connection.execute(query).fetchall()
            finally:
                connection.close()
        with psycopg.connect(self.url.replace("+psycopg", "")) as server:
            return server.execute(query).fetchall()  # type: ignore[arg-type]


@pytest.fixture(
    scope="module",
    params=["sqlite", pytest.param("postgresql", marks=pytest.mark.needs_postgresql)],
)
def database(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Database]:
    if request.param == "sqlite":
        folder = tmp_path_factory.mktemp("records")
        yield Database(f"sqlite:///{folder}/new/records.sqlite", None)
        return
    with start_postgres() as server:
        yield Database(server.url, server)


@pytest.fixture
def plant() -> str:
    return f"plant-{uuid4().hex[:8]}"


@pytest.fixture
def records(database: Database, plant: str) -> Iterator[SqlRecords]:
    made = SqlRecords(database.url, plant)
    yield made
    made.close()


def ids(records: SqlRecords, **query: object) -> list[str]:
    return [r.id for r in records.recommendations(RecommendationQuery(**query))]  # type: ignore[arg-type]


def refused(sequence: int, uid: str = "u1", time_ns: int = T0) -> Event:
    data = {"signal": "mass", "value": None, "reason": "RANGE", "text": "µ"}
    return Event("cell/scale", uid, sequence, "reading.quarantined", time_ns, data)


def test_a_recommendation_comes_back_as_it_was_saved(records: SqlRecords) -> None:
    proposed = recommendation()
    closed = replace(
        moved(proposed, Step.APPROVE, Step.REPORT_APPLIED, Step.FOUND_EFFECTIVE, reason="so — µ"),
        applied=Applied(T0 + 5, 41.2, "mes"),
        effect=EFFECT,
    )
    records.save_recommendations([proposed, replace(closed, id="r2")])
    assert records.recommendation("r1") == proposed
    assert records.recommendation("r2") == replace(closed, id="r2")


def test_what_is_not_there_is_not_found(records: SqlRecords, plant: str) -> None:
    with pytest.raises(NotFound, match=f"'r1' in plant '{plant}'"):
        records.recommendation("r1")


def test_a_newer_revision_replaces_and_an_older_or_equal_one_does_not(
    records: SqlRecords,
) -> None:
    proposed = recommendation()
    approved = moved(proposed, Step.APPROVE)
    records.save_recommendations([approved])
    records.save_recommendations([proposed])
    records.save_recommendations([replace(approved, decided_by="somebody else")])
    assert records.recommendation("r1") == approved
    assert ids(records, states=(State.PROPOSED,)) == []
    rejected = moved(proposed, Step.REJECT)
    records.save_recommendations([replace(rejected, revision=9)])
    assert records.recommendation("r1").state is State.REJECTED
    assert ids(records, states=(State.REJECTED,)) == ["r1"]


def test_all_revisions_of_a_batch_may_come_at_once_and_twice(records: SqlRecords) -> None:
    proposed = recommendation()
    batch = [proposed, moved(proposed, Step.APPROVE), moved(proposed, Step.APPROVE, Step.EXPIRE)]
    records.save_recommendations(batch)
    records.save_recommendations(batch)
    records.save_recommendations([])
    assert records.recommendation("r1") == batch[-1]
    assert ids(records) == ["r1"]


def test_newest_come_first_page_by_page(records: SqlRecords) -> None:
    made = [recommendation(f"r{n}", created_ns=T0 + n // 2) for n in range(7)]
    records.save_recommendations(made)
    first = records.recommendations(RecommendationQuery(limit=3))
    assert [r.id for r in first] == ["r6", "r5", "r4"]
    last = first[-1]
    # What comes meanwhile is newer: it moves no page.
    records.save_recommendations([recommendation("r9", created_ns=T0 + 99)])
    assert ids(records, limit=3, after=(last.created_ns, last.id)) == ["r3", "r2", "r1"]
    assert ids(records, limit=3, after=(T0, "r1")) == ["r0"]
    assert ids(records, after=(T0, "r0")) == []


def test_pages_do_not_depend_on_how_a_language_sorts(records: SqlRecords) -> None:
    names = ["Z", "a", "b:2", "b:10", "ä", "b-1", "b_1"]
    records.save_recommendations([recommendation(name) for name in names])
    seen: list[str] = []
    after = None
    while page := records.recommendations(RecommendationQuery(limit=2, after=after)):
        seen += [r.id for r in page]
        after = (page[-1].created_ns, page[-1].id)
    assert seen == sorted(names, reverse=True)


def test_lists_are_filtered_by_state_and_asset(records: SqlRecords) -> None:
    records.save_recommendations(
        [
            recommendation("a1", asset="line1/coater"),
            moved(recommendation("a2", asset="line1/coater"), Step.APPROVE),
            moved(recommendation("a3", asset="line1/coater"), Step.REJECT),
            recommendation("b1", asset="line2/coater"),
        ]
    )
    assert ids(records, states=(State.PROPOSED,)) == ["b1", "a1"]
    assert ids(records, states=(State.PROPOSED, State.APPROVED)) == ["b1", "a2", "a1"]
    assert ids(records, asset="line1/coater") == ["a3", "a2", "a1"]
    assert ids(records, asset="line1/coater", states=(State.REJECTED,)) == ["a3"]
    assert ids(records, asset="line1") == []


def test_plants_in_one_database_do_not_mix(records: SqlRecords, database: Database) -> None:
    other = SqlRecords(database.url, f"other-{uuid4().hex}")
    records.save_recommendations([recommendation()])
    records.record_steps([step()])
    records.record_refused([refused(1)])
    assert ids(other) == []
    assert other.steps() == []
    assert other.steps_of("cell-1") == []
    assert other.refused() == []
    with pytest.raises(NotFound):
        other.recommendation("r1")
    assert other.record_steps([step()]) == 1
    other.close()


def test_every_transition_is_a_row_of_the_audit_once(
    records: SqlRecords, database: Database, plant: str
) -> None:
    proposed = recommendation()
    approved = moved(proposed, Step.APPROVE, by="operator", reason="looks right")
    applied = moved(approved, Step.REPORT_APPLIED, by="mes")
    for saved in (proposed, approved, applied, approved, applied):
        records.save_recommendations([saved])
    assert database.rows(
        'SELECT recommendation, revision, step, state, time_ns, "by", reason FROM audit '
        f"WHERE plant = '{plant}' ORDER BY revision"
    ) == [
        ("r1", 1, "approve", "APPROVED", T0 + 1, "operator", "looks right"),
        ("r1", 2, "report_applied", "APPLIED", T0 + 2, "mes", ""),
    ]


def test_a_step_comes_back_as_it_was_recorded(records: SqlRecords) -> None:
    wide = step(inputs=tuple(f"sheet-{n}" for n in range(12)), outputs=("cell-1", "scrap"))
    assert records.record_steps([wide]) == 1
    assert records.steps_of("cell-1") == [wide]


def test_a_step_that_comes_twice_is_recorded_once(records: SqlRecords) -> None:
    assert records.record_steps([step("s1"), step("s1"), step("s2")]) == 2
    again = replace(step("s1"), outputs=("another",), measured={})
    assert records.record_steps([again, step("s3")]) == 1
    assert records.record_steps([]) == 0
    assert [s.id for s in records.steps()] == ["s1", "s2", "s3"]
    assert records.steps_of("another") == []


def test_a_piece_s_way_is_told_oldest_first(records: SqlRecords) -> None:
    fill = step("s2", time_ns=T0 + 2, inputs=("cell-1",), outputs=("cell-1",), type=StepType.FILL)
    form = step("s0", time_ns=T0 + 3, inputs=("cell-1",), outputs=("cell-1",), type=StepType.FORM)
    stack = step("s1", time_ns=T0 + 1)
    other = step("s9", inputs=("anode-9",), outputs=("cell-9",))
    records.record_steps([form, other, fill, stack])
    assert records.steps_of("cell-1") == [stack, fill, form]
    assert records.steps_of("anode-1") == [stack]
    assert records.steps_of("nothing") == []
    assert records.steps() == [other, stack, fill, form]


def test_refused_readings_are_kept_once_and_told_oldest_first(records: SqlRecords) -> None:
    late, early = refused(3, time_ns=T0 + 3), refused(9, uid="u2", time_ns=T0 + 1)
    same_time = [refused(n, time_ns=T0 + 3) for n in (4, 12)]
    records.record_refused([late, *reversed(same_time)])
    records.record_refused([late, early])
    records.record_refused([])
    assert records.refused() == [early, late, *same_time]


def test_writers_at_the_same_time_lose_nothing(records: SqlRecords, database: Database) -> None:
    """Three supervisors, each a process of its own, and one of them with two threads."""
    steps = [step(f"s{n:02}", time_ns=T0 + n) for n in range(30)]
    lives = [moved(recommendation(), *(Step.APPROVE, Step.REPORT_APPLIED)[:n]) for n in range(3)]

    def write(part: int) -> int:
        writer = SqlRecords(database.url, records._plant)
        new = 0
        for n, one in enumerate(steps[part::2] + steps[(part + 1) % 2 :: 2]):
            new += writer.record_steps([one])
            writer.save_recommendations([lives[n % 3]])
        writer.close()
        return new

    with ThreadPoolExecutor(4) as pool:
        new = sum(pool.map(write, [0, 1, 0, 1]))

    assert new == len(steps)
    assert records.steps() == steps
    assert records.recommendation("r1") == lives[2]
