"""Processes that we start and end: each dies with us, and is told to stop politely first."""

import ctypes
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from twin.errors import Unavailable

_PR_SET_PDEATHSIG: Final = 1


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
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                env=None if environment is None else dict(environment),
                preexec_fn=_end_with_parent if sys.platform == "linux" else None,
            )

    @property
    def pid(self) -> int:
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        return self._child.poll()

    def wait_until_listening(self, port: int, within_s: float = 20.0) -> None:
        """Raises Unavailable where the process ends or does not listen in time."""
        deadline = time.monotonic() + within_s
        while not listens(port):
            self.check()
            if time.monotonic() > deadline:
                raise Unavailable(
                    f"{self.name} does not listen on port {port} after {within_s:.0f} s; "
                    f"see {self.log}"
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


def _end_with_parent() -> None:
    """Ask the kernel to end this child when its parent dies, however that happens."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
