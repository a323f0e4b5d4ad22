"""Measuring: charge, resistances, dV/dQ; the cohort and the channel alone."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.twin.formation_cells import (
    EARLY_H,
    HOUR,
    NOMINAL,
    SETTINGS,
    START,
    Cells,
    play,
    rate_at,
    reference,
    serials,
    through,
)
from twin.asset import AssetConfig, Effects
from twin.cell.formation import grid
from twin.cell.formation.bins import line
from twin.cell.formation.charge import ChargeCount
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.cycler_channel import CyclerChannel
from twin.cell.formation.decision import Decision
from twin.frame import Reading
from twin.snapshot import dumps, loads


def test_charge_is_counted_as_by_a_single_count() -> None:
    cells = Cells(3)
    cohort, _ = through(cells, None)
    single = ChargeCount(SETTINGS.current_accuracy)
    for row in play(cells, until_h=EARLY_H):
        single.add("a", row.time_ns, float(row.current[1]))

    (charge,) = [f for f in cohort.figures("channel-1") if f.name == "net_charge"]

    assert charge.value == pytest.approx(single.value, rel=1e-9)
    assert charge.sd == pytest.approx(single.sd, rel=1e-9)


def test_resistances_are_those_of_the_cell() -> None:
    cells = Cells(8)
    cohort, _ = through(cells, None, until_h=1.9)
    trace = cohort.trace()
    ohmic = trace.value[:, grid.PER_SLOT + grid.OHMIC : grid.PER_SLOT + grid.OHMIC + 5]

    # Half a second of the RC element is in what is read at once.
    assert np.nanmean(ohmic, axis=1) == pytest.approx(cells.ohmic, rel=0.1)
    for i in range(cells.n):
        figures = {f.name: f for f in cohort.figures(f"channel-{i}")}
        assert abs(figures["ohmic_resistance"].value - 1e3 * cells.ohmic[i]) < 4.0
        assert 0.0 < figures["ohmic_resistance"].sd < 3.0


def test_a_noisier_voltage_widens_the_resistance() -> None:
    quiet, _ = through(Cells(1, noise=1e-4), None, until_h=1.0)
    noisy, _ = through(Cells(1, noise=2e-3), None, until_h=1.0)

    widths = [
        next(f.sd for f in cohort.figures("channel-0") if f.name == "ohmic_resistance")
        for cohort in (quiet, noisy)
    ]
    assert widths[1] > 5 * widths[0]


def test_dv_dq_is_the_slope_of_the_voltage_along_the_charge() -> None:
    cells = Cells(6)
    cohort, _ = through(cells, None)
    slope = cohort.trace().value[:, grid.PER_SLOT + grid.SLOPE + 5]
    middle = 0.055 * NOMINAL + 0.02
    expected = (cells.ocv(np.full(6, middle + 0.01)) - cells.ocv(np.full(6, middle - 0.01))) / 0.02

    assert slope == pytest.approx(NOMINAL * expected, rel=0.1)
    (width,) = [f.sd for f in cohort.figures("channel-0") if f.name == "dv_dq_per_nominal"]
    assert 0.0 < width < 0.5


def test_one_odd_sample_moves_no_feature() -> None:
    plain, spiked = ChannelCohort.bulk(1, SETTINGS), ChannelCohort.bulk(1, SETTINGS)
    for k, row in enumerate(play(Cells(1), until_h=EARLY_H)):
        voltage = row.voltage + (0.1 if k == 70 else 0.0)
        plain.step_block(row.time_ns, row.voltage, row.current)
        spiked.step_block(row.time_ns, voltage, row.current)

    difference = plain.trace().value - spiked.trace().value
    levels = difference[0, grid.PER_SLOT : grid.PER_SLOT + grid.BINS]
    assert np.nanmax(np.abs(levels)) < 1e-3


@given(st.integers(3, 30), st.integers(0, 10_000))
@settings(max_examples=20)
def test_a_bin_s_line_is_that_of_least_squares(n: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    x = np.sort(random.uniform(0.0, 0.01, n))
    y = 3.5 + 2.0 * x + 1e-3 * random.normal(size=n)
    sums = [np.array([v]) for v in (n, x.sum(), y.sum(), x @ x, x @ y, y @ y)]

    slope, _ = line(sums, np.array([0.0]))

    assert slope[0] == pytest.approx(np.polyfit(x, y, 1)[0], rel=1e-4, abs=1e-3)


def test_evidence_is_that_of_the_normal_distribution() -> None:
    """Expected values by the reference's own weights, one feature after another."""
    known, random = reference(), np.random.default_rng(3)
    value = known.mean + known.sd * random.normal(size=(1, len(known.column)))
    decision = Decision(known, 1)
    found = [
        float(decision.take(np.array([0]), np.array([j]), value[:, j])[0])
        for j in range(len(known.column))
    ]

    centred = value[0] - known.mean
    for j in np.flatnonzero(known.judged):
        by = known.predictor[j][known.predictor[j] >= 0]
        weight = known.weight[j][: len(by)]
        assert found[j] == pytest.approx((centred[j] - weight @ centred[by]) / known.error[j])


