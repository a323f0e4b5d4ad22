"""Samples that no cell can have given: a named event, and no verdict."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from tests.unit.twin.formation_cells import (
    HOUR,
    SETTINGS,
    START,
    Cells,
    Row,
    play,
    reference,
    serials,
    withheld,
)
from twin.asset import Effects, Event
from twin.cell.formation.cohort import ChannelCohort
from twin.errors import InvalidInput
from twin.frame import Reading

UNTIL = 2.4


def spoiled(spoil: Callable[[Row, float], Row]) -> tuple[ChannelCohort, list[Event]]:
    """Three good cells, of which the first one's samples are spoiled."""
    cells = Cells(3, seed=4)
    cohort, names, events = ChannelCohort.bulk(3, SETTINGS, reference()), serials(cells), []
    for row in play(cells, until_h=UNTIL):
        hour = (row.time_ns - START) / HOUR
        bad = spoil(row, hour)
        times = np.array([bad.time_ns, row.time_ns, row.time_ns])
        events += cohort.step_block(times, bad.voltage, bad.current, bad.temperature, names)
    return cohort, events


def first(values: np.ndarray, value: float) -> np.ndarray:
    changed = values.copy()
    changed[0] = value
    return changed


def row(old: Row, **new: object) -> Row:
    return Row(**{**{f: getattr(old, f) for f in Row.__dataclass_fields__}, **new})


def clock_back(old: Row, hour: float) -> Row:
    return row(old, time_ns=old.time_ns - (HOUR // 6 if hour > 1.0 else 0))


def gap(old: Row, hour: float) -> Row:
    return row(old, voltage=first(old.voltage, np.nan), current=first(old.current, np.nan)) if (
        0.7 < hour < 1.75
    ) else old  # fmt: skip


def current_sign(old: Row, hour: float) -> Row:
    return row(old, current=first(old.current, -old.current[0]))


def unplugged(old: Row, hour: float) -> Row:
    if hour < 1.2:
        return old
    return row(old, voltage=first(old.voltage, 0.01), current=first(old.current, 0.0))


def no_current(old: Row, hour: float) -> Row:
    return row(old, current=first(old.current, np.nan)) if hour > 0.7 else old


def other_cell(old: Row, hour: float) -> Row:
    return row(old, voltage=first(old.voltage, old.voltage[0] + (0.2 if hour > 0.1 else 0.0)))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (clock_back, "clock_back"),
        (gap, "gap"),
        (current_sign, "current_sign"),
        (unplugged, "unplugged"),
        (no_current, "column_missing"),
        (other_cell, "swapped"),
    ],
)
def test_it_is_named_and_the_verdict_withheld(
    spoil: Callable[[Row, float], Row], reason: str
) -> None:
    cohort, events = spoiled(spoil)

    found = cohort.verdicts()
    assert withheld(events) == {"cell-4-0": reason}
    assert found.withheld == (reason, "", "")
    assert found.diagnosis == ("", "", "")
    assert [e for e in events if e.kind == "cell.diagnosed"] == []


def test_a_missing_column_is_named() -> None:
    _, events = spoiled(no_current)

    (event,) = [e for e in events if e.kind == "cell.withheld"]
    assert event.data["column"] == "current"


def test_a_trace_without_temperature_is_still_judged() -> None:
    cohort, events = spoiled(lambda old, hour: row(old, temperature=np.full(3, np.nan)))

    assert withheld(events) == {}
    assert cohort.verdicts().probability[0, 0] > 0.5


def test_two_cells_swapped_between_channels_are_both_withheld() -> None:
    cells = Cells(3, seed=4)
    before = serials(cells)
    after = (before[1], before[0], before[2])
    cohort, events = ChannelCohort.bulk(3, SETTINGS, reference()), []
    for sample in play(cells, until_h=UNTIL):
        names = after if sample.time_ns > START + HOUR else before
        events += cohort.step_block(
            sample.time_ns, sample.voltage, sample.current, sample.temperature, names
        )

    assert set(withheld(events)) == {before[0], before[1]}
    assert cohort.verdicts().withheld[2] == ""


def test_a_serial_seen_twice_is_withheld_on_both_channels() -> None:
    cells = Cells(3, seed=4)
    cohort, events = ChannelCohort.bulk(3, SETTINGS, reference()), []
    for sample in play(cells, until_h=0.5):
        events += cohort.step_block(
            sample.time_ns, sample.voltage, sample.current, sample.temperature, ("a", "b", "a")
        )

    assert cohort.verdicts().withheld == ("serial_twice", "", "serial_twice")
    assert [e.asset for e in events if e.kind == "cell.withheld"] == ["channel-0", "channel-2"]


def test_the_next_cell_on_a_channel_is_judged_again() -> None:
    cells = Cells(1, seed=4)
    cohort, events = ChannelCohort.bulk(1, SETTINGS, reference()), []
    samples = play(cells, until_h=UNTIL)
    for k, sample in enumerate([*samples[:60], *samples]):
        new = k >= 60
        time_ns = sample.time_ns + (6 * HOUR if new else 0)
        current = sample.current if new else -sample.current
        events += cohort.step_block(
            time_ns, sample.voltage, current, None, ("new" if new else "a",)
        )

    assert withheld(events) == {"a": "current_sign"}
    assert cohort.verdicts().withheld == ("",)
    assert cohort.verdicts().probability[0, 0] > 0.5


def test_without_a_reference_the_diagnosis_is_withheld_not_invented() -> None:
    cohort = ChannelCohort([SETTINGS.config("rack/0")])
    events: list[Event] = []
    for sample in play(Cells(1), until_h=UNTIL):
        events += cohort.step_block(sample.time_ns, sample.voltage, sample.current, None, ("a",))

    assert withheld(events) == {"a": "no_reference"}
    with pytest.raises(InvalidInput, match="reference"):
        cohort.features(2.0)


def test_a_reference_that_can_t_be_read_stops_no_channel() -> None:
    plain = SETTINGS.config("rack/0")
    asset = replace(plain, parameters={**plain.parameters, "reference": "no/such/file.json"})
    cohort, events = ChannelCohort([asset]), []
    for sample in play(Cells(1), until_h=2.0):
        events += cohort.step_block(sample.time_ns, sample.voltage, sample.current, None, ("a",))

    (event,) = [e for e in events if e.kind == "cell.withheld"]
    assert event.data["reason"] == "no_reference"
    assert "no/such/file.json" in str(event.data["detail"])
    assert cohort.figures("rack/0")


def test_another_protocol_than_the_reference_s_is_not_judged() -> None:
    cohort = ChannelCohort.bulk(1, SETTINGS, reference())
    events: list[Event] = []
    for sample in play(Cells(1), until_h=UNTIL):
        events += cohort.step_block(
            sample.time_ns, sample.voltage, 3 * sample.current, None, ("a",)
        )

    assert withheld(events) == {"a": "other_protocol"}


def test_a_reading_without_its_other_half_is_no_sample() -> None:
    cohort, effects = ChannelCohort([SETTINGS.config("rack/0")]), Effects({})
    for minute in range(15):
        time_ns = START + minute * 60_000_000_000
        cohort.step(Reading("rack/0", "voltage", time_ns, 3.5, text="a"), effects)

    assert withheld(effects.events) == {"a": "column_missing"}


def test_arrays_of_unequal_length_are_refused() -> None:
    cohort = ChannelCohort.bulk(3, SETTINGS)

    with pytest.raises(InvalidInput, match="'current' needs 3 values"):
        cohort.step_block(START, np.zeros(3), np.zeros(2))
