"""The outcome predictor on tables of known truth: skill where there is some, else none."""

from dataclasses import replace

import numpy as np
import pytest

from tests.labelled_tables import QUICK, Lots
from twin.errors import InvalidInput
from twin.learning.columns import Column
from twin.learning.outcome import OutcomeModel, train
from twin.learning.prediction import Prediction, predict
from twin.learning.table import labelled


def share_covered(found: list[Prediction], y: np.ndarray) -> float:
    return float(np.mean([p.lower <= true <= p.upper for p, true in zip(found, y, strict=True)]))  # type: ignore[operator]


def test_a_feature_that_tells_the_outcome_beats_both_baselines() -> None:
    model = train(Lots(1).table(), QUICK)
    assert model.skill
    assert [c.name for c in model.comparisons] == ["mean", "group label"]
    assert all(c.model.mean_absolute < c.baseline.mean_absolute for c in model.comparisons)


@pytest.mark.parametrize("seed", range(4))
def test_noise_has_no_skill(seed: int) -> None:
    model = train(Lots(seed, slope=0.0).table(), QUICK)
    assert not model.skill
    assert model.why.startswith("no skill: does not beat")


@pytest.mark.parametrize("seed", range(4))
def test_a_feature_that_only_tells_the_lot_has_no_skill(seed: int) -> None:
    lots = Lots(seed, slope=0.0, lot_sd=4.0)
    model = train(lots.table("d"), QUICK)
    assert not model.skill


def test_a_feature_that_follows_the_protocol_adds_nothing_to_its_label() -> None:
    """The trap of formation data: such a feature looks good until the label is asked."""
    rng = np.random.default_rng(5)
    number = np.arange(120) % 6
    y = 800.0 + 100.0 * number + rng.normal(0.0, 60.0, 120)
    feature = Column("rate", number + rng.normal(0.0, 0.3, 120))
    protocol = Column("protocol", tuple(f"P{i}" for i in number))
    model = train(labelled([feature], Column("life", y), protocol), QUICK)
    mean, label = model.comparisons
    assert mean.won
    assert not label.won
    assert not model.skill


def test_the_label_of_another_column_is_a_baseline_too() -> None:
    rng = np.random.default_rng(6)
    protocol, batch = np.arange(120) % 3, rng.integers(0, 12, 120)
    y = 100.0 + 10.0 * protocol + rng.normal(size=120)
    table = labelled(
        [Column("rate", protocol + rng.normal(0.0, 0.1, 120))],
        Column("life", y),
        Column("batch", tuple(map(str, batch))),
        [Column("protocol", tuple(f"P{i}" for i in protocol))],
    )
    model = train(table, QUICK)
    won = {c.name: c.won for c in model.comparisons}
    assert won == {"mean": True, "label protocol": False, "group label": True}
    assert not model.skill
    assert "label protocol" in model.why


def test_two_groups_show_nothing_of_a_third() -> None:
    model = train(Lots(1, lots=2).table(), QUICK)
    assert not model.skill
    assert "2 groups" in model.why


def test_intervals_cover_nine_in_ten_cells_of_lots_never_seen() -> None:
    covered = []
    for seed in range(8):
        model = train(Lots(seed, cells=160, lots=16).table(), QUICK)
        new = Lots(100 + seed, cells=400, lots=40)
        covered.append(share_covered(predict(model, new.columns()), new.y))
    assert 0.87 <= np.mean(covered) <= 0.95


def test_the_means_intervals_cover_too_where_there_is_no_skill() -> None:
    covered = []
    for seed in range(8):
        model = train(Lots(seed, cells=160, lots=16, slope=0.0, lot_sd=2.0).table(), QUICK)
        new = Lots(100 + seed, cells=400, lots=40, slope=0.0, lot_sd=2.0)
        covered.append(share_covered(predict(model, new.columns()), new.y))
    assert 0.86 <= np.mean(covered) <= 0.97


def test_few_groups_of_errors_of_their_own_are_said_and_widened() -> None:
    model = train(Lots(3, lots=4, lot_sd=20.0, slope=0.0).table(), QUICK)
    assert model.mean_residuals.widened
    assert any("widened by Student's t" in note for note in model.notes)


def test_the_order_of_rows_makes_no_difference() -> None:
    lots = Lots(1)
    order = np.random.default_rng(0).permutation(len(lots.y))
    turned = labelled(
        [c.take(order) for c in lots.columns()],
        Column("y", lots.y[order]),
        Column("lot", tuple(lots.lot[i] for i in order)),
    )
    a, b = train(lots.table(), QUICK), train(turned, QUICK)
    assert a.fingerprint == b.fingerprint
    assert predict(a, lots.columns()) == predict(b, lots.columns())


@pytest.fixture(scope="module")
def model() -> OutcomeModel:
    return train(Lots(1).table(), replace(QUICK, below=97.0))


