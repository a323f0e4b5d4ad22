"""paho's threaded client, seen from an event loop."""

import asyncio
import logging
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol
from urllib.parse import unquote, urlsplit

import paho.mqtt.client as paho
from paho.mqtt.enums import CallbackAPIVersion, MQTTErrorCode, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from twin.errors import InvalidInput

_log = logging.getLogger(__name__)

_KEEP_ALIVE_S = 10
_LOOK_S = 1.0


@dataclass(frozen=True, slots=True)
class Arrived:
    """A message as it came; ``connection`` counts the connections, from 1."""

    connection: int
    mid: int
    qos: int
    dup: bool
    topic: str
    payload: bytes


class Listener(Protocol):
    """Everything is called in the event loop."""

    def on_connected(self) -> None: ...

    def on_lost(self, why: str) -> None: ...

    def on_subscribed(self, request: int, refused: Sequence[bool]) -> None: ...

    def on_message(self, message: Arrived) -> None: ...


class MqttClient:
    """MQTT 3.1.1 with a persistent session: a broker keeps QoS 1 messages for ``client_id``
    while it is away. Nothing is acknowledged but by ``acknowledge``."""

    def __init__(self, broker: str, client_id: str, listener: Listener, retry_s: float) -> None:
        address = urlsplit(broker)
        try:
            host, port = address.hostname, address.port or 1883
        except ValueError as error:
            raise InvalidInput(f"the broker's address {broker!r} can't be read: {error}") from error
        if not host:
            raise InvalidInput(f"the broker's address {broker!r} names no host: mqtt://host:1883")
        self._host = host
        self._port = port
        self._listener = listener
        self._loop = asyncio.get_running_loop()
        self._connection = 0
        self._is_up = False
        self._looking: asyncio.TimerHandle | None = None
        client = paho.Client(
            CallbackAPIVersion.VERSION2,
            client_id=client_id,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        if address.username:
            client.username_pw_set(unquote(address.username), unquote(address.password or ""))
        client.disable_logger()  # it reports an ordinary end as an error; the listener hears all
        client.reconnect_delay_set(1, max(1, round(retry_s)))
        client.on_connect = self._on_connect
        client.on_connect_fail = self._on_connect_fail
        client.on_disconnect = self._on_disconnect
        client.on_subscribe = self._on_subscribe
        client.on_message = self._on_message
        self._client = client

    @property
    def connection(self) -> int:
        """Which connection is up: they count from 1; 0 for none."""
        return self._connection if self._is_up else 0

    def start(self) -> None:
        self._client.connect_async(self._host, self._port, keepalive=_KEEP_ALIVE_S)
        self._client.loop_start()
        self._looking = self._loop.call_later(_LOOK_S, self._look)

    async def stop(self) -> None:
        if self._looking is not None:
            self._looking.cancel()
        self._client.disconnect()
        await asyncio.to_thread(self._client.loop_stop)

    def subscribe(self, topics: Sequence[str]) -> int | None:
        """The request's number; None where the connection is gone."""
        _, request = self._client.subscribe([(topic, 1) for topic in topics])
        return request

    def unsubscribe(self, topics: Sequence[str]) -> None:
        self._client.unsubscribe(list(topics))

    def acknowledge(self, mid: int, qos: int) -> None:
        self._client.ack(mid, qos)

    def _look(self) -> None:
        """paho's thread may die of an error; nobody would notice. Starting it again does
        nothing while it lives."""
        if self._client.loop_start() == MQTTErrorCode.MQTT_ERR_SUCCESS:
            _log.error("the client's thread for %s had died; it is started again", self._host)
        self._looking = self._loop.call_later(_LOOK_S, self._look)

    # What follows runs in paho's thread.

    def _on_connect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.ConnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        if reason.is_failure:
            self._tell_lost(f"the broker refuses: {reason}")
            return
        self._connection += 1
        self._is_up = True
        self._loop.call_soon_threadsafe(self._listener.on_connected)

    def _on_connect_fail(self, client: paho.Client, userdata: object) -> None:
        error = sys.exception()  # paho calls this where it handles the error
        refused = isinstance(error, ConnectionRefusedError)
        self._tell_lost("connection refused" if refused else str(error or "no connection"))

    def _on_disconnect(
        self,
        client: paho.Client,
        userdata: object,
        flags: paho.DisconnectFlags,
        reason: ReasonCode,
        properties: Properties | None,
    ) -> None:
        self._is_up = False
        self._tell_lost(f"connection lost ({reason})")

    def _tell_lost(self, why: str) -> None:
        self._loop.call_soon_threadsafe(self._listener.on_lost, why)

    def _on_subscribe(
        self,
        client: paho.Client,
        userdata: object,
        mid: int,
        reasons: list[ReasonCode],
        properties: Properties | None,
    ) -> None:
        refused = [reason.is_failure for reason in reasons]
        self._loop.call_soon_threadsafe(self._listener.on_subscribed, mid, refused)

    def _on_message(self, client: paho.Client, userdata: object, message: paho.MQTTMessage) -> None:
        self._loop.call_soon_threadsafe(self._listener.on_message, self._arrived(message))

    def _arrived(self, message: paho.MQTTMessage) -> Arrived:
        return Arrived(
            self._connection,
            message.mid,
            message.qos,
            message.dup,
            message.topic,
            bytes(message.payload),
        )
