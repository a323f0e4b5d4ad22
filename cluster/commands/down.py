"""``gigatwin down``: ends what ``gigatwin up`` started."""

import os
import signal
import time
from pathlib import Path

import click

from cluster import runfile
from cluster.commands.options import as_json, data_dir
from cluster.console import people, write_json
from twin.errors import NotFound, Unavailable

_PATIENCE_S = 60.0


@click.command("down")
@data_dir
@as_json
def command(data_dir: Path | None, as_json: bool) -> None:
    """Stop the plant that runs with this data folder; its data stay."""
    running = runfile.read(data_dir)
    os.kill(running.pid, signal.SIGTERM)
    deadline = time.monotonic() + _PATIENCE_S
    while _runs(data_dir):
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the plant (process {running.pid}) has not stopped after {_PATIENCE_S:.0f} s"
            )
        time.sleep(0.1)
    if as_json:
        write_json({"plant": running.plant, "stopped": True})
    people.print(f"plant {running.plant!r} is down")


def _runs(data_dir: Path | None) -> bool:
    try:
        runfile.read(data_dir)
    except NotFound:
        return False
    return True
