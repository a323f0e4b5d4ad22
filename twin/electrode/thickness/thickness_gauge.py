"""The thickness gauge: wet, dry or calendered film, and the coating of one side in it."""

import math
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode.formulation import PARAMETER, changed, label_of
from twin.electrode.gauge.pairing import Pairing, Sample
from twin.electrode.open_level import OpenLevel
from twin.electrode.thickness.thickness_gauge_spec import PARAMETERS, SIGNALS
from twin.electrode.thickness.thickness_window import Summary, ThicknessWindow
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_UNCERTAIN_WIDENS: Final = 2.0
# Bare foil is told from a thin coating.
_COATED_SIGMAS: Final = 3.0


class ThicknessGauge(Twin):
    """Sums up readings over windows; one event a window.

    The coating of one side is ``(thickness − foil) / sides``.

    ``thickness.state``  from_ns, to_ns, n, left_out; thickness, coating_thickness [um] with
                         ``_sd`` (all that is not known) and ``_noise_sd`` (the part of it
                         that averages out over windows; calibration and foil do not);
                         coated (False: bare foil, as far as can be told); deviation_pct,
                         deviation_sd_pct from the target, None without one; film
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._noise = settings.number(config, "noise")
        self._calibration_sd = settings.number(config, "calibration_sd")
        self._foil = settings.number(config, "foil_thickness")
        self._foil_sd = settings.number(config, "foil_thickness_sd")
        self._sides = settings.number(config, "coated_sides")
        self._target = settings.number(config, "target_thickness")
        edge = settings.number(config, "edge")
        self._on_web = (edge, settings.number(config, "web_width") - edge)
        self._pairing = Pairing()
        self._window = ThicknessWindow(
            round(settings.number(config, "window") * _SECOND_NS), self._noise
        )
        self._level = OpenLevel(self._noise, settings.number(config, "wander"))
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        if reading.signal == "head_position":
            for sample in self._pairing.position(reading):
                self._take(sample, effects)
        elif reading.signal == "thickness":
            for sample in self._pairing.loading(reading):
                self._take(sample, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        if not self._level.known:
            return ()
        level, noise_sd = self._level.level, self._level.sd_at(self._now_ns)
        coating, coating_sd = self._coating(level, noise_sd)
        return (
            Figure("thickness", level, math.hypot(noise_sd, self._calibration_sd), "um"),
            Figure("coating_thickness", coating, coating_sd, "um"),
        )

    def _take(self, sample: Sample, effects: Effects) -> None:
        position = sample.position
        if position is not None and not self._on_web[0] <= position <= self._on_web[1]:
            return
        found = self._window.close_at(sample.time_ns)
        if found is not None:
            self._level.take(found.to_ns, found.mean, found.sd / self._noise)
            self._tell(found, sample.time_ns, effects)
        widened = 1.0 if is_good(sample.quality) else _UNCERTAIN_WIDENS
        self._window.add(sample.time_ns, sample.loading, widened)

    def _coating(self, thickness: float, noise_sd: float) -> tuple[float, float]:
        """Of one side, with all that is not known of it."""
        sd = math.hypot(noise_sd, self._calibration_sd, self._foil_sd) / self._sides
        return (thickness - self._foil) / self._sides, sd

    def _tell(self, found: Summary, time_ns: int, effects: Effects) -> None:
        coating, coating_sd = self._coating(found.mean, found.sd)
        data: dict[str, Json] = {
            "from_ns": found.from_ns,
            "to_ns": found.to_ns,
            "n": found.n,
            "left_out": found.left_out,
            "thickness": found.mean,
            "thickness_sd": math.hypot(found.sd, self._calibration_sd),
            "thickness_noise_sd": found.sd,
            "coating_thickness": coating,
            "coating_thickness_sd": coating_sd,
            "coating_thickness_noise_sd": found.sd / self._sides,
            "coated": coating > _COATED_SIGMAS * coating_sd,
            "deviation_pct": None,
            "deviation_sd_pct": None,
            "film": settings.text(self.config, "film"),
        }
        if self._target > 0:
            data["deviation_pct"] = 100 * (coating / self._target - 1)
            data["deviation_sd_pct"] = 100 * coating_sd / self._target
        effects.emit(self.config, "thickness.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            PARAMETER: label_of(self.config),
            "pairing": self._pairing.snapshot(),
            "window": self._window.snapshot(),
            "level": self._level.snapshot(),
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._pairing.restore(saved.fields(snapshot["pairing"]))
        self._window.restore(saved.fields(snapshot["window"]))
        self._level.restore(saved.fields(snapshot["level"]))
        self._now_ns = saved.whole(snapshot["now_ns"])
        if changed(self.config, snapshot):
            # A window is of one film or of the other.
            self._window.clear()
            self._level.open_to(settings.number(self.config, "prior_sd"))


KIND: Final = Kind(
    name="thickness_gauge",
    title="ThicknessGauge",
    layer=Layer.ELECTRODE,
    description="Gauge of the web's thickness behind the die, the oven or the calender",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=ThicknessGauge,
)
