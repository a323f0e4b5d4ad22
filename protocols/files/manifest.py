"""What a ``replay.yaml`` may say: which files hold a plant's past, and what they mean.

A template such as ``"{run}/{n}"`` is filled with a row's columns; ``n`` is the number at
the end of the measurement's name.
"""

from pathlib import Path
from typing import Annotated, Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import yaml
from pydantic import BaseModel, BeforeValidator, ConfigDict, ValidationError

from protocols.files.cycler_trace import Format
from protocols.files.text import decode, read_bytes
from twin.errors import InvalidFile


def _zone(name: object) -> object:
    try:
        return ZoneInfo(name) if isinstance(name, str) else name
    except (ZoneInfoNotFoundError, ValueError) as error:
        raise ValueError(f"{name!r} is no time zone, as Europe/Berlin is one") from error


class _Model(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", arbitrary_types_allowed=True)


class TableFile(_Model):
    file: str
    encoding: str = "utf-8"
    delimiter: str = ","


class Stage(_Model):
    """Columns of the pieces' table that say in which run a piece went through a station."""

    run: str
    note: str = ""
    position: str = ""
    channel: str = ""


class Pieces(_Model):
    """The table with one row a finished piece."""

    table: str
    serial: str
    stacking: Stage
    filling: Stage
    formation: Stage


class Link(_Model):
    """Which piece a measurement was made on, where the table says it only by its value.

    ``run`` names the column of the run there and in the pieces' table; ``by`` the column
    of the pieces' table that holds a copy of each measurement, in ``unit``. A piece whose
    copies fit several positions takes its own ``position`` if that is one of them, and
    else none.
    """

    run: dict[str, str]
    by: dict[str, str]
    unit: str
    position: str


class Measurements(_Model):
    """A long table: one measured value a row."""

    table: str
    where: dict[str, str] = {}
    asset: str
    time: str
    value: str
    unit: str
    name: str
    signals: dict[str, str]
    piece: str
    link: Link | None = None


class Lookup(_Model):
    """A time from another table: of the first row whose columns fit, ``there: here``."""

    table: str
    where: dict[str, str] = {}
    match: dict[str, str]
    time: str


class TimeOf(_Model):
    """The ``earliest`` or the ``first`` known of several times: lookups or columns."""

    pick: Literal["earliest", "first"]
    of: tuple[str, ...]


class Column(_Model):
    """A column of a table with one row a piece: a number with its unit, or a text."""

    table: str
    asset: str
    signal: str
    value: str
    unit: str | None = None
    piece: str
    time: TimeOf


class Tester(_Model):
    """Tester exports, one a piece, named in a table."""

    format: Literal["maccor"]
    table: str
    folder: str
    file: str
    encoding: str = "latin-1"
    decimal: Literal[",", "."] = ","
    asset: str
    channel: str
    started: str = ""
    piece: str


class Trace(_Model):
    """Full traces of a cycler, one file a piece, named in a table.

    ``columns`` and ``units`` say what a plain CSV holds (time, voltage, current,
    temperature). ``started`` is the table's column with the start, which a file that does
    not say its own needs.
    """

    format: Format = "auto"
    table: str
    folder: str
    file: str
    columns: dict[str, str] = {}
    units: dict[str, str] = {}
    encoding: str = "utf-8"
    delimiter: str = ","
    asset: str
    started: str = ""
    piece: str


class Manifest(_Model):
    plant: str
    credit: str = ""
    time_zone: Annotated[ZoneInfo, BeforeValidator(_zone)]
    tables: dict[str, TableFile]
    pieces: Pieces
    times: dict[str, Lookup] = {}
    columns: tuple[Column, ...] = ()
    measurements: tuple[Measurements, ...] = ()
    testers: tuple[Tester, ...] = ()
    traces: tuple[Trace, ...] = ()


def load_manifest(path: Path) -> Manifest:
    """Raises InvalidFile with everything that is wrong with it."""
    try:
        content = yaml.safe_load(decode(path, read_bytes(path), "utf-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else None
        raise InvalidFile(str(path), line, f"is no YAML: {error.problem}") from error
    try:
        return Manifest.model_validate(content)
    except ValidationError as error:
        found = (f"{'.'.join(map(str, e['loc'])) or 'all'}: {e['msg']}" for e in error.errors())
        raise InvalidFile(str(path), None, "; ".join(found)) from error
