"""One OPC UA subscription: its items, its sign of life, its return after a break.

asyncua's own Subscription hands each value to a task or to a queue that drops, and
acknowledges before anyone has stored anything. Here a whole notification is handed over
at once, and it is acknowledged when the receiver returns.
"""

import asyncio
import heapq
import logging
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from asyncua import Client, ua

from asset_registry.record import OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from protocols.opcua.values import time_of

_log = logging.getLogger(__name__)

Key = tuple[str, str, str]
"""Asset, signal, node id: what makes an item another one."""

_AT_ONCE: Final = 200  # items in one call; small controllers take no more
_KEEP_ALIVES_MISSED: Final = 3
_FILTER_REFUSED: Final = frozenset(
    {
        ua.StatusCodes.BadMonitoredItemFilterUnsupported,
        ua.StatusCodes.BadMonitoredItemFilterInvalid,
        ua.StatusCodes.BadFilterNotAllowed,
    }
)


@dataclass(frozen=True, slots=True)
class Pace:
    """``queue`` values wait at the server through a break of the connection; the server
    keeps the subscription for ``lifetime_ms`` and is silent for ``keep_alive_ms`` at most."""

    publishing_ms: float = 25.0
    sampling_ms: float = 50.0
    keep_alive_ms: float = 1_000.0
    lifetime_ms: float = 60_000.0
    queue: int = 1_000
    silence_s: float = 4.0


@dataclass(frozen=True, slots=True)
class Arrival:
    key: Key
    value: ua.DataValue


@dataclass(slots=True)
class _Item:
    key: Key
    server_id: int | None = None


def key_of(bound: BoundSignal) -> Key:
    assert isinstance(bound.source, OpcUaSource)
    return bound.asset, bound.signal, bound.source.node_id


