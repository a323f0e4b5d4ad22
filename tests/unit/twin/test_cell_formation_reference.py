"""What is normal, learned from good cells; what ails a cell that is not."""

import json
from pathlib import Path

import numpy as np
import pytest

from tests.unit.twin.formation_cells import (
    HOUR,
    SETTINGS,
    START,
    Cells,
    kinds,
    play,
    reference,
    serials,
    through,
)
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import learn, load, peaks, save
from twin.cell.formation.signatures import DIAGNOSES, signatures
from twin.errors import InvalidFile, InvalidInput


def test_good_cells_of_other_lots_are_not_flagged() -> None:
    cells = Cells(200, seed=21, lots=20)

    cohort, events = through(cells, reference())

    assert kinds(events).count("cell.diagnosed") <= 4
    assert np.median(cohort.verdicts().probability[:, 0]) > 0.95


def test_a_high_resistance_is_flagged_with_its_evidence() -> None:
    cells = Cells(10, seed=22)
    cells.ohmic[3] += 0.012

    cohort, events = through(cells, reference())

    (event,) = [e for e in events if e.kind == "cell.diagnosed"]
    assert event.data["serial"] == serials(cells)[3]
    assert event.data["diagnosis"] == "high_polarisation"
    assert 1.9 <= event.data["elapsed_h"] < 2.1
    assert event.data["hours_left"] == pytest.approx(8.2 - event.data["elapsed_h"])
    probabilities = event.data["probabilities"]
    assert set(probabilities) == {"good", *DIAGNOSES, "unusual"}
    assert sum(probabilities.values()) == pytest.approx(1.0)
    shown = event.data["evidence"]
    assert any("ohmic" in name for name in shown)
    assert all(set(about) == {"value", "lower", "upper", "unit"} for about in shown.values())
    assert cohort.verdicts().flagged_h[3] == event.data["elapsed_h"]


def test_a_cell_that_discharges_itself_is_no_good_cell() -> None:
    cells = Cells(10, seed=22)
    cells.leak[5] = 0.008

    cohort, _ = through(cells, reference())

    found = cohort.verdicts()
    assert np.flatnonzero(np.isfinite(found.flagged_h)).tolist() == [5]
    assert found.diagnosis[5] in ("micro_short", "low_lithium_inventory")


def test_a_departure_that_fits_no_fault_is_unusual() -> None:
    """A voltage that wavers with the charge: no fault of the four does that."""
    cells = Cells(4, seed=23)
    cohort = ChannelCohort.bulk(4, SETTINGS, reference())
    for row in play(cells, until_h=2.6):
        wave = 0.004 * np.sin(20.0 * (row.time_ns - START) / HOUR)
        voltage = row.voltage + np.array([wave, 0.0, 0.0, 0.0])
        cohort.step_block(row.time_ns, voltage, row.current, None, serials(cells))

    assert cohort.verdicts().diagnosis == ("unusual", "", "", "")


def test_no_cell_is_flagged_before_the_hour_of_decision() -> None:
    cells = Cells(3, seed=22)
    cells.ohmic[1] *= 2.0

    _, events = through(cells, reference(), until_h=1.85)

    assert "cell.diagnosed" not in kinds(events)


def test_features_are_named_and_the_same_at_any_later_time() -> None:
    early, _ = through(Cells(3, seed=24), reference(), until_h=2.0)
    later, _ = through(Cells(3, seed=24), reference())

    names, matrix = early.features(1.9)
    assert names == later.features(1.9)[0]
    assert matrix == pytest.approx(later.features(1.9)[1], nan_ok=True)
    assert "charge1.ohmic#1" in names
    assert matrix.shape == (3, len(names))


def test_confirmed_cells_teach_what_a_fault_looks_like() -> None:
    cells = Cells(130, seed=25, lots=6)
    cells.leak[:10] = 0.01
    cohort, _ = through(cells, None)
    confirmed = ["micro_short"] * 10 + [""] * 120

    found = learn(cohort.trace(), np.arange(130) >= 10, cells.lot, "x", confirmed, decide_after=1.9)

    assert found.seen_as.tolist() == [DIAGNOSES.index("micro_short")] * len(found.seen_as)
    assert found.seen_cells.sum() <= 10
    assert len(found.seen) >= 1


def test_evidence_against_good_cells_stays_within_its_promise() -> None:
    """Ville's inequality, and heavier tails than normal: the limit is learned from lots left
    out."""
    known, cells = reference(), Cells(600, seed=26, lots=60)
    cohort, _ = through(cells, known)
    names, matrix = cohort.features(10.0)

    highest = peaks(known, matrix, 1.9)

    limit = np.maximum(known.tail, 6.7)
    assert len(names) == len(known.column)
    assert (highest > limit).any(axis=(1, 2)).mean() <= 0.02


def test_hypotheses_share_one_probability() -> None:
    found = signatures(reference())

    assert found.prior.sum() == pytest.approx(1.0)
    assert set(found.diagnosis.tolist()) >= {1, 2, 3}


def test_a_file_gives_the_reference_back(tmp_path: Path) -> None:
    save(reference(), tmp_path / "reference.json")

    again = load(tmp_path / "reference.json")

    assert again.source == "cells of the tests"
    assert again.names == reference().names
    for name in ("mean", "weight", "tail", "predictor", "seen"):
        assert np.array_equal(getattr(again, name), getattr(reference(), name))


@pytest.mark.parametrize(
    ("spoil", "says"),
    [
        (lambda c: c.pop("weight"), "weight"),
        (lambda c: c.update(format="other"), "format"),
        (lambda c: c["mean"].pop(), "'mean'"),
        (lambda c: c.update(error=[0.0] * len(c["error"])), "'error'"),
        (lambda c: c.update(phase=[]), "phases"),
    ],
)
def test_a_damaged_file_is_refused(tmp_path: Path, spoil: object, says: str) -> None:
    path = tmp_path / "reference.json"
    save(reference(), path)
    content = json.loads(path.read_text())
    spoil(content)  # type: ignore[operator]
    path.write_text(json.dumps(content))

    with pytest.raises(InvalidFile, match=says):
        load(path)


def test_no_file_is_refused_by_its_name(tmp_path: Path) -> None:
    with pytest.raises(InvalidFile, match=r"none\.json"):
        load(tmp_path / "none.json")


@pytest.mark.parametrize(("cells", "lots"), [(20, 5), (120, 2)])
def test_too_few_cells_or_lots_teach_nothing(cells: int, lots: int) -> None:
    some = Cells(cells, lots=lots)
    cohort, _ = through(some, None, until_h=0.6)

    with pytest.raises(InvalidInput, match="too few"):
        learn(cohort.trace(), np.ones(cells, dtype=np.bool_), some.lot, "x")
