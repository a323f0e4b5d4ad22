"""Waiting for a condition that gives no signal of its own: it is looked at again and again."""

import asyncio
import time
from collections.abc import Callable

_LOOK_EVERY_S = 0.02


def wait_until(reached: Callable[[], bool], what: str, within_s: float = 90.0) -> None:
    """Returns when ``reached`` says so; fails the test, by ``what``, where it does not."""
    deadline = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        time.sleep(_LOOK_EVERY_S)


async def eventually(reached: Callable[[], bool], what: str, within_s: float = 20.0) -> None:
    """As ``wait_until``, and the event loop goes on meanwhile."""
    deadline = time.monotonic() + within_s
    while not reached():
        assert time.monotonic() < deadline, f"not within {within_s:g} s: {what}"
        await asyncio.sleep(_LOOK_EVERY_S / 10)
