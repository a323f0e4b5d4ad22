"""A loop that an actor runs beside its methods, and what becomes of its failures."""

import asyncio
import os
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from twin.errors import Fenced, Unavailable

log = structlog.get_logger()

_FIRST_WAIT_S: Final = 0.1
_LONGEST_WAIT_S: Final = 2.0


async def keep_trying(what: str, attempt: Callable[[], Awaitable[None]]) -> None:
    """Run ``attempt`` until it returns; wait longer and longer while a store is away."""
    wait_s = _FIRST_WAIT_S
    while True:
        try:
            await attempt()
        except Unavailable as error:
            log.warning("waiting for a store", doing=what, why=str(error), again_in_s=wait_s)
            await asyncio.sleep(wait_s)
            wait_s = min(2 * wait_s, _LONGEST_WAIT_S)
        else:
            return


def start(name: str, run: Callable[[], Awaitable[None]]) -> "asyncio.Task[None]":
    """Runs ``run`` in the actor's event loop.

    An unexpected end of the loop ends the process: Ray restarts the actor, which restores
    its state; an actor that answers calls but no longer works would be worse. A fenced
    actor leaves quietly, for its successor works already.
    """

    async def guarded() -> None:
        try:
            await run()
        except Fenced as error:
            log.warning("fenced off", actor=name, why=str(error))
            os._exit(0)
        except asyncio.CancelledError:
            raise
        except BaseException:
            log.exception("the actor's loop failed; Ray restarts it", actor=name)
            os._exit(1)

    return asyncio.get_running_loop().create_task(guarded(), name=name)
