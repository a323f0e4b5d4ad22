"""Processes that we start and end: each dies with us, and is told to stop politely first."""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Final

from twin.errors import Unavailable

_FOLLOW_PARENT: Final = str(Path(__file__).with_name("follow_parent.py"))


def free_port() -> int:
    """A TCP port on loopback that nothing listens on at this moment."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int, host: str = "127.0.0.1") -> bool:
    with socket.socket() as probe:
        probe.settimeout(0.2)
        return probe.connect_ex((host, port)) == 0


class Process:
    """One child process with its output in a log file."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        log: Path,
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.name = name
        self.log = log
        log.parent.mkdir(parents=True, exist_ok=True)
        with log.open("ab") as output:
            self._child = subprocess.Popen(
                _following(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def wait_until_listening(self, port: int, within_s: float = 20.0) -> None:
        """As ``wait_until`` something listens on a port of loopback."""
        self.wait_until(lambda: listens(port), f"listen on port {port}", within_s)

    def wait_until(self, ready: Callable[[], bool], what: str, within_s: float) -> None:
        """Raises Unavailable where the process ends, or is stopped because it does not do
        ``what`` in time."""
        deadline = time.monotonic() + within_s
        while not ready():
            self.check()
            if time.monotonic() > deadline:
                self.stop()
                raise Unavailable(
                    f"{self.name} does not {what} after {within_s:.0f} s; see {self.log}"
                )
            time.sleep(0.02)

    def check(self) -> None:
        """Raises Unavailable where the process has ended by itself."""
        code = self.exit_code
        if code is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            last = lines[-1] if lines else "it printed nothing"
            raise Unavailable(f"{self.name} ended with exit code {code}: {last} (log: {self.log})")

    def stop(self, within_s: float = 10.0) -> None:
        if self.exit_code is not None:
            return
        self._child.terminate()
        try:
            self._child.wait(within_s)
        except subprocess.TimeoutExpired:
            self._child.kill()
            self._child.wait()


def _following(command: Sequence[str]) -> list[str]:
    """The command, told to end with this process where the kernel can see to it."""
    if sys.platform != "linux":
        return list(command)
    return [sys.executable, "-I", "-S", _FOLLOW_PARENT, str(os.getpid()), *command]
