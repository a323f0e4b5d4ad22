"""A cell's outcome, predicted at an hour of its protocol, and the cell that leaves for it."""

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import pytest

from tests.labelled_tables import QUICK
from tests.unit.twin.cell_layer import CHANNEL, HOUR, event
from tests.unit.twin.formation_cells import Cells, play, reference, serials, through
from tests.unit.twin.test_cell_formation_channel import configs, readings_of
from tests.unit.twin.test_cell_formation_section import Formation
from tests.unit.twin.test_cell_formation_section import found as diagnosed
from twin.asset import AssetConfig, Effects, Event, Json
from twin.cell.formation import outcomes
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.outcomes import OutcomeFile, read, unit_of
from twin.frame import Reading
from twin.learning.columns import Column
from twin.learning.outcome import OutcomeModel, train
from twin.learning.table import labelled
from twin.plant.recommendation import State
from twin.snapshot import dumps, loads

AT_H = 0.6
UNTIL_H = 0.62
NAMES = ("charge1.ohmic#1", "charge1.ohmic#2")


def outcome(cells: Cells) -> np.ndarray:
    """What a cell will give back [Ah]: less where its resistance is high."""
    return np.asarray(2.6 - 20.0 * cells.ohmic)


@cache
def model(skill: bool = True) -> OutcomeModel:
    """Learned from cells of the reference's features; those under 1.85 Ah are flagged."""
    cells = Cells(80, seed=3, lots=8)
    cells.ohmic *= np.linspace(0.8, 1.4, cells.n)[np.random.default_rng(1).permutation(cells.n)]
    cohort, _ = through(cells, reference(), until_h=UNTIL_H)
    names, x = cohort.features(AT_H)
    columns = [Column(name, x[:, names.index(name)]) for name in NAMES]
    y = outcome(cells) if skill else np.random.default_rng(5).normal(2.0, 0.1, cells.n)
    table = labelled(columns, Column("discharge_ah", y), Column("lot", tuple(cells.lot)))
    return train(table, replace(QUICK, below=1.85))


@pytest.fixture
def files(monkeypatch: pytest.MonkeyPatch) -> dict[str, OutcomeFile]:
    """Models by the path that a channel names."""
    there = {"good": OutcomeFile(model(), "formation-outcome/1", "d1")}
    monkeypatch.setattr(outcomes, "read", there.__getitem__)
    return there


def channels(n: int, path: str = "good") -> list[AssetConfig]:
    more: dict[str, float | str] = {"outcome_model": path, "outcome_at": AT_H}
    return [replace(c, parameters={**c.parameters, **more}) for c in configs(n)]


def room() -> Cells:
    cells = Cells(3, seed=9)
    cells.ohmic[:] = 0.03, 0.04, 0.031
    return cells


@cache
def readings() -> list[Reading]:
    cells = room()
    found = [r for i in range(cells.n) for r in readings_of(f"rack/{i}", cells, i, UNTIL_H)]
    return sorted(found, key=lambda r: r.time_ns)


def said(
    configs: list[AssetConfig], with_reference: bool = True, rows: int = 10_000
) -> list[Event]:
    cohort = ChannelCohort(configs, reference() if with_reference else None)
    told, effects = readings(), Effects({})
    for start in range(0, len(told), rows):
        cohort.step_all(told[start : start + rows], effects)
    return [e for e in effects.events if e.kind in (outcomes.PREDICTED, outcomes.UNPREDICTED)]


def test_at_its_hour_each_cell_is_predicted_once(files: dict[str, OutcomeFile]) -> None:
    found = {str(e.data["serial"]): e for e in said(channels(3))}

    assert list(found) == list(serials(room()))
    for at, e in zip(outcome(room()), found.values(), strict=True):
        lower, value, upper = (float(str(e.data[k])) for k in ("lower", "prediction", "upper"))
        assert lower < value < upper
        assert value == pytest.approx(at, abs=0.05)
        assert e.data["elapsed_h"] == pytest.approx(AT_H, abs=0.02)
        assert (e.data["target"], e.data["unit"]) == ("discharge_ah", "Ah")
        assert (e.data["model"], e.data["digest"]) == ("formation-outcome/1", "d1")


def test_a_flag_says_why_and_what_hours_it_saves(files: dict[str, OutcomeFile]) -> None:
    good, bad, _ = said(channels(3))

    assert (good.data["flagged"], good.data["hours_saved"]) == (False, None)
    assert bad.data["flagged"] is True
    assert bad.data["hours_saved"] == pytest.approx(8.2 - AT_H, abs=0.02)
    assert "likely below 1.85" in str(bad.data["reason"])
    evidence = bad.data["evidence"]
    assert isinstance(evidence, dict)
    assert evidence[NAMES[0]]["unit"] == "Ohm"
    assert evidence[NAMES[0]]["value"] > evidence[NAMES[0]]["upper"]


