import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Effects, Event
from twin.cell.filling.electrolyte_filler import ElectrolyteFiller
from twin.frame import Reading
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000
FILLER = AssetConfig(
    "pilot/filling/filler",
    "u1",
    "electrolyte_filler",
    parameters={"completion_window": 60.0, "scale_resolution": 0.001, "volume_resolution": 0.01},
)


def measured(signal: str, serial: str, value: float, second: int = 0) -> Reading:
    return Reading(FILLER.name, signal, second * SECOND, value, text=serial)


def dry(serial: str, value: float = 11.8, second: int = 0) -> Reading:
    return measured("dry_cell_mass", serial, value, second)


def wet(serial: str, value: float = 13.4, second: int = 0) -> Reading:
    return measured("wet_cell_mass", serial, value, second)


def volume(serial: str, value: float = 1.3, second: int = 0) -> Reading:
    return measured("electrolyte_volume", serial, value, second)


def said(twin: ElectrolyteFiller, *readings: Reading) -> list[Event]:
    effects = Effects({})
    for reading in readings:
        twin.step(reading, effects)
    return effects.events


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 2, 0)])
def test_a_cell_is_filled_when_its_set_of_readings_is_there(order: tuple[int, ...]) -> None:
    readings = [dry("a", 11.75), volume("a", 1.3, 5), wet("a", 13.25, 9)]

    (event,) = said(ElectrolyteFiller(FILLER), *(readings[i] for i in order))

    assert (event.kind, event.time_ns) == ("cell.filled", 9 * SECOND)
    assert event.data == {
        "serial": "a",
        "dry_g": 11.75,
        "wet_g": 13.25,
        "electrolyte_g": 1.5,
        "volume_mL": 1.3,
        "electrolyte_sd_g": pytest.approx(0.0071, abs=1e-4),
        "fill": None,
        "fill_probability": None,
        "temperature_degC": None,
    }


def test_what_never_came_is_null_once_the_window_has_passed() -> None:
    twin = ElectrolyteFiller(FILLER)

    assert said(twin, wet("a"), volume("a"), volume("b", second=60)) == []
    (event,) = said(twin, volume("b", second=61))

    assert event.data["serial"] == "a"
    assert (event.data["dry_g"], event.data["electrolyte_g"]) == (None, None)
    assert event.time_ns == 0


def test_the_clock_closes_the_last_cell_of_the_day() -> None:
    twin = ElectrolyteFiller(FILLER)
    effects = Effects({})
    twin.step(dry("a"), effects)

    twin.at(60 * SECOND, effects)
    assert effects.events == []
    twin.at(61 * SECOND, effects)

    assert [event.data["dry_g"] for event in effects.events] == [11.8]


def test_several_cells_may_be_under_way_at_once() -> None:
    events = said(
        ElectrolyteFiller(FILLER),
        dry("a"), dry("b"), volume("a"), volume("b"), wet("b"), wet("a"),
    )  # fmt: skip

    assert [event.data["serial"] for event in events] == ["b", "a"]


def test_a_cell_weighed_again_keeps_the_later_mass() -> None:
    (event,) = said(
        ElectrolyteFiller(FILLER), dry("a", 11.0), dry("a", 11.9), volume("a"), wet("a")
    )

    assert event.data["dry_g"] == 11.9


def test_a_reading_without_a_cell_is_of_no_use() -> None:
    nameless = Reading(FILLER.name, "dry_cell_mass", 0, 11.0)

    assert said(ElectrolyteFiller(FILLER), nameless, volume("a", second=90)) == []


def test_cells_that_are_never_finished_do_not_pile_up() -> None:
    twin = ElectrolyteFiller(FILLER)

    events = said(twin, *(dry(f"cell {i}", 11.8 + i * 1e-4) for i in range(1_000)))

    assert len(events) == 1_000 - 256
    assert events[0].data["serial"] == "cell 0"


def test_masses_and_volumes_are_estimated_with_widths() -> None:
    twin = ElectrolyteFiller(FILLER)
    for i in range(10):
        said(twin, dry(f"{i}", 11.8), volume(f"{i}", 1.3), wet(f"{i}", 13.4))

    figures = {figure.name: figure for figure in twin.figures()}
    assert figures["electrolyte_mass"].value == pytest.approx(1.6)
    assert figures["electrolyte_volume"].unit == "mL"
    assert all(figure.sd > 0 for figure in figures.values())


readings = st.builds(
    lambda make, serial, value, second: make(f"cell {serial}", value, second),
    st.sampled_from([dry, wet, volume]),
    st.integers(0, 4),
    st.floats(1.0, 20.0),
    st.integers(0, 300),
)


@given(st.lists(readings, max_size=40), st.data())
def test_a_restored_twin_goes_on_as_the_one_that_never_stopped(
    history: list[Reading], data: st.DataObject
) -> None:
    ordered = sorted(history, key=lambda reading: reading.time_ns)
    cut = data.draw(st.integers(0, len(ordered)))
    whole, first, second = (ElectrolyteFiller(FILLER) for _ in range(3))
    said(whole, *ordered[:cut])
    said(first, *ordered[:cut])

    second.restore(loads(dumps(first.snapshot())))

    assert said(second, *ordered[cut:]) == said(whole, *ordered[cut:])
    assert dumps(second.snapshot()) == dumps(whole.snapshot())


@given(st.lists(readings, max_size=40))
def test_every_reading_is_told_once_or_still_waits(history: list[Reading]) -> None:
    ordered = sorted(history, key=lambda reading: reading.time_ns)
    effects = Effects({})
    twin = ElectrolyteFiller(FILLER)
    for reading in ordered:
        twin.step(reading, effects)
    twin.at(10_000 * SECOND, effects)

    told = {event.data["serial"] for event in effects.events}
    assert told == {reading.text for reading in ordered}
