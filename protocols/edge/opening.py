"""Which session an address needs."""

from collections.abc import Callable

from protocols.edge.delivery import Put
from protocols.edge.session import EdgeSession, StatusChanged
from twin.errors import InvalidInput


def open_session(
    address: str,
    put: Put,
    status_changed: StatusChanged,
    *,
    client_id: str,
    clock: Callable[[], int],
) -> EdgeSession:
    """A session for the address's scheme, not yet started.

    ``client_id`` must stay the same over restarts: a broker keeps messages for it.
    ``clock`` gives nanoseconds since 1970 UTC. Raises InvalidInput for an unknown scheme.
    """
    scheme = address.partition("://")[0]
    if scheme == "opc.tcp":
        from protocols.opcua.session import OpcUaSession

        return OpcUaSession(address, put, status_changed, clock=clock)
    if scheme == "mqtt":
        from protocols.mqtt.session import MqttSession

        return MqttSession(address, put, status_changed, client_id=client_id, clock=clock)
    raise InvalidInput(
        f"the address {address!r} can't be reached: its scheme is neither opc.tcp:// nor mqtt://"
    )
