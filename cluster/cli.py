"""The command line ``gigatwin``.

Exit codes: 0 done, 1 the check failed, 2 wrong use or an installation that can't work,
130 ended by Ctrl-C and 143 by SIGTERM before it was done.
With ``--json`` one document goes to standard output; progress goes to standard error.
"""

import logging
import os
import signal
import sys
from importlib import import_module
from types import FrameType
from typing import Final

import click

from twin.errors import GigatwinError

_COMMANDS: Final = {
    "demo": "cluster.commands.demo",
    "up": "cluster.commands.up",
    "down": "cluster.commands.down",
    "status": "cluster.commands.status",
    "apply": "cluster.commands.apply",
    "replay": "cluster.commands.replay",
    "bench": "cluster.commands.bench",
    "sensors": "cluster.commands.sensors",
    "cell": "cluster.commands.cell",
    "models": "cluster.commands.models",
}


class _Commands(click.Group):
    """Imports a command's module only when the command is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(_COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module = _COMMANDS.get(cmd_name)
        if module is None:
            return None
        command = import_module(module).command
        assert isinstance(command, click.Command)
        return command


@click.command(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(package_name="gigatwin")
def cli() -> None:
    """gigatwin: a digital twin of a battery gigafactory, one actor for each asset."""


def main() -> None:
    """Entry point: our own errors become one line and exit code 2.

    SIGTERM ends a command as Ctrl-C does: what it started is stopped first.
    """
    os.environ.setdefault("GRPC_VERBOSITY", "ERROR")
    # Ray reads this one when it is imported, which some commands do before they start it.
    os.environ.setdefault("RAY_AUTH_MODE", "token")
    logging.getLogger("asyncua").setLevel(logging.ERROR)
    signal.signal(signal.SIGTERM, _end)
    try:
        # Not by itself: it would end with 1 at Ctrl-C, which says that a check failed.
        code = cli.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except GigatwinError as error:
        click.echo(f"gigatwin: {error}", err=True)
        code = 2
    except (click.Abort, KeyboardInterrupt):
        code = 128 + signal.SIGINT
    sys.exit(code)


def _end(number: int, _frame: FrameType | None) -> None:
    sys.exit(128 + number)


if __name__ == "__main__":
    main()
