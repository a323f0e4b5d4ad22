"""What a DataValue says, in the twin's terms."""

from datetime import UTC, datetime, timedelta
from typing import Final

from asyncua import ua

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND: Final = timedelta(microseconds=1)
_OVERFLOW: Final = 0x0000_0480  # part 4, 7.39: the info type "data value" and its overflow bit


def nanoseconds(moment: datetime | None) -> int | None:
    """Nanoseconds since 1970 UTC; None for no time, or OPC UA's zero of 1601."""
    if moment is None:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    since = (moment - _EPOCH) // _MICROSECOND
    return since * 1000 if since > 0 else None


def time_of(value: ua.DataValue, now_ns: int) -> int:
    """The source's time, else the server's, else ours."""
    for moment in (value.SourceTimestamp, value.ServerTimestamp):
        time_ns = nanoseconds(moment)
        if time_ns is not None:
            return time_ns
    return now_ns


def quality_of(value: ua.DataValue) -> int:
    return 0 if value.StatusCode is None else int(value.StatusCode.value)


def has_overflowed(quality: int) -> bool:
    """True where the server's queue was full and a value before or after this one is lost."""
    return quality & _OVERFLOW == _OVERFLOW


def content_of(value: ua.DataValue) -> object:
    raw: object = None if value.Value is None else value.Value.Value
    return raw.Text if isinstance(raw, ua.LocalizedText) else raw
