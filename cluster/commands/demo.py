"""``gigatwin demo``: a PLC's value becomes an approved setpoint, before your eyes."""

import asyncio
import contextlib
import signal
import sys
import time
from pathlib import Path

import click

from cluster.client import registry_at
from cluster.config import Config, load
from cluster.console import Progress, people, write_json
from cluster.demo import stages
from cluster.demo.expectations import Told, expectation, learning
from cluster.demo.stages import PLANT, Stage
from cluster.demo.story import Story
from cluster.demo.tally import Count, count
from cluster.embedded import EmbeddedBroker
from cluster.plant import Plant, forget
from protocols.grpc.apply import apply_plan, plan_for


@click.command("demo")
@click.option(
    "--for",
    "seconds",
    type=float,
    help="Run so long after the plant is up. [default: until Ctrl-C; 120 or more, as the "
    "scenario needs, where nobody watches]",
)
@click.option("--scenario", default="viscosity-drift", show_default=True, help="See --list.")
@click.option("--list", "listed", is_flag=True, help="List the scenarios and end.")
@click.option("--seed", type=int, default=1, show_default=True, help="Of the simulated plant.")
@click.option(
    "--learn",
    "learn_s",
    type=float,
    metavar="SECONDS",
    help="Let the line run well so long first: causes are told by what is ordinary. "
    "[default: as the scenario needs; 5 where --for is too short for it]",
)
@click.option(
    "--data-dir",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("var/demo"),
    show_default=True,
    help="Where the demonstration keeps its files; made anew each time.",
)
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="At the end, one JSON document into FILE, or on standard output.",
)
def command(
    seconds: float | None,
    scenario: str,
    listed: bool,
    seed: int,
    learn_s: float | None,
    data_dir: Path,
    json_file: str | None,
) -> None:
    """A simulated plant, its twin, and an MES that approves and writes the setpoint.

    Exit code 1 where a reading was lost, or where what is to be expected of the scenario
    (the loading corrected with effect, a gauge to be calibrated, …) was not seen in the
    time given.
    """
    started = time.monotonic()
    if listed:
        for name, description in stages.listed().items():
            click.echo(f"{name:20} {description}")
        return
    if scenario not in stages.listed():
        raise click.BadParameter(
            f"{scenario!r} is none; --list shows them", param_hint="--scenario"
        )
    expected = expectation(scenario)
    if seconds is None and not sys.stdin.isatty():
        seconds = expected.lasts_s
    if learn_s is None:
        learn_s = learning(expected, seconds)
    stage = stages.stage(data_dir, scenario, seed)
    config = load(
        plant=PLANT, data_dir=data_dir, gateway_port=0, per_actor=dict(stage.per_actor) or None
    )
    forget(config)
    with Progress() as progress:
        story, counted = _play(config, stage, learn_s, seconds, started, progress)
    told = Told(tuple(story.recommendations.values()), story.noticed)
    seen = expected.seen(told)
    document = {
        "scenario": scenario,
        "expected": expected.words,
        "seen": seen,
        "noticed": list(story.noticed.values()),
        "assets": counted.assets,
        "actors": counted.actors,
        "readings_in": counted.readings_in,
        "readings_lost": counted.lost,
        "recommendations": story.documents(),
        "first_approved_s": story.first_approved_s and round(story.first_approved_s, 1),
    }
    if json_file is not None:
        write_json(document, None if json_file == "-" else Path(json_file))
    people.print(
        f"{counted.assets} assets, {counted.actors} actors, {counted.readings_in} readings in, "
        f"{counted.lost} lost, {len(story.recommendations)} recommendations"
    )
    people.print(f"{'seen' if seen else 'NOT SEEN'}: {expected.words}")
    raise SystemExit(0 if counted.lost == 0 and seen else 1)


def _play(
    config: Config,
    stage: Stage,
    learn_s: float,
    seconds: float | None,
    started: float,
    progress: Progress,
) -> tuple[Story, Count]:
    with contextlib.ExitStack() as stack:
        progress("starting the broker and the simulated plant")
        broker = EmbeddedBroker(config.data_dir)
        stack.callback(broker.stop)
        stage.build(broker, stack)
        plant = stack.enter_context(Plant(config, progress))
        story = Story(started, progress.say)
        counted = asyncio.run(_perform(plant, story, stage, learn_s, seconds, progress, stack))
    return story, counted


async def _perform(
    plant: Plant,
    story: Story,
    stage: Stage,
    learn_s: float,
    seconds: float | None,
    progress: Progress,
    stack: contextlib.ExitStack,
) -> Count:
    records = stage.records()
    progress(f"registering {len(records)} assets")
    async with registry_at(plant.gateway, PLANT) as client:
        await apply_plan(client, await plan_for(client, records))
    progress("the actors of the assets are started")
    await asyncio.to_thread(plant.wait_until_placed)
    stage.open(stack)
    progress("waiting for the first reading of each asset")
    await asyncio.to_thread(plant.wait_until_live)
    progress.say(f"the plant is up: gateway {plant.gateway}")
    progress.say(f"Ray dashboard: {plant.dashboard} (its token: {plant.token_file})")
    stack.callback(stage.begin(plant, stack).stop)
    looking, *others = (
        asyncio.create_task(task) for task in stage.beside(plant, story, learn_s, progress)
    )
    beside = [looking, asyncio.create_task(story.follow(plant.gateway, PLANT)), *others]
    ends = time.monotonic() + seconds if seconds is not None else None
    await _until(ends, *beside)
    progress("stopping the edges and counting")
    looking.cancel()
    counted = await count(plant)
    for task in beside:
        task.cancel()
    await asyncio.gather(*beside, return_exceptions=True)
    return counted


async def _until(ends: float | None, *tasks: "asyncio.Task[None]") -> None:
    """Until that time, or Ctrl-C; a failure of what runs beside it comes out at once."""
    stopped = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stopped.set)
    while not stopped.is_set() and (ends is None or time.monotonic() < ends):
        for task in tasks:
            if task.done():
                task.result()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.2):
                await stopped.wait()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.remove_signal_handler(number)
