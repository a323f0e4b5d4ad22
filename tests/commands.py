"""The command line for tests: in a process of its own, as its users start it."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
_MARK = "COMMAND_OF_TEST"


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    output: str
    errors: str

    @property
    def document(self) -> Any:
        """What is on standard output, which must be one JSON document and nothing else."""
        return json.loads(self.output)


class Command:
    """``gigatwin`` with these arguments; its descendants are known by a mark they inherit."""

    def __init__(self, *arguments: object) -> None:
        self._mark = uuid.uuid4().hex
        program = Path(sys.executable).with_name("gigatwin")
        self.process = subprocess.Popen(
            [str(program), *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, _MARK: self._mark},
        )

    def finish(self, within_s: float) -> Finished:
        """Waits for the end; a command that takes longer is ended, and the test fails."""
        try:
            output, errors = self.process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.process.send_signal(signal.SIGTERM)
            output, errors = self.process.communicate(timeout=60)
            raise AssertionError(f"not done within {within_s:g} s:\n{errors}") from None
        return Finished(self.process.returncode, output, errors)

    def family(self) -> list[str]:
        """What of the command and its descendants still runs."""
        mark = f"{_MARK}={self._mark}".encode()
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if mark in (folder / "environ").read_bytes().split(b"\0"):
                    found.append((folder / "cmdline").read_text().replace("\0", " ")[:120])
            except OSError:
                continue  # it has ended, or is another user's
        return found

    def left_behind(self, within_s: float = 20.0) -> Sequence[str]:
        """What still runs ``within_s`` after the end of the command."""
        deadline = time.monotonic() + within_s
        while (left := self.family()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left


def run(*arguments: object, within_s: float = 60.0) -> Finished:
    return Command(*arguments).finish(within_s)
