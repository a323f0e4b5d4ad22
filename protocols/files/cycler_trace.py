"""A cycler's full trace of one cell, whatever wrote the file.

Comma-separated files and the Battery Data Format are read here. Others go through two
libraries, the optional extra ``testers``: ionworksdata (Arbin, BaSyTec, BioLogic, Digatron,
Maccor, Neware's text, Novonix) and fastnda (Neware's ``.nda`` and ``.ndax``).
"""

import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from importlib import import_module
from pathlib import Path
from typing import Final, Literal, Protocol, TypeAlias, TypeVar
from zoneinfo import ZoneInfo

import numpy as np
from numpy.typing import NDArray

from protocols.files import times
from protocols.files.tables import Table, read_table
from twin.errors import InvalidConfiguration, InvalidFile
from twin.units import affine

Format: TypeAlias = Literal[
    "auto",
    "csv",
    "bdf",
    "arbin",
    "arbin res",
    "basytec",
    "biologic",
    "biologic mpt",
    "biologic csv",
    "digatron",
    "maccor",
    "neware",
    "neware nda",
    "novonix",
]
Array: TypeAlias = NDArray[np.float64]
_T = TypeVar("_T")

_UNITS: Final = {"time": "s", "voltage": "V", "current": "A", "temperature": "degC", "unix": "s"}
_REQUIRED: Final = ("time", "voltage", "current")
# Battery Data Format 1: machine-readable names and preferred labels; a charge is positive.
_BDF: Final = {
    "time": ("test_time_second", "Test Time / s"),
    "voltage": ("voltage_volt", "Voltage / V"),
    "current": ("current_ampere", "Current / A"),
    "temperature": (
        "temperature_t1_celsius",
        "Surface Temperature T1 / degC",
        "ambient_temperature_celsius",
        "Ambient Temperature / degC",
    ),
    "unix": ("unix_time_second", "Unix Time / s"),
}


@dataclass(frozen=True, slots=True)
class CyclerTrace:
    """Rows in the file's order, all arrays of one shape (n,): ``seconds`` since the start,
    ``voltage`` [V], ``current`` [A, positive while charging], ``temperature`` [degC] or None.
    ``started_ns`` is None where the file does not say when the test began."""

    started_ns: int | None
    seconds: Array
    voltage: Array
    current: Array
    temperature: Array | None


class _Frame(Protocol):
    """What is used of a polars data frame."""

    columns: list[str]

    def __getitem__(self, name: str) -> "_Column": ...


class _Column(Protocol):
    def to_numpy(self) -> NDArray[np.float64]: ...


def read_trace(
    path: Path,
    format: Format,
    zone: ZoneInfo,
    columns: Mapping[str, str] | None = None,
    units: Mapping[str, str] | None = None,
    *,
    encoding: str = "utf-8",
    delimiter: str = ",",
) -> CyclerTrace:
    """The trace at ``path``; its local times are read in ``zone``.

    ``columns`` names the columns of a ``csv`` (time, voltage, current, temperature) and
    ``units`` their units, by default s, V, A (positive while charging) and degC. ``auto``
    is the Battery Data Format where its names are in the header, else what the library finds.

    Raises InvalidFile where a column is missing or a cell is no number, and
    InvalidConfiguration where the extra that reads the format is not installed.
    """
    if path.suffix.lower() in (".nda", ".ndax") and format in ("auto", "neware", "neware nda"):
        return _neware(path)
    if format in ("csv", "bdf") or (format == "auto" and (columns or _is_bdf(path, encoding))):
        table = read_table(path, encoding=encoding, delimiter=delimiter)
        named = dict(columns) if columns else _bdf_columns(table)
        return _plain(table, named, {**_UNITS, **(units or {})})
    return _library(path, None if format == "auto" else format, zone)


def _is_bdf(path: Path, encoding: str) -> bool:
    try:
        with path.open(encoding=encoding, errors="replace") as file:
            header = file.readline()
    except OSError as error:
        raise InvalidFile(str(path), None, f"can't be read: {error.strerror}") from error
    return all(any(name in header for name in _BDF[signal]) for signal in _REQUIRED)


def _bdf_columns(table: Table) -> dict[str, str]:
    return {
        signal: next(name for name in names if name in table.columns)
        for signal, names in _BDF.items()
        if any(name in table.columns for name in names)
    }


