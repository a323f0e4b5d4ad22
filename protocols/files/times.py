"""Times of files as nanoseconds since 1970 UTC."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Final
from zoneinfo import ZoneInfo

_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_SHEET_EPOCH: Final = datetime(1899, 12, 30)  # noqa: DTZ001 - a sheet's dates have no zone
_DAY_US: Final = 86_400_000_000
_FIRST_DAY: Final = Decimal(25_569)  # 1970-01-01
_LAST_DAY: Final = Decimal(73_051)  # 2100-01-01


def nanoseconds(moment: datetime) -> int:
    since = moment - _EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000_000 + since.microseconds * 1000


def iso(time_ns: int) -> str:
    """RFC 3339 in UTC, as ``2022-08-03T13:50:18.719Z``."""
    moment = _EPOCH + timedelta(microseconds=time_ns // 1000)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def sheet_date(days: Decimal) -> datetime:
    """A spreadsheet's serial day as a local time without zone, to the microsecond.

    Day 0 is 1899-12-30. Raises ValueError outside of 1970 to 2100: a test has no such date.
    """
    if not _FIRST_DAY <= days < _LAST_DAY:
        raise ValueError(f"serial day {days} is no date between 1970 and 2100")
    return _SHEET_EPOCH + timedelta(microseconds=int((days * _DAY_US).to_integral_value()))


def parse(text: str, zone: ZoneInfo) -> int:
    """An ISO 8601 time; one without an offset is local in ``zone``. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    return nanoseconds(moment) if moment.tzinfo else to_utc(moment, zone)


def to_utc(local: datetime, zone: ZoneInfo, not_before_ns: int | None = None) -> int:
    """A local time without zone in nanoseconds since 1970 UTC.

    The hour that comes twice in autumn is taken as its first coming, unless that lies
    before ``not_before_ns``. Raises ValueError for a time that spring leaves out.
    """
    first = local.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if first.astimezone(zone).replace(tzinfo=None) != local:
        raise ValueError(f"{local} does not exist in {zone.key}: the clocks skip it")
    early = nanoseconds(first)
    if not_before_ns is None or early >= not_before_ns:
        return early
    return nanoseconds(local.replace(tzinfo=zone, fold=1).astimezone(UTC))
