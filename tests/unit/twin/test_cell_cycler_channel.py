import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Effects, Event
from twin.cell.formation.cycler_channel import CyclerChannel
from twin.frame import Reading
from twin.snapshot import dumps, loads

SECOND = 1_000_000_000
HOUR = 3_600 * SECOND
CHANNEL = AssetConfig(
    "pilot/formation/channel-35",
    "u1",
    "cycler_channel",
    parameters={"grade_minimum": 0.42, "capacity_accuracy": 0.1, "current_accuracy": 0.001},
)


def record(serial: str, hour: int, **values: float) -> list[Reading]:
    return [Reading(CHANNEL.name, s, hour * HOUR, v, text=serial) for s, v in values.items()]


def cycle(serial: str, hour: int, n: int, charge: float, discharge: float) -> list[Reading]:
    return record(
        serial, hour, cycle=n, charge_capacity=charge, discharge_capacity=discharge,
        charge_energy=4 * charge, discharge_energy=3.7 * discharge,
    )  # fmt: skip


def said(twin: CyclerChannel, *readings: Reading) -> list[Event]:
    effects = Effects({})
    for reading in readings:
        twin.step(reading, effects)
    return effects.events


def test_a_cell_is_formed_when_the_record_of_its_first_cycle_is_complete() -> None:
    readings = [*cycle("a", 0, 0, 0.0, 1e-7), *cycle("a", 9, 1, 0.5, 0.45)]

    (event,) = said(CyclerChannel(CHANNEL), *readings, *cycle("a", 20, 2, 0.46, 0.455))

    assert (event.kind, event.time_ns) == ("cell.formed", 9 * HOUR)
    assert event.data == {
        "serial": "a",
        "first_charge_Ah": 0.5,
        "first_discharge_Ah": 0.45,
        "first_efficiency": 0.9,
        "time_ns": 9 * HOUR,
    }


def test_the_order_of_a_record_s_values_does_not_matter() -> None:
    readings = cycle("a", 9, 1, 0.5, 0.45)

    (event,) = said(CyclerChannel(CHANNEL), *reversed(readings))

    assert event.data["first_discharge_Ah"] == 0.45


@pytest.mark.parametrize("missing", ["cycle", "charge_capacity", "discharge_capacity"])
def test_nothing_is_said_of_a_first_cycle_whose_record_is_incomplete(missing: str) -> None:
    whole = {"cycle": 1.0, "charge_capacity": 0.5, "discharge_capacity": 0.45}
    part = {signal: value for signal, value in whole.items() if signal != missing}
    twin = CyclerChannel(CHANNEL)

    assert said(twin, *record("a", 9, **part), *cycle("a", 20, 2, 0.46, 0.455)) == []


def test_values_of_two_records_are_not_mixed() -> None:
    twin = CyclerChannel(CHANNEL)

    events = said(
        twin,
        *record("a", 9, cycle=1, charge_capacity=0.5),
        *record("a", 10, discharge_capacity=0.45),
    )

    assert events == []
    assert twin.figures() == ()


def test_a_cell_is_formed_once_even_if_its_test_begins_anew() -> None:
    readings = [*cycle("a", 9, 1, 0.5, 0.45), *cycle("a", 20, 1, 0.5, 0.44)]

    assert len(said(CyclerChannel(CHANNEL), *readings)) == 1


def test_cells_follow_one_another_on_a_channel() -> None:
    readings = [
        *cycle("a", 9, 1, 0.5, 0.45),
        *cycle("a", 20, 2, 0.46, 0.45),
        *cycle("b", 90, 1, 0.4, 0.35),
    ]

    events = said(CyclerChannel(CHANNEL), *readings)

    assert [(e.data["serial"], e.data["first_discharge_Ah"]) for e in events] == [
        ("a", 0.45),
        ("b", 0.35),
    ]


def test_an_efficiency_without_charge_is_withheld() -> None:
    (event,) = said(CyclerChannel(CHANNEL), *cycle("a", 9, 1, 0.0, 0.1))

    assert event.data["first_efficiency"] is None


def test_the_newest_complete_capacities_are_figures_with_widths() -> None:
    twin = CyclerChannel(CHANNEL)
    said(twin, *cycle("a", 9, 1, 0.5, 0.45), *record("a", 20, cycle=2, charge_capacity=0.47))

    charge, discharge = twin.figures()
    assert (charge.value, discharge.value) == (0.5, 0.45)
    assert (charge.unit, discharge.sd) == ("Ah", pytest.approx(0.00045))


def test_charge_is_counted_from_current_and_its_width_grows() -> None:
    twin = CyclerChannel(CHANNEL)
    widths = []
    for minute in range(0, 61, 10):
        said(twin, Reading(CHANNEL.name, "current", 1 + minute * 60 * SECOND, 0.2, text="a"))
        widths += [figure.sd for figure in twin.figures()]

    (charge,) = twin.figures()
    assert (charge.name, charge.unit) == ("net_charge", "Ah")
    assert charge.value == pytest.approx(0.2)
    assert charge.sd == pytest.approx(0.001)
    assert widths == sorted(widths)


def test_when_a_step_of_the_current_came_is_unknown_and_widens_the_charge() -> None:
    steady, stepping = CyclerChannel(CHANNEL), CyclerChannel(CHANNEL)
    for twin, second in ((steady, 0.2), (stepping, -0.2)):
        said(twin, Reading(CHANNEL.name, "current", 1, 0.2, text="a"))
        said(twin, Reading(CHANNEL.name, "current", 1 + 60 * SECOND, second, text="a"))

    assert stepping.figures()[0].sd > 10 * steady.figures()[0].sd


def test_the_charge_of_the_next_cell_begins_at_nothing() -> None:
    twin = CyclerChannel(CHANNEL)
    for serial, hour in (("a", 1), ("a", 2), ("b", 3), ("b", 4)):
        said(twin, Reading(CHANNEL.name, "current", hour * HOUR, 0.1, text=serial))

    assert twin.figures()[0].value == pytest.approx(0.1)


def test_cells_of_years_do_not_pile_up() -> None:
    twin = CyclerChannel(CHANNEL)
    for i in range(200):
        said(twin, *cycle(f"cell {i}", i, 1, 0.5, 0.45))

    assert len(dumps(twin.snapshot())) < 2_000


readings = st.builds(
    lambda signal, serial, hour, value: Reading(
        CHANNEL.name, signal, hour * HOUR, float(value), text=f"cell {serial}"
    ),
    st.sampled_from(["cycle", "charge_capacity", "discharge_capacity", "current", "voltage"]),
    st.integers(0, 12),
    st.integers(1, 9),
    st.integers(0, 2),
)


@given(st.lists(readings, max_size=60), st.data())
def test_a_restored_twin_goes_on_as_the_one_that_never_stopped(
    history: list[Reading], data: st.DataObject
) -> None:
    ordered = sorted(history, key=lambda reading: reading.time_ns)
    cut = data.draw(st.integers(0, len(ordered)))
    whole, first, second = (CyclerChannel(CHANNEL) for _ in range(3))
    said(whole, *ordered[:cut])
    said(first, *ordered[:cut])

    second.restore(loads(dumps(first.snapshot())))

    assert said(second, *ordered[cut:]) == said(whole, *ordered[cut:])
    assert dumps(second.snapshot()) == dumps(whole.snapshot())
    assert second.figures() == whole.figures()
