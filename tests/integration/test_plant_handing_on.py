"""A lot's porosity on its way from the electrode layer's supervisor to the cell layer's."""

import asyncio

import pytest

from actors.naming import PLANT_SUPERVISOR, supervisor_name
from cluster.plant import Plant
from tests.plants import back, kill, until
from twin.asset import Event

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

CELL = supervisor_name("cell")


def _told(sequence: int) -> Event:
    data = {
        "lot": f"E-{sequence}",
        "porosity": 30.0,
        "porosity_sd": 0.5,
        "lower": 29.2,
        "upper": 30.8,
        "confidence": 0.9,
    }
    return Event("x/calender", "section:test", sequence, "lot.porosity", sequence, data)


async def _report(plant: Plant, *sequences: int) -> None:
    events = tuple(map(_told, sequences))
    handle = plant.handle(PLANT_SUPERVISOR)
    await asyncio.wrap_future(handle.report.remote("x", 1, events).future())


async def _known(plant: Plant) -> int:
    kpis = await asyncio.wrap_future(plant.handle(CELL).kpis.remote().future())
    return int(kpis["lots_known"])


async def test_a_porosity_comes_down_once_though_both_supervisors_are_killed(
    plant_up: Plant,
) -> None:
    before = await _known(plant_up)
    await _report(plant_up, 1, 2)

    async def down() -> bool:
        return await _known(plant_up) == before + 2

    await until(down, "both lots are known to the cell layer")

    killed = kill(CELL)
    await back(CELL, killed)
    await until(down, "they are known after a restart of the cell layer")

    killed = kill(PLANT_SUPERVISOR)
    await back(PLANT_SUPERVISOR, killed)
    await _report(plant_up, 2, 3)

    async def once() -> bool:
        return await _known(plant_up) == before + 3

    await until(once, "what was told again counts once, and the new one came down")
