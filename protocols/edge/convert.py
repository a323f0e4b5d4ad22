"""From what a source sent to a reading in the kind's unit."""

import math
from typing import Final

from protocols.edge.bound_signal import BoundSignal
from twin.frame import Reading
from twin.quality import is_good

BAD_TYPE_MISMATCH: Final = 0x8074_0000
"""OPC UA's code for a value of the wrong type."""


def to_reading(
    bound: BoundSignal, raw: object, time_ns: int, quality: int, piece: str | None = None
) -> tuple[Reading, str]:
    """The reading, and what is wrong with the value (empty: nothing).

    Numbers and truth values become ``raw * scale + offset``; ``piece`` stays beside
    them as text. A text signal takes text and whole numbers. Anything else becomes a
    reading without a value and of bad quality, so that the gate sees and reports it.
    """
    if bound.is_text:
        text = _as_text(raw)
        if text is not None:
            return Reading(bound.asset, bound.signal, time_ns, math.nan, quality, text), ""
    else:
        value = _as_number(raw)
        if value is not None:
            scaled = value * bound.scale + bound.offset
            return Reading(bound.asset, bound.signal, time_ns, scaled, quality, piece), ""
    if not is_good(quality):  # the source has said so itself
        return Reading(bound.asset, bound.signal, time_ns, math.nan, quality, piece), ""
    wanted = "a text" if bound.is_text else "a number"
    reading = Reading(bound.asset, bound.signal, time_ns, math.nan, BAD_TYPE_MISMATCH, piece)
    return reading, f"the value is {_describe(raw)}; {wanted} is expected"


def _as_number(raw: object) -> float | None:
    if not isinstance(raw, bool | int | float):
        return None
    try:
        return float(raw)
    except OverflowError:
        return None


def _as_text(raw: object) -> str | None:
    if isinstance(raw, str):
        return raw
    return str(raw) if isinstance(raw, int) and not isinstance(raw, bool) else None


def _describe(raw: object) -> str:
    if raw is None:
        return "missing (null)"
    if isinstance(raw, str):
        return f"the text {raw[:40]!r}"
    if isinstance(raw, list | tuple):
        return f"an array of {len(raw)}"
    return f"of type {type(raw).__name__}"
