"""Plots of coating: a drift and its causes, the charts beside the twin, the coating window."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

import numpy as np
from matplotlib.figure import Figure

from cluster.bench.electrode.line import COATER
from cluster.bench.electrode.play import TARGET
from tools.electrode_runs import BLOCK_S, Run, seconds
from tools.plotting import ALARM, DONE, OTHER, READ, TRUTH, TWIN, Array, band, means, panels
from twin import settings
from twin.electrode.coating.window import Bead, Slurry


def drift(run: Run, alone: Run, onset_s: float, told: Iterable[tuple[str, float]]) -> Figure:
    """A drift as it was, as it would have been, and as it is believed; ``told``: when each
    chart would have spoken [s]."""
    figure, axes = panels(1, 1, 8.0, 4.2)
    (plot,) = axes
    low, high = onset_s - 1200.0, onset_s + 4800.0
    for of, colour, style, label in (
        (alone, READ, "--", "true, nobody corrects"),
        (run, TRUTH, "-", "true, corrected"),
    ):
        truth = of.truth
        kept = (truth.seconds > low) & (truth.seconds < high)
        at, dev = means(truth.seconds[kept], 100 * (truth.loading[kept] / TARGET - 1), 60.0)
        plot.plot((at - onset_s) / 60, dev, style, color=colour, lw=1.3, label=label)
    at, loading = run.signals["coater.gauge-top.areal_loading"]
    kept = (at > low) & (at < high) & (abs(loading / TARGET - 1) < 0.05)
    passes, dev = means(at[kept], 100 * (loading[kept] / TARGET - 1), BLOCK_S)
    plot.plot((passes[::2] - onset_s) / 60, dev[::2], ".", color=READ, ms=3, label="gauge, a pass")
    rows = [(s, state["deviation_pct"], state["deviation_sd_pct"]) for s, state in run.state]
    known = np.array([row for row in rows if None not in row and low < row[0] < high], float)
    at, value, sd = known[::3].T
    band(plot, (at - onset_s) / 60, value, sd, "twin, with 95 %")
    alarm = next(s for e in run.told("line.drift") if (s := seconds(e.time_ns)) > onset_s)
    plot.axvline((alarm - onset_s) / 60, color=ALARM, lw=1.5, label="twin's alarm")
    for i, (name, at_s) in enumerate(told):
        label = f"{name} at the same false alarms"
        plot.axvline((at_s - onset_s) / 60, color=OTHER, lw=1, ls=[":", "-.", "--"][i], label=label)
    done = [(w.seconds - onset_s) / 60 for w in run.written if w.seconds < high]
    plot.plot(done, [1.9] * len(done), "v", color=DONE, ms=5, label="correction written")
    for limit in (-0.5, 0.5):
        plot.axhline(limit, color=READ, lw=0.6)
    plot.set(xlim=(-20, 80), ylim=(-3.3, 2.2), xlabel="minutes from the onset of the drift")
    plot.set_ylabel("loading over target [%]")
    plot.legend(fontsize=7, ncols=3, loc="lower center")
    return figure


def causes(run: Run, onset_s: float, kinds: Sequence[str]) -> Figure:
    """What the layer holds to be at work, over time."""
    figure, (plot,) = panels(1, 1, 8.0, 3.2)
    of: dict[str, list[tuple[float, float]]] = {}
    for at, state in run.state:
        found = state["causes"]
        assert isinstance(found, dict)
        if onset_s - 600 < at < onset_s + 4800:
            for name, chance in found.items():
                of.setdefault(name.partition("/")[0], []).append(((at - onset_s) / 60, chance))
    colours = dict(zip(kinds, (TWIN, ALARM), strict=False))
    others = iter(("#8073ac", "#5aae61", "#c7a76c", "#7fbfc9", "#999999", "#666666"))
    for name in sorted(of, key=lambda name: -max(chance for _, chance in of[name])):
        points = np.array(of[name])
        if points[:, 1].max() < 0.05:
            continue
        at_work = name in colours
        label = name.replace("_", " ") + (" (at work)" if at_work else "")
        colour = colours.get(name) or next(others)
        plot.plot(*points.T, color=colour, lw=2 if at_work else 1, label=label)
    alarm = next(s for e in run.told("line.drift") if (s := seconds(e.time_ns)) > onset_s)
    plot.axvline((alarm - onset_s) / 60, color=ALARM, lw=1, ls=":", label="alarm")
    plot.set(xlim=(-5, 80), ylim=(-0.03, 1.03), xlabel="minutes from the onset of both causes")
    plot.set_ylabel("probability")
    plot.legend(fontsize=8)
    return figure


def window(run: Run) -> Figure:
    """Wet film against line speed: the low-flow limit, and where the line was."""
    figure, (plot,) = panels(1, 1, 8.0, 3.6)
    coater = run.configs[COATER]
    gap, viscosity = (settings.number(coater, n) for n in ("coating_gap", "slurry_viscosity"))
    speeds = np.linspace(20, 60, 60)
    for factor, colour in ((1.0, TWIN), (0.5, OTHER)):
        slurry = Slurry(
            factor * viscosity,
            *(
                settings.number(coater, name)
                for name in ("slurry_shear_rate", "power_law_index", "surface_tension")
            ),
        )
        bead = Bead(gap, slurry)
        least = np.array([bead.thinnest_film(float(speed)) for speed in speeds])
        said = f"{slurry.viscosity / 1000:.3g} Pa.s at {slurry.shear_rate:g} 1/s"
        plot.plot(speeds, least, color=colour, label=f"low-flow limit, {said}")
        if factor == 1.0:
            margin = 1 + settings.number(coater, "window_margin") / 100
            label = "with the margin that proposals keep"
            plot.plot(speeds, margin * least, "--", color=colour, lw=1, label=label)
    before = np.array([(w.speed, w.film) for w in run.written])
    after = np.array([*_speed_changes(run)])
    plot.plot(*before.T, "o", color=TRUTH, mfc="none", ms=6, label="before a correction")
    plot.plot(*after.T, ".", color=DONE, ms=6, label="after it, as predicted")
    plot.set(xlim=(20, 60), ylim=(80, 150), xlabel="line speed [m/min]", ylabel="wet film [um]")
    plot.legend(fontsize=8, loc="lower right")
    return figure


def trade_off(
    twin: tuple[float, float], charts: Mapping[str, tuple[Array, Array]], quick: Sequence[str]
) -> Figure:
    """Metres to the alarm against false alarms; ``charts``: both, by limit."""
    figure, (plot,) = panels(1, 1, 8.0, 3.4)
    for (name, (false, metres)), colour in zip(charts.items(), quick, strict=True):
        plot.plot(false, metres, ".-", color=colour, lw=1, label=name)
    plot.plot(*twin, "*", color=TWIN, ms=13, label="twin")
    plot.axvline(0.5, color=READ, lw=0.8, ls=":")
    plot.set(xlim=(-0.05, 3), ylim=(0, 2000))
    plot.set(xlabel="false alarms in a shift of 8 h with nothing wrong")
    plot.set_ylabel("metres to the alarm, median")
    plot.legend(fontsize=8)
    return figure


def _speed_changes(run: Run) -> Iterator[tuple[float, float]]:
    """Line speed [m/min] and wet film [um] that each correction leads to."""
    for written in run.written:
        change = written.recommendation.changes[0]
        if change.signal == "line_speed":
            yield change.to_value, written.film * change.from_value / change.to_value
