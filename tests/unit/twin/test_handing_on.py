"""What one layer tells and another one needs goes through the plant: once, and never lost."""

from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from twin.asset import Event, Json
from twin.cell.section import Porosity
from twin.cell.supervisor import CellRules
from twin.plant.rules import PlantRules
from twin.plant.supervision import Decisions
from twin.plant.supervisor import SupervisorCore

ELECTRODE = "electrode supervisor"
PLANT = "plant supervisor"


def told(sequence: int, porosity: float = 30.0, kind: str = "lot.porosity") -> Event:
    data: dict[str, Json] = {
        "lot": "E-1",
        "from_m": 0.0,
        "to_m": 100.0 * sequence,
        "porosity": porosity,
        "porosity_sd": 0.5,
        "lower": porosity - 0.8,
        "upper": porosity + 0.8,
        "confidence": 0.9,
    }
    return Event("line1/calender", "section:calendering", sequence, kind, sequence, data)


def plant() -> SupervisorCore:
    return SupervisorCore(PlantRules())


class Cells(NamedTuple):
    core: SupervisorCore
    rules: CellRules


def cells() -> Cells:
    rules = CellRules()
    return Cells(SupervisorCore(rules), rules)


def hand_on(above: SupervisorCore, below: Cells, acknowledged: bool = True) -> None:
    going = above.downward(200)
    assert going is not None
    layer, events = going
    assert layer == "cell"
    below.core.take(PLANT, 1, events, 0)
    if acknowledged:
        above.went_down(events)


def test_a_lot_s_porosity_comes_down_to_the_cell_layer() -> None:
    above, below = plant(), cells()
    above.take(ELECTRODE, 1, [told(1)], 0)
    hand_on(above, below)
    assert below.rules.lot_porosity("E-1") == Porosity(30.0, 0.5, 29.2, 30.8)
    assert above.downward(200) is None


def test_nothing_else_comes_down() -> None:
    above = plant()
    above.take(ELECTRODE, 1, [told(1, kind="process.changed"), told(2, kind="line.drift")], 0)
    assert above.downward(200) is None
    assert above.pending == Decisions()


def test_what_is_told_again_after_a_lost_answer_counts_once() -> None:
    above, below = plant(), cells()
    above.take(ELECTRODE, 1, [told(1), told(2, 31.0)], 0)
    hand_on(above, below, acknowledged=False)
    hand_on(above, below)
    assert below.core.kpis()["repeated_events"] == 2
    assert below.rules.lot_porosity("E-1") == Porosity(31.0, 0.5, 30.2, 31.8)


def test_the_plant_takes_what_comes_twice_and_hands_it_on_once() -> None:
    above = plant()
    above.take(ELECTRODE, 1, [told(1)], 0)
    above.take(ELECTRODE, 2, [told(1)], 0)
    going = above.downward(200)
    assert going is not None
    assert len(going[1]) == 1


def test_what_has_not_been_acknowledged_survives_a_restart() -> None:
    above = plant()
    above.take(ELECTRODE, 1, [told(1), told(2)], 0)
    restarted = plant()
    restarted.restore(above.snapshot())
    assert restarted.downward(200) == above.downward(200)


def test_a_checkpoint_from_before_there_was_a_way_down_is_read() -> None:
    from twin.snapshot import dumps, loads

    saved = loads(plant().snapshot())
    del saved["downward"]
    restarted = plant()
    restarted.restore(dumps(saved))
    assert restarted.downward(1) is None


def test_the_cell_layer_knows_its_lots_after_a_restart() -> None:
    above, below = plant(), cells()
    above.take(ELECTRODE, 1, [told(1)], 0)
    hand_on(above, below)
    restarted = cells()
    restarted.core.restore(below.core.snapshot())
    restarted.core.take(PLANT, 1, [told(1, 99.0)], 0)
    assert restarted.rules.lot_porosity("E-1") == Porosity(30.0, 0.5, 29.2, 30.8)


@given(st.lists(st.booleans(), max_size=12))
def test_however_often_answers_are_lost_the_last_telling_stands(lost: list[bool]) -> None:
    above, below = plant(), cells()
    for n, is_lost in enumerate(lost, start=1):
        above.take(ELECTRODE, 1, [told(n, 20.0 + n)], 0)
        hand_on(above, below, acknowledged=not is_lost)
    if lost:
        found = below.rules.lot_porosity("E-1")
        assert found is not None
        assert found.value == 20.0 + len(lost)
