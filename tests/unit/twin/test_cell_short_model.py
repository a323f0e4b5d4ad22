"""A trained classifier of short circuits, as the winding head asks it."""

from pathlib import Path

import numpy as np
import pytest

from twin.cell.winding.short_risk import ShortRisk
from twin.cell.winding.trained import TrainedModel, load
from twin.cell.winding.training import train
from twin.errors import InvalidInput
from twin.learning.classifier import Bin, CalibratedClassifier
from twin.learning.columns import Column
from twin.learning.logit import Score
from twin.learning.table import LabelledTable

CURVE = (Bin(0.01, 0.01, 0.005, 0.02, 400), Bin(0.5, 0.45, 0.3, 0.6, 40))


def classifier(skill: bool = True, *features: str) -> CalibratedClassifier:
    """Of the overhang (less is worse) and the tension's spread."""
    names = features or ("separator_overhang", "tension_sd")
    score = Score(
        np.array([1.5, 0.2])[: len(names)],
        np.array([0.4, 0.05])[: len(names)],
        -4.0,
        np.array([-2.0, 0.1])[: len(names)],
    )
    return CalibratedClassifier(names, score, 1.0, 0.0, 440, 6, 0.05, 0.02, 0.04, 0.1, skill, CURVE)


def asked(overhang: float, tension_sd: float = 0.2) -> dict[str, float]:
    return {"separator_overhang": overhang, "tension_sd": tension_sd}


MODEL = TrainedModel(classifier(), "shorts")


def test_the_probability_comes_with_what_the_reliability_curve_says_there() -> None:
    found = MODEL.risk(asked(1.5))
    assert found is not None
    assert found.probability == pytest.approx(1 / (1 + np.exp(4)))
    assert 0.005 < found.lower < found.probability < found.upper < 0.05


def test_beyond_the_curve_the_interval_reaches_down_to_what_was_seen() -> None:
    found = MODEL.risk(asked(-0.5))
    assert found is not None
    assert found.probability > 0.99
    assert (found.lower, found.upper) == (0.3, found.probability)


@pytest.mark.parametrize("features", [{"separator_overhang": 1.5}, asked(1.5, 9.0), asked(40.0)])
def test_of_a_jellyroll_unlike_those_it_was_trained_on_it_says_nothing(
    features: dict[str, float],
) -> None:
    assert MODEL.risk(features) is None


def test_a_file_gives_the_same_answers_and_says_what_it_was_trained_on(tmp_path: Path) -> None:
    file = tmp_path / "shorts.skops"
    file.write_bytes(classifier().dumps())
    found = ShortRisk(str(file), 0.1).of(asked(1.2))
    assert found == load(file).risk(asked(1.2))
    assert found.model.startswith("shorts.skops (")
    assert found.model.endswith("440 jellyrolls of 6 groups")
    unlike = ShortRisk(str(file), 0.1).of(asked(40.0))
    assert "not trained on such a jellyroll" in unlike.model


def test_a_model_without_skill_says_so(tmp_path: Path) -> None:
    file = tmp_path / "shorts.skops"
    file.write_bytes(classifier(skill=False).dumps())
    found = ShortRisk(str(file), 0.1).of(asked(1.2))
    assert found.probability == 0.05
    assert "no skill: the share alone" in found.model


def test_a_model_of_something_else_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "other.skops"
    file.write_bytes(classifier(True, "humidity").dumps())
    with pytest.raises(InvalidInput, match="humidity"):
        load(file)
    assert "can't be used" in ShortRisk(str(file), 0.1).of({}).model


def test_a_file_that_is_no_model_is_said_and_geometry_speaks(tmp_path: Path) -> None:
    file = tmp_path / "x.skops"
    file.write_bytes(b"nothing")
    found = ShortRisk(str(file), 0.1).of({"separator_overhang": 1.5})
    assert found.model.startswith("geometry only: the model")


def _table(names: tuple[str, ...], target: list[float]) -> LabelledTable:
    rows = len(target)
    x = np.linspace(0.0, 3.0, rows)
    return LabelledTable(
        tuple(Column(name, x) for name in names),
        Column("shorted", np.array(target)),
        Column("lot", tuple(f"L{n % 3}" for n in range(rows))),
        (),
        (),
    )


@pytest.mark.parametrize(
    ("names", "target", "words"),
    [
        (("humidity",), [0.0, 1.0] * 20, "does not know humidity"),
        (("tension_sd",), [0.0, 2.0] * 20, "must be 1"),
        (("tension_sd",), [0.0] * 40, "yes"),
    ],
)
def test_what_cannot_be_learned_from_is_refused(
    names: tuple[str, ...], target: list[float], words: str
) -> None:
    with pytest.raises(InvalidInput, match=words):
        train(_table(names, target))
