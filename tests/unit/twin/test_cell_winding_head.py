"""A winding head: what is condensed of the tension, and when a jellyroll is judged."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Effects, Event
from twin.cell.winding import geometry
from twin.cell.winding.tension import TensionProfile
from twin.cell.winding.winding_head import WindingHead
from twin.frame import Reading
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000
HEAD = AssetConfig("w/head-1", "u1", "winding_head")


def seen(signal: str, serial: str, value: float, second: float = 0.0) -> Reading:
    return Reading(HEAD.name, signal, round(second * SECOND), value, text=serial)


def vision(serial: str, second: float = 0.0, overhang: float = 1.5) -> list[Reading]:
    return [
        seen("edge_alignment", serial, 0.1, second),
        seen("tab_placement", serial, -0.3, second),
        seen("separator_overhang", serial, overhang, second),
    ]


def finished(serial: str, second: float = 30.0) -> Reading:
    return Reading(HEAD.name, "jellyroll", round(second * SECOND), text=serial)


def tension(values: list[float], second: float = 0.0) -> list[Reading]:
    return [
        Reading(HEAD.name, "web_tension", round((second + i / 10) * SECOND), value)
        for i, value in enumerate(values)
    ]


def lot(electrode: str, name: str) -> Reading:
    return Reading(HEAD.name, f"{electrode}_lot", 0, text=name)


def said(twin: WindingHead, *readings: Reading) -> list[Event]:
    effects = Effects({})
    for reading in readings:
        twin.step(reading, effects)
    return effects.events


def test_a_jellyroll_is_judged_when_it_is_finished_and_seen() -> None:
    head = WindingHead(HEAD)
    readings = [lot("anode", "A-7"), lot("cathode", "C-3"), *tension([5.0] * 50), *vision("j")]

    assert said(head, *readings) == []
    (event,) = said(head, finished("j"))

    assert (event.kind, event.time_ns) == ("jellyroll.wound", 30 * SECOND)
    assert (event.data["serial"], event.data["missing"]) == ("j", [])
    assert (event.data["anode_lot"], event.data["cathode_lot"]) == ("A-7", "C-3")
    assert event.data["model"] == geometry.MODEL
    evidence = event.data["evidence"]
    assert isinstance(evidence, dict)
    assert evidence["separator_overhang"] == {"value": 1.5, "unit": "mm"}
    assert evidence["tension_mean"] == {"value": 5.0, "unit": "N"}


def test_the_camera_may_speak_after_the_jellyroll_is_finished() -> None:
    head = WindingHead(HEAD)
    assert said(head, *tension([5.0] * 50), finished("j")) == []
    *_, event = said(head, *vision("j", 60.0))
    assert event.data["missing"] == []


def test_what_the_camera_never_told_is_missing_and_said_so() -> None:
    head = WindingHead(HEAD)
    said(head, seen("edge_alignment", "j", 0.1), finished("j", 30.0))
    effects = Effects({})
    head.at(90 * SECOND, effects)
    assert effects.events == []
    head.at(91 * SECOND, effects)
    (event,) = effects.events
    assert event.data["missing"] == ["tab_placement", "separator_overhang", "web_tension"]
    assert event.data["upper"] == pytest.approx(0.2)


def test_each_jellyroll_has_the_tension_of_its_own_winding() -> None:
    head = WindingHead(HEAD)
    first = said(head, *vision("a"), *tension([5.0] * 40), finished("a", 30))
    second = said(head, *vision("b", 31), *tension([7.0] * 40, 31), finished("b", 60))
    means = [e.data["evidence"]["tension_mean"]["value"] for e in (*first, *second)]  # type: ignore[index, call-overload]
    assert means == [5.0, 7.0]


def test_a_jellyroll_is_judged_once() -> None:
    head = WindingHead(HEAD)
    assert len(said(head, *vision("j"), finished("j"), *vision("j", 40), finished("j", 50))) == 1


def test_jellyrolls_that_are_never_finished_do_not_pile_up() -> None:
    head = WindingHead(HEAD)
    said(head, *(r for i in range(500) for r in vision(f"lost-{i}", i)))
    assert len(dumps(head.snapshot())) < 20_000


def test_a_model_that_is_not_there_is_said_and_geometry_speaks() -> None:
    config = AssetConfig("w/head-1", "u1", "winding_head", parameters={"short_model": "none.skops"})
    (event,) = said(WindingHead(config), *vision("j"), finished("j"))
    assert "geometry only: the model none.skops can't be used" in str(event.data["model"])
    assert event.data["probability"] == geometry.risk({"separator_overhang": 1.5}, 0.1).probability


def test_a_covered_electrode_leaves_the_base_rate_and_a_wide_interval() -> None:
    found = geometry.risk({"separator_overhang": 2.0}, 0.1)
    assert found.probability == pytest.approx(0.005)
    assert found.upper / found.lower > 50


def test_an_electrode_that_stands_out_is_likely_to_touch() -> None:
    assert geometry.risk({"separator_overhang": -0.5}, 0.1).probability > 0.45
    assert 0.1 < geometry.risk({"separator_overhang": 0.0}, 0.1).probability < 0.4


def test_a_verdict_alone_is_taken_and_its_interval_is_wider_still() -> None:
    passed = geometry.risk({"vision_verdict": 1.0}, 0.1)
    failed = geometry.risk({"vision_verdict": 0.0}, 0.1)
    assert passed.probability < failed.probability
    assert failed.upper >= 0.9


@given(st.floats(-5, 5), st.sampled_from([0.0, 0.1, 1.0]))
def test_a_probability_lies_in_its_interval(overhang: float, sd: float) -> None:
    found = geometry.risk({"separator_overhang": overhang}, sd)
    assert 0 < found.lower <= found.probability <= found.upper <= 1


@given(st.lists(st.floats(1.0, 20.0), min_size=30, max_size=80))
def test_the_tension_is_condensed_as_if_all_of_it_were_kept(values: list[float]) -> None:
    profile = TensionProfile(idle=0.5, event_limit=0.15)
    for i, value in enumerate(values):
        profile.add(i * SECOND, value)
    found = profile.features()
    slope = np.polyfit(np.arange(len(values)), values, 1)[0]
    assert found["tension_mean"] == pytest.approx(np.mean(values))
    assert found["tension_sd"] == pytest.approx(np.std(values, ddof=1), abs=1e-9)
    assert found["tension_slope"] == pytest.approx(slope, abs=1e-9)
    assert found["tension_peak"] == max(values)


def test_a_peak_of_tension_is_one_event_however_long() -> None:
    profile = TensionProfile(idle=0.5, event_limit=0.15)
    for i, value in enumerate([5.0] * 50 + [8.0] * 3 + [5.0] * 20 + [3.0] + [5.0]):
        profile.add(i * SECOND, value)
    assert profile.events == 2


def test_a_web_that_stands_has_no_tension_to_speak_of() -> None:
    profile = TensionProfile(idle=0.5, event_limit=0.15)
    for i in range(100):
        profile.add(i * SECOND, 0.2)
    assert profile.features() == {}


@given(st.integers(0, 130))
def test_a_restored_head_goes_on_as_the_one_that_never_stopped(cut: int) -> None:
    history = [
        lot("anode", "A-1"),
        *tension([5.0 + 0.01 * i for i in range(60)]),
        *vision("a", 7.0),
        finished("a", 8.0),
        *tension([5.0, 9.0] * 30, 9.0),
        finished("b", 20.0),
        *vision("b", 22.0),
        finished("c", 100.0),
    ]
    whole, first, second = (WindingHead(HEAD) for _ in range(3))
    said(whole, *history[:cut])
    said(first, *history[:cut])
    second.restore(loads(dumps(first.snapshot())))
    assert said(second, *history[cut:]) == said(whole, *history[cut:])
    assert dumps(second.snapshot()) == dumps(whole.snapshot())
