"""Times in messages: nanoseconds since 1970 UTC as protobuf's Timestamp, and back."""

from typing import Final

from google.protobuf.timestamp_pb2 import Timestamp

SECOND_NS: Final = 1_000_000_000


def timestamp(time_ns: int) -> Timestamp:
    return Timestamp(seconds=time_ns // SECOND_NS, nanos=time_ns % SECOND_NS)


def nanoseconds(time: Timestamp) -> int:
    return time.seconds * SECOND_NS + time.nanos


def is_time(time: Timestamp) -> bool:
    """Whether it lies between 1970 and 2262, which 64 bits of nanoseconds hold."""
    return 0 <= time.nanos < SECOND_NS and 0 <= nanoseconds(time) < 2**63
