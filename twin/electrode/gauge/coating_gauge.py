"""The scanning coating gauge: areal loading across and along the web."""

import math
from collections.abc import Sequence
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode.formulation import PARAMETER, changed, label_of
from twin.electrode.gauge.coating_gauge_spec import PARAMETERS, SIGNALS
from twin.electrode.gauge.excursion import Crossing, ExcursionWatch, beyond
from twin.electrode.gauge.loading_window import LoadingWindow
from twin.electrode.gauge.pairing import Pairing, Sample
from twin.electrode.gauge.web_geometry import Lanes, Passes
from twin.electrode.gauge.web_profile import NoiseEstimate, WebFilter
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

MODEL: Final = "coating-gauge-web-filter/2"
_HOUR_S: Final = 3600.0
_NOISE_FLOOR: Final = 0.02
_UNCERTAIN_VARIANCE: Final = 4.0
_NEIGHBOURS_NS: Final = 1_000_000_000


class CoatingGauge(Twin):
    """Estimates the level along the web; says so each second and after each pass.

    ``gauge.loading``   mean, sd [mg/cm2], deviation_pct, deviation_sd_pct of the readings
                        of a window (n, from_ns, to_ns), level_pct, level_sd_pct of the
                        filter at its end; direction of the scan (1, -1; 0: unknown),
                        lanes_seen (share of the lanes); after a pass also profile [%],
                        a figure a lane
    ``gauge.excursion`` once, when the level is beyond the limit with the probability set
    ``gauge.recovered`` once, when it is back within
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._target = settings.number(config, "target_loading")
        self._limit = settings.number(config, "excursion_limit")
        width = settings.number(config, "web_width")
        self._lanes = Lanes(
            width, round(settings.number(config, "lanes")), settings.number(config, "edge")
        )
        self._pairing = Pairing()
        self._passes = Passes(width)
        self._web = WebFilter(
            self._lanes.measured,
            settings.number(config, "level_wander") ** 2,
            settings.number(config, "profile_sd"),
            settings.number(config, "profile_wander") ** 2 / _HOUR_S,
            settings.number(config, "direction_sd"),
        )
        self._noise = NoiseEstimate(settings.number(config, "noise"), _NOISE_FLOOR)
        self._watch = ExcursionWatch(self._limit, settings.number(config, "excursion_probability"))
        self._window = LoadingWindow(self._lanes.measured, settings.number(config, "report_every"))
        self._samples = 0
        # Source time and value of the latest reading, rid of its offset.
        self._latest: tuple[int, float] | None = None
        self._turned = False
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        if reading.signal == "head_position":
            for sample in self._pairing.position(reading):
                self._take(sample, effects)
        elif reading.signal == "areal_loading":
            for sample in self._pairing.loading(reading):
                self._take(sample, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        if self._samples == 0:
            return ()
        level, sd = self._web.level, self._web.level_sd_at(self._now_ns)
        return (
            Figure("areal_loading", self._loading(level), self._target * sd / 100, "mg/cm2"),
            Figure("deviation", level, sd, "%"),
            Figure("noise", self._noise.sd, self._noise.sd_of_sd, "%"),
            *self._across(),
        )

    def _across(self) -> tuple[Figure, ...]:
        """Of the lanes around the level: how far they lie from it, root mean square, and
        the one that lies furthest. Root mean squares obey the triangle inequality, so the
        first can't be further off than that of the lanes' errors."""
        offsets, widths = self._web.profile, self._web.profile_sd
        direction = self._web.direction_offset
        if not offsets or direction is None:
            return ()
        worst = max(range(len(offsets)), key=lambda lane: abs(offsets[lane]))
        return (
            Figure("cross_direction_sd", _rms(offsets), _rms(widths), "%"),
            Figure("worst_lane_deviation", offsets[worst], widths[worst], "%"),
            Figure("direction_offset", *direction, "%"),
        )

    def _take(self, sample: Sample, effects: Effects) -> None:
        time_ns, loading, quality, position = sample
        weights, direction = None, 0
        if position is not None:
            self._turned = self._passes.turned(position) or self._turned
            if not self._lanes.on_web(position):
                return
            weights, direction = self._lanes.weights(position), self._passes.direction
        if self._window.is_over(time_ns, self._turned):
            self._close_window(time_ns, effects)
        noise = self._noise.variance * (1.0 if is_good(quality) else _UNCERTAIN_VARIANCE)
        read = self._web.reading(
            time_ns, 100 * (loading / self._target - 1), weights, direction, noise
        )
        taken = self._web.measure(read)
        self._samples += 1
        level = self._web.level
        rid = read.value - self._web.offset(read.row)
        for one in taken:
            if one is not read:
                rid = one.value - self._web.offset(one.row)
            self._window.add(one.time_ns, rid, one.row)
            self._watch.see(one.time_ns, rid, math.sqrt(one.variance), level)
        self._learn_noise(time_ns, rid)
        if taken:
            self._decide(time_ns, effects)

    def _learn_noise(self, time_ns: int, value: float) -> None:
        if self._latest is not None and time_ns - self._latest[0] <= _NEIGHBOURS_NS:
            self._noise.learn(value - self._latest[1])
        self._latest = (time_ns, value)

    def _decide(self, time_ns: int, effects: Effects) -> None:
        level, sd = self._web.level, self._web.level_sd
        crossing = self._watch.decide(level, sd)
        if crossing is Crossing.NONE:
            return
        self._web.frozen = self._watch.active
        data: dict[str, Json] = {
            "mean": self._loading(level),
            "sd": self._target * sd / 100,
            "deviation_pct": level,
            "deviation_sd_pct": sd,
            "model": MODEL,
            "deciding_ns": time_ns,
        }
        if crossing is Crossing.RECOVERED:
            effects.emit(self.config, "gauge.recovered", time_ns, data)
            return
        data["probability"] = beyond(level, sd, self._limit)
        data["n"] = self._watch.agreeing
        data["from_ns"] = self._watch.from_ns
        data["to_ns"] = time_ns
        effects.emit(self.config, "gauge.excursion", time_ns, data)

    def _close_window(self, time_ns: int, effects: Effects) -> None:
        found = self._window.close(self._noise.variance, self._web)
        data: dict[str, Json] = {
            "mean": self._loading(found.mean),
            "sd": self._target * found.sd / 100,
            "n": found.n,
            "from_ns": found.from_ns,
            "to_ns": found.to_ns,
            "deviation_pct": found.mean,
            "deviation_sd_pct": found.sd,
            "level_pct": self._web.level,
            "level_sd_pct": self._web.level_sd,
            "direction": found.direction,
            "lanes_seen": found.lanes_seen,
        }
        if self._turned:
            data["profile"] = self._web.profile
            self._turned = False
        effects.emit(self.config, "gauge.loading", time_ns, data)

    def _loading(self, deviation: float) -> float:
        return self._target * (1 + deviation / 100)

    def snapshot(self) -> Snapshot:
        return {
            PARAMETER: label_of(self.config),
            "pairing": self._pairing.snapshot(),
            "passes": self._passes.snapshot(),
            "web": self._web.snapshot(),
            "noise": self._noise.snapshot(),
            "watch": self._watch.snapshot(),
            "window": self._window.snapshot(),
            "samples": self._samples,
            "latest": None if self._latest is None else [*self._latest],
            "turned": self._turned,
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._pairing.restore(saved.fields(snapshot["pairing"]))
        self._passes.restore(saved.fields(snapshot["passes"]))
        if not changed(self.config, snapshot):
            # Of another formulation's web nothing is believed: it is learned anew.
            self._web.restore(saved.fields(snapshot["web"]))
        self._noise.restore(saved.fields(snapshot["noise"]))
        self._watch.restore(saved.fields(snapshot["watch"]))
        self._window.restore(saved.fields(snapshot["window"]))
        self._samples = saved.whole(snapshot["samples"])
        latest = snapshot["latest"]
        if latest is None:
            self._latest = None
        else:
            time_ns, value = saved.items(latest)
            self._latest = (saved.whole(time_ns), saved.number(value))
        self._turned = bool(snapshot["turned"])
        self._now_ns = saved.whole(snapshot["now_ns"])


def _rms(values: Sequence[float]) -> float:
    return math.sqrt(sum(value * value for value in values) / len(values))


KIND: Final = Kind(
    name="coating_gauge",
    title="CoatingGauge",
    layer=Layer.ELECTRODE,
    description="Inline gauge of the areal loading, scanning across the web or at a fixed point",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=CoatingGauge,
)
