"""Plots of wetting, winding, half cells and the outcome predictor."""

import math
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure

from protocols.files.feature_table import FeatureTable, read_feature_table
from tools.plotting import ALARM, DONE, OTHER, READ, TRUTH, TWIN, Array, panels
from twin.asset import AssetConfig
from twin.cell.electrodes import halfcell
from twin.cell.electrodes.diagnosis import diagnose
from twin.cell.filling.pore_radius import PoreRadius
from twin.cell.filling.soak_time import Electrolyte, SoakTime, soak_time, wetted
from twin.cell.section import Porosity
from twin.cell.winding.training import train as train_shorts
from twin.learning.columns import Column
from twin.learning.outcome import Settings, train
from twin.learning.prediction import Prediction, predict
from twin.learning.table import LabelledTable, labelled

_POROSITY_SD: Final = 0.5
_MEASURED_AT: Final = 36.0
_MEASURED_H: Final = 3.0
_MEASURED_CELLS: Final = 10
_SHEET: Final = (3.0e-3, 30.0e-3, 0.87)
"""Electrolyte by which k is drawn: viscosity [Pa.s], surface tension [N/m], cosine."""
_LIMIT_AH: Final = 0.42
_FEATURES: Final = ("charge_ah", "charge_v", "electrolyte_ml", "rest_h")
_TARGET: Final = "discharge_ah"
_GROUP: Final = "formation_run"


def soak() -> Figure:
    """Speed of wetting over porosity, and the soak time that follows."""
    figure, (speed, hours) = panels(1, 2, 8.6, 3.4)
    electrolyte = Electrolyte.of(AssetConfig("filler", "filler", "electrolyte_filler"), None)
    strips = PoreRadius()
    one = wetted(_porosity(_MEASURED_AT), _MEASURED_H, electrolyte, strips)
    calibrated = PoreRadius([one] * _MEASURED_CELLS)
    at = np.arange(24.0, 52.01, 0.5)
    for radius, colour, label in (
        (strips, TWIN, "three laboratory films only"),
        (calibrated, DONE, "and ten own cells: 36 %, wetted in 3 h"),
    ):
        found = [radius.ln_radius(float(p) / 100) for p in at]
        low, mid, high = (_speed(np.array([m + z * s for m, s in found])) for z in (-1.64, 0, 1.64))
        speed.fill_between(at, low, high, color=colour, alpha=0.2, lw=0)
        speed.plot(at, mid, color=colour, lw=1.3, label=label)
        times = [soak_time(_porosity(float(p)), electrolyte, radius) for p in at]
        hours.fill_between(at, _at(times, 0.05), _at(times, 0.95), color=colour, alpha=0.2, lw=0)
        hours.plot(at, _at(times, 0.5), color=colour, lw=1.3, label="half of the cells")
        hours.plot(at, _at(times, 0.95), color=colour, lw=1.3, ls="--", label="95 % of the cells")
    films = np.array([[50.0, 0.375], [100 - 50 * 59 / 53, 0.589], [100 - 50 * 59 / 41, 0.206]])
    speed.plot(films[:, 0], films[:, 1], "o", color=TRUTH, ms=4, label="films, Sheng 2014")
    speed.set(xlabel="porosity [%]", ylabel="k [mm/√s], with 90 %", yscale="log")
    speed.set(yticks=[0.1, 0.2, 0.5, 1.0], yticklabels=["0.1", "0.2", "0.5", "1"])
    hours.set(xlabel="porosity [%]", ylabel="soak [h], 5 to 95 %", yscale="log")
    hours.set(yticks=[1, 3, 10, 30, 100], yticklabels=["1", "3", "10", "30", "100"])
    speed.legend(fontsize=7)
    hours.legend(fontsize=7)
    for plot in (speed, hours):
        plot.minorticks_off()
    return figure


def _porosity(percent: float) -> Porosity:
    width = 1.645 * _POROSITY_SD
    return Porosity(percent, _POROSITY_SD, percent - width, percent + width)


def _speed(ln_radius: Array) -> Array:
    """k [mm/sqrt(s)]."""
    viscosity, tension, cosine = _SHEET
    return np.asarray(1e3 * np.sqrt(np.exp(ln_radius) * tension * cosine / (2 * viscosity)))


def _at(times: list[SoakTime], probability: float) -> Array:
    return np.array([soak.quantile(probability) for soak in times])


