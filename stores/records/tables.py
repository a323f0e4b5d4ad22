"""Tables of the records store: one schema on SQLite and PostgreSQL."""

from sqlalchemy import (
    BigInteger,
    Column,
    Index,
    Integer,
    MetaData,
    String,
    Table,
    Text,
)

metadata = MetaData()

recommendations = Table(
    "recommendations",
    metadata,
    Column("plant", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("revision", Integer, nullable=False),
    Column("state", String, nullable=False),
    Column("asset", String, nullable=False),
    Column("layer", String, nullable=False),
    Column("lot", String, nullable=False),
    Column("created_ns", BigInteger, nullable=False),
    Column("record", Text, nullable=False),
    Index("recommendations_newest", "plant", "created_ns", "id"),
    Index("recommendations_by_state", "plant", "state", "created_ns", "id"),
    Index("recommendations_by_asset", "plant", "asset", "created_ns", "id"),
)

audit = Table(
    "audit",
    metadata,
    Column("plant", String, primary_key=True),
    Column("recommendation", String, primary_key=True),
    Column("revision", Integer, primary_key=True),
    Column("step", String, nullable=False),
    Column("state", String, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("by", String, nullable=False),
    Column("reason", Text, nullable=False),
)

steps = Table(
    "steps",
    metadata,
    Column("plant", String, primary_key=True),
    Column("id", String, primary_key=True),
    Column("type", String, nullable=False),
    Column("station", String, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("measured", Text, nullable=False),
    Index("steps_by_time", "plant", "time_ns", "id"),
)

step_pieces = Table(
    "step_pieces",
    metadata,
    Column("plant", String, primary_key=True),
    Column("step", String, primary_key=True),
    Column("direction", String, primary_key=True),
    Column("position", Integer, primary_key=True),
    Column("piece", String, nullable=False),
    Index("step_pieces_by_piece", "plant", "piece", "step"),
)

refused_readings = Table(
    "refused_readings",
    metadata,
    Column("plant", String, primary_key=True),
    Column("event", String, primary_key=True),
    Column("asset", String, nullable=False),
    Column("uid", String, nullable=False),
    Column("sequence", BigInteger, nullable=False),
    Column("time_ns", BigInteger, nullable=False),
    Column("data", Text, nullable=False),
    Index("refused_readings_by_asset", "plant", "asset", "time_ns"),
)
