"""The formation room: its cells obey balances, its faults fail grade, its good cells pass."""

from dataclasses import dataclass

import numpy as np
import pytest

from simulation.formation import faults
from simulation.formation.cells import Cells
from simulation.formation.design import draw, expected_ah
from simulation.formation.half_cells import GRAPHITE, LAYERED_OXIDE
from simulation.formation.mishaps import KINDS, Mishap, spoil
from simulation.formation.protocol import STANDARD, schedule
from simulation.formation.room import Block, FormationRoom, Truth

EACH = 12
KINDS_OF_CELLS = tuple(kind for kind in ("", *faults.FAULTS) for _ in range(EACH))


@dataclass
class Played:
    room: FormationRoom
    truth: Truth
    hours: np.ndarray
    volts: np.ndarray
    amperes: np.ndarray
    step: np.ndarray
    lithium_before: np.ndarray

    def of(self, kind: str) -> np.ndarray:
        return np.array([found == kind for found in self.truth.fault])


def a_room(cells: int = 8, every_s: float = 90.0, **other: object) -> FormationRoom:
    return FormationRoom(7, cells, lots=4, every_s=every_s, **other)  # type: ignore[arg-type]


def lithium(room: FormationRoom) -> np.ndarray:
    return np.concatenate([cells.lithium for cells in room.cells])


@pytest.fixture(scope="module")
def played() -> Played:
    room = a_room(len(KINDS_OF_CELLS), kinds=KINDS_OF_CELLS)
    before = lithium(room)
    blocks = list(room.play())
    return Played(
        room,
        room.truth,
        np.array([(b.time_ns - room.start_ns) / 3.6e12 for b in blocks]),
        np.array([b.voltage for b in blocks]),
        np.array([b.current for b in blocks]),
        np.array([b.step[0] for b in blocks]),
        before,
    )


def test_half_cells_fall_as_they_fill() -> None:
    assert (np.diff(GRAPHITE) < 0.0).all()
    assert (np.diff(LAYERED_OXIDE) < 0.0).all()


def test_lithium_is_conserved_wherever_it_goes(played: Played) -> None:
    assert np.abs(lithium(played.room) - played.lithium_before).max() < 1e-9


def test_charge_told_is_the_charge_that_left_the_cathode(played: Played) -> None:
    seconds = np.diff(played.hours * 3600.0)
    told = ((played.amperes[1:] + played.amperes[:-1]) / 2 * seconds[:, None]).sum(0) / 3600.0
    cells = played.room.cells[0]
    gone = cells.design.cathode * cells.design.filled - cells.qp
    no_leak = ~played.of(faults.SHORT)
    # Gain and offset of the channel, a reading each 90 s, and a good cell's own leak.
    assert np.abs(told - gone)[no_leak].max() < 0.15
    assert (told - gone)[played.of(faults.SHORT)].min() > 0.3


def test_a_cell_gives_back_less_energy_than_it_took(played: Played) -> None:
    cycle = (played.step >= 7) & (played.step <= 9)
    watts = (played.volts * played.amperes)[cycle]
    hours = np.diff(played.hours[cycle], prepend=played.hours[cycle][0])
    into = (np.maximum(watts, 0.0) * hours[:, None]).sum(0)
    out = (np.maximum(-watts, 0.0) * hours[:, None]).sum(0)
    good = played.of("")
    assert (out < into).all()
    assert 0.93 < (out / into)[good].min() < (out / into)[good].max() < 0.995


def test_the_protocol_reaches_its_voltages_and_holds_them(played: Played) -> None:
    def most(step: int) -> np.ndarray:
        found: np.ndarray = played.volts[played.step == step].max(0)
        return found

    assert np.abs(most(3) - 4.2).max() < 0.01
    assert (np.abs(most(2) - 3.7) < 0.03).all()
    assert (played.volts[played.step == 9].min(0) < 3.001).all()
    good = played.of("")
    ends = [played.amperes[played.step == 3][-1], played.amperes[played.step == 7][-1]]
    assert np.abs(np.array(ends)[:, good]).max() < 0.002


def test_every_timed_change_of_current_is_read_within_a_second() -> None:
    plan = schedule(STANDARD, 30.0)
    changed = np.flatnonzero(np.diff(plan.pulse) != 0.0) + 1
    assert len(changed) == 3 * len(STANDARD.pulses)
    assert np.allclose(plan.seconds[changed + 1] - plan.seconds[changed], 1.0)
    assert (np.diff(plan.seconds) > 0.5).all()
    assert plan.seconds[-1] == 48 * 3600.0


def test_good_cells_meet_grade(played: Played) -> None:
    good, truth = played.of(""), played.truth
    assert truth.capacity[good].min() >= faults.LEAST_CAPACITY * 5.0
    limit = faults.MOST_RESISTANCE * faults.DESIGN_RESISTANCE_MOHM
    assert truth.resistance[good].max() < limit
    assert truth.self_discharge[good].max() < faults.MOST_SELF_DISCHARGE_MA
    assert truth.plated[good].max() < faults.MOST_PLATED * 5.0
    assert np.isnan(truth.onset_h[good]).all()


