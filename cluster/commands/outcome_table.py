"""The table that a formation outcome is learned from, made of the traces of the lake.

Each cell's trace goes through a channel's twin to the hour, its features are taken there,
and then to its end, for what the cell gave back: the same code that the plant's channels
run, so a model learned from the table finds its features again.
"""

import csv
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from historian.traces import Trace, TraceStore
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import Reference
from twin.cell.formation.settings import ChannelSettings
from twin.errors import InvalidInput, Unavailable

TARGET: Final = "first_discharge_Ah"
HEAD: Final = ("serial", "channel", "lot", "withheld")
_TOGETHER: Final = 256
"""Cells replayed at once: their traces are some 50 MB."""
_PRESENT: Final = 0.99
"""A feature that fewer of the cells have would cost training too many rows; chosen."""
_HOUR_NS: Final = 3_600_000_000_000

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Columns = tuple[Ints, Floats, Floats, Floats]


@dataclass(slots=True)
class CellRow:
    """``features`` as they stood at the hour; empty where the cell was withheld by then.
    ``discharged`` [Ah]; None where the protocol did not come to its end."""

    serial: str
    channel: str
    features: Mapping[str, float]
    withheld: str = ""
    discharged: float | None = None


@dataclass(frozen=True, slots=True)
class Written:
    """``graded``: cells of which the discharge is known; ``left_out``: features that too few
    cells have."""

    cells: int
    graded: int
    features: tuple[str, ...]
    left_out: int


def cells(
    store: TraceStore,
    reference: Reference,
    settings: ChannelSettings,
    hour: float,
    progress: Callable[[int], None] = lambda done: None,
) -> Iterator[CellRow]:
    """A row for each serial of the store. Raises InvalidFile for a damaged trace."""
    done, names = 0, store.serials()
    while serials := list(islice(names, _TOGETHER)):
        yield from _replayed([store.read(serial) for serial in serials], reference, settings, hour)
        done += len(serials)
        progress(done)


def write(path: Path, rows: Sequence[CellRow], lots: Mapping[str, str]) -> Written:
    """As CSV. ``lots``: electrode lot by serial, where known. Raises Unavailable."""
    if not rows:
        raise InvalidInput("there is no trace to make a table of")
    there = [row for row in rows if row.features]
    counts: dict[str, int] = {}
    for row in there:
        for name in row.features:
            counts[name] = counts.get(name, 0) + 1
    names = tuple(name for name, n in counts.items() if n >= _PRESENT * len(there))
    try:
        with path.open("w", newline="", encoding="utf-8") as file:
            out = csv.writer(file)
            out.writerow([*HEAD, *names, TARGET])
            for row in rows:
                values = [_number(row.features.get(name)) for name in names]
                head = [row.serial, row.channel, lots.get(row.serial, ""), row.withheld]
                out.writerow([*head, *values, _number(row.discharged)])
    except OSError as error:
        raise Unavailable(f"{path} can't be written: {error.strerror}") from error
    graded = sum(row.discharged is not None for row in rows)
    return Written(len(rows), graded, names, len(counts) - len(names))


def _replayed(
    traces: Sequence[Trace], reference: Reference, settings: ChannelSettings, hour: float
) -> list[CellRow]:
    """Sample by sample, all of them together: first to the hour, then to their ends."""
    cohort = ChannelCohort.bulk(len(traces), settings, reference)
    rows = [CellRow(trace.serial, trace.channel, {}) for trace in traces]
    by_serial = {row.serial: row for row in rows}
    columns = _stacked(traces)
    reach = [trace.time[0] + round(hour * _HOUR_NS) for trace in traces]
    until = np.array(
        [np.searchsorted(t.time, last, "right") for t, last in zip(traces, reach, strict=True)]
    )
    _play(cohort, columns, by_serial, np.zeros_like(until), until)
    names, values = cohort.features(hour)
    for row, found in zip(rows, values, strict=True):
        if not row.withheld:
            known = np.flatnonzero(np.isfinite(found))
            row.features = {names[j]: float(found[j]) for j in known}
    _play(cohort, columns, by_serial, until, np.array([len(trace) for trace in traces]))
    return rows


def _stacked(traces: Sequence[Trace]) -> Columns:
    """(traces, samples) each, padded at their ends."""
    shape = len(traces), max(len(trace) for trace in traces)
    time = np.zeros(shape, dtype=np.int64)
    voltage, current, temperature = (np.full(shape, np.nan) for _ in range(3))
    for i, trace in enumerate(traces):
        n = len(trace)
        time[i, :n], voltage[i, :n], current[i, :n] = trace.time, trace.voltage, trace.current
        temperature[i, :n] = trace.temperature
    return time, voltage, current, temperature


def _play(
    cohort: ChannelCohort,
    columns: Columns,
    rows: Mapping[str, CellRow],
    start: Ints,
    end: Ints,
) -> None:
    """Samples ``start`` to ``end`` (traces,) of each."""
    serials = list(rows)
    time, voltage, current, temperature = columns
    for k in range(int((end - start).max(initial=0))):
        at = np.flatnonzero(start + k < end)
        j = start[at] + k
        events = cohort.step_block(
            time[at, j],
            voltage[at, j],
            current[at, j],
            temperature[at, j],
            serials=[serials[i] for i in at] if k == 0 else None,
            rows=at,
        )
        for event in events:
            row = rows[str(event.data["serial"])]
            if event.kind == "cell.withheld":
                row.withheld = str(event.data["reason"])
            elif event.kind == "cell.formed":
                discharged = event.data[TARGET]
                assert isinstance(discharged, float)
                row.discharged = discharged


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"
