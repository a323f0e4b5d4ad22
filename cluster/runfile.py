"""The note that ``gigatwin up`` leaves while it runs, for the other commands."""

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from twin.errors import NotFound

DEFAULT_DATA_DIR = Path("var")


@dataclass(frozen=True, slots=True)
class Running:
    pid: int
    plant: str
    gateway: str
    dashboard: str


def _path(data_dir: Path) -> Path:
    return data_dir / "running.json"


def write(data_dir: Path, running: Running) -> None:
    data_dir.mkdir(parents=True, exist_ok=True)
    partial = _path(data_dir).with_suffix(".partial")
    partial.write_text(json.dumps(asdict(running)))
    partial.replace(_path(data_dir))


def remove(data_dir: Path) -> None:
    _path(data_dir).unlink(missing_ok=True)


def read(data_dir: Path | None) -> Running:
    """Raises NotFound where no plant runs with that folder."""
    folder = data_dir or DEFAULT_DATA_DIR
    try:
        running = Running(**json.loads(_path(folder).read_text()))
        _check_lives(running.pid)
    except (OSError, OverflowError, ValueError, TypeError) as error:
        raise NotFound(
            f"no plant runs with the data folder {str(folder)!r}: start one with "
            "`gigatwin up`, or name its gateway with --gateway host:port --plant NAME"
        ) from error
    return running


def _check_lives(pid: int) -> None:
    """Raises ProcessLookupError where there is no such process."""
    try:
        os.kill(pid, 0)
    except PermissionError:
        return  # it lives, as another user
