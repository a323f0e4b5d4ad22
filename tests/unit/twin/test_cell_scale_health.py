"""The filler's scale, looked after by its empty pan, its dry cells and the dosing pump."""

from collections.abc import Iterable

import pytest

from twin.asset import AssetConfig, Effects, Event
from twin.cell.filling.electrolyte_filler import ElectrolyteFiller
from twin.frame import Reading

SECOND = 1_000_000_000
PARAMETERS: dict[str, float | str] = {
    "electrolyte_target": 6.0,
    "electrolyte_density": 1.2,
    "completion_window": 60.0,
}
FILLER = AssetConfig("f/filler", "u1", "electrolyte_filler", parameters=PARAMETERS)
WOBBLE = (0.0, 0.004, -0.003, 0.002, -0.004, 0.003, -0.002)


def cell(n: int, dry: float = 60.0, fill: float = 6.0, volume: float = 5.0) -> list[Reading]:
    wobble = WOBBLE[n % len(WOBBLE)]
    measured = (
        ("dry_cell_mass", dry + 10 * wobble),
        ("electrolyte_volume", volume),
        ("wet_cell_mass", dry + 10 * wobble + fill + wobble),
    )
    return [
        Reading(FILLER.name, signal, n * SECOND, value, text=f"c{n}") for signal, value in measured
    ]


def empty(n: int, shown: float) -> Reading:
    return Reading(FILLER.name, "empty_scale", n * SECOND, shown + WOBBLE[n % len(WOBBLE)])


def said(*readings: Reading, twin: ElectrolyteFiller | None = None) -> list[Event]:
    effects, filler = Effects({}), twin or ElectrolyteFiller(FILLER)
    for reading in readings:
        filler.step(reading, effects)
    return effects.events


def faults(events: Iterable[Event]) -> list[object]:
    return [e.data["faults"] for e in events if e.kind == "scale.health"]


def fills(events: Iterable[Event]) -> list[object]:
    return [e.data["fill"] for e in events if e.kind == "cell.filled"]


def many(start: int = 0, count: int = 40, **how: float) -> list[Reading]:
    return [reading for n in range(start, start + count) for reading in cell(n, **how)]


def test_a_sound_scale_says_nothing_of_itself() -> None:
    events = said(*many(), *(empty(n, 0.0) for n in range(40, 60)))
    assert faults(events) == []
    assert fills(events) == ["good"] * 40


@pytest.mark.parametrize(
    ("fill", "verdict"), [(5.9, "under"), (6.04, "good"), (6.1, "over"), (5.96, "good")]
)
def test_a_fill_is_judged_by_the_tolerance(fill: float, verdict: str) -> None:
    assert fills(said(*cell(0, fill=fill))) == [verdict]


def test_a_fill_near_the_tolerance_is_less_sure() -> None:
    middle, edge = said(*cell(0, fill=6.0))[0], said(*cell(0, fill=6.05))[0]
    assert middle.data["fill_probability"] == pytest.approx(1.0, abs=1e-6)
    assert edge.data["fill_probability"] == pytest.approx(0.5, abs=0.01)


def test_a_zero_that_drifts_is_said_and_the_difference_stays_good() -> None:
    events = said(*(empty(n, 0.08) for n in range(10)), *many(10, 5))
    assert faults(events) == [["zero_drift"]]
    assert fills(events) == ["good"] * 5


def test_dry_cells_that_all_grow_heavier_raise_a_doubt_while_no_empty_pan_is_weighed() -> None:
    heavier = [r for n in range(40, 60) for r in cell(n, dry=60.5)]
    assert faults(said(*many(), *heavier)) == [["dry_mass_shift"]]


def test_an_empty_pan_at_zero_clears_the_scale_of_that_doubt() -> None:
    heavier = [r for n in range(50, 70) for r in cell(n, dry=60.5)]
    assert faults(said(*many(), *(empty(n, 0.0) for n in range(40, 50)), *heavier)) == []


def test_weighing_and_dosing_that_disagree_withhold_the_verdict() -> None:
    """Scale, pump or density: nothing says which, so nothing is said of the fill."""
    events = said(*many(count=10, fill=6.0, volume=5.2))
    assert faults(events) == [["dose_mismatch"]]
    assert fills(events)[-1] is None


def test_a_scale_that_scatters_withholds_the_verdict() -> None:
    shaky = [r for n in range(60) for r in cell(n, fill=6.0 + 40 * WOBBLE[n % 7])]
    events = said(*shaky)
    assert ["noisy"] in faults(events)
    assert fills(events)[-1] is None


def test_a_scale_that_shows_the_same_for_every_cell_is_stuck() -> None:
    stuck = [
        Reading(FILLER.name, signal, n * SECOND, value, text=f"c{n}")
        for n in range(5)
        for signal, value in (("dry_cell_mass", 60.0 + n / 10), ("wet_cell_mass", 66.0))
    ]
    assert faults(said(*stuck, *cell(99))) == [["flat_line"], []]


def test_a_wetting_that_was_measured_is_passed_on() -> None:
    (event,) = said(Reading(FILLER.name, "wetting_time", 5, 7.5, text="c1"))
    assert (event.kind, event.data) == ("cell.wetted", {"serial": "c1", "hours": 7.5})
