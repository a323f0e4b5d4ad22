"""Messages between their arrival and their acknowledgement, also over a reconnection."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from protocols.mqtt.client import Arrived


@dataclass(slots=True)
class InFlight:
    message: Arrived
    stored: bool = False


class Unacknowledged:
    """A broker sends again, marked as a duplicate, what was not acknowledged before the
    connection broke. Such a message is stored already, or about to be: it is not a new one.
    """

    def __init__(self, acknowledge: Callable[[int, int], None]) -> None:
        self._acknowledge = acknowledge
        self._waiting: list[InFlight] = []
        self._all_stored = asyncio.Event()
        self._all_stored.set()

    async def all_stored(self) -> None:
        """Returns when no message waits to be stored."""
        await self._all_stored.wait()

    def arrive(self, message: Arrived) -> InFlight | None:
        """None for a repeated message, which has then been dealt with."""
        if message.dup:
            for known in self._waiting:
                if known.message.connection < message.connection and _same(known, message):
                    known.message = message
                    if known.stored:
                        self._finish(known)
                    return None
        arrived = InFlight(message)
        if message.qos:
            self._waiting.append(arrived)
            self._all_stored.clear()
        return arrived

    def stored(self, message: InFlight, connection: int) -> None:
        """The message is stored; it is acknowledged on the connection it came by only:
        on another one its number may stand for another message."""
        message.stored = True
        if all(known.stored for known in self._waiting):
            self._all_stored.set()
        if message.message.qos and message.message.connection == connection:
            self._finish(message)

    def forget(self, before: int) -> None:
        """Forget stored messages that a connection since ``before`` has not repeated: the
        broker did get their acknowledgement, or knows them no more."""
        self._waiting = [m for m in self._waiting if not m.stored or m.message.connection >= before]

    def _finish(self, message: InFlight) -> None:
        self._waiting.remove(message)
        self._acknowledge(message.message.mid, message.message.qos)


def _same(known: InFlight, message: Arrived) -> bool:
    return (known.message.topic, known.message.payload) == (message.topic, message.payload)
