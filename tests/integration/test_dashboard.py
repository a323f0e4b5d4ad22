"""What operations sees: in the Ray dashboard, every actor shows as what it stands for."""

import asyncio
import shutil
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from playwright.async_api import Page, async_playwright, expect

from asset_registry.record import OpcUaSource
from cluster.plant import Plant
from tests.plant_samples import channel, coater, gauge
from tests.plants import NAME, Client

pytestmark = [
    pytest.mark.integration,
    pytest.mark.needs_chromium,
    pytest.mark.timeout(240),
]

FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
NOBODY = "opc.tcp://127.0.0.1:1"


@pytest_asyncio.fixture
async def actors_page(plant_up: Plant) -> AsyncIterator[Page]:
    program = await asyncio.to_thread(shutil.which, "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1600, "height": 2000})
        await page.goto(f"{plant_up.dashboard}/#/actors", wait_until="domcontentloaded")
        yield page
        await browser.close()


async def test_the_dashboard_shows_each_sort_of_actor_as_what_it_stands_for(
    client: Client, plant_up: Plant, actors_page: Page
) -> None:
    await client.registry.batch_create(
        [
            coater("shown/coater", OpcUaSource(NOBODY, "ns=2;s=shown.speed")),
            gauge("shown/coater/gauge", "shown/coater"),
            channel("shown-rack/channel", "shown-rack"),
        ]
    )
    await asyncio.to_thread(plant_up.wait_until_placed)

    for shown in (
        "CoatingGauge shown/coater/gauge",
        "CyclerChannel shown-rack/cycler_channel#0",
        f"Edge {NOBODY}",
        "ElectrodeSupervisor electrode",
        "PlantSupervisor plant",
        f"Gateway {NAME}",
        f"Placement {NAME}",
        f"Archiver {NAME}",
    ):
        # It shows ten actors a page: found as operations finds one among thousands.
        await actors_page.get_by_label("repr").fill(shown)
        cell = actors_page.get_by_role("cell", name=shown, exact=True)
        await expect(cell).to_be_visible(timeout=60_000)