def shorts(jellyrolls: int = 4000, lots: int = 16, seed: int = 1) -> Figure:
    """Reliability of a classifier trained on made jellyrolls, on lots that it had not seen."""
    chance = np.random.default_rng(seed)
    overhang = chance.normal(1.5, 0.5, jellyrolls)
    edge = chance.normal(0.0, 0.3, jellyrolls)
    tension = np.abs(chance.normal(0.2, 0.08, jellyrolls))
    lot = chance.integers(0, lots, jellyrolls)
    odds = -5.0 - 2.4 * (overhang - 1.5) + 2.5 * np.abs(edge) + 4.0 * (tension - 0.2)
    odds += 0.3 * chance.normal(size=lots)[lot]
    shorted = chance.random(jellyrolls) < 1 / (1 + np.exp(-odds))
    table = LabelledTable(
        (
            Column("separator_overhang", overhang),
            Column("edge_alignment", np.abs(edge)),
            Column("tension_sd", tension),
        ),
        Column("shorted", shorted.astype(float)),
        Column("lot", tuple(f"L{n:02}" for n in lot)),
        (),
        (),
    )
    model = train_shorts(table)
    figure, (one,) = panels(1, 1, 4.8, 4.0)
    predicted, happened, lower, upper = (
        100 * np.array([getattr(point, name) for point in model.curve])
        for name in ("predicted", "happened", "lower", "upper")
    )
    one.errorbar(
        predicted,
        happened,
        yerr=(happened - lower, upper - happened),
        fmt="o",
        ms=4,
        color=TWIN,
        capsize=2,
        label="deciles of probability, with 90 %",
    )
    ends = (0.02, 40.0)
    one.plot(ends, ends, color=TRUTH, lw=0.7, label="as often as said")
    one.axhline(100 * model.share, color=READ, lw=1, ls="--", label="share of all: no model")
    ticks = [0.1, 0.3, 1, 3, 10, 30]
    labels = [f"{t:g}" for t in ticks]
    one.set(
        xscale="log",
        yscale="log",
        xlim=(0.05, 40),
        ylim=(0.05, 40),
        xlabel="probability of a short that was said [%]",
        ylabel="jellyrolls that shorted [%]",
        xticks=ticks,
        yticks=ticks,
        xticklabels=labels,
        yticklabels=labels,
    )
    one.minorticks_off()
    one.legend(fontsize=8, loc="upper left")
    return figure


def anode(seed: int = 2) -> Figure:
    """Anode potential of a made cell whose curves are in the library, beside the truth."""
    positive, negative = halfcell.curve("nmc532_mohtat2020"), halfcell.curve("graphite_mohtat2020")
    cell = halfcell.FullCell(5.6, 5.7, 0.93, 0.01, 0.004)
    q = np.linspace(0.0, 4.6, 600)
    noise = np.random.default_rng(seed).normal(0.0, 1e-3, len(q))
    found = diagnose(q, halfcell.full_cell(q, cell, positive, negative) + noise)
    points = found.anode_potential or ()
    figure, (one,) = panels(1, 1, 6.4, 3.2)
    at = np.array([point.charge for point in points])
    low, mid, high = (
        1e3 * np.array([getattr(point, name) for point in points])
        for name in ("lower", "potential", "upper")
    )
    one.fill_between(at, low, high, color=TWIN, alpha=0.25, lw=0, label="90 %")
    one.plot(at, mid, color=TWIN, lw=1.3, label="anode potential")
    true = 1e3 * negative.potential(cell.x0 + q / cell.C_n)
    one.plot(q, true, color=TRUTH, lw=1, ls="--", label="truth")
    one.axhline(0, color=ALARM, lw=0.8, ls=":", label="lithium plates below")
    one.set(xlabel="charge [Ah]", ylabel="anode [mV vs Li/Li+]", ylim=(-30, 350))
    one.legend(fontsize=8)
    return figure


def outcome(file: Path) -> Figure:
    """First discharge of each pilot cell, predicted by a model of the other runs."""
    table = read_feature_table(file)
    figure, (every, near) = panels(1, 2, 8.8, 4.0)
    for run in sorted({run for run in table.cells(_GROUP) if run}):
        for said, truth in _of_run(table, run):
            if said.prediction is None or said.lower is None or said.upper is None:
                continue
            outside = "outside the training range" in said.reason
            colour = ALARM if said.flagged else OTHER if outside else TWIN
            for one in (every, near):
                one.plot([truth, truth], [said.lower, said.upper], color=colour, alpha=0.3, lw=0.9)
                one.plot(truth, said.prediction, "v" if said.flagged else "o", color=colour, ms=4)
    for one in (every, near):
        one.axline((0.4, 0.4), slope=1.0, color=TRUTH, lw=0.7)
        one.axvline(_LIMIT_AH, color=ALARM, lw=0.8, ls=":")
        one.set(xlabel="first discharge as measured [Ah]")
    for mark, colour, label in (
        ("o", TWIN, "predicted, with 90 %"),
        ("o", OTHER, "outside the training range"),
        ("v", ALARM, f"flagged: likely below {_LIMIT_AH:g} Ah"),
    ):
        every.plot([], [], mark, color=colour, ms=4, label=label)
    every.set(ylabel="predicted from the other seven runs [Ah]", xlim=(-0.02, 0.52))
    every.set(ylim=(-0.1, 1.1))
    near.set(xlim=(0.34, 0.5), ylim=(0.34, 0.5))
    every.legend(fontsize=7, loc="upper center")
    return figure


def _of_run(table: FeatureTable, run: str) -> list[tuple[Prediction, float]]:
    """What a model of the other runs says of this one's cells, and what was measured."""
    columns = [table.column(name) for name in _FEATURES]
    groups = table.texts(_GROUP)
    mine = np.array([group == run for group in table.cells(_GROUP)])
    rest, own = np.flatnonzero(~mine), np.flatnonzero(mine)
    target = table.column(_TARGET)
    seen = labelled([c.take(rest) for c in columns], target.take(rest), groups.take(rest))
    model = train(seen, Settings(below=_LIMIT_AH))
    said = predict(model, [column.take(own) for column in columns])
    measured = np.asarray(target.take(own).values, dtype=np.float64)
    pairs = zip(said, measured.tolist(), strict=True)
    return [(one, truth) for one, truth in pairs if math.isfinite(truth)]
