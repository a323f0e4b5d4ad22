"""A frame: many readings as columns, and the bytes that carry it over the backbone.

Layout of the bytes, little-endian: ``b"GTF1"``, uint32 length of a JSON header, the
header (producer, sequence, received_ns, rows, and the three string tables), then the
columns one after another: asset uint32, signal uint32, time int64, value float64,
quality uint32, text int32; at the end a CRC-32 of all before it.
"""

import json
import math
import struct
import zlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidFrame
from twin.quality import GOOD

_MAGIC: Final = b"GTF1"
_NO_TEXT: Final = -1
_COLUMNS: Final[Mapping[str, str]] = {
    "asset": "<u4",
    "signal": "<u4",
    "time": "<i8",
    "value": "<f8",
    "quality": "<u4",
    "text": "<i4",
}


class Reading(NamedTuple):
    """One value of one signal.

    ``time_ns`` is the source's time, nanoseconds since 1970 UTC. ``value`` is in the
    unit that the asset's kind gives the signal; NaN for a text signal. ``text`` is the
    text of a text signal, or, beside a number, the piece that it was measured on.
    """

    asset: str
    signal: str
    time_ns: int
    value: float = math.nan
    quality: int = GOOD
    text: str | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """Readings of one backbone stream, in the order in which they were accepted.

    ``producer`` and ``sequence`` name the frame: one producer counts up from 1, so a
    frame that is sent twice is recognised. ``received_ns`` is the producer's clock when
    it closed the frame; it is the only clock that a twin ever sees. A frame without
    rows only moves that clock.
    Columns have one entry a row: ``asset``, ``signal`` and ``text`` are indices into
    the tables ``assets``, ``signals`` and ``texts`` (``text`` -1: none).
    """

    producer: str
    sequence: int
    received_ns: int
    assets: tuple[str, ...]
    signals: tuple[str, ...]
    texts: tuple[str, ...]
    asset: npt.NDArray[np.uint32]
    signal: npt.NDArray[np.uint32]
    time: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]
    quality: npt.NDArray[np.uint32]
    text: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.time)

    @classmethod
    def of(
        cls, producer: str, sequence: int, received_ns: int, readings: Iterable[Reading]
    ) -> "Frame":
        rows = list(readings)
        assets = _Table()
        signals = _Table()
        texts = _Table()
        return cls(
            producer=producer,
            sequence=sequence,
            received_ns=received_ns,
            asset=np.array([assets.code(r.asset) for r in rows], dtype="<u4"),
            signal=np.array([signals.code(r.signal) for r in rows], dtype="<u4"),
            time=np.array([r.time_ns for r in rows], dtype="<i8"),
            value=np.array([r.value for r in rows], dtype="<f8"),
            quality=np.array([r.quality for r in rows], dtype="<u4"),
            text=np.array(
                [_NO_TEXT if r.text is None else texts.code(r.text) for r in rows], dtype="<i4"
            ),
            assets=assets.names(),
            signals=signals.names(),
            texts=texts.names(),
        )

    def readings(self) -> Iterator[Reading]:
        # _NO_TEXT points at the last entry.
        texts = (*self.texts, None)
        return map(
            Reading._make,
            zip(
                map(self.assets.__getitem__, self.asset.tolist()),
                map(self.signals.__getitem__, self.signal.tolist()),
                self.time.tolist(),
                self.value.tolist(),
                self.quality.tolist(),
                map(texts.__getitem__, self.text.tolist()),
                strict=True,
            ),
        )

    def to_bytes(self) -> bytes:
        header = json.dumps(
            {
                "producer": self.producer,
                "sequence": self.sequence,
                "received_ns": self.received_ns,
                "rows": len(self),
                "assets": self.assets,
                "signals": self.signals,
                "texts": self.texts,
            },
            separators=(",", ":"),
        ).encode()
        columns = (getattr(self, name).astype(kind).tobytes() for name, kind in _COLUMNS.items())
        body = b"".join((_MAGIC, struct.pack("<I", len(header)), header, *columns))
        return body + struct.pack("<I", zlib.crc32(body))

    @classmethod
    def from_bytes(cls, data: bytes) -> "Frame":
        """The frame in ``data``. Raises InvalidFrame, naming what is wrong with it."""
        if len(data) < 12 or data[:4] != _MAGIC:
            raise InvalidFrame("these bytes are no frame: they do not begin with GTF1")
        body, checksum = data[:-4], struct.unpack("<I", data[-4:])[0]
        if zlib.crc32(body) != checksum:
            raise InvalidFrame("the frame is damaged: its checksum does not match its content")
        length = struct.unpack("<I", body[4:8])[0]
        try:
            header = json.loads(body[8 : 8 + length])
            rows = int(header["rows"])
            columns = _split(memoryview(body)[8 + length :], rows)
            frame = cls(
                producer=header["producer"],
                sequence=header["sequence"],
                received_ns=header["received_ns"],
                assets=tuple(header["assets"]),
                signals=tuple(header["signals"]),
                texts=tuple(header["texts"]),
                asset=columns["asset"].astype(np.uint32, copy=False),
                signal=columns["signal"].astype(np.uint32, copy=False),
                time=columns["time"].astype(np.int64, copy=False),
                value=columns["value"].astype(np.float64, copy=False),
                quality=columns["quality"].astype(np.uint32, copy=False),
                text=columns["text"].astype(np.int32, copy=False),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise InvalidFrame(f"the frame's header can't be read: {error}") from error
        frame._check_codes()
        return frame

    def _check_codes(self) -> None:
        if not len(self):
            return
        for column, table in (("asset", self.assets), ("signal", self.signals)):
            if int(getattr(self, column).max()) >= len(table):
                raise InvalidFrame(f"column {column!r} points outside its table")
        if int(self.text.max()) >= len(self.texts) or int(self.text.min()) < _NO_TEXT:
            raise InvalidFrame("column 'text' points outside its table")


class _Table:
    """Gives each distinct string the next free code."""

    def __init__(self) -> None:
        self._codes: dict[str, int] = {}

    def code(self, name: str) -> int:
        return self._codes.setdefault(name, len(self._codes))

    def names(self) -> tuple[str, ...]:
        return tuple(self._codes)


def _split(data: memoryview, rows: int) -> dict[str, npt.NDArray[np.generic]]:
    columns: dict[str, npt.NDArray[np.generic]] = {}
    at = 0
    for name, kind in _COLUMNS.items():
        size = rows * np.dtype(kind).itemsize
        columns[name] = np.frombuffer(data[at : at + size], dtype=kind)
        at += size
    if at != len(data) or any(len(c) != rows for c in columns.values()):
        raise ValueError(f"{len(data)} bytes of columns where {rows} rows need {at}")
    return columns


def by_stream(
    readings: Sequence[Reading], stream_of: Mapping[str, str]
) -> dict[str, list[Reading]]:
    """Readings grouped by the backbone stream of their asset, order kept."""
    grouped: dict[str, list[Reading]] = {}
    for reading in readings:
        grouped.setdefault(stream_of[reading.asset], []).append(reading)
    return grouped
