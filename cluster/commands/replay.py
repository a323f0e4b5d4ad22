"""``gigatwin replay``: the twins on data that are already there."""

import asyncio
from pathlib import Path

import click
from rich.markup import escape

from asset_registry.plant_file import read_plant
from asset_registry.record import AssetRecord
from cluster.client import registry_at
from cluster.commands.options import as_json, data_dir
from cluster.commands.target import target
from cluster.config import load
from cluster.console import Progress, people, write_json


@click.command("replay")
@click.argument(
    "folder", required=False, type=click.Path(exists=True, file_okay=False, path_type=Path)
)
@click.option(
    "--archive", is_flag=True, help="Replay the plant's own archive instead of a folder of files."
)
@click.option(
    "--plant-file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="With --archive: the assets, where the plant does not run.",
)
@data_dir
@as_json
def command(
    folder: Path | None,
    archive: bool,
    plant_file: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Run the twins over FOLDER (it holds a replay.yaml), or over the archive.

    Exit code 1 where a file was refused or a reading was lost.
    """
    if archive == (folder is not None):
        raise click.UsageError("name a folder of files, or give --archive: one of the two")
    if folder is not None:
        _files(folder, data_dir or Path("var/replay"), as_json)
    else:
        _archive(data_dir, plant_file, as_json)


def _files(folder: Path, data_dir: Path, as_json: bool) -> None:
    from cluster.replay.files import run
    from protocols.files.replay import load_replay
    from protocols.files.report_lines import lines

    with Progress() as progress:
        progress(f"reading the files in {folder}")
        plan = load_replay(folder)
        for error in plan.errors:
            progress.say(f"[red]refused[/red] {escape(str(error))}")
        found = run(plan, data_dir, progress)
    if as_json:
        write_json(found)
    else:
        for line in lines(found):
            click.echo(line)
    raise SystemExit(1 if plan.errors or found["lost"] else 0)


def _archive(data_dir: Path | None, plant_file: Path | None, as_json: bool) -> None:
    from cluster.replay.archive import run

    with Progress() as progress:
        if plant_file is not None:
            file = read_plant(plant_file)
            plant, records = file.plant, list(file.assets)
        else:
            gateway, plant = target(None, None, data_dir)
            records = asyncio.run(_registered(gateway, plant))
        config = load(plant=plant, data_dir=data_dir)
        progress(f"replaying {config.archive}")
        past = run(config.archive, plant, records, config.per_actor)
    if as_json:
        write_json(past.document())
        return
    people.print(f"{past.readings} readings in {past.frames} frames")
    for kind, count in sorted(past.events.items()):
        people.print(f"  {kind}: {count}")
    for recommendation in past.recommendations:
        people.print(f"  would have proposed: {recommendation.title}", markup=False)


async def _registered(gateway: str, plant: str) -> list[AssetRecord]:
    async with registry_at(gateway, plant) as client:
        return list(await client.list())