class TestRows:
    @staticmethod
    def row(a: float, b: float = 0.0, c: float = 0.0) -> list[Column]:
        return [Column(n, np.array([v])) for n, v in zip("abc", (a, b, c), strict=True)]

    def test_a_row_without_skill_gets_the_mean_and_says_so(self) -> None:
        lots = Lots(2, slope=0.0)
        model = train(lots.table(), replace(QUICK, below=100.0))
        found = predict(model, self.row(0.5))[0]
        assert found.prediction == pytest.approx(lots.y.mean())
        assert found.reason.startswith("no skill")
        assert found.flagged is False

    def test_what_drove_a_prediction_is_named_the_largest_first(self, model: OutcomeModel) -> None:
        reason = predict(model, self.row(1.5, 0.4))[0].reason
        assert reason.startswith("a 1.5 (+4.")
        assert reason.index("a 1.5") < reason.index("b 0.4 (-0.")

    def test_a_row_that_will_lie_below_is_flagged_with_its_probability(
        self, model: OutcomeModel
    ) -> None:
        low, high = predict(model, self.row(-2.2))[0], predict(model, self.row(1.0))[0]
        assert low.flagged is True
        assert "likely below 97" in low.reason
        assert high.flagged is False

    def test_a_missing_value_is_named_and_its_row_kept(self, model: OutcomeModel) -> None:
        columns = [
            Column("a", np.array([0.0, np.nan, 0.0])),
            Column("b", np.array([0.0, 0.0, np.nan]), {2: "n.i.O."}),
            Column("c", np.zeros(3)),
        ]
        good, missing, wrong = predict(model, columns)
        assert good.prediction is not None
        assert (missing.prediction, missing.lower, missing.flagged) == (None, None, None)
        assert missing.reason == "not predicted: a is missing"
        assert wrong.reason == "not predicted: b 'n.i.O.' is no usable number"

    def test_outside_the_training_range_the_interval_grows_with_the_distance(
        self, model: OutcomeModel
    ) -> None:
        inside, out, far = (predict(model, self.row(a))[0] for a in (0.0, 5.0, 20.0))
        widths = [p.upper - p.lower for p in (inside, out, far)]  # type: ignore[operator]
        assert widths[0] < 0.5 * widths[1] < 0.25 * widths[2]
        assert "outside the training range, interval widened: a 5 (trained " in out.reason

    def test_an_early_flag_carries_the_hours_it_saves(self, model: OutcomeModel) -> None:
        low = predict(model, self.row(-2.2), hours_left=45.0)[0]
        high = predict(model, self.row(1.0), hours_left=45.0)[0]
        assert (low.hours_saved, high.hours_saved) == (45.0, None)
        assert "45 h saved" in low.reason

    def test_the_further_outside_the_less_certain_it_is_to_lie_below(
        self, model: OutcomeModel
    ) -> None:
        at = [predict(model, self.row(a))[0].below for a in (3.0, 6.0, 60.0)]
        assert at == sorted(at)  # type: ignore[type-var]
        assert at[-1] == pytest.approx(0.5, abs=0.05)

    def test_a_table_without_a_feature_is_refused(self, model: OutcomeModel) -> None:
        with pytest.raises(InvalidInput, match="no column 'c'"):
            predict(model, self.row(0.0)[:2])

    def test_a_text_where_numbers_were_is_refused(self, model: OutcomeModel) -> None:
        columns = [*self.row(0.0)[:2], Column("c", ("high",))]
        with pytest.raises(InvalidInput, match="'c' held numbers"):
            predict(model, columns)


def test_text_features_are_read_by_their_levels() -> None:
    rng = np.random.default_rng(3)
    lots = Lots(4, lot_sd=0.3, slope=0.0)
    additive = tuple(rng.choice(["VC", "none"], len(lots.y)))
    y = lots.y + 3.0 * lots.a + 4.0 * (np.array(additive) == "VC")
    columns = [Column("a", lots.a), Column("additive", additive)]
    model = train(labelled(columns, Column("y", y), Column("lot", lots.lot)), QUICK)
    assert model.skill
    asked = [Column("a", np.zeros(3)), Column("additive", ("VC", "none", "FEC"))]
    with_vc, without, unknown = predict(model, asked)
    assert with_vc.prediction - without.prediction == pytest.approx(4.0, abs=0.7)  # type: ignore[operator]
    assert "additive FEC (never seen)" in unknown.reason


def test_false_flags_are_kept_rare_on_lots_held_out() -> None:
    model = train(Lots(7, cells=400, lots=40, lot_sd=0.5).table(), replace(QUICK, below=96.0))
    assert model.flags is not None
    assert model.flags.false <= 0.02 * model.flags.good
    assert model.flags.found >= 0.5 * model.flags.below


@pytest.mark.parametrize(("limit", "said"), [(1.0, "no row is below 1 "), (1e6, "every row is")])
def test_a_limit_beyond_all_targets_is_said(limit: float, said: str) -> None:
    model = train(Lots(1).table(), replace(QUICK, below=limit))
    assert any(note.startswith(said) for note in model.notes)
