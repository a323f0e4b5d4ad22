"""One way to connect to Redis or Valkey, and one meaning for its errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff
from redis.exceptions import (
    BusyLoadingError,
    OutOfMemoryError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from twin.errors import InvalidConfiguration, Unavailable

LONGEST_BLOCK_MS: Final = 5_000
"""No read waits longer than this; the socket's own timeout lies well above."""

_TAKES_NO_WRITES: Final = ("MISCONF", "NOREPLICAS", "CLUSTERDOWN", "MASTERDOWN")


def connect(url: str) -> "Redis":
    """A client with its own pool. Connects at the first command, again after a loss.

    Raises InvalidConfiguration for an URL that is none.
    """
    try:
        return Redis.from_url(
            url,
            protocol=2,
            socket_timeout=3 * LONGEST_BLOCK_MS / 1000,
            socket_connect_timeout=2.0,
            health_check_interval=30,
            max_connections=1_000,
            retry=_once_more(),
        )
    except ValueError as error:
        raise InvalidConfiguration(
            f"{url!r} is no address of a live store ({error}); give one such as redis://host:6379/0"
        ) from error


def _once_more() -> Retry:
    """A server that was restarted has closed every connection of the pool, which only the
    next command finds out. All our writes may come twice: frames and events are numbered,
    the others replace."""
    return Retry(NoBackoff(), 1, supported_errors=(RedisConnectionError,))


@asynccontextmanager
async def unavailable_when_away(what: str) -> AsyncIterator[None]:
    """Turns the loss of the server into ``Unavailable``; other errors pass."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError) as error:
        raise Unavailable(f"{what}: the live store is away ({error})") from error
    except OutOfMemoryError as error:
        raise Unavailable(f"{what}: the live store is full ({error})") from error
    except ResponseError as error:
        if str(error).startswith(_TAKES_NO_WRITES):
            raise Unavailable(f"{what}: the live store takes no writes ({error})") from error
        raise
    except RedisError as error:
        raise Unavailable(f"{what}: the live store failed ({error})") from error


def text(value: bytes | str | None) -> str:
    """What the server sent, as text; empty for nothing."""
    if value is None:
        return ""
    return value.decode() if isinstance(value, bytes) else value


def raw(value: bytes | str) -> bytes:
    """What the server sent, as bytes."""
    return value if isinstance(value, bytes) else value.encode()