class Subscription:
    """Errors of the server and the connection pass through as asyncua raises them."""

    def __init__(
        self,
        client: Client,
        receive: Callable[[Sequence[Arrival]], Awaitable[None]],
        clock: Callable[[], int],
        pace: Pace,
    ) -> None:
        self._session = client.uaclient.session
        self._receive = receive
        self._clock = clock
        self._pace = pace
        self._id: int | None = None
        self._handle = 0
        self._handles: dict[int, _Item] = {}
        self._items: dict[Key, _Item] = {}
        self._plain: set[Key] = set()
        self._last_sequence = 0
        self._heard_at = time.monotonic()
        self._receiving = False
        self._open = asyncio.Event()
        self.ended = ""
        self.patience_s = pace.silence_s

    @property
    def items(self) -> set[Key]:
        return set(self._items)

    def silent_s(self) -> float:
        """Seconds without a sign of life, where that is too long; else 0."""
        silence = time.monotonic() - self._heard_at
        return silence if silence > self.patience_s and not self._receiving else 0.0

    def hold(self) -> None:
        """The connection is broken: what comes now waits until what was missed is there."""
        self._open.clear()

    async def create(self) -> None:
        """A new subscription without items, in place of the present one, if any."""
        pace = self._pace
        old, self._id = self._id, None
        self._items.clear()
        self._handles.clear()
        self._last_sequence = 0
        self.ended = ""
        parameters = ua.CreateSubscriptionParameters()
        parameters.RequestedPublishingInterval = pace.publishing_ms
        parameters.RequestedMaxKeepAliveCount = round(pace.keep_alive_ms / pace.publishing_ms)
        parameters.RequestedLifetimeCount = round(pace.lifetime_ms / pace.publishing_ms)
        parameters.MaxNotificationsPerPublish = 0
        parameters.PublishingEnabled = True
        self._open.set()
        answer = await self._session.create_subscription(parameters, self._published)
        self._id = answer.SubscriptionId
        # A server may allow itself longer silences than it was asked for.
        keep_alive_s = answer.RevisedPublishingInterval * answer.RevisedMaxKeepAliveCount / 1000
        self.patience_s = max(self._pace.silence_s, _KEEP_ALIVES_MISSED * keep_alive_s)
        self._heard_at = time.monotonic()
        if old is not None:
            try:
                await self._session.delete_subscriptions([old])
            except ua.UaError as error:  # the server has forgotten it already
                _log.debug("subscription %s can't be deleted: %s", old, error)

    async def resume(self) -> bool:
        """After a break: fetch what was missed. False where the server has let it go."""
        if self._id is None:
            return False
        request = ua.TransferSubscriptionsParameters()
        request.SubscriptionIds = [self._id]
        request.SendInitialValues = False
        try:
            answer = (await self._session.transfer_subscriptions(request))[0]
            if not answer.StatusCode.is_good():
                return False
            for sequence in sorted(answer.AvailableSequenceNumbers or ()):
                if sequence > self._last_sequence:
                    await self._take(await self._session.republish(self._id, sequence))
        except ua.UaStatusCodeError as error:
            _log.info("subscription %s can't be resumed: %s", self._id, error)
            return False
        self._session.ensure_publish_loop()
        self._heard_at = time.monotonic()
        self._open.set()
        return True

    async def add(self, bound: Sequence[BoundSignal]) -> Mapping[Key, str]:
        """Why items could not be created, by key; the others are there."""
        refused: dict[Key, str] = {}
        waiting = list(bound)
        while waiting:
            chunk, waiting = waiting[:_AT_ONCE], waiting[_AT_ONCE:]
            for signal, status in await self._create_items(chunk, refused):
                key = key_of(signal)
                if status.is_good():
                    continue
                self._items.pop(key)
                if status.value in _FILTER_REFUSED and key not in self._plain:
                    self._plain.add(key)
                    waiting.append(signal)
                else:
                    refused[key] = str(status.name)
        return refused

    async def remove(self, keys: Sequence[Key]) -> None:
        items = [self._items.pop(key) for key in keys]
        gone = {id(item) for item in items}
        self._handles = {h: i for h, i in self._handles.items() if id(i) not in gone}
        ids = [item.server_id for item in items if item.server_id is not None]
        for at in range(0, len(ids), _AT_ONCE):
            request = ua.DeleteMonitoredItemsParameters()
            request.SubscriptionId = self._id
            request.MonitoredItemIds = ids[at : at + _AT_ONCE]
            await self._session.delete_monitored_items(request)

    async def _create_items(
        self, bound: Sequence[BoundSignal], refused: dict[Key, str]
    ) -> list[tuple[BoundSignal, ua.StatusCode]]:
        requests: list[tuple[BoundSignal, ua.MonitoredItemCreateRequest]] = []
        for signal in bound:
            key = key_of(signal)
            try:
                node = ua.NodeId.from_string(key[2])
            except (ua.UaError, ValueError) as error:
                refused[key] = f"BadNodeIdInvalid ({error})"
                continue
            self._handle += 1
            # Known before the answer comes: the first value may overtake it.
            self._items[key] = self._handles[self._handle] = _Item(key)
            requests.append((signal, self._request(node, signal)))
        if not requests:
            return []
        parameters = ua.CreateMonitoredItemsParameters()
        parameters.SubscriptionId = self._id
        parameters.TimestampsToReturn = ua.TimestampsToReturn.Both
        parameters.ItemsToCreate = [request for _, request in requests]
        results = await self._session.create_monitored_items(parameters)
        for (signal, _), result in zip(requests, results, strict=True):
            if result.StatusCode.is_good():
                self._items[key_of(signal)].server_id = result.MonitoredItemId
        return [(s, r.StatusCode) for (s, _), r in zip(requests, results, strict=True)]

    def _request(self, node: ua.NodeId, signal: BoundSignal) -> ua.MonitoredItemCreateRequest:
        request = ua.MonitoredItemCreateRequest()
        request.ItemToMonitor = ua.ReadValueId(NodeId=node, AttributeId=ua.AttributeIds.Value)
        request.MonitoringMode = ua.MonitoringMode.Reporting
        wanted = request.RequestedParameters
        wanted.ClientHandle = self._handle
        wanted.SamplingInterval = self._pace.sampling_ms
        wanted.QueueSize = self._pace.queue
        wanted.DiscardOldest = False
        if not signal.is_text and key_of(signal) not in self._plain:
            # A sample that equals the one before it is a sample too: without it a stuck
            # sensor, a gap and a steady value look the same.
            wanted.Filter = ua.DataChangeFilter(Trigger=ua.DataChangeTrigger.StatusValueTimestamp)
        return request

    async def _published(self, result: ua.PublishResult) -> None:
        if result.SubscriptionId != self._id and self._id is not None:
            return
        self._heard_at = time.monotonic()
        await self._open.wait()
        await self._take(result.NotificationMessage)

    async def _take(self, message: ua.NotificationMessage) -> None:
        by_item: dict[int, list[Arrival]] = {}
        for notification in message.NotificationData or ():
            if isinstance(notification, ua.DataChangeNotification):
                for changed in notification.MonitoredItems:
                    item = self._handles.get(changed.ClientHandle)
                    if item is not None and changed.Value is not None:
                        arrivals = by_item.setdefault(changed.ClientHandle, [])
                        arrivals.append(Arrival(item.key, changed.Value))
            elif isinstance(notification, ua.StatusChangeNotification):
                self.ended = str(notification.Status.name)
        if message.NotificationData:
            self._last_sequence = int(message.SequenceNumber)
        if not by_item:
            return
        # Servers send item by item; what belongs to one scan goes on together.
        now_ns = self._clock()
        merged = heapq.merge(*by_item.values(), key=lambda a: time_of(a.value, now_ns))
        self._receiving = True
        received = False
        try:
            await self._receive(list(merged))
            received = True
        finally:
            self._receiving = False
            self._heard_at = time.monotonic()
            if not received:  # asyncua logs the error, and would go on as if nothing was lost
                self.ended = "its values could not be handled"
