"""Plots of gauge, mixing, thickness, drying and calendering against the simulated truth."""

from dataclasses import replace

import numpy as np
from matplotlib.figure import Figure

from cluster.bench.electrode.line import COATER
from cluster.bench.electrode.play import TARGET
from simulation.shift import START_NS
from tools.electrode_runs import OVEN, Run, seconds
from tools.plotting import (
    ALARM,
    DONE,
    OTHER,
    READ,
    TRUTH,
    TWIN,
    Z95,
    Array,
    band,
    means,
    number,
    panels,
    told,
)
from twin import settings
from twin.asset import Effects, Event
from twin.electrode.drying.film import ZERO_DEGC_K, dry
from twin.electrode.drying.prediction import Operation, dimensions, scenarios
from twin.electrode.drying.setup import ovens_of
from twin.electrode.drying.watch import OvenWatch
from twin.electrode.gauge.coating_gauge import CoatingGauge
from twin.electrode.gauge.web_geometry import Lanes
from twin.electrode.gauge.web_profile import WebFilter
from twin.electrode.thickness.thickness_gauge import ThicknessGauge
from twin.estimation import saved
from twin.frame import Reading

_GAUGE = f"{COATER}/gauge-top"


def gauge(run: Run) -> Figure:
    """What a scanning gauge reads, and the two parts of it."""
    figure, (along, across) = panels(1, 2, 8.6, 3.4)
    at, read = run.signals["coater.gauge-top.areal_loading"]
    _, place = run.signals["coater.gauge-top.head_position"]
    end = 2 * 3600.0
    kept = (at > end - 120) & (at <= end)
    dev = 100 * (read / TARGET - 1)
    along.plot(at[kept] - end + 120, dev[kept], ".", color=READ, ms=4, label="as read")
    told = [e for e in run.of("gauge.loading", _GAUGE) if end - 130 < seconds(e.time_ns) < end + 10]
    when = np.array([seconds(e.time_ns) for e in told]) - end + 120
    level, sd = (np.array([e.data[n] for e in told], float) for n in ("level_pct", "level_sd_pct"))
    band(along, when, level, sd, "level, with 95 %")
    along.set(xlabel="seconds", ylabel="loading over target [%]", xlim=(0, 120))
    along.legend(fontsize=8)
    lanes, offsets, widths = _profile(run, end)
    across.errorbar(
        lanes,
        offsets,
        yerr=Z95 * widths,
        fmt="s",
        ms=3,
        color=TWIN,
        capsize=2,
        label="profile after 2 h, with 95 %",
    )
    truth = np.interp(at, run.truth.seconds, run.truth.loading_at_gauge)
    good = abs(dev) < 5
    rid = 100 * (read[good] / truth[good])
    bins = (place[good] // 30).astype(int)
    means = np.array([rid[bins == b].mean() for b in np.unique(bins)])
    across.plot(
        30.0 * np.unique(bins) + 15,
        means - means.mean(),
        color=TRUTH,
        lw=1,
        label="readings of 8 h over the true level",
    )
    across.set(xlabel="place across the web [mm]", ylabel="offset [%]")
    across.legend(fontsize=7)
    return figure


def mixing(run: Run, onset_s: float) -> Figure:
    """Viscosity as read and at the reference temperature, and the temperature."""
    figure, (top, bottom) = panels(2, 1, 8.0, 4.2, height_ratios=[2, 1], sharex=True)
    at, read = run.signals["mixer.viscosity"]
    step = max(len(at) // 160, 1)
    top.plot(at[::step] / 3600, read[::step] / 1e3, ".", color=READ, ms=3, label="as read")
    events = run.of("mixer.state", "line1/mixer")
    events = events[:: max(len(events) // 120, 1)]
    for name, colour, label in (
        ("viscosity", TWIN, "filtered, with 95 %"),
        ("viscosity_reference", OTHER, "at 25 degC, with 95 %"),
    ):
        hours, value, sd = told(events, name)
        band(top, hours, value / 1e3, sd / 1e3, label, colour)
    band(bottom, *told(events, "temperature"), "temperature, with 95 %")
    for plot in (top, bottom):
        plot.axvline(onset_s / 3600, color=ALARM, lw=1, ls=":", label="onset at the die")
    top.set_ylabel("viscosity [Pa.s]")
    bottom.set(xlabel="hours", ylabel="slurry [degC]")
    top.legend(fontsize=8, ncols=2)
    return figure


def thickness(run: Run) -> Figure:
    """Wet film, dry and calendered coating of one side, and what they say of the density."""
    figure, (films, dense) = panels(1, 2, 8.6, 3.4)
    truth = run.truth
    at, wet = means(truth.seconds, truth.wet_film, 300.0)
    films.plot(at / 3600, wet, color=TRUTH, lw=1, label="true wet film")
    for name, colour, label in (("wet", TWIN, "wet film"), ("dry", OTHER, "dry coating")):
        hours, value, sd = told(_thicknesses(run, name), "coating_thickness")
        band(films, hours, value, sd, f"{label}, with 95 %", colour)
        if name == "dry":
            dense.plot(hours, 1e4 * TARGET / value, color=colour, lw=1, label="dried")
    lots = [e.data for e in run.told("lot.porosity") if e.data["final"]]
    end = [seconds(int(number(lot["to_ns"]))) / 3600 for lot in lots]
    foil = settings.number(run.configs["line1/calender"], "foil_thickness")
    side = [(number(lot["thickness"]) - foil) / 2 for lot in lots]
    films.plot(end, side, "s", color=DONE, ms=4, label="calendered, by lot")
    films.set(xlabel="hours", ylabel="one side's coating [um]", ylim=(50, 175))
    films.legend(fontsize=7, ncols=2, loc="upper right")
    dense.plot(
        end,
        [number(lot["density"]) for lot in lots],
        "s",
        color=DONE,
        ms=4,
        label="calendered, by lot",
    )
    dense.set(xlabel="hours", ylabel="density [kg/m3]")
    dense.legend(fontsize=8)
    return figure


def oven(run: Run) -> Figure:
    """Along the oven at the end of the shift: film temperature, solvent left, migration."""
    figure, axes = panels(1, 3, 8.6, 3.4, width_ratios=[3, 3, 1])
    heat, wet, moved = axes
    watch = _oven_watch(run)
    operation = _operation(run, watch)
    chance = np.random.default_rng(1)
    at = np.concatenate([np.zeros((1, dimensions(3))), chance.normal(size=(400, dimensions(3)))])
    given = scenarios(operation, watch.belief, at, np.tile(operation.air_degc, (len(at), 1)))
    paths = dry(watch.oven(), given)
    metres = 8.0 + paths.seconds[0] * operation.speed_m_min / 60
    film = paths.temperature_k - ZERO_DEGC_K
    left = 100 * paths.solvent_kg_m2 / given.dry_kg_m2[:, None]
    for plot, found in ((heat, film), (wet, left)):
        low, high = np.quantile(found, (0.025, 0.975), axis=0)
        plot.fill_between(metres, low, high, color=TWIN, alpha=0.2, lw=0)
        plot.plot(metres, found[0], color=TWIN, label="twin, with 95 %")
        plot.set_xlabel("metres from the die")
    edges = [8, 24, 24, 40, 40, 56]
    heat.plot(edges, np.repeat(operation.air_degc, 2), color=OTHER, lw=1, label="air")
    read = [run.signals[f"oven.zone{i}.web_temperature"][1][-60:].mean() for i in (1, 2, 3)]
    heat.plot((24, 40, 56), read, "o", color=TRUTH, ms=4, label="web, as read")
    heat.set_ylabel("temperature [degC]")
    heat.legend(fontsize=7)
    truth = run.truth
    wet.plot(56, truth.residual_solvent[-1], "o", color=TRUTH, ms=5, label="true")
    wet.axhline(
        settings.number(run.configs[f"{OVEN}/zone1"], "residual_solvent_limit"),
        color=ALARM,
        lw=1,
        ls=":",
        label="limit",
    )
    wet.set(yscale="log", ylim=(1e-4, 100), ylabel="solvent [% of the dry mass]")
    wet.legend(fontsize=7, loc="lower left")
    index = watch.prediction.migration if watch.prediction else None
    assert index is not None
    bars = [[index.value - index.lower], [index.upper - index.value]]
    moved.errorbar([0], [index.value], yerr=bars, fmt="o", color=TWIN, capsize=4)
    moved.plot(0.5, truth.migration[-1] - 1, "o", color=TRUTH)
    moved.set(xlim=(-0.5, 1), xticks=(0, 0.5), ylabel="migration index", ylim=(0, None))
    moved.set_xticklabels(("twin", "true"))
    return figure


def porosity(run: Run) -> Figure:
    """By lot: 90 % interval, truth, and the laboratory's sample."""
    figure, (plot,) = panels(1, 1, 8.0, 3.2)
    latest = {str(e.data["lot"]): e.data for e in run.told("lot.porosity")}
    truth = run.truth
    for i, (lot, data) in enumerate(latest.items()):
        low, high, value = (number(data[name]) for name in ("lower", "upper", "porosity"))
        from_m, to_m = number(data["from_m"]), number(data["to_m"])
        of = (truth.calender_metre >= from_m) & (truth.calender_metre <= to_m)
        first = i == 0
        plot.errorbar(
            [i],
            [value],
            yerr=[[value - low], [high - value]],
            fmt="s",
            ms=4,
            color=TWIN,
            capsize=4,
            label="twin, with 90 %" if first else None,
        )
        plot.plot(
            i + 0.2,
            truth.porosity[of].mean(),
            "o",
            color=TRUTH,
            ms=5,
            label="true mean of the lot" if first else None,
        )
        if lot in run.samples:
            plot.plot(
                i - 0.2,
                run.samples[lot],
                "x",
                color=OTHER,
                ms=6,
                label="laboratory" if first else None,
            )
    plot.set_xticks(range(len(latest)), [lot[-2:] for lot in latest])
    plot.set(xlabel="electrode lot of the shift", ylabel="porosity [%]")
    plot.legend(fontsize=8)
    return figure


def _thicknesses(run: Run, film: str) -> list[Event]:
    """Windows of five minutes; the bench's plant reads a thickness each 10 s."""
    config = run.configs[f"line1/thickness-{film}"]
    twin = ThicknessGauge(replace(config, parameters={**config.parameters, "window": 600.0}))
    effects = Effects({})
    for at, read in zip(*run.signals[f"thickness-{film}.thickness"], strict=True):
        time_ns = START_NS + round(at * 1e9)
        twin.step(Reading(config.name, "thickness", time_ns, float(read)), effects)
    return effects.events


def _profile(run: Run, until_s: float) -> tuple[Array, Array, Array]:
    """Middle of each lane [mm], its offset [%] and that one's standard deviation."""
    config = run.configs[_GAUGE]
    twin, effects = CoatingGauge(config), Effects({})
    at, read = run.signals["coater.gauge-top.areal_loading"]
    _, place = run.signals["coater.gauge-top.head_position"]
    for i in range(int(np.searchsorted(at, until_s))):
        time_ns = START_NS + round(at[i] * 1e9)
        twin.step(Reading(_GAUGE, "head_position", time_ns, float(place[i])), effects)
        twin.step(Reading(_GAUGE, "areal_loading", time_ns, float(read[i])), effects)
    width, lanes, edge = (settings.number(config, n) for n in ("web_width", "lanes", "edge"))
    web = WebFilter(Lanes(width, round(lanes), edge).measured, 0.0, 0.0, 0.0)
    web.restore(saved.fields(twin.snapshot()["web"]))
    middles = (np.arange(lanes) + 0.5) * width / lanes
    return middles, np.array(web.profile), np.array(web.profile_sd)


def _oven_watch(run: Run) -> OvenWatch:
    """As the layer holds it at the end of the shift."""
    watch = OvenWatch(ovens_of(run.configs)[OVEN])
    drying = saved.fields(run.rules.snapshot()["drying"])
    watch.restore(saved.fields(saved.fields(drying["ovens"])[OVEN]))
    return watch


def _operation(run: Run, watch: OvenWatch) -> Operation:
    laid, history = run.rules.loading(COATER), run.rules.coater_history(COATER)
    assert laid is not None
    assert history is not None
    assert history.speed is not None
    solids = run.of("mixer.state", "line1/mixer")[-1].data
    airs = [watch.states[zone.name].air for zone in watch.setup.zones]
    return Operation(
        air_degc=np.array(airs, float),
        speed_m_min=history.speed,
        loading_mg_cm2=laid[0],
        loading_sd=laid[1],
        solids_pct=number(solids["solids"]),
        solids_sd=number(solids["solids_sd"]),
        bound_pct=watch.setup.number("bound_solvent"),
        diffusivity_m2_s=watch.setup.number("binder_diffusivity"),
    )
