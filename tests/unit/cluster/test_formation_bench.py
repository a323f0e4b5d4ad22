"""The formation bench: what it counts, its peers, and that its comparison could fail."""

from dataclasses import dataclass, field
from typing import Any, cast

import numpy as np
import pytest

from cluster.bench.formation import alike, capacity, peers, scores
from cluster.bench.formation.play import Flag, Played
from simulation.formation.room import Truth
from twin.asset import Event

KINDS = ("", "", "", "", "lithium_plating", "low_lithium_inventory", "micro_short", "micro_short")


@dataclass
class ARoom:
    serials: tuple[str, ...]
    truth: Truth


@dataclass
class APlayed:
    """What the scores look at."""

    room: ARoom
    flags: dict[int, Flag] = field(default_factory=dict)

    @property
    def truth(self) -> Truth:
        return self.room.truth

    @property
    def good(self) -> np.ndarray:
        return np.array([fault == "" for fault in self.truth.fault])


def a_played(**flags: tuple[float, str]) -> Played:
    """Cells of KINDS; ``c4=(9.2, "lithium_plating")``: cell 4 flagged at 9.2 h as that."""
    count = len(KINDS)
    nothing = np.full(count, np.nan)
    onset = np.where([kind == "lithium_plating" for kind in KINDS], 9.0, 0.5)
    truth = Truth(KINDS, onset, nothing, nothing, nothing, nothing)
    room = ARoom(tuple(f"C{n}" for n in range(count)), truth)
    found = {int(name[1:]): Flag(*flag) for name, flag in flags.items()}
    return cast(Played, APlayed(room, found))


class TestWhatIsCounted:
    def test_a_fault_is_due_by_three_hours_and_plating_half_an_hour_after_its_onset(self) -> None:
        due = scores.due_h(a_played())
        assert np.isnan(due[:4]).all()
        assert due[4:].tolist() == [9.5, 3.0, 3.0, 3.0]

    def test_a_flag_that_comes_late_does_not_count(self) -> None:
        played = a_played(
            c4=(9.4, "lithium_plating"), c5=(2.9, "micro_short"), c6=(3.2, "micro_short")
        )
        assert scores.in_time(scores.hours(played), scores.due_h(played)) == 50.0

    def test_a_good_cell_flagged_at_any_time_is_a_false_flag(self) -> None:
        played = a_played(c0=(40.0, "micro_short"), c5=(2.9, "micro_short"))
        assert scores.false_flags(scores.hours(played), played.good) == 25.0

    def test_a_diagnosis_is_right_only_by_its_name(self) -> None:
        played = a_played(c5=(2.9, "micro_short"), c6=(2.9, "micro_short"), c0=(3.0, "unusual"))
        assert scores.right(played) == 50.0

    def test_nothing_flagged_is_nothing_right_and_no_hours(self) -> None:
        played = a_played()
        assert scores.right(played) is None
        assert scores.saved_h(scores.hours(played), played.good) is None

    def test_hours_saved_are_those_ahead_of_faulty_cells(self) -> None:
        played = a_played(c4=(10.0, "x"), c5=(3.0, "x"), c6=(2.0, "x"), c0=(0.0, "x"))
        assert scores.saved_h(scores.hours(played), played.good) == 45.0

    def test_the_table_tells_each_kind_by_its_first_diagnosis(self) -> None:
        found = scores.table(a_played(c6=(2.9, "micro_short"), c0=(3.0, "unusual")))
        assert found["micro_short"] == {"cells": 2, "micro_short": 1}
        assert found["good"] == {"cells": 4, "unusual": 1}

    def test_capacity_is_predicted_of_cells_still_in_their_protocol_at_three_hours(self) -> None:
        left = capacity.undiverted(a_played(c5=(2.9, "x"), c4=(9.4, "x")))
        assert np.flatnonzero(~left).tolist() == [5]


class TestThePeers:
    @staticmethod
    def gauge(values: list[float], later: list[float] | None = None) -> peers.Gauge:
        found = peers.Gauge()
        found.figures["voltage at 3 h"] = (3.0, np.array(values))
        if later is not None:
            found.figures["voltage at 9 h"] = (9.0, np.array(later))
        return found

    def test_a_cell_beyond_the_limit_is_flagged_when_the_figure_is_known(self) -> None:
        limits = {"voltage at 3 h": (3.4, 0.01), "voltage at 9 h": (4.0, 0.01)}
        gauge = self.gauge([3.4, 3.45, 3.42], [4.05, 4.0, 4.0])
        assert peers.flagged_h(gauge, limits, 3.0).tolist() == [9.0, 3.0, np.inf]
        assert np.isinf(peers.flagged_h(gauge, limits, 6.0)).all()

    def test_matched_it_flags_no_more_good_cells_than_the_twin(self) -> None:
        rng = np.random.default_rng(1)
        gauge = self.gauge(rng.normal(3.4, 0.01, 500).tolist(), rng.normal(4.0, 0.02, 500).tolist())
        good = np.ones(500, dtype=bool)
        limits = peers.learned(gauge, good)
        for rate in (0.0, 0.01, 0.05):
            times = peers.matched(gauge, limits, good, rate)
            flagged = np.isfinite(peers.flagged_h(gauge, limits, times))
            assert flagged.mean() <= rate
        assert peers.matched(gauge, limits, good, 0.05) < peers.matched(gauge, limits, good, 0.01)

    def test_limits_are_learned_from_good_cells_alone(self) -> None:
        gauge = self.gauge([3.39, 3.41, 9.0])
        limits = peers.learned(gauge, np.array([True, True, False]))
        assert limits["voltage at 3 h"] == pytest.approx((3.4, 0.01))

    def test_single_figures_are_taken_at_their_hours(self) -> None:
        gauge = peers.Gauge()
        for minute in range(0, 200):
            hours = minute / 60.0
            step = 1.0 if hours > 2.5 else 0.0
            volts = np.array([3.0 + 0.1 * hours + 0.03 * step])
            gauge.take(hours, volts, np.array([0.25 + step]))
        assert gauge.figures["voltage at 2 h"][1] == pytest.approx([3.2], abs=0.01)
        assert gauge.figures["resistance at 2.5 h"][1] == pytest.approx([0.0317], abs=0.001)


class TestAlike:
    @staticmethod
    def said(**data: Any) -> list[Event]:
        return [Event("a", "a", 1, "cell.diagnosed", 5, data)]

    def test_equal_events_differ_by_nothing(self) -> None:
        one = self.said(serial="C1", probability=0.9, evidence={"R": {"value": 0.03}})
        assert alike._of_events(one, list(one)) == 0.0

    def test_a_number_that_differs_is_seen_wherever_it_stands(self) -> None:
        one = self.said(evidence={"R": {"value": 0.03}})
        other = self.said(evidence={"R": {"value": 0.03 * (1 + 1e-6)}})
        assert alike._of_events(one, other) == pytest.approx(1e-6, rel=0.01)

    @pytest.mark.parametrize("other", [[], [Event("a", "a", 1, "cell.diagnosed", 6, {"x": 1})]])
    def test_an_event_that_only_one_says_is_no_small_difference(self, other: list[Event]) -> None:
        assert alike._of_events(self.said(x=1), other) == float("inf")

    def test_another_word_is_no_small_difference(self) -> None:
        assert alike._of_events(self.said(d="x"), self.said(d="y")) == float("inf")
