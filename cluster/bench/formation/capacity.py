"""Capacity predicted at 3 h by the outcome model, on cells of lots that it never saw."""

from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from cluster.bench.formation.play import EARLY_H, NOMINAL_AH, Played
from twin.learning.boosting import PLANS, Plan, Start
from twin.learning.columns import Column
from twin.learning.outcome import OutcomeModel, Settings, train
from twin.learning.prediction import Prediction, predict
from twin.learning.table import labelled

_PLANS: Final = (
    *PLANS,
    # A thousand cells bear less of a penalty than the fifty that the others are meant for.
    Plan("long line", Start.LINE, ridge=0.0005),
    Plan("long robust line", Start.ROBUST_LINE, ridge=0.0005),
)

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Scored:
    """Errors in % of nominal, of the cells that nobody had diverted by 3 h. ``mean_error``
    and ``voltage_error``: of the training mean, and of a line on the voltage at 3 h.
    ``covered_error``: standard error of ``covered``, lots being the sample."""

    cells: int
    error: float
    covered: float
    covered_error: float
    mean_error: float
    voltage_error: float
    everyone: float
    width: float
    plan: str


def undiverted(played: Played) -> Mask:
    """Cells that are still in their protocol after 3 h: the twin has not flagged them."""
    found = np.ones(len(played.room.serials), dtype=bool)
    for cell, flag in played.flags.items():
        found[cell] = flag.hours > EARLY_H
    return found


def score(training: Played, early: Played, test: Played) -> Scored:
    """Learned from the ``training`` room's cells that the twin leaves in their protocol at
    3 h (``early``: the same room, replayed with the reference), whatever became of them."""
    model, kept = learned(training, early), undiverted(early)
    assert test.names == early.names
    told = predict(model, [Column(n, test.inputs[:, j]) for j, n in enumerate(test.names)])
    truth = test.truth.capacity
    left = undiverted(test)
    rows = np.array([p.prediction is not None for p in told]) & np.isfinite(truth)
    ours = _values(told)
    seen = rows & left
    off = 100.0 / NOMINAL_AH * np.abs(ours[:, 0] - truth)
    inside = (ours[:, 1] <= truth) & (truth <= ours[:, 2])
    capacity = training.truth.capacity
    return Scored(
        int(seen.sum()),
        float(off[seen].mean()),
        100.0 * float(inside[seen].mean()),
        100.0 * _error_over_lots(inside[seen], np.array(test.room.lot)[seen]),
        100.0 / NOMINAL_AH * float(np.abs(capacity[kept].mean() - truth[seen]).mean()),
        _on_voltage(training, kept, test, seen),
        float(off[rows].mean()),
        100.0 / NOMINAL_AH * float(np.mean(ours[seen, 2] - ours[seen, 1])) / 2.0,
        f"{model.model.plan}, {len(model.features)} features, {model.why}",
    )


def learned(training: Played, early: Played) -> OutcomeModel:
    """The model of those cells: what is known at 3 h, and the capacity that was graded."""
    kept = undiverted(early)
    x = early.inputs[kept]
    there = np.isfinite(x).mean(axis=0) > 0.995
    # Bins of the short rest before hold two or three readings: a room whose clock ticks a
    # little otherwise has none in some, and nothing would be predicted there.
    features = [
        Column(n, x[:, j])
        for j, n in enumerate(early.names)
        if there[j] and np.ptp(x[:, j]) and not n.startswith("rest")
    ]
    lots = tuple(lot for lot, k in zip(training.room.lot, kept, strict=True) if k)
    table = labelled(
        features, Column("capacity", training.truth.capacity[kept]), Column("lot", lots)
    )
    return train(table, Settings(plans=_PLANS))


def _error_over_lots(inside: Mask, lot: npt.NDArray[np.str_]) -> float:
    """Cells of a lot share its error: 80 lots of 50 cells tell less than 4,000 cells do."""
    lots, number = np.unique(lot, return_inverse=True)
    left = np.bincount(number, weights=inside - inside.mean())
    return float(np.sqrt((left**2).sum() * len(lots) / (len(lots) - 1.0)) / len(inside))


def _values(told: list[Prediction]) -> Array:
    return np.array(
        [
            (p.prediction, p.lower, p.upper) if p.prediction is not None else (np.nan,) * 3
            for p in told
        ],
        dtype=np.float64,
    )


def _on_voltage(training: Played, kept: Mask, test: Played, seen: Mask) -> float:
    _, voltage = training.gauge.figures["voltage at 3 h"]
    _, new = test.gauge.figures["voltage at 3 h"]
    line = np.polynomial.Polynomial.fit(voltage[kept], training.truth.capacity[kept], 1)
    return 100.0 / NOMINAL_AH * float(np.abs(line(new[seen]) - test.truth.capacity[seen]).mean())
