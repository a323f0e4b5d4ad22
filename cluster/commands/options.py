"""Options that several commands share."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

Command = TypeVar("Command", bound=Callable[..., Any])

as_json = click.option(
    "--json", "as_json", is_flag=True, help="One JSON document on standard output."
)
config_file = click.option(
    "--config",
    "config_file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Settings in a YAML file; GIGATWIN_… variables and options go before it.",
)
plant_name = click.option("--plant", help="Name of the plant.")
gateway = click.option(
    "--gateway", help="host:port of the plant's gateway. [default: what `gigatwin up` wrote]"
)
data_dir = click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where the embedded stores keep their files. [default: var]",
)
redis = click.option("--redis", "redis_url", help="Live store, redis://host:6379/0.")
