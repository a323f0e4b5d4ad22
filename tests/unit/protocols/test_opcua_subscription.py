"""What servers do that asyncua's own does not, on a stand-in for its session."""

from collections.abc import Awaitable, Callable, Sequence
from types import SimpleNamespace
from typing import cast

import pytest
from asyncua import Client, ua

from asset_registry.record import OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from protocols.opcua.subscription import Arrival, Pace, Subscription
from tests.edge_probe import clock

Publish = Callable[[ua.PublishResult], Awaitable[None]]


class ServerStub:
    """Grants what it is told to; ``answers`` are the status codes for created items."""

    def __init__(self, interval_ms: float = 25.0, keep_alives: int = 40) -> None:
        self._granted = ua.CreateSubscriptionResult(
            7, RevisedPublishingInterval=interval_ms, RevisedMaxKeepAliveCount=keep_alives
        )
        self.answers: list[int] = []
        self.requested: list[ua.MonitoredItemCreateRequest] = []
        self.publish: Publish

    async def create_subscription(
        self, parameters: ua.CreateSubscriptionParameters, callback: Publish
    ) -> ua.CreateSubscriptionResult:
        self.publish = callback
        return self._granted

    async def create_monitored_items(
        self, parameters: ua.CreateMonitoredItemsParameters
    ) -> list[ua.MonitoredItemCreateResult]:
        self.requested += parameters.ItemsToCreate
        return [
            ua.MonitoredItemCreateResult(ua.StatusCode(self.answers.pop(0) if self.answers else 0))
            for _ in parameters.ItemsToCreate
        ]


class Receiver:
    def __init__(self) -> None:
        self.arrivals: list[Arrival] = []

    async def receive(self, arrivals: Sequence[Arrival]) -> None:
        self.arrivals += arrivals


def subscription(server: ServerStub, receiver: Receiver, pace: Pace | None = None) -> Subscription:
    client = SimpleNamespace(uaclient=SimpleNamespace(session=server))
    return Subscription(cast(Client, client), receiver.receive, clock, pace or Pace())


def bound(signal: str, is_text: bool = False) -> BoundSignal:
    source = OpcUaSource("opc.tcp://plc", f"ns=2;s={signal}")
    return BoundSignal("gauge", signal, "host", source, is_text=is_text)


@pytest.mark.parametrize(
    ("interval_ms", "keep_alives", "patience_s"), [(25.0, 40, 4.0), (1000.0, 40, 120.0)]
)
async def test_a_server_that_grants_itself_longer_silences_is_given_them(
    interval_ms: float, keep_alives: int, patience_s: float
) -> None:
    opened = subscription(ServerStub(interval_ms, keep_alives), Receiver())

    await opened.create()

    assert opened.patience_s == patience_s


async def test_numbers_are_asked_for_at_each_sample_and_texts_at_each_change() -> None:
    server = ServerStub()
    opened = subscription(server, Receiver())
    await opened.create()

    await opened.add([bound("loading"), bound("lot", is_text=True)])

    number, text = (request.RequestedParameters for request in server.requested)
    assert number.Filter.Trigger is ua.DataChangeTrigger.StatusValueTimestamp
    assert not isinstance(text.Filter, ua.DataChangeFilter)
    assert (number.QueueSize, number.DiscardOldest) == (1000, False)


async def test_a_server_that_takes_no_filter_is_asked_without_one() -> None:
    server = ServerStub()
    server.answers = [ua.StatusCodes.BadMonitoredItemFilterUnsupported, ua.StatusCodes.Good]
    opened = subscription(server, Receiver())
    await opened.create()

    refused = await opened.add([bound("loading")])

    assert refused == {}
    filters = [
        isinstance(r.RequestedParameters.Filter, ua.DataChangeFilter) for r in server.requested
    ]
    assert filters == [True, False]


async def test_what_the_server_refuses_is_returned_with_its_reason() -> None:
    server = ServerStub()
    server.answers = [ua.StatusCodes.Good, ua.StatusCodes.BadTooManyMonitoredItems]
    opened = subscription(server, Receiver())
    await opened.create()

    refused = await opened.add([bound("a"), bound("b")])

    assert refused == {("gauge", "b", "ns=2;s=b"): "BadTooManyMonitoredItems"}
    assert opened.items == {("gauge", "a", "ns=2;s=a")}


async def test_a_subscription_that_the_server_ends_says_why() -> None:
    server = ServerStub()
    opened = subscription(server, Receiver())
    await opened.create()
    ended = ua.StatusChangeNotification(Status=ua.StatusCode(ua.StatusCodes.BadTimeout))
    message = ua.NotificationMessage(SequenceNumber=1, NotificationData=[ended])

    await server.publish(ua.PublishResult(7, NotificationMessage=message))

    assert opened.ended == "BadTimeout"


async def test_values_that_wait_item_by_item_are_handed_over_scan_by_scan() -> None:
    server, receiver = ServerStub(), Receiver()
    opened = subscription(server, receiver)
    await opened.create()
    await opened.add([bound("a"), bound("b")])
    handles = [request.RequestedParameters.ClientHandle for request in server.requested]
    times = [ua.uatypes.win_epoch_to_datetime(133_000_000_000_000_000 + t) for t in (0, 10**6)]
    values = [
        ua.MonitoredItemNotification(handle, ua.DataValue(ua.Variant(1.0), SourceTimestamp=time))
        for handle in handles
        for time in times
    ]
    message = ua.NotificationMessage(
        SequenceNumber=1, NotificationData=[ua.DataChangeNotification(values)]
    )

    await server.publish(ua.PublishResult(7, NotificationMessage=message))

    assert [arrival.key[1] for arrival in receiver.arrivals] == ["a", "b", "a", "b"]
