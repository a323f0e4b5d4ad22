"""A session with one OPC UA server that keeps itself up and says how it does."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Sequence

from asyncua import Client

from asset_registry.record import OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from protocols.edge.convert import to_reading
from protocols.edge.delivery import Delivery, Put
from protocols.edge.session import SessionStatus, StatusChanged
from protocols.edge.status_board import StatusBoard
from protocols.opcua.client import CONNECTED, EXPECTED, disconnect, new_client, reason
from protocols.opcua.subscription import Arrival, Key, Pace, Subscription, key_of
from protocols.opcua.values import content_of, has_overflowed, quality_of, time_of
from twin.frame import Reading

_log = logging.getLogger(__name__)

_Latest = tuple[int, int, float | str | None]
"""Time, quality and content of the last reading of an item that was stored."""

_TICK_S = 0.5
_ROOM_S = 0.05


class OpcUaSession:
    """Implements ``EdgeSession`` for ``opc.tcp://``.

    A notification is acknowledged to the server when its readings are stored, and no
    further one is asked for before: a server whose edge has no room keeps its values in
    its own queues. After a short break of the connection the missed notifications are
    fetched; after a long one everything is set up anew. ``counts``: ``overflows`` of the
    server's queues (values lost there), ``recreated`` subscriptions that had died,
    ``resumed`` ones, ``repeated`` values that were already had.
    """

    def __init__(
        self,
        endpoint: str,
        put: Put,
        status_changed: StatusChanged,
        *,
        clock: Callable[[], int],
        pace: Pace | None = None,
        retry_s: float = 2.0,
        node_retry_s: float = 5.0,
        give_up_s: float = 60.0,
    ) -> None:
        self._endpoint = endpoint
        self._put = put
        self._clock = clock
        self._pace = pace or Pace()
        self._retry_s = retry_s
        self._node_retry_s = node_retry_s
        self._give_up_s = give_up_s
        self._board = StatusBoard(status_changed, clock)
        self._wanted: dict[Key, BoundSignal] = {}
        self._latest: dict[Key, _Latest] = {}
        self._not_before: dict[Key, float] = {}
        self._why = "not started"
        self._changed = asyncio.Event()
        self._broken = False
        self._subscription: Subscription | None = None
        self._task: asyncio.Task[None] | None = None
        self._counts = dict.fromkeys(("overflows", "recreated", "resumed", "repeated"), 0)

    async def start(self) -> None:
        self._fail(f"connecting to {self._endpoint}")
        self._task = asyncio.create_task(self._run())

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
        self._fail("stopped")

    async def configure(self, bound: Sequence[BoundSignal]) -> None:
        self._wanted = {key_of(b): b for b in bound if isinstance(b.source, OpcUaSource)}
        for kept in (self._latest, self._not_before):
            for key in kept.keys() - self._wanted.keys():
                del kept[key]
        self._board.configure(bound, self._why or "subscribing")
        strange = [b for b in bound if not isinstance(b.source, OpcUaSource)]
        self._board.refuse(strange, f"its source must be a node of {self._endpoint}")
        self._changed.set()

    def status(self) -> SessionStatus:
        return SessionStatus(
            self._endpoint, not self._why, self._why, self._board.bindings(), dict(self._counts)
        )

    async def _run(self) -> None:
        while True:
            connection = asyncio.create_task(self._connection())
            try:
                await asyncio.wait([connection])
            finally:
                connection.cancel()
                await asyncio.wait([connection])
            error = None if connection.cancelled() else connection.exception()
            if error is not None and not isinstance(error, EXPECTED):
                _log.error("the session with %s has failed", self._endpoint, exc_info=error)
            why = "cancelled" if error is None else reason(error)
            self._fail(
                f"cannot reach {self._endpoint}: {why}; trying again every {self._retry_s:g} s"
            )
            await asyncio.sleep(self._retry_s)

    async def _connection(self) -> None:
        """Connect, and look after the connection until it is lost for good."""
        client = new_client(
            self._endpoint, self._retry_s, self._pace.lifetime_ms, self._state_changed
        )
        try:
            await client.connect()
            self._subscription = Subscription(client, self._receive, self._clock, self._pace)
            await self._subscription.create()
            self._reached()
            while True:
                await self._attend(client, self._subscription)
        finally:
            self._subscription = None
            await disconnect(client)

    def _state_changed(self, is_connected: bool) -> None:
        if not is_connected and self._subscription is not None:
            self._broken = True
            self._subscription.hold()
        self._changed.set()

    async def _attend(self, client: Client, subscription: Subscription) -> None:
        self._changed.clear()
        if self._broken:
            await self._mend(client, subscription)
        silent_s = subscription.silent_s()
        if silent_s or subscription.ended:
            why = subscription.ended or f"no sign of life for {silent_s:.1f} s"
            await self._recreate(subscription, f"the subscription has died ({why})")
        await self._reconcile(subscription)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_TICK_S):
                await self._changed.wait()

    async def _mend(self, client: Client, subscription: Subscription) -> None:
        self._fail(f"lost {self._endpoint}; trying again every {self._retry_s:g} s")
        async with client.subscribe_state() as states, asyncio.timeout(self._give_up_s):
            await states.wait_for_state(CONNECTED)
        self._broken = False
        if await subscription.resume():
            self._counts["resumed"] += 1
            _log.info("%s is back; nothing was missed", self._endpoint)
        else:
            await self._recreate(subscription, "the server has let the subscription go")
        self._reached(subscription)

    async def _recreate(self, subscription: Subscription, why: str) -> None:
        self._counts["recreated"] += 1
        _log.warning("%s: %s; creating it anew", self._endpoint, why)
        self._board.all_failed(f"{why}; creating it anew on {self._endpoint}")
        await subscription.create()

    async def _reconcile(self, subscription: Subscription) -> None:
        now = time.monotonic()
        there = subscription.items
        gone = there - self._wanted.keys()
        if gone:
            await subscription.remove(sorted(gone))
        new = [
            bound
            for key, bound in self._wanted.items()
            if key not in there and self._not_before.get(key, 0.0) <= now
        ]
        if not new:
            return
        refused = await subscription.add(new)
        self._board.connected(b for b in new if key_of(b) not in refused)
        for bound in new:
            why = refused.get(key_of(bound))
            if why is not None:
                self._not_before[key_of(bound)] = now + self._node_retry_s
                self._board.failed([bound], _refusal(why, key_of(bound)[2], self._endpoint))

    async def _receive(self, arrivals: Sequence[Arrival]) -> None:
        readings: list[tuple[str, Reading]] = []
        fresh: dict[Key, _Latest] = {}
        for arrival in arrivals:
            bound = self._wanted.get(arrival.key)
            if bound is None:
                continue
            value = arrival.value
            quality = quality_of(value)
            self._counts["overflows"] += has_overflowed(quality)
            time_ns = time_of(value, self._clock())
            reading, complaint = to_reading(bound, content_of(value), time_ns, quality)
            self._board.reading(bound, complaint)
            content = reading.text if bound.is_text else reading.value
            latest = (time_ns, quality, None if content != content else content)
            known = fresh.get(arrival.key) or self._latest.get(arrival.key)
            if known == latest:  # sent again by a new subscription
                self._counts["repeated"] += 1
                continue
            fresh[arrival.key] = latest
            readings.append((bound.stream, reading))
        stored = asyncio.Event()
        delivery = Delivery(readings, stored.set)
        while True:
            if delivery.offer(self._put):
                break
            await asyncio.sleep(_ROOM_S)
        await stored.wait()
        self._latest.update(fresh)

    def _reached(self, subscription: Subscription | None = None) -> None:
        self._why = ""
        self._broken = False
        self._not_before.clear()
        there = subscription.items if subscription is not None else set()
        self._board.connected(b for key, b in self._wanted.items() if key in there)

    def _fail(self, why: str) -> None:
        if why != self._why:
            _log.info("%s", why)
        self._why = why
        self._board.all_failed(why)


def _refusal(why: str, node_id: str, endpoint: str) -> str:
    if why == "BadNodeIdUnknown":
        return f"{why}: {node_id} does not exist on {endpoint}"
    return f"{why}: {node_id} can't be read from {endpoint}"