def _plain(table: Table, columns: Mapping[str, str], units: Mapping[str, str]) -> CyclerTrace:
    path = str(table.path)
    unknown = sorted(set(columns) - set(_UNITS))
    if unknown:
        raise InvalidFile(path, None, f"no signal {', '.join(unknown)}; there are {list(_UNITS)}")
    for signal in _REQUIRED:
        if signal not in columns:
            raise InvalidFile(
                path,
                1,
                f"no column for {signal}: name it in 'columns', or export the Battery Data "
                f"Format, whose name is {_BDF[signal][0]!r}",
            )
    missing = sorted(set(columns.values()) - set(table.columns))
    if missing:
        raise InvalidFile(path, 1, f"no column {', '.join(map(repr, missing))}")
    if not table.rows:
        raise InvalidFile(path, None, "holds no row")
    values: dict[str, Array] = {}
    for signal, column in columns.items():
        scale, offset = affine(units[signal], _UNITS[signal])
        values[signal] = scale * _numbers(table, column) + offset
    unix = values.get("unix")
    started = None if unix is None else round(float(unix[0] - values["time"][0]) * 1e9)
    return CyclerTrace(
        started, values["time"], values["voltage"], values["current"], values.get("temperature")
    )


def _numbers(table: Table, column: str) -> Array:
    found = np.empty(len(table.rows))
    for i, row in enumerate(table.rows):
        value = table.number(row, column)
        if value is None:
            raise table.invalid(row, f"{column} is blank; a trace is read whole or not at all")
        found[i] = value
    return found


def _library(path: Path, reader: str | None, zone: ZoneInfo) -> CyclerTrace:
    read, find = _extra("ionworksdata.read.read"), _extra("ionworksdata.read.detect")
    name = reader or _guarded(path, lambda: find.detect_reader(path))
    zoned = "timezone" in read.BaseReader.get_reader_object(name).default_options
    options = {"timezone": zone.key} if zoned else None
    frame = _guarded(path, lambda: read.time_series(path, reader=name, options=options))
    begun = _guarded(path, lambda: read.start_time(path, reader=name, options=options))
    started = None
    if isinstance(begun, datetime):
        # A reader without the option takes local times for UTC.
        local = None if zoned and begun.tzinfo else begun.replace(tzinfo=None)
        started = times.nanoseconds(begun) if local is None else times.to_utc(local, zone)
    # The library's discharge is positive.
    return _from_frame(path, frame, started, -1.0, _IONWORKS)


_IONWORKS: Final = ("Time [s]", "Voltage [V]", "Current [A]", "Temperature [degC]")
_FASTNDA: Final = ("total_time_s", "voltage_V", "current_mA", "aux1_temperature_degC")


def _neware(path: Path) -> CyclerTrace:
    read = _extra("fastnda")
    frame = _guarded(path, lambda: read.read(path))
    unix = frame["unix_time_s"].to_numpy() if "unix_time_s" in frame.columns else None
    started = None if unix is None or not unix.size else round(float(unix[0]) * 1e9)
    return _from_frame(path, frame, started, 1e-3, _FASTNDA)


def _from_frame(
    path: Path, frame: _Frame, started_ns: int | None, amperes: float, names: tuple[str, ...]
) -> CyclerTrace:
    missing = [name for name in names[:3] if name not in frame.columns]
    if missing:
        raise InvalidFile(str(path), None, f"holds no {', '.join(missing)}")
    seconds, voltage, current = (
        np.asarray(frame[name].to_numpy(), dtype=np.float64) for name in names[:3]
    )
    if not seconds.size:
        raise InvalidFile(str(path), None, "holds no row")
    warm = names[3] in frame.columns
    temperature = np.asarray(frame[names[3]].to_numpy(), dtype=np.float64) if warm else None
    return CyclerTrace(started_ns, seconds, voltage, amperes * current, temperature)


class _Options(Protocol):
    default_options: Mapping[str, object]


class _Readers(Protocol):
    get_reader_object: Callable[[str], _Options]


class _Library(Protocol):
    """What is used of the two libraries' modules, which bring no types."""

    BaseReader: _Readers
    detect_reader: Callable[[Path], str]
    time_series: Callable[..., _Frame]
    start_time: Callable[..., object]
    read: Callable[..., _Frame]


def _extra(module: str) -> _Library:
    # ionworksdata imports PyBaMM, which would report its use to its makers.
    os.environ.setdefault("PYBAMM_DISABLE_TELEMETRY", "true")
    try:
        found: _Library = import_module(module)
    except ModuleNotFoundError as error:
        raise InvalidConfiguration(
            f"reading this format needs the extra 'testers' ({error.name} is not installed): "
            "install gigatwin[testers], or export CSV or the Battery Data Format"
        ) from error
    return found


def _guarded(path: Path, read: Callable[[], _T]) -> _T:
    """What the library makes of a damaged file comes as whatever it stumbled over."""
    try:
        return read()
    except (ValueError, KeyError, IndexError, RuntimeError, OSError, TypeError) as error:
        raise InvalidFile(str(path), None, f"can't be read: {error}") from error
