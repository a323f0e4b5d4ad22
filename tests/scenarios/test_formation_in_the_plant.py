"""A formation room of 64 channels in the plant: a bad cell leaves its channel early."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.commands import Command

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> tuple[int | None, Any]:
    folder: Path = tmp_path_factory.mktemp("formation")
    file = folder / "demo.json"
    told = ("--scenario", "formation-short", "--for", 90)
    finished = Command("demo", *told, "--data-dir", folder / "data", "--json", file).finish(
        within_s=280
    )
    assert file.exists(), finished.errors
    return finished.code, json.loads(file.read_text())


def test_every_channel_has_a_twin_and_no_reading_is_lost(played: tuple[int | None, Any]) -> None:
    code, document = played
    assert code == 0
    assert document["assets"] == 64
    assert document["readings_in"] > 10_000
    assert document["readings_lost"] == 0


def test_the_one_bad_cell_is_diverted_with_most_of_its_protocol_ahead(
    played: tuple[int | None, Any],
) -> None:
    _, document = played
    (found,) = document["recommendations"]
    assert (found["type"], found["state"]) == ("cell_diversion", "EFFECTIVE")
    assert found["asset"] == "line1/formation/channel-17"
    assert found["causes"][0]["name"] == "micro_short"
    assert found["effect"]["quantity"] == "hours_saved"
    assert found["effect"]["value"] > 40
    assert any("h of channels recovered" in noticed for noticed in document["noticed"])