def readings_of(name: str, cells: Cells, i: int, until_h: float) -> list[Reading]:
    serial = serials(cells)[i]
    return [
        Reading(name, signal, row.time_ns, float(value[i]), text=serial)
        for row in play(cells, until_h=until_h)
        for signal, value in (
            ("temperature", row.temperature),
            ("voltage", row.voltage),
            ("current", row.current),
        )
    ]


def configs(n: int, path: str = "") -> list[AssetConfig]:
    more: dict[str, float | str] = {"reference": path} if path else {}
    plain = [SETTINGS.config(f"rack/{i}") for i in range(n)]
    return [AssetConfig(c.name, c.uid, c.kind, parameters={**c.parameters, **more}) for c in plain]


@given(st.integers(0, 10_000))
@settings(max_examples=2, deadline=None)
def test_a_cohort_says_what_single_channels_say(seed: int) -> None:
    """However the samples of different channels come in."""
    cells, known, random = Cells(2, seed=9), reference(), np.random.default_rng(seed)
    cells.ohmic[1] *= 1.5
    together = ChannelCohort(configs(2), known)
    alone = [ChannelCohort([config], known) for config in configs(2)]
    queues = [readings_of(f"rack/{i}", cells, i, 1.95) for i in range(2)]
    said, single = Effects({}), Effects({})
    while any(queues):
        part: list[Reading] = []
        for queue in queues:
            taken = int(random.integers(0, 120))
            part += queue[:taken]
            del queue[:taken]
        together.step_all(part, said)
        for reading in part:
            alone[int(reading.asset[-1])].step(reading, single)

    for i in range(2):
        assert together.figures(f"rack/{i}") == alone[i].figures(f"rack/{i}")
        mine = [(e.kind, e.data) for e in said.events if e.asset == f"rack/{i}"]
        assert mine == [(e.kind, e.data) for e in single.events if e.asset == f"rack/{i}"]
    assert "cell.diagnosed" in [e.kind for e in said.events]


def test_in_bulk_and_by_readings_it_is_the_same() -> None:
    cells = Cells(2, seed=9)
    bulk, _ = through(cells, reference(), until_h=2.2)
    by_readings = ChannelCohort(configs(2), reference())
    readings = [readings_of(f"rack/{i}", cells, i, 2.2) for i in range(2)]
    for readings_of_one in readings:
        by_readings.step_all(readings_of_one, Effects({}))

    for one, other in zip(bulk.features(2.2)[1], by_readings.features(2.2)[1], strict=True):
        assert one == pytest.approx(other, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("cut", [0.2, 0.71])
def test_restored_with_its_reference_it_goes_on_to_the_bit(cut: float) -> None:
    readings = readings_of("rack/0", Cells(1, seed=5), 0, 2.2)
    whole, part, again = (ChannelCohort(configs(1), reference()) for _ in range(3))
    at = round(cut * len(readings))
    for cohort in (whole, part):
        cohort.step_all(readings[:at], Effects({}))
    again.restore(loads(dumps(part.snapshot())))
    for cohort in (whole, again):
        cohort.step_all(readings[at:], Effects({}))

    assert dumps(again.snapshot()) == dumps(whole.snapshot())


def test_a_cell_is_formed_at_the_end_of_its_protocol_with_its_last_figures() -> None:
    _, events = through(Cells(1), None, until_h=8.2)

    (formed,) = [e for e in events if e.kind == "cell.formed"]

    charge = sum(u * r for u, r in ((1.85, 0.05), (3.0, 0.2)))
    assert formed.data["first_charge_Ah"] == pytest.approx(NOMINAL * charge, rel=0.01)
    assert formed.data["first_discharge_Ah"] == pytest.approx(NOMINAL * 0.4, rel=0.01)
    assert formed.time_ns >= START + round(8.18 * HOUR)
    assert {"ohmic_resistance_mOhm", "dv_dq_V"} <= formed.data.keys()
    assert rate_at(8.19 * 3600) == 0.0


def test_a_channel_alone_is_a_cohort_of_one() -> None:
    readings = readings_of("rack/0", Cells(1, seed=5), 0, 1.0)
    twin, cohort = CyclerChannel(configs(1)[0]), ChannelCohort(configs(1))
    for reading in readings:
        twin.step(reading, Effects({}))
    cohort.step_all(readings, Effects({}))

    assert twin.figures() == cohort.figures("rack/0")
