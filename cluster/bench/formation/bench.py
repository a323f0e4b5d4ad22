"""Cells of unseen lots through the twins; the peers and the real data beside them."""

import time
from pathlib import Path
from typing import Final

from cluster.bench.formation import alike, capacity, cost, peers, real, scores, spoiled
from cluster.bench.formation.play import Played, play
from cluster.bench.report import Report, Row
from cluster.plant import Progress
from simulation.formation.room import FormationRoom
from twin.cell.formation.reference import Reference, learn

_TRAINING_SEED: Final = 20_261
_TEST_SEED: Final = 20_262
_OTHER_SEED: Final = 20_263
TRAINING: Final = 3000
TEST: Final = 4000
_OTHER: Final = 1000
LOT: Final = 50
"""Cells of one electrode lot."""
_QUICK_TRAINING: Final = 800
_QUICK_TEST: Final = 500


def run(folder: Path, quick: bool, progress: Progress) -> Report:
    started = time.monotonic()
    cells = _QUICK_TRAINING if quick else TRAINING
    training = _played("a training room", _TRAINING_SEED, cells, None, progress)
    reference = _reference(training)
    early = _replayed(reference, cells, progress)
    cells = _QUICK_TEST if quick else TEST
    test = _played("a room of other lots", _TEST_SEED, cells, reference, progress)
    progress("predicting capacities at 3 h")
    predicted = capacity.score(training, early, test)
    rows = [
        *_on_flags(training, test, quick),
        *([] if quick else _by_physics(training, progress)),
        *_on_capacity(predicted, quick),
        *_on_cost(reference, folder, quick, progress),
    ]
    progress("playing bad input")
    withheld, wrongly, spoilt = spoiled.play_all(reference)
    rows.append(Row("bad inputs named, verdict withheld", withheld, "of 7", "== 7"))
    rows.append(Row("other channels withheld beside them", wrongly, "1", "== 0"))
    progress("real cells")
    real_rows, real_more = real.measure(quick)
    more: dict[str, object] = {
        "test": scores.table(test),
        "flagged_in_time": scores.by_kind(test, scores.hours(test)),
        "withheld": sorted(test.withheld.items()),
        "training": {"cells": len(training.room.serials), "lots": reference.lots},
        "capacity_model": predicted.plan,
        "twin_cpu_s": round(test.twin_cpu_s, 2),
        "bad_input": spoilt,
        **_peers_more(training, test),
        **real_more,
    }
    return Report("formation", time.monotonic() - started, [*rows, *real_rows], more)


def _lots(cells: int) -> int:
    return max(3, cells // LOT)


def _played(
    what: str, seed: int, cells: int, reference: Reference | None, progress: Progress
) -> Played:
    room = FormationRoom(seed, cells, lots=_lots(cells))
    return play(room, reference, progress=lambda hours: progress(f"{what}: hour {hours:.0f} of 48"))


def _reference(training: Played, confirmed: bool = True) -> Reference:
    return learn(
        training.cohort.trace(),
        training.good,
        training.room.lot,
        source=f"simulated room {_TRAINING_SEED}: {int(training.good.sum())} good cells",
        confirmed=training.truth.fault if confirmed else (),
    )


def _replayed(reference: Reference, cells: int, progress: Progress) -> Played:
    progress("replaying the training room's first hours")
    room = FormationRoom(_TRAINING_SEED, cells, lots=_lots(cells))
    return play(room, reference, until_h=3.0)


def _on_flags(training: Played, test: Played, quick: bool) -> list[Row]:
    due, flagged = scores.due_h(test), scores.hours(test)
    rate = scores.false_flags(flagged, test.good)
    limits = peers.learned(training.gauge, training.good)
    times = peers.matched(test.gauge, limits, test.good, rate / 100.0)
    plain = peers.flagged_h(test.gauge, limits, times)
    textbook = peers.flagged_h(test.gauge, limits, peers.TEXTBOOK)
    faulty = int((~test.good).sum())
    cells = len(test.room.serials)
    return [
        Row("simulated cells", cells, "cells", None if quick else ">= 4000"),
        Row("faulty cells among them", 100.0 * faulty / cells, "%", "== 8"),
        Row(
            "faulty cells flagged within 3 h; plating within 30 min of its onset",
            scores.in_time(flagged, due),
            "%",
            ">= 95",
            scores.in_time(plain, due),
        ),
        Row(
            "good cells falsely flagged in 48 h",
            rate,
            "%",
            "<= 1",
            scores.false_flags(textbook, test.good),
        ),
        Row("right diagnosis of the four", scores.right(test), "%", ">= 90"),
        Row(
            "hours saved by a flagged cell, median",
            scores.saved_h(flagged, test.good),
            "h",
            ">= 12",
            scores.saved_h(plain, test.good),
        ),
    ]


def _by_physics(training: Played, progress: Progress) -> list[Row]:
    """What is left where a plant has good cells alone to learn from, and no faulty one that
    was confirmed."""
    progress("learning from good cells alone")
    reference = _reference(training, confirmed=False)
    test = _played("a room judged by physics alone", _OTHER_SEED, _OTHER, reference, progress)
    flagged = scores.hours(test)
    return [
        Row(
            "no confirmed faults to learn from: flagged when due",
            scores.in_time(flagged, scores.due_h(test)),
            "%",
        ),
        Row("the same: good cells falsely flagged", scores.false_flags(flagged, test.good), "%"),
        Row("the same: right diagnosis", scores.right(test), "%"),
    ]


def _on_capacity(found: capacity.Scored, quick: bool) -> list[Row]:
    # Errors are shared within a lot, and ten lots are too few to show 90 %.
    low, high = (None, None) if quick else (">= 87", "<= 93")
    return [
        Row(
            "capacity at 3 h, mean absolute error",
            found.error,
            "% of nominal",
            "<= 0.5",
            found.mean_error,
        ),
        Row("the same by a line on the voltage at 3 h", found.voltage_error, "% of nominal"),
        Row("the same of all cells, diverted ones too", found.everyone, "% of nominal"),
        Row("capacity interval of 90 %: at least", found.covered, "%", low),
        Row("capacity interval of 90 %: at most", found.covered, "%", high),
        Row("standard error of that share, over lots", found.covered_error, "%"),
        Row("half its width", found.width, "% of nominal"),
    ]


def _on_cost(reference: Reference, folder: Path, quick: bool, progress: Progress) -> list[Row]:
    progress(f"stepping {cost.CHANNELS:,} channels")
    spent = cost.step(reference, 3.1)
    progress("stepping single twins beside the cohort")
    return [
        Row("step of 10,000 channels in one cohort, median", spent.median, "ms", "<= 10"),
        Row("the same, mean", spent.mean, "ms", "<= 10"),
        Row("the same, 99th in 100", spent.worst, "ms"),
        Row(
            "greatest difference from single twins",
            alike.greatest_difference(reference, folder, 3.1 if quick else 12.0),
            "relative",
            "<= 1e-9",
        ),
    ]


def _peers_more(training: Played, test: Played) -> dict[str, object]:
    due = scores.due_h(test)
    rate = scores.false_flags(scores.hours(test), test.good) / 100.0
    limits = peers.learned(training.gauge, training.good)
    found = {}
    for name in [None, *test.gauge.figures]:
        times = peers.matched(test.gauge, limits, test.good, rate, name)
        at = peers.flagged_h(test.gauge, limits, times, name)
        found[name or "any of them"] = {
            "sd": times,
            "flagged in time %": scores.in_time(at, due),
            **scores.by_kind(test, at),
        }
    return {"plain_rules_at_the_twins_false_flags": found}
