"""A session with one MQTT broker that keeps itself up and says how it does."""

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Sequence

from asset_registry.record import MqttSource
from protocols.edge.bound_signal import BoundSignal
from protocols.edge.convert import to_reading
from protocols.edge.delivery import Delivery, Put
from protocols.edge.session import SessionStatus, StatusChanged
from protocols.edge.status_board import StatusBoard
from protocols.mqtt.client import Arrived, MqttClient
from protocols.mqtt.json_payload import JsonPayload
from protocols.mqtt.payload import PayloadCodec
from protocols.mqtt.unacknowledged import Unacknowledged
from twin.errors import InvalidInput
from twin.frame import Reading

_log = logging.getLogger(__name__)

_ROOM_S = 0.05
_PARTING_S = 1.0
_MOST_WAITING = 1_000


class MqttSession:
    """Implements ``EdgeSession`` for ``mqtt://``.

    Topics are subscribed with QoS 1, and a message is acknowledged once its readings are
    stored. It connects at the first ``configure`` that names a topic: before it, messages
    that the broker has kept would find nobody who wants them. ``counts``: ``messages``,
    ``malformed`` payloads, messages of topics no longer ``unbound``, ``repeated`` by the
    broker, ``lost`` (sent with QoS 0 while there was no room).
    """

    def __init__(
        self,
        broker: str,
        put: Put,
        status_changed: StatusChanged,
        *,
        client_id: str,
        clock: Callable[[], int],
        codec: PayloadCodec | None = None,
        retry_s: float = 2.0,
    ) -> None:
        self._broker = broker
        self._put = put
        self._client_id = client_id
        self._clock = clock
        self._codec = codec or JsonPayload()
        self._retry_s = retry_s
        self._board = StatusBoard(status_changed, clock)
        self._topics: dict[str, list[tuple[str, BoundSignal]]] = {}
        self._requests: dict[int, Sequence[str]] = {}
        self._why = "not started"
        self._started = False
        self._client: MqttClient | None = None
        self._unacknowledged = Unacknowledged(self._acknowledge)
        self._waiting: deque[Delivery] = deque()
        self._offering: asyncio.TimerHandle | None = None
        names = ("messages", "malformed", "unbound", "repeated", "lost")
        self._counts = dict.fromkeys(names, 0)

    async def start(self) -> None:
        self._started = True
        self._connect()

    async def stop(self) -> None:
        self._started = False
        if not self._why:  # what is about to be stored would come again at the next start
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(_PARTING_S):
                    await self._unacknowledged.all_stored()
        client, self._client = self._client, None
        if client is not None:
            await client.stop()
        if self._offering is not None:
            self._offering.cancel()
        self._fail("stopped")

    async def configure(self, bound: Sequence[BoundSignal]) -> None:
        topics: dict[str, list[tuple[str, BoundSignal]]] = {}
        refused: list[BoundSignal] = []
        for signal in bound:
            if isinstance(signal.source, MqttSource) and _is_plain(signal.source.topic):
                metrics = topics.setdefault(signal.source.topic, [])
                metrics.append((signal.source.metric, signal))
            else:
                refused.append(signal)
        gone = sorted(self._topics.keys() - topics.keys())
        kept = self._topics.keys() & topics.keys()
        subscribed = {
            t for t in kept if any(self._board.is_connected(b) for _, b in self._topics[t])
        }
        self._topics = topics
        self._board.configure(bound, self._why or "subscribing")
        self._board.connected(b for topic in subscribed for _, b in topics[topic])
        self._board.refuse(refused, "its source must be a topic of this broker, without + and #")
        if self._client is None:
            self._connect()
        elif not self._why:
            if gone:
                self._client.unsubscribe(gone)
            self._subscribe(sorted(topics.keys() - subscribed))

    def status(self) -> SessionStatus:
        return SessionStatus(
            self._broker, not self._why, self._why, self._board.bindings(), dict(self._counts)
        )

    def _connect(self) -> None:
        if not self._started or not self._topics:
            return
        self._fail(f"connecting to {self._broker}")
        try:
            self._client = MqttClient(self._broker, self._client_id, self, self._retry_s)
        except InvalidInput as error:
            self._fail(str(error))
            return
        self._client.start()

    def on_connected(self) -> None:
        self._why = ""
        self._requests.clear()
        if self._client is not None:
            self._unacknowledged.forget(self._client.connection - 1)
        self._board.all_failed("subscribing")
        self._subscribe(sorted(self._topics))

    def on_lost(self, why: str) -> None:
        if self._client is not None:
            self._fail(
                f"cannot reach {self._broker}: {why}; trying again every {self._retry_s:g} s"
            )

    def on_subscribed(self, request: int, refused: Sequence[bool]) -> None:
        for topic, is_refused in zip(self._requests.pop(request, ()), refused, strict=False):
            bound = [signal for _, signal in self._topics.get(topic, ())]
            if is_refused:
                self._board.failed(bound, f"the broker refuses a subscription to {topic}")
            else:
                self._board.connected(bound)

    def on_message(self, message: Arrived) -> None:
        self._counts["messages"] += 1
        in_flight = self._unacknowledged.arrive(message)
        if in_flight is None:
            self._counts["repeated"] += 1
            return
        readings = self._readings(message)

        def stored() -> None:
            connection = self._client.connection if self._client is not None else 0
            self._unacknowledged.stored(in_flight, connection)

        self._offer(Delivery(readings, stored), message)

    def _readings(self, message: Arrived) -> list[tuple[str, Reading]]:
        metrics = self._topics.get(message.topic)
        if metrics is None:  # the broker remembers a subscription that is gone
            self._counts["unbound"] += 1
            if self._client is not None:
                self._client.unsubscribe([message.topic])
            return []
        now_ns = self._clock()
        try:
            content = self._codec.decode(message.topic, message.payload)
        except InvalidInput as error:
            self._counts["malformed"] += 1
            self._board.complain([signal for _, signal in metrics], str(error))
            return []
        readings = []
        for path, bound in metrics:
            metric = content.metric(path)
            if metric is None:
                continue
            time_ns = now_ns if metric.time_ns is None else metric.time_ns
            reading, complaint = to_reading(
                bound, metric.value, time_ns, metric.quality, metric.piece
            )
            self._board.reading(bound, complaint)
            readings.append((bound.stream, reading))
        return readings

    def _offer(self, delivery: Delivery, message: Arrived) -> None:
        if not self._waiting and delivery.offer(self._put):
            return
        if message.qos == 0 and len(self._waiting) >= _MOST_WAITING:
            self._counts["lost"] += 1
            bound = [signal for _, signal in self._topics.get(message.topic, ())]
            self._board.complain(bound, "there is no room: messages sent with QoS 0 are lost")
            _log.error("%s: a message on %s is lost for want of room", self._broker, message.topic)
            return
        self._waiting.append(delivery)
        self._offer_later()

    def _offer_later(self) -> None:
        if self._offering is None:
            self._offering = asyncio.get_running_loop().call_later(_ROOM_S, self._offer_again)

    def _offer_again(self) -> None:
        self._offering = None
        while self._waiting and self._waiting[0].offer(self._put):
            self._waiting.popleft()
        if self._waiting:
            self._offer_later()

    def _acknowledge(self, mid: int, qos: int) -> None:
        if self._client is not None:
            self._client.acknowledge(mid, qos)

    def _subscribe(self, topics: Sequence[str]) -> None:
        if self._client is None or not topics:
            return
        request = self._client.subscribe(topics)
        if request is not None:
            self._requests[request] = topics

    def _fail(self, why: str) -> None:
        if why != self._why:
            _log.info("%s", why)
        self._why = why
        self._board.all_failed(why)


def _is_plain(topic: str) -> bool:
    return bool(topic) and not set(topic) & {"+", "#", "\0"}
