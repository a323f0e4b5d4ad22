"""The outcome predictor on a real pilot line: trained on earlier runs, tested on later ones.

Each formation run from the sixth on is predicted by a model of the runs whose first
discharge was over when it began: five runs before, 27 cells, are the first to be enough.
Two runs that began within minutes are both predicted from the runs before them. Inputs are
what is known at the end of the first charge (``protocols.files.first_charge``).

Baselines: the mean of the earlier runs, and the run's label alone: the mean of the other
cells of the *same* run. The label is given more than a plant has (those cells are formed at
the same time); it flags a cell where that mean lies below the limit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import numpy as np
import numpy.typing as npt

from cluster.bench.report import Row
from protocols.files import times
from protocols.files.first_charge import FirstCharge, first_charges
from twin.errors import Unavailable
from twin.learning.columns import Array, Column
from twin.learning.outcome import OutcomeModel, Settings, train
from twin.learning.prediction import Prediction, predict
from twin.learning.table import labelled

DATA: Final = Path(__file__).parents[3] / "examples" / "kiprobatt"
FEATURES: Final = ("charge_ah", "charge_v", "electrolyte_ml", "rest_h")
LIMIT_AH: Final = 0.42
"""First discharge below which a cell is below grade (examples/kiprobatt)."""
_ZONE: Final = ZoneInfo("Europe/Berlin")
_FIRST_TESTED: Final = 5
_LONGEST_NS: Final = int(60 * 3.6e12)
"""No first cycle took longer: labels of a run that began this long before are known."""


@dataclass(frozen=True, slots=True)
class Tested:
    """One run: its cells, measured [Ah], the model and what it said."""

    run: str
    cells: tuple[str, ...]
    measured: Array
    model: OutcomeModel
    said: Sequence[Prediction]
    label: Array


def measure(quick: bool, folder: Path = DATA) -> tuple[list[Row], dict[str, object]]:
    """(the table's lines in Ah and per cent, what is told beside them). ``quick`` changes
    nothing. Raises Unavailable where the data are not there, InvalidFile where they are
    damaged."""
    del quick
    if not folder.is_dir():
        raise Unavailable(f"{folder} is not there: the real data come with a checkout")
    tested = play(folder)
    return _rows(tested), {"kiprobatt": [_told(t) for t in tested]}


def _rows(tested: Sequence[Tested]) -> list[Row]:
    measured = np.concatenate([t.measured for t in tested])
    said = [row for t in tested for row in t.said]
    model = np.array([row.prediction for row in said], dtype=np.float64)
    mean = np.concatenate([np.full(len(t.measured), t.model.mean) for t in tested])
    label = np.concatenate([t.label for t in tested])
    bad = measured < LIMIT_AH
    flagged = np.array([row.flagged is True for row in said])
    outside = np.array(["outside the training range" in row.reason for row in said])
    covered = [_covers(row, true) for row, true in zip(said, measured, strict=True)]
    rows = [
        Row("KIproBatt: later cells tested", len(measured), "cells"),
        Row("KIproBatt: of them below grade", int(bad.sum()), "cells"),
        Row("KIproBatt: runs whose model has skill", sum(t.model.skill for t in tested), "runs"),
    ]
    for name, baseline in (("the mean", mean), ("the run's label", label)):
        low = baseline < LIMIT_AH
        for what, value, unit, reference in (
            ("mean absolute error", _error(model, measured), "Ah", _error(baseline, measured)),
            ("median absolute error", _median(model, measured), "Ah", _median(baseline, measured)),
            ("below grade and flagged", _percent(flagged, bad), "%", _percent(low, bad)),
            ("good and flagged", _percent(flagged, ~bad), "%", _percent(low, ~bad)),
        ):
            rows.append(Row(f"KIproBatt: {what}, beside {name}", value, unit, None, reference))
    either, told = _percent(flagged | outside, bad), _percent(outside, ~bad)
    return [
        *rows,
        Row("KIproBatt: below grade, and flagged or told as outside of training", either, "%"),
        Row("KIproBatt: good, and told as outside of training", told, "%"),
        Row("KIproBatt: within the 90 % interval", 100.0 * float(np.mean(covered)), "%"),
    ]


def _covers(row: Prediction, true: float) -> bool:
    return row.lower is not None and row.upper is not None and row.lower <= true <= row.upper


def _told(tested: Tested) -> dict[str, object]:
    return {
        "run": tested.run,
        "trained_on": tested.model.rows,
        "earlier_runs": list(tested.model.groups),
        "verdict": tested.model.why,
        "flags": tested.model.flags.document() if tested.model.flags else None,
        "cells": [
            {
                "cell": cell,
                "discharge_ah": float(true),
                "prediction": row.prediction,
                "lower": row.lower,
                "upper": row.upper,
                "flagged": row.flagged,
                "reason": row.reason,
            }
            for cell, true, row in zip(tested.cells, tested.measured, tested.said, strict=True)
        ],
    }


def play(folder: Path = DATA) -> list[Tested]:
    cells = [c for c in first_charges(folder, _ZONE) if c.discharge_ah is not None]
    began: dict[str, int] = {}
    for cell in cells:
        began.setdefault(cell.formation_run, times.parse(cell.started_at, _ZONE))
    runs = sorted(began, key=lambda run: began[run])
    tested = []
    models: dict[tuple[str, ...], OutcomeModel] = {}
    for run in runs[_FIRST_TESTED:]:
        earlier = [c for c in cells if began[c.formation_run] + _LONGEST_NS <= began[run]]
        now = [c for c in cells if c.formation_run == run]
        known = tuple(c.cell for c in earlier)
        if known not in models:
            models[known] = train(
                labelled(_features(earlier), _outcome(earlier), _runs(earlier)),
                Settings(below=LIMIT_AH),
            )
        model = models[known]
        measured = _numbers(now, "discharge_ah")
        others = (measured.sum() - measured) / (len(now) - 1)
        said = predict(model, _features(now))
        tested.append(Tested(run, tuple(c.cell for c in now), measured, model, said, others))
    return tested


def _features(cells: Sequence[FirstCharge]) -> list[Column]:
    return [Column(name, _numbers(cells, name)) for name in FEATURES]


def _outcome(cells: Sequence[FirstCharge]) -> Column:
    return Column("discharge_ah", _numbers(cells, "discharge_ah"))


def _runs(cells: Sequence[FirstCharge]) -> Column:
    return Column("formation_run", tuple(cell.formation_run for cell in cells))


def _numbers(cells: Sequence[FirstCharge], name: str) -> Array:
    values = (getattr(cell, name) for cell in cells)
    return np.array([np.nan if v is None else v for v in values], dtype=np.float64)


def _error(predicted: Array, measured: Array) -> float:
    return float(np.mean(np.abs(predicted - measured)))


def _median(predicted: Array, measured: Array) -> float:
    return float(np.median(np.abs(predicted - measured)))


def _percent(flagged: npt.NDArray[np.bool_], among: npt.NDArray[np.bool_]) -> float | None:
    return 100.0 * float(flagged[among].mean()) if among.any() else None
