from datetime import UTC, datetime

from asyncua import ua

from protocols.opcua.values import (
    content_of,
    has_overflowed,
    nanoseconds,
    quality_of,
    time_of,
)

EXACT = datetime(2027, 1, 15, 8, 0, 0, 250_001, tzinfo=UTC)
EXACT_NS = 1_800_000_000_250_001_000


def test_times_are_exact_to_the_microsecond_with_and_without_a_zone() -> None:
    assert nanoseconds(EXACT) == EXACT_NS
    assert nanoseconds(EXACT.replace(tzinfo=None)) == EXACT_NS


def test_no_time_is_1601_or_none() -> None:
    assert nanoseconds(None) is None
    assert nanoseconds(datetime(1601, 1, 1, tzinfo=UTC)) is None


def test_the_sources_time_goes_before_the_servers_and_ours() -> None:
    later = datetime(2027, 1, 16, tzinfo=UTC)
    both = ua.DataValue(1.0, SourceTimestamp=EXACT, ServerTimestamp=later)
    server = ua.DataValue(1.0, ServerTimestamp=EXACT)

    assert time_of(both, 5) == EXACT_NS
    assert time_of(server, 5) == EXACT_NS
    assert time_of(ua.DataValue(1.0), 5) == 5


def test_the_status_code_is_carried_whole() -> None:
    value = ua.DataValue(1.0, ua.StatusCode(ua.UInt32(0x8031_0480)))

    assert quality_of(value) == 0x8031_0480
    assert quality_of(ua.DataValue(1.0, None)) == 0


def test_the_overflow_bit_counts_only_in_a_data_value_code() -> None:
    assert has_overflowed(0x0000_0480)
    assert not has_overflowed(0x0000_0080)
    assert not has_overflowed(0x0000_0400)


def test_localized_text_is_text() -> None:
    assert content_of(ua.DataValue(ua.LocalizedText("Los 7", "de"))) == "Los 7"
    assert content_of(ua.DataValue()) is None
