"""One way to connect to Redis or Valkey, and one meaning for its errors."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import (
    BusyLoadingError,
    ReadOnlyError,
    RedisError,
    ResponseError,
)
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from twin.errors import Unavailable

LONGEST_BLOCK_MS: Final = 5_000
"""No read waits longer than this; the socket's own timeout lies well above."""


def connect(url: str) -> "Redis":
    """A client with its own pool. Connects at the first command, again after a loss."""
    return Redis.from_url(
        url,
        protocol=2,
        socket_timeout=3 * LONGEST_BLOCK_MS / 1000,
        socket_connect_timeout=2.0,
        health_check_interval=30,
        max_connections=1_000,
    )


@asynccontextmanager
async def unavailable_when_away(what: str) -> AsyncIterator[None]:
    """Turns the loss of the server into ``Unavailable``; other errors pass."""
    try:
        yield
    except (RedisConnectionError, RedisTimeoutError, BusyLoadingError, ReadOnlyError) as error:
        raise Unavailable(f"{what}: the live store is away ({error})") from error
    except ResponseError:
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
