from twin.asset import AssetConfig, Effects, Event
from twin.cell.stacking.stacking_station import StackingStation
from twin.frame import Reading
from twin.snapshot import dumps, loads

SCALE = AssetConfig(
    "pilot/stacking/scale", "u1", "stacking_station", parameters={"scale_resolution": 0.0001}
)


def weighed(piece: str, mass: float, time_ns: int = 1) -> Reading:
    return Reading(SCALE.name, "predrying_mass", time_ns, mass, text=piece)


def stacked(serial: str, time_ns: int = 2) -> Reading:
    return Reading(SCALE.name, "stacked_cell", time_ns, text=serial)


def said(twin: StackingStation, *readings: Reading) -> list[Event]:
    effects = Effects({})
    for reading in readings:
        twin.step(reading, effects)
    return effects.events


def test_a_finished_stack_is_told_with_the_electrodes_weighed_for_it() -> None:
    (event,) = said(
        StackingStation(SCALE),
        weighed("a/1", 0.5),
        weighed("b/1", 0.6),
        weighed("a/2", 0.64),
        stacked("a", 7),
    )

    assert (event.kind, event.time_ns) == ("cell.stacked", 7)
    assert event.data == {
        "serial": "a",
        "electrodes": ["a/1", "a/2"],
        "electrodes_mass_g": 0.5 + 0.64,
        "electrode_lot": None,
    }


def test_a_stack_without_weighed_electrodes_has_no_mass() -> None:
    (event,) = said(StackingStation(SCALE), weighed("b/1", 0.6), stacked("a"))

    assert event.data["electrodes"] == []
    assert event.data["electrodes_mass_g"] is None


def test_an_electrode_goes_into_one_stack_only() -> None:
    first, second = said(StackingStation(SCALE), weighed("a/1", 0.5), stacked("a"), stacked("a"))

    assert (first.data["electrodes"], second.data["electrodes"]) == (["a/1"], [])


def test_the_mass_of_an_electrode_is_estimated_with_a_width() -> None:
    twin = StackingStation(SCALE)
    said(twin, *(weighed(f"a/{i}", 0.63 + 0.001 * (i % 5)) for i in range(30)))

    mass, spread = twin.figures()
    assert (mass.name, mass.unit, spread.name) == ("electrode_mass", "g", "electrode_mass_sd")
    assert abs(mass.value - 0.632) < 0.001
    assert 0 < mass.sd < 0.002
    assert spread.sd > 0


def test_nothing_is_estimated_before_anything_is_weighed() -> None:
    assert StackingStation(SCALE).figures() == ()


def test_electrodes_that_no_stack_takes_do_not_pile_up() -> None:
    twin = StackingStation(SCALE)
    said(twin, *(weighed(f"lost/{i}", 0.5) for i in range(2_000)))

    assert len(dumps(twin.snapshot())) < 20_000


def test_a_restored_twin_goes_on_as_the_one_that_never_stopped() -> None:
    before = [weighed(f"a/{i}", 0.5 + 0.003 * i) for i in range(9)]
    after = [weighed("a/10", 0.7), stacked("a")]
    whole, first, second = (StackingStation(SCALE) for _ in range(3))
    said(whole, *before)
    said(first, *before)

    second.restore(loads(dumps(first.snapshot())))

    assert said(second, *after) == said(whole, *after)
    assert dumps(second.snapshot()) == dumps(whole.snapshot())
    assert second.figures() == whole.figures()
