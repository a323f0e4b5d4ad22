"""What a person sees: progress on standard error, one JSON document on standard output."""

import json
import sys
import time
from collections.abc import Mapping, Sequence
from contextlib import redirect_stdout
from pathlib import Path
from types import TracebackType
from typing import TypeAlias

from rich.console import Console
from rich.markup import escape
from rich.status import Status

Document: TypeAlias = "Mapping[str, object] | Sequence[object]"

people = Console(stderr=True, highlight=False, soft_wrap=True)


class Progress:
    """What is being done now: a spinner where a person watches, a line each elsewhere.

    Until its end, whatever libraries print goes to standard error, too (Ray prints its
    warnings on standard output, which belongs to the one document).
    """

    def __init__(self) -> None:
        self._started = time.monotonic()
        self._status: Status | None = None
        self._elsewhere = redirect_stdout(sys.stderr)

    def __enter__(self) -> "Progress":
        self._elsewhere.__enter__()
        if people.is_terminal:
            self._status = people.status("")
            self._status.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._status is not None:
            self._status.stop()
        self._elsewhere.__exit__(kind, error, traceback)

    def __call__(self, what: str) -> None:
        if self._status is not None:
            self._status.update(escape(what))
        else:
            self.say(escape(what))

    def say(self, line: str) -> None:
        """A line that stays, in rich's markup: what is not ours must be escaped."""
        people.print(
            f"[dim]{time.monotonic() - self._started:6.1f} s[/dim]  {line}", soft_wrap=True
        )


def write_json(document: Document, file: Path | None = None) -> None:
    """One document: on standard output, or whole into ``file``."""
    text = json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False) + "\n"
    if file is None:
        output = sys.__stdout__ or sys.stdout
        output.write(text)
        output.flush()
        return
    partial = file.with_name(file.name + ".partial")
    partial.write_text(text, encoding="utf-8")
    partial.replace(file)
