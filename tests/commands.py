"""The command line for tests: in a process of its own, as its users start it."""

import json
import os
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[1]
_MARK = "COMMAND_OF_TEST"
_ENDS_WITHIN_S = 60.0


@dataclass(frozen=True, slots=True)
class Finished:
    code: int
    output: str
    errors: str

    @property
    def document(self) -> Any:
        """What is on standard output, which must be one JSON document and nothing else."""
        return json.loads(self.output)


# A suite that a shell runs in the background ignores Ctrl-C, and so would what it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)


class Command:
    """``gigatwin`` with these arguments; its descendants are known by a mark they inherit.

    As a context manager it leaves nothing running, whatever a test does inside. It leads a
    process group of its own, as a terminal's foreground job does.
    """

    def __init__(self, *arguments: object) -> None:
        self._mark = f"{_MARK}={uuid.uuid4().hex}"
        program = Path(sys.executable).with_name("gigatwin")
        self.process = subprocess.Popen(
            [str(program), *map(str, arguments)],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            env={**os.environ, **dict([self._mark.split("=")])},
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, cls: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.communicate(timeout=_ENDS_WITHIN_S)
        # Its group, and who has left the group: Ray's processes have sessions of their own.
        while running := self._running():
            for pid in running:
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)
            if self.process.pid in running:
                self.process.wait(timeout=_ENDS_WITHIN_S)
        for pipe in (self.process.stdout, self.process.stderr):
            assert pipe is not None
            pipe.close()

    def interrupt(self) -> None:
        """What Ctrl-C in a terminal does: the whole group is told."""
        os.killpg(self.process.pid, signal.SIGINT)

    def finish(self, within_s: float) -> Finished:
        """Waits for the end; a command that takes longer is ended, and the test fails."""
        try:
            output, errors = self.process.communicate(timeout=within_s)
        except subprocess.TimeoutExpired:
            self.process.terminate()
            output, errors = self.process.communicate(timeout=_ENDS_WITHIN_S)
            raise AssertionError(f"not done within {within_s:g} s:\n{errors}") from None
        return Finished(self.process.returncode, output, errors)

    def family(self) -> list[str]:
        """What of the command and its descendants still runs."""
        return list(self._running().values())

    def left_behind(self, within_s: float = 20.0) -> Sequence[str]:
        """What still runs ``within_s`` after the end of the command."""
        deadline = time.monotonic() + within_s
        while (left := self.family()) and time.monotonic() < deadline:
            time.sleep(0.1)
        return left

    def _running(self) -> dict[int, str]:
        found = {}
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                if self._mark.encode() in (folder / "environ").read_bytes().split(b"\0"):
                    line = (folder / "cmdline").read_text().replace("\0", " ")
                    found[int(folder.name)] = line[:120]
            except OSError:
                continue  # it has ended, or is another user's
        return found


def run(*arguments: object, within_s: float = 60.0) -> Finished:
    with Command(*arguments) as command:
        return command.finish(within_s)
