"""The command line ``gigatwin``.

Exit codes: 0 done, 1 the check failed, 2 wrong use or an installation that can't work.
With ``--json`` one document goes to standard output; progress goes to standard error.
"""

import sys
from importlib import import_module
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
    """Entry point: our own errors become one line and exit code 2."""
    try:
        cli.main(standalone_mode=True)
    except GigatwinError as error:
        click.echo(f"gigatwin: {error}", err=True)
        sys.exit(2)
    except KeyboardInterrupt:
        sys.exit(130)


if __name__ == "__main__":
    main()
