"""What a replay found: yield by formation run, and everything that was refused."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from protocols.files import times
from protocols.files.replay import Piece, ReplayPlan
from twin.asset import Event, Json
from twin.plant.genealogy import BELOW_GRADE, ProcessStep, StepType

Report = dict[str, Json]

_NO_FIRST_CYCLE = "no complete first cycle was accepted"
_NO_GRADE = "no grade: its channel has no grade_minimum"


@dataclass(slots=True)
class _Run:
    """The cells of one formation run, as the genealogy knows them."""

    note: str
    cells: int = 0
    graded: int = 0
    untested: list[Json] = field(default_factory=list)
    below: list[Json] = field(default_factory=list)


def report(
    plan: ReplayPlan,
    steps: Sequence[ProcessStep],
    quarantined: Sequence[Event],
    lost: int = 0,
) -> Report:
    """The report as JSON.

    ``steps`` is what the genealogy store holds of the plan's pieces (others are passed
    over), ``quarantined`` the ``reading.quarantined`` events, ``lost`` the readings that
    were sent and then not handled. The first-pass yield of a run is over its graded
    cells; a cell without a grade is named under ``untested`` and is neither good nor bad.
    """
    by_piece: dict[str, dict[StepType, ProcessStep]] = {piece.serial: {} for piece in plan.pieces}
    for step in steps:
        for output in step.outputs:
            if output in by_piece:
                by_piece[output].setdefault(step.type, step)
    runs: dict[str, _Run] = {}
    for piece in plan.pieces:
        run = runs.setdefault(piece.formation.run, _Run(piece.formation.note))
        _count(run, piece, by_piece[piece.serial])
    traced = Counter(type_ for found in by_piece.values() for type_ in found)
    return {
        "cells": len(plan.pieces),
        "runs": [_run(name, run) for name, run in runs.items()],
        "quarantined": [_quarantined(e) for e in quarantined if e.data.get("phase") != "end"],
        "lost": lost,
        "files_refused": [
            {"file": _relative(plan, error.path), "line": error.line, "reason": error.why}
            for error in plan.errors
        ],
        "traced": {type_.value: traced[type_] for type_ in sorted(traced)},
        "credit": plan.credit,
    }


def _count(run: _Run, piece: Piece, steps: Mapping[StepType, ProcessStep]) -> None:
    run.cells += 1
    cell: dict[str, Json] = {
        "serial": piece.serial,
        "position": piece.formation.position,
        "channel": piece.formation.channel,
    }
    grade = steps.get(StepType.GRADE)
    if grade is None:
        why = _NO_GRADE if StepType.FORM in steps else piece.untested or _NO_FIRST_CYCLE
        run.untested.append({**cell, "reason": why})
        return
    run.graded += 1
    if grade.measured["grade"] == BELOW_GRADE:
        run.below.append(
            {
                **cell,
                "capacity_Ah": grade.measured["discharge_capacity [Ah]"],
                "grade_minimum_Ah": grade.measured["grade_minimum [Ah]"],
                "stacking_note": _one_line(piece.stacking.note),
                "filling_run": piece.filling.run,
                "filling_note": _one_line(piece.filling.note),
            }
        )


def _run(name: str, run: _Run) -> Report:
    below = len(run.below)
    return {
        "run": name,
        "note": _one_line(run.note),
        "cells": run.cells,
        "tested": run.graded,
        "below_grade": below,
        "first_pass_yield": (run.graded - below) / run.graded if run.graded else None,
        "untested": run.untested,
        "below": run.below,
    }


def _quarantined(event: Event) -> Report:
    return {
        "asset": event.asset,
        "signal": event.data.get("signal"),
        "piece": event.data.get("text"),
        "time": times.iso(event.time_ns),
        "value": event.data.get("value"),
        "reason": event.data.get("detail"),
        "code": event.data.get("reason"),
    }


def _one_line(note: str) -> str:
    return " ".join(note.split())


def _relative(plan: ReplayPlan, path: str) -> str:
    file = Path(path)
    return str(file.relative_to(plan.folder)) if file.is_relative_to(plan.folder) else path
