"""Actors started a few at a time; one that does not come up keeps no other waiting."""

import asyncio
from collections.abc import Awaitable, Callable

import structlog
from ray.exceptions import RayError

log = structlog.get_logger()


class Starter:
    """Runs what starts an actor, and gives up waiting, not trying, after ``patience_s``.

    Ray restarts an actor that fails at its start, and sends the waiting call again: such
    a start is left under way, and ``is_due`` says when it is time to look at it again.
    """

    def __init__(self, at_once: int, patience_s: float) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._patience_s = patience_s
        self._late: dict[str, asyncio.Future[None]] = {}
        self._failed: set[str] = set()

    @property
    def is_due(self) -> bool:
        """Whether a start that did not succeed should be tried again now."""
        return bool(self._failed) or any(late.done() for late in self._late.values())

    async def start(self, name: str, begin: Callable[[], Awaitable[None]]) -> str:
        """Returns why the actor is not up, or nothing."""
        late = self._late.get(name)
        if late is not None and not late.done():
            return self._not_up()
        self.forget(name)
        async with self._turn:
            starting = asyncio.ensure_future(begin())
            done, _ = await asyncio.wait({starting}, timeout=self._patience_s)
        if not done:
            starting.add_done_callback(_look_at)
            self._late[name] = starting
            log.error("an actor is not up yet", actor=name, after_s=self._patience_s)
            return self._not_up()
        try:
            starting.result()
        except RayError as error:
            self._failed.add(name)
            log.error("an actor does not start", actor=name, why=str(error))
            return (str(error).strip().splitlines() or [type(error).__name__])[-1]
        return ""

    def forget(self, name: str) -> None:
        """It is not wanted any more, or is started anew."""
        late = self._late.pop(name, None)
        if late is not None:
            late.cancel()
        self._failed.discard(name)

    def _not_up(self) -> str:
        return f"it is not up after {self._patience_s:.0f} s; its log says why"


def _look_at(late: "asyncio.Future[None]") -> None:
    """Nobody waits for it; without this its failure would be logged as forgotten."""
    if not late.cancelled():
        late.exception()
