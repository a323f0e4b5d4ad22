"""What a model is worth: whole groups left out, beside what needs no model.

Every row is predicted by a model that saw nothing of its group. Two questions, each asked
of model and baseline on equal terms:

1. **Whole groups left out.** The baseline is the mean of the other groups' rows. (A group's
   label says nothing here: nobody has measured that group.) The label of another column,
   such as the protocol where groups are batches, does say something: the mean of its rows
   in the other groups. That is a baseline here, too.
2. **Single rows left out, the group's other rows known.** Here the group's label is worth
   most: it predicts the mean of the group's other rows. The model must know what the label
   knows, so it is corrected by what the group's other rows left over of its predictions.
   If features only tell which group a cell is of, both come out alike.

Both label predictions are drawn towards what is known without the label, as far as groups
are alike (partial pooling, k = within / between variance), which makes the baseline
stronger than a bare mean of few rows. A model has skill where it beats the baseline of
both questions beyond noise: one-sided Student's t at 5 % on the difference of absolute
errors, groups being the sample (delete-one-group jackknife, rows weigh alike).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt
from scipy.stats import t as student

from twin.learning.columns import Array
from twin.learning.conformal import own_share
from twin.learning.folds import Folds, Indices

ALPHA: Final = 0.05
FEWEST_GROUPS: Final = 3
"""With two groups nothing can be said of a third; chosen."""


@dataclass(frozen=True, slots=True)
class Errors:
    """Of one predictor, in the target's unit. ``bias`` is measured minus predicted."""

    mean_absolute: float
    root_mean_square: float
    bias: float
    explained: float
    """1 - squared error / variance of the target; below 0: worse than the mean of all."""

    def document(self) -> dict[str, float]:
        return {
            "mae": self.mean_absolute,
            "rmse": self.root_mean_square,
            "bias": self.bias,
            "r2": self.explained,
        }


@dataclass(frozen=True, slots=True)
class Comparison:
    """``gain`` is the baseline's mean absolute error minus the model's, ``gain_sd`` its
    standard error over groups, ``p`` one-sided; None with too few groups to say."""

    name: str
    model: Errors
    baseline: Errors
    gain: float
    gain_sd: float | None
    p: float | None

    @property
    def won(self) -> bool:
        return self.p is not None and self.p < ALPHA and self.gain > 0.0

    def document(self) -> dict[str, object]:
        return {
            "model": self.model.document(),
            "baseline": self.baseline.document(),
            "gain": self.gain,
            "gain_sd": self.gain_sd,
            "p": self.p,
            "beats": self.won,
        }


def errors_of(predicted: Array, y: Array) -> Errors:
    off = y - predicted
    square = float(np.mean(off**2))
    spread = float(np.mean((y - y.mean()) ** 2))
    return Errors(
        float(np.mean(np.abs(off))), square**0.5, float(off.mean()), 1.0 - square / spread
    )


def compare(name: str, model: Array, baseline: Array, y: Array, group: Indices) -> Comparison:
    """On the same rows, which neither had seen."""
    difference = np.abs(y - baseline) - np.abs(y - model)
    gain, sd, p = paired(difference, group)
    return Comparison(name, errors_of(model, y), errors_of(baseline, y), gain, sd, p)


def paired(difference: Array, group: Indices) -> tuple[float, float | None, float | None]:
    """(mean, its standard error, one-sided p that it is not above 0), groups as sample."""
    sizes = np.bincount(group).astype(np.float64)
    sums = np.bincount(group, weights=difference)[sizes > 0]
    sizes = sizes[sizes > 0]
    groups, rows = len(sizes), float(sizes.sum())
    mean = float(sums.sum()) / rows
    if groups < FEWEST_GROUPS:
        return mean, None, None
    without = (sums.sum() - sums) / (rows - sizes)
    sd = float(np.sqrt((groups - 1) / groups * ((without - without.mean()) ** 2).sum()))
    if sd <= 1e-12 * max(1e-300, float(np.abs(difference).max())):
        return mean, sd, 0.5 if mean <= 0.0 else 0.0
    # Few large groups among many small ones count as few.
    alike = rows**2 / float((sizes**2).sum())
    return mean, sd, float(student.sf(mean / sd, max(1.0, alike - 1.0)))


def held_out_mean(y: Array, folds: Folds) -> Array:
    found = np.empty(len(y))
    for train, held in folds:
        found[held] = y[train].mean()
    return found


def with_label(predicted: Array, y: Array, group: Indices) -> Array:
    """``predicted`` (by what had not seen the group), each row corrected by what the
    group's *other* rows left over, drawn towards 0 as far as groups are alike."""
    left = y - predicted
    share = own_share(left, group)
    if share <= 0.0:
        return predicted
    k = (1.0 - share) / share
    others = np.bincount(group)[group] - 1.0
    total = np.bincount(group, weights=left)[group] - left
    return np.asarray(predicted + total / (others + k), dtype=np.float64)


def label_mean(y: Array, label: Sequence[str], folds: Folds) -> Array:
    """Mean of the rows with the same label in the *other* groups, drawn towards the mean
    of all of them as far as labels are alike."""
    _, number = np.unique(np.array(label, dtype=str), return_inverse=True)
    found = np.empty(len(y))
    for train, held in folds:
        mean = y[train].mean()
        share = own_share(y[train], number[train])
        count = np.bincount(number[train], minlength=int(number.max()) + 1).astype(np.float64)
        left = np.bincount(number[train], weights=y[train] - mean, minlength=len(count))
        pull = (1.0 - share) / share if share > 0.0 else np.inf
        found[held] = mean + (left / (count + pull))[number[held]]
    return found


def questions(
    model: Array, y: Array, folds: Folds, labels: Mapping[str, Sequence[str]]
) -> tuple[Comparison, ...]:
    """The mean, then each label of ``labels``, then the group's own label."""
    mean = held_out_mean(y, folds)
    asked = [compare("mean", model, mean, y, folds.group)]
    for name, label in labels.items():
        baseline = label_mean(y, label, folds)
        asked.append(compare(f"label {name}", model, baseline, y, folds.group))
    known = _with_label_or_not(model, y, folds.group), _with_label_or_not(mean, y, folds.group)
    asked.append(compare("group label", *known, y, folds.group))
    return tuple(asked)


def _with_label_or_not(predicted: Array, y: Array, group: Indices) -> Array:
    """Corrected by the group's other rows where that helps: one cell that failed misleads
    the prediction of all others of its group."""
    corrected = with_label(predicted, y, group)
    helps = np.abs(y - corrected).mean() < np.abs(y - predicted).mean()
    return corrected if helps else predicted


def choose(predictions: Array, y: Array, folds: Folds) -> tuple[int, Array]:
    """(the best of the options for all rows, held-out predictions (rows,)).

    ``predictions`` (options, rows) are held-out, the simplest option first. Each fold is
    predicted by the option that did best on the *other* folds, so that no row takes part
    in the choice that it is scored by.
    """
    off = np.abs(y - predictions)
    found = np.empty(len(y))
    for others, held in folds:
        found[held] = predictions[_simplest(off[:, others])][held]
    return _simplest(off), found


_AS_GOOD: Final = 0.01


def _simplest(off: npt.NDArray[np.float64]) -> int:
    """The first option whose error is within 1 % (chosen) of the least."""
    means = off.mean(axis=1)
    return int(np.flatnonzero(means <= (1.0 + _AS_GOOD) * means.min())[0])
