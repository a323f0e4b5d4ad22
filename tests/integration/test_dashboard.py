"""What operations sees: in the Ray dashboard, every actor shows as its asset."""

import asyncio
import shutil

import pytest
from playwright.async_api import async_playwright, expect

from cluster.plant import Plant
from tests.plant_samples import filler
from tests.plants import Client, until

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


async def test_the_dashboard_shows_an_actor_as_its_asset(client: Client, plant_up: Plant) -> None:
    name = "shown/filler"
    await client.registry.create(filler(name))

    async def lives() -> bool:
        return (await client.state(name)).incarnation > 0

    await until(lives, "the asset has its actor")
    program = await asyncio.to_thread(shutil.which, "chromium")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, args=FLAGS)
        page = await browser.new_page(viewport={"width": 1600, "height": 2000})
        await page.goto(f"{plant_up.dashboard}/#/actors", wait_until="domcontentloaded")
        shown = page.get_by_text(f"ElectrolyteFiller {name}").or_(page.get_by_text(name))
        await expect(shown.first).to_be_visible(timeout=60_000)
        await browser.close()
