"""What a session puts and says, for tests to wait on."""

import asyncio
from collections import defaultdict
from collections.abc import Callable

from twin.frame import Reading

NOW_NS = 1_800_000_000_000_000_000


class Probe:
    """Takes the place of a forwarder and of the actor that hears of changes."""

    def __init__(self) -> None:
        self.puts: list[tuple[str, Reading]] = []
        self.said = defaultdict[str, tuple[bool, str]](lambda: (False, ""))
        self.history: list[tuple[str, bool, str]] = []
        self.has_room = True
        self.store_at_once = True
        self.unstored: list[Callable[[], None]] = []
        self._changed = asyncio.Event()

    def put(self, stream: str, reading: Reading, done: Callable[[], None] | None) -> bool:
        if not self.has_room:
            return False
        self.puts.append((stream, reading))
        if done is not None:
            if self.store_at_once:
                done()
            else:
                self.unstored.append(done)
        self._changed.set()
        return True

    def store(self) -> None:
        unstored, self.unstored = self.unstored, []
        for done in unstored:
            done()

    def status_changed(self, asset: str, has_data: bool, reason: str) -> None:
        self.said[asset] = (has_data, reason)
        self.history.append((asset, has_data, reason))
        self._changed.set()

    def of(self, asset: str, signal: str) -> list[Reading]:
        return [r for _, r in self.puts if (r.asset, r.signal) == (asset, signal)]

    async def until(self, condition: Callable[[], bool], within_s: float = 20.0) -> None:
        """Looks at each put and each change; fails when the condition does not come true."""
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    self._changed.clear()
                    await self._changed.wait()
        except TimeoutError:
            raise AssertionError(
                f"not within {within_s:g} s; said: {self.said}; last puts: {self.puts[-5:]}"
            ) from None


def clock() -> int:
    return NOW_NS
