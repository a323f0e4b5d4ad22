"""asyncua's client as the session uses it, and its errors in plain words."""

import asyncio
import contextlib
import errno
import logging
import socket
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext

from asyncua import Client, ua
from asyncua.client.ua_client import UaClientState
from asyncua.observer import Observer

CONNECTED = UaClientState.CONNECTED

EXPECTED = (OSError, TimeoutError, ua.UaError)
"""What a server that is away, refuses or misbehaves raises."""


class _NoEcho(logging.Filter):
    """asyncua logs a traceback each second while a server is away; we have said so once."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not str(record.msg).startswith(("Publish iteration crashed", "Reconnect attempt"))


for _name in ("asyncua.client.ua_session.UaSession", "asyncua.client.client"):
    logging.getLogger(_name).addFilter(_NoEcho())


class _Watcher(Observer):
    def __init__(self, changed: Callable[[bool], None]) -> None:
        self._changed = changed

    def observe_request(self, request: object) -> AbstractContextManager[None]:
        return nullcontext()

    def on_state_change(self, state: UaClientState) -> None:
        self._changed(state is CONNECTED)


def new_client(
    endpoint: str, retry_s: float, session_ms: float, changed: Callable[[bool], None]
) -> Client:
    """Once connected it reconnects by itself, keeping its session where the server does;
    ``changed`` hears at once whether it is connected."""
    client = Client(
        endpoint, watchdog_intervall=2.0, auto_reconnect=True, reconnect_max_delay=retry_s
    )
    client.name = client.description = "gigatwin edge"
    client.application_uri = "urn:gigatwin:edge"
    client.session_timeout = round(session_ms)
    client.uaclient.observer = _Watcher(changed)
    return client


async def disconnect(client: Client) -> None:
    """Whatever state it is in, and however the server takes it."""
    if client.state is UaClientState.DISCONNECTED and not client.uaclient.has_session:
        return
    with contextlib.suppress(*EXPECTED):
        async with asyncio.timeout(3.0):
            await client.disconnect()


def reason(error: BaseException) -> str:
    refused = f"Errno {errno.ECONNREFUSED}"
    if isinstance(error, ConnectionRefusedError) or refused in str(error):
        return "connection refused"
    if isinstance(error, socket.gaierror):
        return f"its host name is not known ({error.strerror})"
    if isinstance(error, TimeoutError):
        return "no answer in time"
    return str(error) or type(error).__name__
