"""The outcome of formation, predicted from what is known early, or "no skill".

    train(table, settings)  ─▶  OutcomeModel  ─▶  predict(model, columns)  ─▶  a Prediction a row

A model that does not beat both baselines (``scoring``) beyond noise is not used: rows then
get the mean of the training rows, with the interval that groups never seen need.
"""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from twin.learning import boosting, columns, scoring
from twin.learning.boosting import PLANS, Booster, Plan, one_thread
from twin.learning.columns import Array, Feature
from twin.learning.conformal import Residuals, residuals
from twin.learning.flags import Flags, choose_flags
from twin.learning.folds import Folds, Indices, by_group
from twin.learning.leakage import refuse_disguised, refuse_named
from twin.learning.scoring import Comparison
from twin.learning.table import LabelledTable

Mask = npt.NDArray[np.bool_]

_ENOUGH_NEAR: Final = 20
"""Held-out rows within the range below which all rows make the interval; chosen."""
_FEW_GROUPS: Final = 10
"""Fewer can't show a 90 % interval by themselves (1 / (G + 1) above 10 %)."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``folds``: at most so many, whole groups each. ``false_flags``: share of good rows
    that may be flagged. ``allow``: features that may look like the target."""

    below: float | None = None
    confidence: float = 0.9
    false_flags: float = 0.01
    folds: int = 12
    seed: int = 0
    allow: Collection[str] = ()
    plans: tuple[Plan, ...] = PLANS


@dataclass(frozen=True, slots=True)
class OutcomeModel:
    """``model`` and its ``residuals``, the ``mean`` and its ``mean_residuals``: fitted to
    all training rows, the errors being of rows whose group was held out. ``residuals`` are
    of rows within what had been seen without their group, ``far_residuals`` of all: rows
    outside of the training range get these, and ``span``, the target's range in training,
    for each of the feature's ranges that they lie outside. ``covered``: share of held-out
    rows within the interval that the other folds give. ``comparisons``: the baselines
    (``scoring.questions``). ``why``: the verdict in words."""

    target: str
    group: str
    features: tuple[Feature, ...]
    rows: int
    groups: tuple[str, ...]
    fingerprint: str
    model: Booster
    residuals: Residuals
    far_residuals: Residuals
    mean: float
    mean_residuals: Residuals
    span: float
    covered: float
    comparisons: tuple[Comparison, ...]
    skill: bool
    why: str
    flags: Flags | None
    notes: tuple[str, ...]


def train(table: LabelledTable, settings: Settings) -> OutcomeModel:
    """Raises InvalidInput for leakage, or a table that nothing can be learned from."""
    refuse_named([c.name for c in table.features], table.target.name, table.group.name)
    notes = [*table.notes, *refuse_disguised(table, settings.allow)]
    features = tuple(columns.learn(column) for column in table.features)
    x, y = columns.encode(features, table.features), table.y
    folds = by_group(table.groups, settings.folds)
    options = boosting.options(settings.plans)
    trees = any(max(plan.trees) for plan in settings.plans)
    with one_thread(trees):
        held_out, far = _held_out(settings, x, y, folds)
    near = far <= columns.MARGIN
    best, predicted = scoring.choose(held_out, y, folds)
    labels = {c.name: _as_label(c) for c in (*table.labels, *_texts(table))}
    comparisons = scoring.questions(predicted, y, folds, labels)
    skill, why = _verdict(comparisons, folds)
    flags = None
    if settings.below is not None:
        flags = choose_flags(predicted, y, far, folds, settings.below, settings.false_flags)
        notes += _on_flags(flags, y)
    with one_thread(trees):
        model = boosting.fit(*options[best], x, y, settings.seed)
    mean = scoring.held_out_mean(y, folds)
    of_model, of_all, of_mean = _three(y - predicted, near, y - mean, folds.group, settings)
    notes += _on_groups(folds, of_model if skill else of_mean)
    if skill and not near.all():
        notes.append(f"{int((~near).sum())} rows lay outside the range of all other groups")
    return OutcomeModel(
        target=table.target.name,
        group=table.group.name,
        features=features,
        rows=len(y),
        groups=folds.names,
        fingerprint=table.fingerprint(),
        model=model,
        residuals=of_model,
        far_residuals=of_all,
        mean=float(y.mean()),
        mean_residuals=of_mean,
        span=float(np.ptp(y)),
        covered=_covered(predicted if skill else mean, far if skill else None, y, folds, settings),
        comparisons=comparisons,
        skill=skill,
        why=why,
        flags=flags,
        notes=tuple(notes),
    )