def test_each_fault_fails_grade_by_what_defines_it(played: Played) -> None:
    truth = played.truth
    low, poor = played.of(faults.LOW_LITHIUM), played.of(faults.POLARISATION)
    leaks, plates = played.of(faults.SHORT), played.of(faults.PLATING)
    assert truth.capacity[low].max() < faults.LEAST_CAPACITY * 5.0
    limit = faults.MOST_RESISTANCE * faults.DESIGN_RESISTANCE_MOHM
    assert truth.resistance[poor].min() > limit
    assert truth.self_discharge[leaks].min() > faults.MOST_SELF_DISCHARGE_MA
    assert truth.plated[plates].min() > faults.MOST_PLATED * 5.0


def test_faults_are_not_huge(played: Played) -> None:
    truth = played.truth
    assert truth.capacity[played.of(faults.LOW_LITHIUM)].min() > 0.85 * 5.0
    assert truth.resistance[played.of(faults.POLARISATION)].max() < 70.0
    assert truth.self_discharge[played.of(faults.SHORT)].max() < 80.0


def test_plating_begins_in_the_faster_charges_only(played: Played) -> None:
    onset = played.truth.onset_h[played.of(faults.PLATING)]
    assert onset.min() > 7.0
    assert ((onset < 11.5) | ((onset > 18.5) & (onset < 22.5))).all()


def test_stripping_holds_the_voltage_up_at_rest(played: Played) -> None:
    rest = (played.step == 8) & (played.hours > 22.6) & (played.hours < 23.2)
    falls = played.volts[rest][0] - played.volts[rest][-1]
    plates = played.of(faults.PLATING)
    assert falls[plates].mean() > falls[played.of("")].mean() + 0.001


def test_the_same_seed_gives_the_same_room_to_the_bit() -> None:
    def first(room: FormationRoom) -> list[Block]:
        play = room.play()
        return [next(play) for _ in range(40)]

    one, two = first(a_room()), first(a_room())
    assert all((a.voltage == b.voltage).all() for a, b in zip(one, two, strict=True))
    assert [b.time_ns for b in one] == [b.time_ns for b in two]
    other = first(FormationRoom(8, 8, lots=4))
    assert (one[-1].voltage != other[-1].voltage).any()


@pytest.mark.parametrize(("cells", "share"), [(500, 0.08), (64, 0.25), (10, 0.0)])
def test_faults_have_their_share_in_four_even_kinds(cells: int, share: float) -> None:
    kinds = FormationRoom(3, cells, faulty=share).truth.fault
    counts = [kinds.count(kind) for kind in faults.FAULTS]
    assert sum(counts) == round(share * cells)
    assert max(counts) - min(counts) <= 1


def test_lots_scatter_beside_the_cells_of_one_lot() -> None:
    drawn = draw(np.random.default_rng(1), 4000, 40)
    capacity = expected_ah(drawn.design).reshape(40, 100)
    assert 0.004 < capacity.mean(1).std() / 5.0 < 0.015
    assert 0.003 < capacity.std(1).mean() / 5.0 < 0.012


def test_upstream_is_measured_with_noise() -> None:
    drawn = draw(np.random.default_rng(1), 4000, 40)
    true = drawn.design.anode / drawn.design.anode.mean()
    told = drawn.upstream["anode_loading"] / drawn.upstream["anode_loading"].mean()
    assert 0.002 < (told - true).std() < 0.006


def test_a_cell_at_rest_keeps_its_charge_but_for_its_leak() -> None:
    drawn = draw(np.random.default_rng(2), 5, 5)
    cells = Cells(drawn.design, np.full(5, 25.0))
    before = cells.qp.copy()
    cells.advance(np.zeros(5), 600.0, np.full(5, 25.0))
    assert np.allclose(cells.qp - before, drawn.design.leak * 0.36 * 600 / 3600, rtol=0.3)


def test_a_room_is_played_once() -> None:
    room = a_room(2)
    next(room.play())
    with pytest.raises(RuntimeError, match="played once"):
        next(room.play())


@pytest.mark.parametrize("wrong", [{"cells": 0}, {"faulty": 1.5}, {"every_s": 0.5}])
def test_a_room_that_cannot_be_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="a room needs"):
        FormationRoom(**{"seed": 1, "cells": 4, **wrong})  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", KINDS)
def test_a_mishap_changes_its_channel_and_no_other(kind: str) -> None:
    plain, room = a_room(6), a_room(6)
    at_h = 1.0
    mishap = Mishap(kind, channel=2, at_h=at_h)  # type: ignore[arg-type]
    touched = {2, 3} if kind == "swapped" else {2}
    seen: set[int] = set()
    spoiled = spoil(room.play(), room.serials, [mishap])
    for n, (block, told) in enumerate(zip(plain.play(), spoiled, strict=True)):
        for channel in range(6):
            same = (
                told.time_ns[channel] == block.time_ns
                and told.voltage[channel] == block.voltage[channel]
                and told.current[channel] == block.current[channel]
                and told.serials[channel] == room.serials[channel]
            )
            if not same:
                seen.add(channel)
                hours = (block.time_ns - room.start_ns) / 3.6e12
                assert hours > at_h - 0.01 or kind == "column_missing"
        if n > 60:
            break
    assert seen == touched
