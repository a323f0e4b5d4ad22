"""Probability of a yes, calibrated on groups that the classifier had not seen.

    from twin.learning.classifier import train_classifier

    model = train_classifier(
        features=("overhang", "tension_sd"),  # names of the columns, as they go into the card
        x=x,                                  # (rows, features) float64; NaN: not measured
        y=y,                                  # (rows,) bool: it happened
        group=lots,                           # (rows,) str: lot, batch, machine; held out whole
        seed=0,
    )
    p = model.probability(x_new)              # (rows,) in 0..1, of groups never seen
    model.card()                              # dict for the model card, reliability curve in it
    data = model.dumps()                      # skops bytes; classifier.loads(data) reads them

Gradient boosting (histogram trees, two sizes) or a logistic line, whichever has the lower
log loss with whole groups left out; then Platt's scaling (Platt 1999) of the held-out
scores. The figures of the card are of rows whose group neither the trees nor the scaling
had seen, beside the one baseline that needs no model: the share of yes in the other groups.
Raises InvalidInput for one class only, one group only or too few rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput
from twin.learning import skops_file
from twin.learning.boosting import one_thread
from twin.learning.columns import Array
from twin.learning.folds import Folds, by_group
from twin.learning.logit import PLANS, Score, fit, platt, sigmoid
from twin.learning.reliability import Bin, reliability
from twin.learning.scoring import ALPHA, paired

FORMAT: Final = 1
_FEWEST: Final = 10
"""Rows of each class; chosen."""


@dataclass(frozen=True, slots=True)
class CalibratedClassifier:
    """``score`` is scaled by Platt's ``slope`` and ``offset``. ``share`` of yes in training;
    ``skill`` where the Brier score beats that share beyond noise, groups being the sample."""

    features: tuple[str, ...]
    score: Score
    slope: float
    offset: float
    rows: int
    groups: int
    share: float
    brier: float
    brier_of_share: float
    log_loss: float
    skill: bool
    curve: tuple[Bin, ...]

    def probability(self, x: Array) -> Array:
        """(rows,) of (rows, features); an input that is NaN counts as typical. With no
        skill on groups never seen it is the share of yes in training."""
        if x.ndim != 2 or x.shape[1] != len(self.features):
            raise InvalidInput(f"inputs are of {len(self.features)} features, not {x.shape}")
        if not self.skill:
            return np.full(len(x), self.share)
        with one_thread(self.score.trees is not None):
            return sigmoid(self.slope * self.score(x) + self.offset)

    def card(self) -> dict[str, Any]:
        return {
            "features": list(self.features),
            "rows": self.rows,
            "groups": self.groups,
            "share_of_yes": self.share,
            "skill": self.skill,
            "plan": "line" if self.score.trees is None else "trees",
            "scores": {
                "how": "whole groups left out of trees and calibration",
                "brier": self.brier,
                "brier_of_share_alone": self.brier_of_share,
                "log_loss": self.log_loss,
            },
            "reliability": [
                {
                    "predicted": b.predicted,
                    "happened": b.happened,
                    "lower": b.lower,
                    "upper": b.upper,
                    "rows": b.rows,
                }
                for b in self.curve
            ],
        }

    def dumps(self) -> bytes:
        return skops_file.dumps(
            {
                "format": FORMAT,
                "card": self.card(),
                "typical": self.score.typical,
                "spread": self.score.spread,
                "level": self.score.level,
                "line": self.score.line,
                "trees": self.score.trees,
                "slope": self.slope,
                "offset": self.offset,
            }
        )


def loads(data: bytes) -> CalibratedClassifier:
    """Raises InvalidInput where the bytes are no classifier of this format."""
    held = skops_file.loads(data)
    try:
        if held["format"] != FORMAT:
            raise InvalidInput(f"format {held['format']} is not known; this is format {FORMAT}")
        card, scores = held["card"], held["card"]["scores"]
        return CalibratedClassifier(
            tuple(card["features"]),
            Score(
                np.asarray(held["typical"]),
                np.asarray(held["spread"]),
                float(held["level"]),
                np.asarray(held["line"]),
                held["trees"],
            ),
            float(held["slope"]),
            float(held["offset"]),
            card["rows"],
            card["groups"],
            card["share_of_yes"],
            scores["brier"],
            scores["brier_of_share_alone"],
            scores["log_loss"],
            card["skill"],
            tuple(Bin(**point) for point in card["reliability"]),
        )
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise InvalidInput(f"this skops file holds no classifier: {error!r}") from error


def train_classifier(
    *,
    features: Sequence[str],
    x: Array,
    y: npt.NDArray[np.bool_],
    group: Sequence[str],
    seed: int = 0,
    folds: int = 8,
) -> CalibratedClassifier:
    """See the module's docstring."""
    happened = np.asarray(y, dtype=np.float64)
    _check(features, x, happened, group)
    parts = by_group(group, folds)
    with one_thread(any(plan.leaves for plan in PLANS)):
        return _train(tuple(features), x, happened, parts, seed)