def _held_out(settings: Settings, x: Array, y: Array, folds: Folds) -> tuple[Array, Array]:
    """(options, rows) every option's predictions of rows whose group it did not see, and
    (rows,) how far each row lay outside of the range of the other groups."""
    count = sum(len(plan.trees) for plan in settings.plans)
    found = np.empty((count, len(y)))
    far = np.empty(len(y))
    for seen, held in folds:
        found[:, held] = np.concatenate(
            [
                boosting.path(plan, x[seen], y[seen], x[held], settings.seed)
                for plan in settings.plans
            ]
        )
        far[held] = boosting.distance(x[seen], x[held])
    return found, far


def _three(
    errors: Array, near: Mask, of_mean: Array, group: Indices, settings: Settings
) -> tuple[Residuals, Residuals, Residuals]:
    """Residuals of the model's near rows, of all its rows, and of the mean."""
    if near.sum() < _ENOUGH_NEAR:
        near = np.ones(len(errors), dtype=bool)
    return (
        residuals(errors[near], group[near], settings.confidence),
        residuals(errors, group, settings.confidence),
        residuals(of_mean, group, settings.confidence),
    )


def _covered(
    predicted: Array, far: Array | None, y: Array, folds: Folds, settings: Settings
) -> float:
    """Share of rows within the interval that the errors of the *other* folds give.
    ``far`` is None for the mean, which no feature takes out of its range."""
    errors = y - predicted
    far = np.zeros(len(y)) if far is None else far
    near = far <= columns.MARGIN
    inside = np.zeros(len(y), dtype=bool)
    for others, held in folds:
        model, everything, _ = _three(
            errors[others], near[others], errors[others], folds.group[others], settings
        )
        wide = everything.half_width + far * float(np.ptp(y[others]))
        width = np.where(near, model.half_width, wide)[held]
        inside[held] = np.abs(errors[held]) <= width
    return float(inside.mean())


def _as_label(column: columns.Column) -> tuple[str, ...]:
    assert isinstance(column.values, tuple)
    return column.values


def _texts(table: LabelledTable) -> list[columns.Column]:
    return [column for column in table.features if isinstance(column.values, tuple)]


def _verdict(comparisons: tuple[Comparison, ...], folds: Folds) -> tuple[bool, str]:
    if len(folds.names) < scoring.FEWEST_GROUPS:
        return False, (
            f"no skill: with {len(folds.names)} groups nothing can be said of one never seen"
        )
    lost = [c for c in comparisons if not c.won]
    if not lost:
        return True, "beats " + " and ".join(f"the {c.name}" for c in comparisons)
    return False, "no skill: does not beat " + " nor ".join(
        f"the {c.name} ({c.model.mean_absolute:.4g} against {c.baseline.mean_absolute:.4g}, "
        f"p {c.p:.2g})"
        for c in lost
    )


def _on_groups(folds: Folds, used: Residuals) -> list[str]:
    notes = []
    if used.widened:
        notes.append(
            f"few independent groups (worth {used.effective:.1f} rows): intervals are widened by "
            "Student's t over groups, and trust that errors are about normal"
        )
    elif len(folds.names) < _FEW_GROUPS:
        notes.append(
            f"{len(folds.names)} groups: that intervals cover a group unlike these can't be shown"
        )
    return notes


def _on_flags(flags: Flags, y: Array) -> list[str]:
    limit = flags.limit
    if flags.below == 0:
        return [
            f"no row is below {limit:g} (least {y.min():g}): whether bad rows are found can't be "
            "told; check the limit and its unit"
        ]
    if flags.good == 0:
        return [f"every row is below {limit:g} (most {y.max():g}): check the limit and its unit"]
    if flags.good < 100:
        return [f"{flags.good} rows are not below {limit:g}: too few to show 1 % of false flags"]
    return []
