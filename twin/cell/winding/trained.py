"""A trained classifier of short circuits, as the winding head asks it.

Its probability comes with the interval that its reliability curve had there: how often
jellyrolls that were given such a probability, of groups it had not seen, did short. Where
a feature is missing or lies far outside of what it was trained on, it says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

import numpy as np

from twin.cell.winding.geometry import Risk
from twin.cell.winding.short_risk import FEATURES
from twin.errors import InvalidInput
from twin.learning.classifier import CalibratedClassifier, loads

_FAR: Final = 6.0
"""Spreads of a feature in training, from its median, beyond which the model was not trained
(chosen)."""


@dataclass(frozen=True, slots=True)
class TrainedModel:
    classifier: CalibratedClassifier
    name: str

    def risk(self, features: Mapping[str, float]) -> Risk | None:
        wanted = self.classifier.features
        if any(name not in features for name in wanted):
            return None
        x = np.array([[features[name] for name in wanted]])
        score = self.classifier.score
        if np.any(np.abs(x[0] - score.typical) > _FAR * score.spread):
            return None
        probability = float(self.classifier.probability(x)[0])
        curve = self.classifier.curve
        predicted = [point.predicted for point in curve]
        lower = float(np.interp(probability, predicted, [point.lower for point in curve]))
        upper = float(np.interp(probability, predicted, [point.upper for point in curve]))
        return Risk(probability, min(lower, probability), max(upper, probability), self.name)


def load(file: Path) -> TrainedModel:
    """Raises InvalidInput where the file holds no such classifier, OSError where it cannot
    be read. ``file`` may be the folder that holds it."""
    data = (file / "model.skops" if file.is_dir() else file).read_bytes()
    classifier = loads(data)
    unknown = [name for name in classifier.features if name not in FEATURES]
    if unknown:
        raise InvalidInput(
            f"it asks for {', '.join(unknown)}, which a winding head does not know; "
            f"known are {', '.join(FEATURES)}"
        )
    digest = blake2b(data, digest_size=4).hexdigest()
    name = (
        f"{file.name} ({digest}): {classifier.rows} jellyrolls of {classifier.groups} groups"
        f"{'' if classifier.skill else ', no skill: the share alone'}"
    )
    return TrainedModel(classifier, name)
