"""Traces cut out of the archive: a channel's readings, by the serial that each carries."""

from collections.abc import Iterable, Mapping
from typing import Final

import numpy as np

from historian.query import FIRST_NS, LAST_NS, View
from historian.traces import Trace
from twin.frame import Reading
from twin.quality import is_bad

SIGNALS: Final = ("voltage", "current", "temperature", "step")


def traces_of(
    view: View, channel: str, start_ns: int = FIRST_NS, end_ns: int = LAST_NS
) -> list[Trace]:
    """Of the cells that were on that channel, in order of their first reading. Readings
    without a serial, and those that their source calls bad, are left out."""
    batches = view.readings(channel, SIGNALS, start_ns, end_ns)
    return cut(channel, (reading for batch in batches for reading in batch))


def cut(channel: str, readings: Iterable[Reading]) -> list[Trace]:
    """Readings of one instant become one row; NaN (step: -1) where a signal has none."""
    rows: dict[str, dict[int, dict[str, float]]] = {}
    for reading in readings:
        if reading.text and reading.signal in SIGNALS and not is_bad(reading.quality):
            at = rows.setdefault(reading.text, {}).setdefault(reading.time_ns, {})
            at[reading.signal] = reading.value
    found = [_trace(channel, serial, by_time) for serial, by_time in rows.items()]
    return sorted(found, key=lambda trace: int(trace.time[0]))


def _trace(channel: str, serial: str, by_time: Mapping[int, Mapping[str, float]]) -> Trace:
    times = sorted(by_time)
    columns = {
        name: np.array([by_time[time].get(name, np.nan) for time in times]) for name in SIGNALS
    }
    step = np.nan_to_num(columns["step"], nan=-1.0)
    return Trace(
        serial,
        channel,
        np.array(times, dtype=np.int64),
        columns["voltage"],
        columns["current"],
        columns["temperature"],
        step.astype(np.int32),
    )
