"""``gigatwin bench NAME``: the numbers that we promise, measured."""

import tempfile
from importlib import import_module
from pathlib import Path
from typing import Final

import click

from cluster.bench.report import Report
from cluster.commands.options import as_json
from cluster.console import Progress, people, write_json

_BENCHES: Final = {
    "latency": "OPC UA change to WatchRecommendations",
    "kill": "the coating gauge's actor killed in mid-run",
    "electrode": "200 simulated shifts of a coating line, beside control charts",
    "formation": "4,000 simulated cells in formation, 8 % faulty, and real ones",
}


@click.command(
    "bench",
    epilog="\b\n" + "\n".join(f"{name:10} {what}" for name, what in _BENCHES.items()),
)
@click.argument("name", type=click.Choice(list(_BENCHES)))
@click.option("--quick", is_flag=True, help="The same code on less work.")
@as_json
def command(name: str, quick: bool, as_json: bool) -> None:
    """Run a benchmark; exit code 1 where a number is missed."""
    with (
        tempfile.TemporaryDirectory(prefix="gigatwin-bench-") as folder,
        Progress() as progress,
    ):
        report: Report = import_module(f"cluster.bench.{name}").run(Path(folder), quick, progress)
    if as_json:
        write_json(report.document())
    for line in report.lines():
        people.print(line)
    raise SystemExit(0 if report.passes else 1)
