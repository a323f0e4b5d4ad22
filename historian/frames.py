"""Frames of the past, rebuilt from slices as they once arrived."""

import heapq
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from historian.slices import HEAD, Slice
from twin.frame import Frame, Reading


@dataclass(frozen=True, slots=True)
class ArchivedFrame:
    """A frame, and where it stood on the backbone."""

    stream: str
    id: str
    frame: Frame


_Placed = tuple[tuple[int, int], int, ArchivedFrame]
"""Entry id, number of the frame in the archive, frame."""


def in_order_of_arrival(
    slices: Iterable[Slice], rows_of: Callable[[Slice], pa.Table]
) -> Iterator[ArchivedFrame]:
    """Merge the slices by entry id; no slice is opened before its first frame is due.

    Slices overlap a little, since the archiver does not read all streams at one instant.
    """
    waiting = sorted(slices, key=lambda s: s.arrived[0], reverse=True)
    open_: list[tuple[_Placed, Iterator[_Placed]]] = []
    while waiting or open_:
        while waiting and (not open_ or waiting[-1].arrived[0] <= open_[0][0][0]):
            frames = rebuild(rows_of(waiting.pop()))
            heapq.heappush(open_, (next(frames), frames))
        (_, _, frame), frames = open_[0]
        yield frame
        following = next(frames, None)
        if following is None:
            heapq.heappop(open_)
        else:
            heapq.heapreplace(open_, (following, frames))


def rebuild(rows: pa.Table) -> Iterator[_Placed]:
    """The frames of one slice, by entry id."""
    rows = rows.unify_dictionaries().combine_chunks()
    order = np.lexsort((rows["row"].to_numpy(), rows["frame"].to_numpy()))
    rows = rows.take(pa.array(order))
    columns = _Columns(rows)
    heads = np.flatnonzero(rows["row"].to_numpy() == HEAD)
    ends = np.append(heads[1:], len(rows))
    about = rows.take(pa.array(heads))
    ids = list(zip(about["entry_ms"].to_pylist(), about["entry_n"].to_pylist(), strict=True))
    numbers = about["frame"].to_pylist()
    streams = about["stream"].to_pylist()
    producers = about["producer"].to_pylist()
    sequences = about["sequence"].to_pylist()
    received = about["received_ns"].to_pylist()
    for at in sorted(range(len(ids)), key=lambda i: (ids[i], numbers[i])):
        readings = columns.readings(int(heads[at]) + 1, int(ends[at]))
        frame = Frame.of(producers[at], sequences[at], received[at], readings)
        placed = ArchivedFrame(streams[at], f"{ids[at][0]}-{ids[at][1]}", frame)
        yield ids[at], numbers[at], placed


class _Columns:
    """Columns of a slice, from which readings are cut without unpacking the whole."""

    def __init__(self, rows: pa.Table) -> None:
        self._asset, self._assets = _coded(rows["asset"])
        self._signal, self._signals = _coded(rows["signal"])
        self._text, self._texts = _coded(rows["text"])
        self._time = rows["time"].fill_null(0).to_numpy()
        self._value = rows["value"].fill_null(0.0).to_numpy()
        self._quality = rows["quality"].fill_null(0).to_numpy()

    def readings(self, start: int, end: int) -> Iterator[Reading]:
        for asset, signal, time, value, quality, text in zip(
            self._asset[start:end].tolist(),
            self._signal[start:end].tolist(),
            self._time[start:end].tolist(),
            self._value[start:end].tolist(),
            self._quality[start:end].tolist(),
            self._text[start:end].tolist(),
            strict=True,
        ):
            yield Reading(
                self._assets[asset] or "",
                self._signals[signal] or "",
                time,
                value,
                quality,
                self._texts[text],
            )


def _coded(column: pa.ChunkedArray) -> tuple[npt.NDArray[np.int32], list[str | None]]:
    """Codes, and the strings they point at; a null's code points at None, the last."""
    chunk = column.chunk(0)
    return chunk.indices.fill_null(-1).to_numpy(), [*chunk.dictionary.to_pylist(), None]
