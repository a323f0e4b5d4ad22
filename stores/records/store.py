"""Recommendations, their audit trail and genealogy on SQLite or PostgreSQL."""

import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import (
    Connection,
    Row,
    select,
    tuple_,
)
from sqlalchemy.dialects import postgresql, sqlite

from stores.records.database import create_tables, open_database, unavailable_when_away
from stores.records.tables import (
    audit,
    recommendations,
    refused_readings,
    step_pieces,
    steps,
)
from twin.asset import Event
from twin.errors import NotFound
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation import Recommendation
from twin.plant.recommendation_codec import decode, encode
from twin.ports import RecommendationQuery


class SqlRecords:
    """Implements ``twin.ports.Records``. Opens (and, where new, makes) the schema.

    Raises InvalidConfiguration for an URL that can't work, Unavailable where the database
    can't be reached; so does every method.
    """

    def __init__(self, url: str, plant: str) -> None:
        self._plant = plant
        self._engine = open_database(url)
        create_tables(self._engine)

    def close(self) -> None:
        self._engine.dispose()

    @contextmanager
    def _writing(self) -> Iterator[Connection]:
        with unavailable_when_away(self._engine), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with unavailable_when_away(self._engine), self._engine.connect() as connection:
            yield connection

    def save_recommendations(self, batch: Sequence[Recommendation]) -> None:
        with self._writing() as connection:
            for recommendation in batch:
                self._save(connection, recommendation)

    def recommendation(self, id: str) -> Recommendation:
        query = select(recommendations.c.record).where(
            recommendations.c.plant == self._plant, recommendations.c.id == id
        )
        with self._reading() as connection:
            record = connection.execute(query).scalar_one_or_none()
        if record is None:
            raise NotFound(f"there is no recommendation {id!r} in plant {self._plant!r}")
        return decode(json.loads(record))

    def recommendations(self, query: RecommendationQuery) -> Sequence[Recommendation]:
        table = recommendations.c
        found = select(table.record).where(table.plant == self._plant)
        if query.states:
            found = found.where(table.state.in_([state.value for state in query.states]))
        if query.asset:
            found = found.where(table.asset == query.asset)
        if query.after is not None:
            found = found.where(tuple_(table.created_ns, table.id) < query.after)
        found = found.order_by(table.created_ns.desc(), table.id.desc()).limit(query.limit)
        with self._reading() as connection:
            return [decode(json.loads(record)) for record in connection.execute(found).scalars()]

    def record_steps(self, batch: Sequence[ProcessStep]) -> int:
        new = 0
        with self._writing() as connection:
            for step in batch:
                new += self._record(connection, step)
        return new

    def steps_of(self, piece: str) -> Sequence[ProcessStep]:
        touching = select(step_pieces.c.step).where(
            step_pieces.c.plant == self._plant, step_pieces.c.piece == piece
        )
        return self._steps(touching)

    def steps(self) -> Sequence[ProcessStep]:
        """All steps of the plant, oldest first."""
        return self._steps(select(steps.c.id).where(steps.c.plant == self._plant))

    def record_refused(self, events: Sequence[Event]) -> None:
        """Keep what the gate refused; an event that is kept already changes nothing."""
        rows = [
            {
                "plant": self._plant,
                "event": event.id,
                "asset": event.asset,
                "uid": event.uid,
                "sequence": event.sequence,
                "time_ns": event.time_ns,
                "data": json.dumps(dict(event.data)),
            }
            for event in events
        ]
        if not rows:
            return
        with self._writing() as connection:
            insert = _insert(connection, refused_readings).on_conflict_do_nothing()
            connection.execute(insert, rows)

    def refused(self) -> Sequence[Event]:
        """Events of all refused readings, oldest first."""
        table = refused_readings.c
        found = (
            select(refused_readings)
            .where(table.plant == self._plant)
            .order_by(table.time_ns, table.uid, table.sequence)
        )
        with self._reading() as connection:
            return [
                Event(
                    asset=row.asset,
                    uid=row.uid,
                    sequence=row.sequence,
                    kind="reading.quarantined",
                    time_ns=row.time_ns,
                    data=json.loads(row.data),
                )
                for row in connection.execute(found)
            ]

    def _save(self, connection: Connection, recommendation: Recommendation) -> None:
        insert = _insert(connection, recommendations).values(
            plant=self._plant,
            id=recommendation.id,
            revision=recommendation.revision,
            state=recommendation.state.value,
            asset=recommendation.asset,
            layer=recommendation.layer,
            lot=recommendation.lot,
            created_ns=recommendation.created_ns,
            record=json.dumps(encode(recommendation)),
        )
        new = insert.excluded
        connection.execute(
            insert.on_conflict_do_update(
                index_elements=["plant", "id"],
                set_={"revision": new.revision, "state": new.state, "record": new.record},
                where=recommendations.c.revision < new.revision,
            )
        )
        for number, transition in enumerate(recommendation.history, start=1):
            connection.execute(
                _insert(connection, audit)
                .values(
                    plant=self._plant,
                    recommendation=recommendation.id,
                    revision=number,
                    step=transition.step.value,
                    state=transition.to_state.value,
                    time_ns=transition.time_ns,
                    by=transition.by,
                    reason=transition.reason,
                )
                .on_conflict_do_nothing()
            )

    def _record(self, connection: Connection, step: ProcessStep) -> int:
        done = connection.execute(
            _insert(connection, steps)
            .values(
                plant=self._plant,
                id=step.id,
                type=step.type.value,
                station=step.station,
                time_ns=step.time_ns,
                measured=json.dumps(dict(step.measured), sort_keys=True),
            )
            .on_conflict_do_nothing()
            .returning(steps.c.id)
        )
        # Not rowcount: psycopg does not tell it of an insert.
        if done.first() is None:
            return 0
        pieces = [("in", n, piece) for n, piece in enumerate(step.inputs)]
        pieces += [("out", n, piece) for n, piece in enumerate(step.outputs)]
        for direction, position, piece in pieces:
            connection.execute(
                _insert(connection, step_pieces)
                .values(
                    plant=self._plant,
                    step=step.id,
                    direction=direction,
                    position=position,
                    piece=piece,
                )
                .on_conflict_do_nothing()
            )
        return 1

    def _steps(self, ids: object) -> Sequence[ProcessStep]:
        # Ordered here: the database would go through all steps in the order of their times.
        found = select(steps).where(steps.c.plant == self._plant, steps.c.id.in_(ids))  # type: ignore[arg-type]
        pieces = (
            select(step_pieces)
            .where(step_pieces.c.plant == self._plant, step_pieces.c.step.in_(ids))  # type: ignore[arg-type]
            .order_by(step_pieces.c.step, step_pieces.c.direction, step_pieces.c.position)
        )
        with self._reading() as connection:
            of_step: dict[tuple[str, str], list[str]] = {}
            for row in connection.execute(pieces):
                of_step.setdefault((row.step, row.direction), []).append(row.piece)
            made = [_step(row, of_step) for row in connection.execute(found)]
        return sorted(made, key=lambda step: (step.time_ns, step.id))


def _step(row: "Row[tuple[object, ...]]", of_step: dict[tuple[str, str], list[str]]) -> ProcessStep:
    return ProcessStep(
        id=row.id,
        type=StepType(row.type),
        station=row.station,
        time_ns=row.time_ns,
        inputs=tuple(of_step.get((row.id, "in"), ())),
        outputs=tuple(of_step.get((row.id, "out"), ())),
        measured=json.loads(row.measured),
    )


def _insert(connection: Connection, table: object) -> sqlite.Insert:
    """Both dialects have the same upsert, under two names."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)  # type: ignore[arg-type, return-value]
    return sqlite.insert(table)  # type: ignore[arg-type]
