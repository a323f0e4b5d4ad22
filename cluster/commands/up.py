"""``gigatwin up``: the plant's stores and actors, until it is told to stop."""

import os
import signal
import threading
from pathlib import Path

import click
from rich.markup import escape

from cluster import runfile
from cluster.commands.options import as_json, config_file, data_dir, plant_name, redis
from cluster.config import load
from cluster.console import Progress, write_json
from cluster.plant import Plant


@click.command("up")
@config_file
@plant_name
@data_dir
@redis
@click.option("--records", "records_url", help="Records store, postgresql://… or sqlite:///….")
@click.option("--port", "gateway_port", type=int, help="The gateway's port; 0 takes a free one.")
@as_json
def command(
    config_file: Path | None,
    plant: str | None,
    data_dir: Path | None,
    redis_url: str | None,
    records_url: str | None,
    gateway_port: int | None,
    as_json: bool,
) -> None:
    """Start the plant and keep it running until SIGTERM, Ctrl-C or `gigatwin down`.

    What is not named is embedded. Assets that were registered before come back.
    """
    config = load(
        config_file,
        plant=plant,
        data_dir=data_dir,
        redis_url=redis_url,
        records_url=records_url,
        gateway_port=gateway_port,
    )
    stopped = threading.Event()
    with Progress() as progress, Plant(config, progress) as plant_:
        # Only now: Ray sets a handler of its own when it starts.
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, lambda *_: stopped.set())
        for asset, why in plant_.wait_until_placed().items():
            progress.say(escape(f"{asset}: {why}"))
        running = runfile.Running(os.getpid(), config.plant, plant_.gateway, plant_.dashboard)
        runfile.write(config.data_dir, running)
        try:
            if as_json:
                write_json(
                    {
                        "plant": config.plant,
                        "gateway": plant_.gateway,
                        "dashboard": plant_.dashboard,
                    }
                )
            progress.say(f"plant {config.plant!r} is up: gateway {plant_.gateway}")
            progress.say(f"Ray dashboard: {plant_.dashboard} (its token: {plant_.token_file})")
            progress(f"plant {config.plant!r} runs; Ctrl-C stops it")
            stopped.wait()
            progress("stopping")
        finally:
            runfile.remove(config.data_dir)
