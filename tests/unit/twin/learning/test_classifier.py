"""Calibrated probabilities of what happens to cells of groups never seen."""

import numpy as np
import pytest

from twin.errors import InvalidInput
from twin.learning import logit
from twin.learning.classifier import CalibratedClassifier, train_classifier


@pytest.fixture(autouse=True)
def lines_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("twin.learning.classifier.PLANS", logit.PLANS[:1])


def made(seed: int, rows: int = 1500, slope: float = 2.0):  # type: ignore[no-untyped-def]
    rng = np.random.default_rng(seed)
    x = rng.normal(size=(rows, 2))
    group = np.arange(rows) % 15
    score = -1.5 + slope * x[:, 0] + 0.2 * rng.normal(size=15)[group]
    happened = rng.uniform(size=rows) < logit.sigmoid(score)
    return x, happened, [f"lot {g}" for g in group]


def trained(seed: int, slope: float = 2.0) -> CalibratedClassifier:
    x, y, group = made(seed, slope=slope)
    return train_classifier(features=("overhang", "tension"), x=x, y=y, group=group)


def test_probabilities_of_lots_never_seen_come_true() -> None:
    model = trained(1)
    x, y, _ = made(2, rows=20_000)
    said = model.probability(x)
    assert model.skill
    for low, high in ((0.0, 0.1), (0.1, 0.3), (0.3, 0.6), (0.6, 1.0)):
        bin_ = (said >= low) & (said < high)
        assert y[bin_].mean() == pytest.approx(said[bin_].mean(), abs=0.05)


def test_the_card_holds_the_reliability_curve_of_held_out_rows() -> None:
    model = trained(1)
    curve = model.card()["reliability"]
    assert len(curve) == 10
    assert sum(point["rows"] for point in curve) == 1500
    inside = [p["lower"] <= p["predicted"] <= p["upper"] for p in curve]
    assert sum(inside) >= 7


def test_without_skill_the_share_is_said() -> None:
    model = trained(3, slope=0.0)
    assert not model.skill
    x, _, _ = made(4, rows=5)
    assert model.probability(x) == pytest.approx(model.share)


def test_an_input_not_measured_counts_as_typical() -> None:
    model = trained(1)
    known, unknown = model.probability(np.array([[0.0, 0.3], [0.0, np.nan]]))
    assert unknown == pytest.approx(known, abs=0.02)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"y": np.zeros(1500, dtype=bool)}, "0 yes and 1500 no"),
        ({"group": ["one"] * 1500}, "one group"),
        ({"x": np.full((1500, 2), np.nan)}, "'overhang' was never measured"),
        ({"x": np.zeros((3, 2))}, "do not fit together"),
    ],
)
def test_what_nothing_can_be_learned_from_is_refused(change: dict[str, object], said: str) -> None:
    x, y, group = made(1)
    given = {"x": x, "y": y, "group": group} | change
    with pytest.raises(InvalidInput, match=said):
        train_classifier(features=("overhang", "tension"), **given)  # type: ignore[arg-type]
