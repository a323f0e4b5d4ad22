"""``gigatwin models table``: the table to learn from, of the traces that the plant has kept."""

from dataclasses import asdict
from pathlib import Path

import click

from cluster.commands.options import as_json
from cluster.console import Progress, write_json


@click.command("table")
@click.argument("kind", type=click.Choice(["formation-outcome"]))
@click.option(
    "--traces", "traces_dir", required=True,
    type=click.Path(file_okay=False, exists=True, path_type=Path),
    help="The lake's traces: the folder beside the archive, <archive>-traces.",
)  # fmt: skip
@click.option(
    "--reference", "reference_file", required=True,
    type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="The formation reference that the channels use: it names the features.",
)  # fmt: skip
@click.option(
    "--out", "out_file", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The table, as CSV.",
)  # fmt: skip
@click.option("--hour", type=click.FloatRange(0), default=3.0, show_default=True,
              help="Of the protocol, at which the features are taken.")  # fmt: skip
@click.option("--protocol-hours", type=click.FloatRange(0.5), default=48.0, show_default=True)
@click.option(
    "--lots", "lots_file", type=click.Path(dir_okay=False, exists=True, path_type=Path),
    help="Table with the columns serial and lot; without it the column lot is blank.",
)  # fmt: skip
@as_json
def command(
    kind: str,
    traces_dir: Path,
    reference_file: Path,
    out_file: Path,
    hour: float,
    protocol_hours: float,
    lots_file: Path | None,
    as_json: bool,
) -> None:
    """Make the table to learn from of the traces that the plant has kept.

    A row a cell: its features at the hour, and what its first discharge gave.
    """
    from cluster.commands import outcome_table
    from historian.traces import TraceStore
    from protocols.files.feature_table import read_feature_table
    from twin.cell.formation.reference import load as load_reference
    from twin.cell.formation.settings import ChannelSettings

    lots = read_feature_table(lots_file) if lots_file else None
    lot_of = dict(zip(lots.cells("serial"), lots.cells("lot"), strict=True)) if lots else {}
    reference = load_reference(reference_file)
    settings = ChannelSettings(reference.nominal, protocol_hours)
    with Progress() as progress:
        rows = list(
            outcome_table.cells(
                TraceStore(traces_dir), reference, settings, hour,
                lambda done: progress(f"{done} cells replayed"),
            )
        )  # fmt: skip
    found = outcome_table.write(out_file, rows, lot_of)
    if as_json:
        write_json({"kind": kind, "out": str(out_file), **asdict(found)})
        return
    click.echo(
        f"{found.cells} cells, {found.graded} with {outcome_table.TARGET}, {len(found.features)} "
        f"features at {hour:g} h ({found.left_out} that too few cells have left out): {out_file}"
    )