def test_the_room_together_says_what_each_channel_says_alone(
    files: dict[str, OutcomeFile],
) -> None:
    """To the bit, however the readings are cut."""
    alone = []
    for config in channels(3):
        twin, effects = ChannelCohort([config], reference()), Effects({})
        for reading in readings():
            if reading.asset == config.name:
                twin.step(reading, effects)
        alone += [e.data for e in effects.events if e.kind == outcomes.PREDICTED]

    for rows in (7, 10_000):
        assert [e.data for e in said(channels(3), rows=rows)] == alone


def test_in_bulk_as_by_readings(files: dict[str, OutcomeFile]) -> None:
    cohort = ChannelCohort(channels(3), reference())
    names, told = serials(room()), []
    for row in play(room(), until_h=UNTIL_H):
        told += cohort.step_block(
            row.time_ns, row.voltage, row.current, row.temperature, serials=names
        )
    assert [e.data for e in told if e.kind == outcomes.PREDICTED] == [
        e.data for e in said(channels(3))
    ]


@pytest.mark.parametrize("part", [0.5, 0.99])
def test_restored_no_cell_is_predicted_twice_or_never(
    files: dict[str, OutcomeFile], part: float
) -> None:
    told = readings()
    cut = round(part * len(told))
    cohorts = [ChannelCohort(channels(3), reference()) for _ in range(2)]
    effects = Effects({})
    cohorts[0].step_all(told[:cut], effects)
    cohorts[1].restore(loads(dumps(cohorts[0].snapshot())))
    for cohort in cohorts:
        cohort.step_all(told[cut:], effects if cohort is cohorts[1] else Effects({}))

    assert dumps(cohorts[0].snapshot()) == dumps(cohorts[1].snapshot())
    assert len([e for e in effects.events if e.kind == outcomes.PREDICTED]) == 3


def asking(*names: str) -> OutcomeFile:
    """A model of other features."""
    first = model().features[0]
    return OutcomeFile(
        replace(model(), features=tuple(replace(first, name=name) for name in names)), "m", "d"
    )


@pytest.mark.parametrize(
    ("held", "reason", "detail"),
    [
        (lambda: OutcomeFile(None, "m", "", "m: No such file"), "unreadable_model", "No such"),
        (lambda: OutcomeFile(model(False), "m", "d"), "no_skill", "does not beat"),
        (
            lambda: asking("anode_loading"),
            "missing_features",
            "does not measure anode_loading",
        ),
        (
            lambda: asking(*NAMES, "charge1.ohmic#3"),
            "missing_features",
            "not measured by then: charge1.ohmic#3",
        ),
    ],
)
def test_where_nothing_can_be_predicted_it_says_why_once_and_no_number(
    files: dict[str, OutcomeFile], held: Callable[[], OutcomeFile], reason: str, detail: str
) -> None:
    files["bad"] = held()

    found = said(channels(3, "bad"))

    assert [e.kind for e in found] == 3 * [outcomes.UNPREDICTED]
    assert {e.data["reason"] for e in found} == {reason}
    assert detail in str(found[0].data["detail"])
    assert "prediction" not in found[0].data


def test_without_a_reference_there_are_no_features(files: dict[str, OutcomeFile]) -> None:
    found = said(channels(3), with_reference=False)

    assert {e.data["reason"] for e in found} == {"no_reference"}


def test_without_a_model_nothing_is_said() -> None:
    assert said(configs(3)) == []


def test_channels_may_have_different_models(files: dict[str, OutcomeFile]) -> None:
    files["none"] = OutcomeFile(None, "none", "", "none can't be used")
    mixed = [channels(3)[0], channels(3, "none")[1], configs(3)[2]]

    assert [e.kind for e in said(mixed)] == [outcomes.PREDICTED, outcomes.UNPREDICTED]


def test_a_file_that_is_not_there_or_not_as_its_record_is_refused(tmp_path: Path) -> None:
    assert "No such file" in read(str(tmp_path / "formation-outcome" / "9")).refused
    (tmp_path / "model.skops").write_bytes(b"changed")
    (tmp_path / "record.json").write_text(json.dumps({"sha256": "another"}))
    assert "not the one in record.json" in read(str(tmp_path)).refused
    (tmp_path / "record.json").write_text("{")
    assert "record.json is damaged" in read(str(tmp_path)).refused


