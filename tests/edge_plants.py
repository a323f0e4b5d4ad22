"""Sources for the sessions' contract: in memory, an OPC UA server, an MQTT broker."""

import asyncio
import contextlib
import getpass
import json
import shutil
import subprocess
import uuid
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Protocol

import paho.mqtt.publish as publish
from asyncua import Node, Server, ua

from asset_registry.record import MqttSource, OpcUaSource
from protocols.edge.fake import FakeSession, FakeSource
from protocols.edge.session import EdgeSession
from protocols.mqtt.session import MqttSession
from protocols.opcua.session import OpcUaSession
from tests.edge_probe import Probe
from tests.servers import free_port
from twin.quality import BAD, GOOD

Clock = Callable[[], int]
SIGNALS = ("loading", "speed", "lot")


class Plant(Protocol):
    async def start(self) -> None: ...
    async def stop(self) -> None: ...
    def source(self, signal: str) -> OpcUaSource | MqttSource: ...
    def session(self, probe: Probe, clock: Clock) -> EdgeSession: ...
    async def ready(self, session: EdgeSession, probe: Probe) -> None:
        """Returns when the session has subscribed everything."""
        ...

    async def write(
        self, signal: str, value: object, time_ns: int, quality: int = GOOD
    ) -> None: ...
    async def go_away(self) -> None: ...
    async def come_back(self) -> None: ...


async def _all_connected(session: EdgeSession, probe: Probe) -> None:
    await probe.until(lambda: all(b.connected for b in session.status().bindings))


class FakePlant:
    def __init__(self, folder: Path) -> None:
        self._fake = FakeSource([self.source(s).key for s in SIGNALS])

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    def source(self, signal: str) -> OpcUaSource:
        return OpcUaSource("fake://source", signal)

    def session(self, probe: Probe, clock: Clock) -> EdgeSession:
        return FakeSession(self._fake, probe.put, probe.status_changed, clock=clock)

    async def ready(self, session: EdgeSession, probe: Probe) -> None:
        await _all_connected(session, probe)

    async def write(self, signal: str, value: object, time_ns: int, quality: int = GOOD) -> None:
        self._fake.emit(self.source(signal).key, value, time_ns, quality)

    async def go_away(self) -> None:
        self._fake.switch(False)

    async def come_back(self) -> None:
        self._fake.switch(True)


class OpcUaPlant:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.endpoint = f"opc.tcp://127.0.0.1:{self.port}/plant"
        self._server: Server | None = None
        self._nodes: dict[str, Node] = {}

    async def start(self) -> None:
        await self.come_back()

    async def stop(self) -> None:
        if self._server is not None:
            await self.go_away()

    def source(self, signal: str) -> OpcUaSource:
        return OpcUaSource(self.endpoint, f"ns=2;s=gauge.{signal}")

    def session(self, probe: Probe, clock: Clock) -> OpcUaSession:
        return OpcUaSession(
            self.endpoint,
            probe.put,
            probe.status_changed,
            clock=clock,
            retry_s=0.2,
            node_retry_s=0.2,
        )

    async def ready(self, session: EdgeSession, probe: Probe) -> None:
        await _all_connected(session, probe)

    async def write(self, signal: str, value: object, time_ns: int, quality: int = GOOD) -> None:
        when = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=time_ns // 1000)
        await self._nodes[signal].write_value(
            ua.DataValue(ua.Variant(value), ua.StatusCode(quality), SourceTimestamp=when)
        )

    async def add(self, signal: str, value: object = 0.0) -> None:
        assert self._server is not None
        name = f"gauge.{signal}"
        kind = ua.NodeId(ua.ObjectIds.String if isinstance(value, str) else ua.ObjectIds.Number)
        node = await self._server.nodes.objects.add_variable(
            ua.NodeId(name, 2), ua.QualifiedName(name, 2), value, datatype=kind
        )
        await node.write_attribute(
            ua.AttributeIds.ValueRank, ua.DataValue(ua.Variant(-3, ua.VariantType.Int32))
        )
        await node.set_writable()
        self._nodes[signal] = node

    async def go_away(self) -> None:
        assert self._server is not None
        await self._server.stop()
        self._server = None

    async def come_back(self) -> None:
        server = Server()
        await server.init()
        server.set_endpoint(self.endpoint)
        await server.register_namespace("urn:test:plant")
        self._server = server
        for signal in SIGNALS:
            await self.add(signal, "E-0041" if signal == "lot" else 0.0)
        await server.start()

    def monitored(self) -> set[str]:
        """The nodes that anyone is subscribed to."""
        assert self._server is not None
        service = self._server.iserver.subscription_service
        items = [
            item
            for subscription in service.subscriptions.values()
            for item in subscription.monitored_item_srv._monitored_items.values()
        ]
        found = {str(i.read_value_id.NodeId.Identifier) for i in items if i.read_value_id}
        return {name for name in found if name.startswith("gauge.")}

    def silence_subscriptions(self) -> None:
        """They publish nothing more, not even that they live; nobody is told."""
        assert self._server is not None
        service = self._server.iserver.subscription_service
        for subscription in service.subscriptions.values():
            assert subscription._task is not None
            subscription._task.cancel()


class MqttPlant:
    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.broker = f"mqtt://127.0.0.1:{self.port}"
        self._folder = folder
        self._process: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        await self.come_back()

    async def stop(self) -> None:
        if self._process is not None:
            await self.go_away()

    def source(self, signal: str) -> MqttSource:
        return MqttSource(self.broker, f"plant/gauge/{signal}", f"values.{signal}")

    def session(self, probe: Probe, clock: Clock) -> MqttSession:
        # A name that nobody bore before: for an old one the broker may have kept messages.
        name = f"edge-{uuid.uuid4().hex[:8]}"
        return MqttSession(
            self.broker, probe.put, probe.status_changed, client_id=name, clock=clock
        )

    async def ready(self, session: EdgeSession, probe: Probe) -> None:
        await _all_connected(session, probe)

    async def write(self, signal: str, value: object, time_ns: int, quality: int = GOOD) -> None:
        payload = {
            "time": time_ns // 1_000_000,
            "values": {signal: value},
            "quality": {GOOD: 192, BAD: 0}.get(quality, quality),
        }
        await self.publish(f"plant/gauge/{signal}", json.dumps(payload))

    async def publish(self, topic: str, payload: str | bytes, qos: int = 1) -> None:
        await asyncio.to_thread(
            publish.single, topic, payload, qos=qos, hostname="127.0.0.1", port=self.port
        )

    async def go_away(self) -> None:
        assert self._process is not None
        self._process.terminate()
        await asyncio.to_thread(self._process.wait)
        self._process = None

    async def come_back(self) -> None:
        settings = self._folder / "mosquitto.conf"
        settings.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
            f"persistence true\npersistence_location {self._folder}/\n"
            f"user {getpass.getuser()}\n"  # started by root, it would give up its own folder
        )
        program = shutil.which("mosquitto") or "/usr/sbin/mosquitto"
        self._process = await asyncio.to_thread(_start, [program, "-c", str(settings)])
        async with asyncio.timeout(10.0):
            while not await _answers(self.port):
                assert self._process.poll() is None, "mosquitto has ended"


def _start(command: list[str]) -> subprocess.Popen[bytes]:
    return subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


async def _answers(port: int) -> bool:
    """Whether something listens; a failed try takes as long as the system needs to say so."""
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False
