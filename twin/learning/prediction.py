"""A trained model applied to rows: prediction, interval, flag and the reason of each."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput
from twin.learning.boosting import one_thread
from twin.learning.columns import MARGIN, Array, Column, Feature, encode
from twin.learning.outcome import OutcomeModel

_NAMED: Final = 3
_WORTH_NAMING: Final = 0.05
"""Share of the largest contribution below which a feature is not named; chosen."""


@dataclass(frozen=True, slots=True)
class Prediction:
    """None throughout where the row can't be predicted; ``below`` is the probability of
    lying below the model's limit, ``hours_saved`` by a flagged cell that stops here.
    ``drivers``: the features that moved it most against the training median, by name."""

    prediction: float | None
    lower: float | None
    upper: float | None
    below: float | None
    flagged: bool | None
    reason: str
    hours_saved: float | None = None
    drivers: tuple[str, ...] = ()


def predict(
    model: OutcomeModel,
    columns: Sequence[Column],
    hours_left: float | None = None,
    explain_all: bool = True,
) -> list[Prediction]:
    """One Prediction a row, in order. ``columns`` are the model's features by name;
    ``hours_left`` of the protocol are what an early flag saves. ``explain_all``: also the
    rows that are not flagged tell their drivers, which takes as many times as long as
    there are features.

    Raises InvalidInput where a feature is missing altogether or is of the other kind.
    """
    given = _matched(model, columns)
    missing = np.column_stack([column.missing() for column in given])
    usable = np.flatnonzero(~missing.any(axis=1))
    taken = [column.take(usable) for column in given]
    found = dict(
        zip(usable.tolist(), _predict(model, taken, hours_left, explain_all), strict=True)
        if len(usable)
        else ()
    )
    return [
        found[i] if i in found else Prediction(None, None, None, None, None, _why_not(given, i))
        for i in range(len(missing))
    ]


def _predict(
    model: OutcomeModel, given: list[Column], hours_left: float | None, explain_all: bool
) -> list[Prediction]:
    rows = len(given[0])
    if not model.skill:
        return [_of_mean(model)] * rows
    distance = np.column_stack(
        [feature.distance(c) for feature, c in zip(model.features, given, strict=True)]
    )
    outside = distance > MARGIN
    far = np.asarray(outside.any(axis=1), dtype=bool)
    x = encode(model.features, given)
    with one_thread(model.model.trees is not None):
        centre = model.model.predict(x)
    # Out there the target may change as much again as it did over the whole range.
    spread = model.span * distance.max(axis=1)
    wide = model.far_residuals.half_width + spread
    width = np.where(far, wide, model.residuals.half_width)
    lower, upper = centre - width, centre + width
    below = _below(model, centre, np.where(far, spread, 0.0))
    flags = np.zeros(rows, dtype=bool)
    if below is not None and model.flags is not None:
        flags = below >= model.flags.threshold
    explained = np.arange(rows) if explain_all else np.flatnonzero(flags)
    with one_thread(model.model.trees is not None):
        drivers = dict(zip(explained.tolist(), _drivers(model, x[explained]), strict=True))
    found = []
    for i in range(rows):
        chance, flagged = None if below is None else float(below[i]), bool(flags[i])
        saved = hours_left if flagged else None
        moved = drivers.get(i)
        told = [
            _flag(model, chance, saved) if flagged else "",
            _outside(model, given, outside[i], i) if far[i] else "",
            "" if moved is None else _told(model, given, i, moved),
        ]
        reason = "; ".join(part for part in told if part)
        found.append(
            Prediction(
                float(centre[i]),
                float(lower[i]),
                float(upper[i]),
                chance,
                flagged,
                reason,
                saved,
                tuple(model.features[j].name for j, _ in moved or ()),
            )
        )
    return found


def _of_mean(model: OutcomeModel) -> Prediction:
    width = model.mean_residuals.half_width
    reason = "no skill: the mean of the training rows and its interval"
    return Prediction(model.mean, model.mean - width, model.mean + width, None, False, reason)


def _below(model: OutcomeModel, centre: Array, spread: Array) -> Array | None:
    """``spread`` is 0 for rows within the training range."""
    if model.flags is None:
        return None
    limit, far = model.flags.limit, spread > 0.0
    below = model.residuals.below(centre, limit)
    below[far] = model.far_residuals.below_far(centre[far], limit, spread[far])
    return below


def _flag(model: OutcomeModel, chance: float | None, saved: float | None) -> str:
    assert model.flags is not None
    assert chance is not None
    flags = model.flags
    hours = "" if saved is None else f", {saved:g} h saved"
    return (
        f"{100.0 * chance:.0f} % likely below {flags.limit:g} "
        f"(flagged from {100.0 * flags.threshold:.0f} %{hours})"
    )


def _outside(
    model: OutcomeModel, given: list[Column], outside: npt.NDArray[np.bool_], row: int
) -> str:
    far = [
        f"{f.name} {_shown(c.values[row])} ({_range(f)})"
        for f, c, is_far in zip(model.features, given, outside, strict=True)
        if is_far
    ]
    return f"outside the training range, interval widened: {', '.join(far)}"


def _drivers(model: OutcomeModel, x: Array) -> list[list[tuple[int, float]]]:
    """By row, the features that add most against the training median, and how much."""
    if not len(x):
        return []
    full = model.model.predict(x)
    added = []
    at = 0
    for feature in model.features:
        typical = x.copy()
        typical[:, at : at + feature.width] = feature.typical()
        added.append(full - model.model.predict(typical))
        at += feature.width
    found = []
    for row in np.stack(added, axis=1):
        order = np.argsort(-np.abs(row), kind="stable")[:_NAMED]
        most = abs(float(row[order[0]]))
        found.append(
            [
                (int(j), float(row[j]))
                for j in order
                if most > 0.0 and abs(float(row[j])) >= _WORTH_NAMING * most
            ]
        )
    return found


def _told(
    model: OutcomeModel, given: list[Column], i: int, drivers: list[tuple[int, float]]
) -> str:
    named = [
        f"{model.features[j].name} {_shown(given[j].values[i])} ({added:+.3g})"
        for j, added in drivers
    ]
    return ", ".join(named) or "as the typical row"


def _matched(model: OutcomeModel, columns: Sequence[Column]) -> list[Column]:
    by_name = {column.name: column for column in columns}
    absent = [f.name for f in model.features if f.name not in by_name]
    if absent:
        raise InvalidInput(
            f"no column {', '.join(map(repr, absent))}, which the model was trained on"
        )
    for feature in model.features:
        is_text = isinstance(by_name[feature.name].values, tuple)
        if is_text != (feature.levels is not None):
            expected = "numbers" if is_text else "texts"
            raise InvalidInput(f"{feature.name!r} held {expected} when the model was trained")
    return [by_name[feature.name] for feature in model.features]


def _why_not(given: list[Column], row: int) -> str:
    parts = []
    for column in given:
        value = column.values[row]
        if row in column.faults:
            parts.append(f"{column.name} {column.faults[row]!r} is no usable number")
        elif value == "" or (not isinstance(value, str) and not np.isfinite(value)):
            parts.append(f"{column.name} is missing")
    return "not predicted: " + ", ".join(parts)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else f"{value:.5g}"


def _range(feature: Feature) -> str:
    if feature.levels is not None:
        return "never seen"
    return f"trained {feature.least:.5g} to {feature.most:.5g}"
