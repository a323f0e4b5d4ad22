"""``gigatwin apply plant.yaml``: registers a whole plant; a second time changes nothing."""

import asyncio
from collections.abc import Sequence
from pathlib import Path

import click

from asset_registry.plan import Plan
from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord
from cluster.client import registry_at
from cluster.commands.options import as_json, data_dir, gateway, plant_name
from cluster.commands.target import target
from cluster.console import people, write_json
from protocols.grpc.apply import Applied, apply_plan, plan_for


@click.command("apply")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--dry-run", is_flag=True, help="Print what would change, and change nothing.")
@click.option(
    "--endpoint",
    "endpoints",
    multiple=True,
    metavar="NAME=URL",
    help="Another address for an endpoint of the file; may be repeated.",
)
@gateway
@plant_name
@data_dir
@as_json
def command(
    file: Path,
    dry_run: bool,
    endpoints: Sequence[str],
    gateway: str | None,
    plant: str | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Make the registry match FILE. Assets that it does not name are left alone."""
    records = load_plant(file, endpoints=_named(endpoints))
    address, name = target(gateway, plant, data_dir)
    plan, applied = asyncio.run(_apply(address, name, records, dry_run))
    if as_json:
        write_json(_document(plan, dry_run))
    for line in plan.lines():
        people.print(line, markup=False)
    if dry_run:
        people.print("nothing was changed (--dry-run)")
    elif applied is not None:
        done = len(applied.created) + len(applied.updated) + len(applied.undeleted)
        people.print(f"done: {done} changes" if done else "nothing to do")


async def _apply(
    gateway: str, plant: str, records: Sequence[AssetRecord], dry_run: bool
) -> tuple[Plan, Applied | None]:
    async with registry_at(gateway, plant) as client:
        plan = await plan_for(client, records)
        return plan, None if dry_run else await apply_plan(client, plan)


def _document(plan: Plan, dry_run: bool) -> dict[str, object]:
    return {
        "dry_run": dry_run,
        "create": [record.name for record in plan.create],
        "update": [
            {
                "asset": update.wanted.name,
                "undelete": update.undelete,
                "differences": [str(difference) for difference in update.differences],
            }
            for update in plan.update
        ],
        "unchanged": [record.name for record in plan.unchanged],
        "not_in_file": [record.name for record in plan.not_in_file],
    }


def _named(endpoints: Sequence[str]) -> dict[str, str]:
    named = {}
    for given in endpoints:
        name, equals, url = given.partition("=")
        if not (name and equals and url):
            raise click.BadParameter(f"{given!r} is not NAME=URL", param_hint="--endpoint")
        named[name] = url
    return named
