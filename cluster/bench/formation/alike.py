"""Whether a cohort says what as many single twins say: figures, events and probabilities."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np

from cluster.bench.formation.play import settings
from simulation.formation.faults import FAULTS, GOOD
from simulation.formation.room import Block, FormationRoom
from twin.asset import AssetConfig, Effects, Event, Json
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.cycler_channel import CyclerChannel
from twin.cell.formation.reference import Reference, save
from twin.frame import Reading

_SEED: Final = 905
_EACH: Final = 2
CELLS: Final = _EACH * (len(FAULTS) + 1)
_ATTO: Final = 1e-12
"""What is smaller is compared as it is, not relative to itself."""


def greatest_difference(reference: Reference, folder: Path, until_h: float) -> float:
    """Between every figure and every number of every event; infinite where one says what the
    other does not. Cells of each fault, up to that hour of the protocol."""
    path = folder / "reference.json"
    save(reference, path)
    kinds = tuple(kind for kind in (GOOD, *FAULTS) for _ in range(_EACH))
    room = FormationRoom(_SEED, CELLS, lots=2, kinds=kinds)
    assets = [_asset(number, path) for number in range(CELLS)]
    cohort = ChannelCohort(assets)
    twins = [CyclerChannel(asset) for asset in assets]
    said: list[Event] = []
    alone = Effects({})
    greatest = 0.0
    for n, block in enumerate(room.play()):
        if block.time_ns - room.start_ns > until_h * 3.6e12:
            break
        said += cohort.step_block(
            block.time_ns, block.voltage, block.current, block.temperature, serials=room.serials
        )
        for number, twin in enumerate(twins):
            for reading in _readings(block, number, assets[number].name, room.serials[number]):
                twin.step(reading, alone)
        if n % 100 == 0:
            greatest = max(greatest, *(_of_figures(cohort, twin) for twin in twins))
    return max(greatest, _of_events(said, alone.events))


def _asset(number: int, reference: Path) -> AssetConfig:
    plain = settings().config(f"channel-{number}")
    parameters = {**plain.parameters, "reference": str(reference)}
    return AssetConfig(plain.name, plain.uid, plain.kind, parameters=parameters)


def _readings(block: Block, number: int, asset: str, serial: str) -> Iterator[Reading]:
    for signal, values in (
        ("current", block.current),
        ("temperature", block.temperature),
        ("voltage", block.voltage),
    ):
        yield Reading(asset, signal, block.time_ns, float(values[number]), text=serial)


def _of_figures(cohort: ChannelCohort, twin: CyclerChannel) -> float:
    ours, theirs = cohort.figures(twin.config.name), twin.figures()
    if [figure.name for figure in ours] != [figure.name for figure in theirs]:
        return float("inf")
    return max(
        (
            max(_apart(a.value, b.value), _apart(a.sd, b.sd))
            for a, b in zip(ours, theirs, strict=True)
        ),
        default=0.0,
    )


def _of_events(ours: list[Event], theirs: list[Event]) -> float:
    def key(event: Event) -> tuple[str, int, str]:
        return (event.asset, event.time_ns, event.kind)

    ours, theirs = sorted(ours, key=key), sorted(theirs, key=key)
    if [key(event) for event in ours] != [key(event) for event in theirs]:
        return float("inf")
    return max((_of_json(a.data, b.data) for a, b in zip(ours, theirs, strict=True)), default=0.0)


def _of_json(one: Json, other: Json) -> float:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        if set(one) != set(other):
            return float("inf")
        return max((_of_json(one[name], other[name]) for name in one), default=0.0)
    if isinstance(one, int | float) and isinstance(other, int | float):
        return _apart(float(one), float(other))
    return 0.0 if one == other else float("inf")


def _apart(one: float, other: float) -> float:
    if one == other or (np.isnan(one) and np.isnan(other)):
        return 0.0
    return abs(one - other) / max(abs(one), abs(other), _ATTO)
