"""What the simulated PLCs share: a server, its nodes, values with the source's time."""

import socket
from datetime import UTC, datetime, timedelta

from asyncua import Server, ua
from asyncua.common.node import Node

HOST = "127.0.0.1"
NAMESPACE = 2

_URI = "urn:gigatwin:simulation"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def free_port() -> int:
    """A port of 127.0.0.1 that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def utc(time_ns: int) -> datetime:
    """Nanoseconds since 1970 as a datetime, to the microsecond, with no float between."""
    return _EPOCH + timedelta(microseconds=time_ns // 1000)


def data_value(value: float | str | bool, time: datetime) -> ua.DataValue:
    """A good value with the source's time."""
    if isinstance(value, bool):
        variant = ua.Variant(value, ua.VariantType.Boolean)
    elif isinstance(value, str):
        variant = ua.Variant(value, ua.VariantType.String)
    else:
        variant = ua.Variant(float(value), ua.VariantType.Double)
    return ua.DataValue(variant, SourceTimestamp=time, ServerTimestamp=time)  # type: ignore[arg-type]


class PlcNodes:
    """An OPC UA server and its variables, by the string of their node id (``ns=2;s=…``).

    It listens on 127.0.0.1 without security: for demonstrations and tests only. Each
    dot in a node id is a folder in the address space.
    """

    def __init__(self, port: int, name: str) -> None:
        self.port = port or free_port()
        self.endpoint = f"opc.tcp://{HOST}:{self.port}/gigatwin/"
        self.server = Server()
        self._name = name
        self._folders: dict[str, Node] = {}
        self._ids: dict[str, ua.NodeId] = {}

    async def init(self) -> None:
        """Builds the standard address space; takes seconds."""
        await self.server.init()
        self.server.set_endpoint(self.endpoint)
        self.server.set_server_name(self._name)
        self.server.set_security_policy([ua.SecurityPolicyType.NoSecurity])
        index = await self.server.register_namespace(_URI)
        assert index == NAMESPACE, f"namespace {_URI} came to be {index}"
        self._folders[""] = self.server.get_objects_node()

    async def add(self, name: str, initial: float | str | bool, writable: bool = False) -> None:
        place, _, leaf = name.rpartition(".")
        parent = await self._folder(place)
        self._ids[name] = node_id = ua.NodeId(name, NAMESPACE)  # type: ignore[arg-type]
        variant = data_value(initial, utc(0)).Value
        assert variant is not None
        node = await parent.add_variable(node_id, f"{NAMESPACE}:{leaf}", variant)
        if writable:
            await node.set_writable()

    async def _folder(self, place: str) -> Node:
        if place not in self._folders:
            above, _, leaf = place.rpartition(".")
            parent = await self._folder(above)
            node_id = ua.NodeId(place, NAMESPACE)  # type: ignore[arg-type]
            self._folders[place] = await parent.add_folder(node_id, f"{NAMESPACE}:{leaf}")
        return self._folders[place]

    async def write(self, name: str, value: float | str | bool, time: datetime) -> None:
        await self.server.write_attribute_value(self._ids[name], data_value(value, time))

    def id(self, name: str) -> ua.NodeId:
        return self._ids[name]