@pytest.mark.parametrize(
    ("target", "unit"), [("discharge_ah", "Ah"), ("R_mOhm", "mOhm"), ("capacity", ""), ("ah", "")]
)
def test_a_target_s_unit_is_what_its_name_says(target: str, unit: str) -> None:
    assert unit_of(target) == unit


def foretold(
    flagged: bool = True, hour: float = 3.0, more: Mapping[str, Json] | None = None
) -> Event:
    data: dict[str, Json] = {
        "serial": "a",
        "target": "discharge_ah",
        "unit": "Ah",
        "prediction": 4.6,
        "lower": 4.5,
        "upper": 4.7,
        "confidence": 0.9,
        "limit": 4.8,
        "probability_below": 0.97,
        "flagged": flagged,
        "reason": "97 % likely below 4.8",
        "hours_saved": 48.0 - hour,
        "hours_left": 48.0 - hour,
        "evidence": {
            "charge1.ohmic#4": {"value": 0.06, "lower": 0.03, "upper": 0.04, "unit": "Ohm"}
        },
        "model": "formation-outcome/1",
        "digest": "d1",
        "elapsed_h": hour,
        "time_ns": round(hour * HOUR),
        **(more or {}),
    }
    return event(CHANNEL, "cell.predicted", round(hour * HOUR), data)


def test_a_cell_predicted_below_its_limit_is_diverted() -> None:
    formation = Formation()

    (proposed,) = formation.on(foretold()).recommendations

    assert (proposed.type, proposed.lot) == ("cell_diversion", "A-7")
    assert (proposed.predicted.quantity, proposed.predicted.value) == ("hours_saved", 45.0)
    capacity, feature = proposed.evidence
    assert (capacity.summary.value, capacity.summary.unit, capacity.summary.confidence) == (
        4.6,
        "Ah",
        0.9,
    )
    assert capacity.model == "formation-outcome/1 d1"
    assert feature.signal == "charge1.ohmic#4"
    assert "97 % likely below 4.8" in proposed.reason
    formation.apply(proposed, hour=4.0)
    kpis = formation.section.kpis()
    assert (kpis["predicted"], kpis["flagged_early"], kpis["flagged_early_hours"]) == (1, 1, 45.0)
    assert kpis["hours_recovered"] == pytest.approx(44.0)


def test_a_cell_predicted_good_stays() -> None:
    formation = Formation()

    assert formation.on(foretold(flagged=False)).recommendations == []
    assert formation.section.kpis()["predicted"] == 1


def test_beside_a_diagnosis_no_prediction_proposes() -> None:
    formation = Formation()
    (first,) = formation.on(diagnosed("lithium_plating", hour=2.95)).recommendations

    assert formation.on(foretold()).recommendations == []
    assert [r.id for r in formation.desk.book.open()] == [first.id]
    assert formation.section.kpis()["flagged_early"] == 1
    assert formation.section.kpis()["flagged_early_hours"] == 0.0


def test_a_later_diagnosis_takes_the_prediction_s_place() -> None:
    formation = Formation()
    (first,) = formation.on(foretold()).recommendations

    old, new = formation.on(diagnosed("micro_short", hour=5.0)).recommendations

    assert (old.id, old.state) == (first.id, State.SUPERSEDED)
    assert [r.id for r in formation.desk.book.open()] == [new.id]


@pytest.mark.parametrize(
    "spoiled",
    [{"serial": ""}, {"flagged": "yes"}, {"prediction": None}, {"hours_left": 0.2}],
)
def test_a_prediction_that_is_not_as_it_should_be_or_too_late_proposes_nothing(
    spoiled: dict[str, Json],
) -> None:
    assert Formation().on(foretold(more=spoiled)).recommendations == []


def test_of_a_cell_whose_verdict_is_withheld_no_prediction_counts() -> None:
    formation = Formation()
    gone: dict[str, Json] = {"serial": "a", "reason": "swapped"}
    formation.on(event(CHANNEL, "cell.withheld", HOUR, gone))

    assert formation.on(foretold()).recommendations == []
    assert formation.section.kpis()["predicted"] == 0


def test_counts_outlive_a_restart() -> None:
    formation = Formation()
    formation.on(foretold())
    why: dict[str, Json] = {"serial": "b", "reason": "missing_features"}
    formation.on(event(CHANNEL, "cell.unpredicted", 4 * HOUR, why))
    saved = dumps(formation.section.snapshot())

    again = Formation()
    again.section.restore(loads(saved))

    assert again.section.kpis() == formation.section.kpis()
    assert again.section.kpis()["unpredicted"] == {"missing_features": 1}
    assert dumps(again.section.snapshot()) == saved
