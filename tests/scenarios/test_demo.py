"""The demonstration from start to end, and its archive once more."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from simulation.formation.scenarios import FORMATION_SCENARIOS
from simulation.scenarios import SCENARIOS
from stores.records.store import SqlRecords
from tests.commands import ROOT, Command, Finished, run

pytestmark = [pytest.mark.scenario, pytest.mark.timeout(300)]

PLANT_FILE = ROOT / "examples" / "demo-line" / "plant.yaml"


@dataclass(frozen=True)
class Played:
    finished: Finished
    document: Any
    folder: Path
    left: list[str]

    @property
    def effective(self) -> Any:
        (found,) = [r for r in self.corrections if r["state"] == "EFFECTIVE"][:1]
        return found

    @property
    def corrections(self) -> list[Any]:
        type = "coating_weight_correction"
        return [r for r in self.document["recommendations"] if r["type"] == type]


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Played:
    folder = tmp_path_factory.mktemp("demo")
    file = folder / "demo.json"
    command = Command("demo", "--for", 60, "--data-dir", folder / "data", "--json", file)
    finished = command.finish(within_s=240)
    assert file.exists(), finished.errors
    return Played(finished, json.loads(file.read_text()), folder / "data", [*command.left_behind()])


def test_the_demonstration_ends_well_and_leaves_no_process_behind(played: Played) -> None:
    assert played.finished.code == 0, played.finished.errors
    assert played.left == []


def test_its_document_says_what_was_and_that_nothing_was_lost(played: Played) -> None:
    document = played.document
    assert {
        "assets",
        "actors",
        "readings_in",
        "readings_lost",
        "recommendations",
        "first_approved_s",
    } <= set(document)
    assert document["assets"] == 12
    assert document["actors"] > document["assets"]
    assert document["readings_in"] > 1_000
    assert document["readings_lost"] == 0
    assert document["first_approved_s"] > 0
    assert document["seen"] is True
    assert "corrected" in document["expected"]
    assert any("out of tolerance" in noticed for noticed in document["noticed"])


def test_the_drift_was_corrected_with_effect_and_linked_to_the_lot(played: Played) -> None:
    found = played.effective
    assert {"id", "state", "asset", "from", "to", "unit", "lot", "effect"} <= set(found)
    assert {"type", "title", "reason", "changes", "causes"} <= set(found)
    (change,) = found["changes"]
    assert {k: change[k] for k in ("signal", "from", "to", "unit")} == {
        k: found[k] for k in ("signal", "from", "to", "unit")
    }
    assert found["asset"] == "line1/coater"
    assert (found["signal"], found["unit"]) == ("line_speed", "m/min")
    assert found["to"] > found["from"]
    assert found["lot"]
    assert found["effect"]["lower"] <= found["effect"]["value"] <= found["effect"]["upper"]


def test_the_lot_s_genealogy_has_the_correction(played: Played) -> None:
    records = SqlRecords(f"sqlite:///{played.folder / 'records.sqlite'}", "demo")
    steps = records.steps_of(played.effective["lot"])
    records.close()
    assert any(step.station == "line1/coater" for step in steps)
    assert played.effective["id"] in json.dumps([step.id for step in steps]) + json.dumps(
        [dict(step.measured) for step in steps]
    )


def test_nothing_of_the_libraries_noise_reaches_who_watches(played: Played) -> None:
    for noise in ("fork_posix", "Requested session timeout", "(raylet)", "nanobind", "Traceback"):
        assert noise not in played.finished.errors


def test_the_archive_replayed_gives_the_same_recommendation(played: Played) -> None:
    done = run(
        *("replay", "--archive", "--json"),
        *("--data-dir", played.folder, "--plant-file", PLANT_FILE),
    )
    assert done.code == 0, done.errors
    again = done.document["recommendations"][0]
    first = played.corrections[0]
    assert {k: again[k] for k in ("asset", "signal", "unit", "lot")} == {
        k: first[k] for k in ("asset", "signal", "unit", "lot")
    }
    assert again["from"] == pytest.approx(first["from"], abs=0.05)
    assert again["to"] == pytest.approx(first["to"], abs=0.1)


def test_every_scenario_is_listed_with_what_happens_in_it() -> None:
    listed = run("demo", "--list")
    assert listed.code == 0
    for scenario in (*SCENARIOS.values(), *FORMATION_SCENARIOS.values()):
        assert f"{scenario.name:20} {scenario.description}" in listed.output
