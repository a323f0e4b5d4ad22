"""Frames and streams for the historian's tests."""

import math
import struct
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from hypothesis import strategies as st

from twin.frame import Frame, Reading
from twin.ports import START, Entry

DAY_NS = 86_400_000_000_000
NOW_NS = 20_000 * DAY_NS

ASSETS = ("line1/coater", "line1/coater/gauge-top", "linie1/ofen-ü")
SIGNALS = ("areal_loading", "lot", "x")

readings = st.builds(
    Reading,
    asset=st.sampled_from(ASSETS),
    signal=st.sampled_from(SIGNALS),
    time_ns=st.one_of(
        st.integers(NOW_NS, NOW_NS + 5), st.integers(min_value=-(2**63), max_value=2**63 - 2)
    ),
    value=st.floats(width=64, allow_nan=True, allow_infinity=True),
    quality=st.sampled_from((0, 0x4000_0000, 0x8000_0000, 2**32 - 1)),
    text=st.one_of(st.none(), st.text(st.characters(codec="utf-8"), max_size=4)),
)


def frame(
    sequence: int, *rows: Reading, producer: str = "opcua:a", received_ns: int = NOW_NS
) -> Frame:
    return Frame.of(producer, sequence, received_ns, rows)


def bits(reading: Reading) -> tuple[object, ...]:
    """All of a reading, its value as it lies in memory, so that NaN equals NaN."""
    return (*reading[:3], struct.pack("<d", reading.value), *reading[4:])


def counted(rows: Iterable[Reading]) -> Counter[tuple[object, ...]]:
    """How often each reading is there, whatever their order."""
    return Counter(bits(row) for row in rows)


def in_order(rows: Sequence[Reading]) -> bool:
    return all((a.signal, a.time_ns) <= (b.signal, b.time_ns) for a, b in pairwise(rows))


def number(at: int, asset: str = ASSETS[0], signal: str = "x", value: float = 1.0) -> Reading:
    return Reading(asset, signal, NOW_NS + at, value)


def text(at: int, what: str, asset: str = ASSETS[0]) -> Reading:
    return Reading(asset, "lot", NOW_NS + at, math.nan, 0, what)


@dataclass
class Streams:
    """Backbone streams with one clock: ids ascend over all of them."""

    entries: dict[str, list[Entry]] = field(default_factory=dict)
    _clock: int = 0

    def append(self, stream: str, frame: Frame) -> Entry:
        self._clock += 1
        id_ = f"{self._clock // 3}-{self._clock % 3}"
        entry = Entry(stream, id_, frame.to_bytes())
        self.entries.setdefault(stream, []).append(entry)
        return entry

    def after(self, stream: str, id_: str) -> list[Entry]:
        """The entries behind ``id_``, which is one of them or START."""
        entries = self.entries[stream]
        known = [START, *(entry.id for entry in entries)]
        return entries[known.index(id_) :]
