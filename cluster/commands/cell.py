"""``gigatwin cell``: what one cell's own traces say."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from cluster.console import write_json

if TYPE_CHECKING:
    from twin.cell.electrodes.diagnosis import Diagnosis


@click.group("cell")
def command() -> None:
    """What one cell's own traces say."""


@command.command("diagnose")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--charge", required=True, metavar="COL", help="Column of charge; or #3, the third.")
@click.option("--voltage", required=True, metavar="COL", help="Column of voltage.")
@click.option("--unit", help="Unit of the charge: Ah, mAh, C. [default: the header's, else Ah]")
@click.option(
    "--chemistry",
    metavar="NAME",
    help="As NMC532/graphite, LFP, or a curve's own name. [default: every pair is tried]",
)
@click.option("--current", metavar="A|COL", help="The charging current in A, or its column.")
@click.option("--cycle", type=int, metavar="N", help="Only this cycle.")
@click.option("--cycle-column", metavar="COL", help="Where the cycle stands. [default: by name]")
@click.option("--sweep", type=int, metavar="N", help="Which sweep, where the rows hold several.")
@click.option("--plot", type=click.Path(dir_okay=False, path_type=Path), help="A picture (SVG).")
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="One JSON document into FILE, or on standard output.",
)
def diagnose(
    file: Path,
    charge: str,
    voltage: str,
    unit: str | None,
    chemistry: str | None,
    current: str | None,
    cycle: int | None,
    cycle_column: str | None,
    sweep: int | None,
    plot: Path | None,
    json_file: str | None,
) -> None:
    """The electrodes of a cell, from the slow charge (or discharge) in FILE.

    Fits two half-cell curves to the voltage: capacities, slippage and lithium inventory, each
    with a 90 % interval, and says whether the reference curves match this cell at all. Exit
    code 1 where they do not; then no anode potential is given.
    """
    # Late: SciPy, which --help does without.
    from cluster.commands.cell_report import document, lines
    from protocols.files.cell_sweeps import one_sweep
    from protocols.files.cell_trace import read_cell_trace
    from twin.cell.electrodes.chemistry import chemistry as chemistry_of
    from twin.cell.electrodes.diagnosis import diagnose as diagnose_sweep
    from twin.errors import InvalidFile, InvalidInput, NotFound

    for option, target in (("--json", json_file), ("--plot", plot and str(plot))):
        if target not in (None, "-") and Path(str(target)).resolve() == file.resolve():
            raise click.UsageError(f"{option} would write over FILE itself: name another")
    try:
        chemistry_of(chemistry)
    except NotFound as error:
        raise click.BadParameter(str(error), param_hint="--chemistry") from error
    amperes = _amperes(current)
    trace = read_cell_trace(
        file,
        charge,
        voltage,
        current=current if amperes is None else None,
        cycle=cycle_column,
        find_cycle=cycle is not None and cycle_column is None,
        unit=unit,
    )
    picked = one_sweep(trace, cycle=cycle, sweep=sweep)
    try:
        found = diagnose_sweep(
            picked.charge,
            picked.voltage,
            chemistry=chemistry,
            current=picked.current if amperes is None else amperes,
            direction=picked.direction,
        )
    except InvalidFile:
        raise
    except InvalidInput as error:
        raise InvalidFile(str(file), None, str(error)) from error
    notes = (*trace.notes, *picked.notes, *found.notes)
    if plot is not None:
        _draw(found, plot, file.name)
    if json_file is not None:
        target = None if json_file == "-" else Path(json_file)
        write_json(document(file, trace, found, notes), target)
    if json_file != "-":
        for line in lines(file, trace, found, notes):
            click.echo(line)
    raise SystemExit(1 if found.verdict.matches is False else 0)


def _amperes(current: str | None) -> float | None:
    """A number is a current; anything else names a column."""
    if current is None:
        return None
    try:
        value = abs(float(current))
    except ValueError:
        return None
    if not 0 < value < 1e5:
        raise click.BadParameter(
            f"{current} is no charging current: give it in A, above 0", param_hint="--current"
        )
    return value


def _draw(found: "Diagnosis", plot: Path, title: str) -> None:
    try:
        from cluster.commands.cell_plot import figure
    except ImportError as error:
        raise click.UsageError("--plot needs matplotlib: pip install matplotlib") from error
    figure(found, title).savefig(plot)