def _train(
    features: tuple[str, ...], x: Array, happened: Array, parts: Folds, seed: int
) -> CalibratedClassifier:
    found = []
    for plan in PLANS:
        scores = np.empty(len(happened))
        for seen, held in parts:
            scores[held] = fit(plan, x[seen], happened[seen], seed)(x[held])
        chance = _scaled(scores, happened, parts)
        found.append((_log_loss(chance, happened), plan, scores, chance))
    loss, plan, scores, chance = min(found, key=lambda entry: entry[0])
    slope, offset = platt(scores, happened)
    alone = _share_of_others(happened, parts)
    difference = (alone - happened) ** 2 - (chance - happened) ** 2
    gain, _, p = paired(difference, parts.group)
    return CalibratedClassifier(
        features=features,
        score=fit(plan, x, happened, seed),
        slope=slope,
        offset=offset,
        rows=len(happened),
        groups=len(parts.names),
        share=float(happened.mean()),
        brier=float(np.mean((chance - happened) ** 2)),
        brier_of_share=float(np.mean((alone - happened) ** 2)),
        log_loss=loss,
        skill=p is not None and p < ALPHA and gain > 0.0,
        curve=reliability(chance, happened),
    )


def _check(features: Sequence[str], x: Array, y: Array, group: Sequence[str]) -> None:
    if x.ndim != 2 or x.shape != (len(y), len(features)) or len(group) != len(y):
        raise InvalidInput(
            f"{len(features)} features, inputs {x.shape}, {len(y)} outcomes and {len(group)} "
            "groups do not fit together"
        )
    yes = int(y.sum())
    if min(yes, len(y) - yes) < _FEWEST:
        raise InvalidInput(
            f"{yes} yes and {len(y) - yes} no: at least {_FEWEST} of each are needed to learn from"
        )
    if len(set(group)) < 2:
        raise InvalidInput("all rows are of one group: nothing can be held out")
    for name, column in zip(features, x.T, strict=True):
        if not np.isfinite(column).any():
            raise InvalidInput(f"feature {name!r} was never measured: leave it out")


def _scaled(scores: Array, y: Array, parts: Folds) -> Array:
    """Each fold's scores scaled as the other folds' held-out scores say."""
    chance = np.empty(len(y))
    for others, held in parts:
        slope, offset = platt(scores[others], y[others])
        chance[held] = sigmoid(slope * scores[held] + offset)
    return chance


def _share_of_others(y: Array, parts: Folds) -> Array:
    found = np.empty(len(y))
    for others, held in parts:
        found[held] = y[others].mean()
    return found


def _log_loss(chance: Array, y: Array) -> float:
    held = np.clip(chance, 1e-9, 1.0 - 1e-9)
    return -float(np.mean(y * np.log(held) + (1.0 - y) * np.log(1.0 - held)))
