"""One zone of the drying oven: air and web temperature, and whether its heater holds."""

from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode.drying.lag_filter import LagFilter
from twin.electrode.drying.oven_zone_spec import PARAMETERS, SIGNALS
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SAY_EVERY_NS: Final = 10_000_000_000
# Less than this is not worth telling at once [K].
_WORTH_TELLING: Final = 1.0
_TELL_SIGMAS: Final = 4.0
_UNCERTAIN_WIDENS: Final = 2.0
# After so many of its time constants the air should have arrived at a new setpoint.
_SETTLED_AFTER: Final = 5.0
_FAULT_SIGMAS: Final = 2.0
# A fault ends well within the tolerance, so that it does not flicker.
_ENDS_WITHIN: Final = 0.7


class OvenZone(Twin):
    """The air follows its setpoint, the web the air, each with a first-order lag and at a
    distance that is learned (evaporation keeps the web colder than the air).

    ``oven.state``  air_temperature, web_temperature, each with ``_sd``; air_setpoint,
                    deviation (air less setpoint) [K], fault (the settled air is beyond
                    ``air_tolerance``), exhaust_solvent [%]. None where nothing is known.
                    Told every 10 s, when the setpoint changes, when the air has moved, and
                    when a fault begins or ends.
    ``oven.fault``  deviation, deviation_sd [K], air_setpoint [degC], tolerance [K]: once,
                    when it begins.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        noise = settings.number(config, "temperature_noise")
        wander = settings.number(config, "temperature_wander") ** 2
        offset_wander = settings.number(config, "offset_wander") ** 2
        self._air, self._web = (
            LagFilter(
                noise,
                wander,
                settings.number(config, f"{what}_time_constant"),
                settings.number(config, f"{what}_offset"),
                offset_wander,
            )
            for what in ("air", "web")
        )
        self._tolerance = settings.number(config, "air_tolerance")
        settles_s = _SETTLED_AFTER * settings.number(config, "air_time_constant")
        self._settles_ns = round(settles_s * 1e9)
        self._setpoint: float | None = None
        self._set_ns = 0
        self._exhaust: float | None = None
        self._fault = False
        self._told_ns: int | None = None
        self._told_air: tuple[float, float] | None = None
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        time_ns, value = reading.time_ns, reading.value
        widened = 1.0 if is_good(reading.quality) else _UNCERTAIN_WIDENS
        changed = False
        if reading.signal == "air_setpoint":
            changed = value != self._setpoint
            if changed:
                self._setpoint, self._set_ns = value, time_ns
            self._air.drive_at(time_ns, value)
        elif reading.signal == "air_temperature":
            self._air.take(time_ns, value, widened)
            changed = self._look_for_fault(time_ns, effects)
            changed = self._air_has_moved() or changed
        elif reading.signal == "web_temperature":
            if self._air.known:
                self._web.drive_at(time_ns, self._air.level)
            self._web.take(time_ns, value, widened)
        elif reading.signal == "exhaust_solvent":
            self._exhaust = value
        if changed or self._told_ns is None or time_ns - self._told_ns >= _SAY_EVERY_NS:
            self._tell(time_ns, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        named = (("air_temperature", self._air), ("web_temperature", self._web))
        return tuple(
            Figure(name, found.level, found.sd_at(self._now_ns), "degC")
            for name, found in named
            if found.known
        )

    def _look_for_fault(self, time_ns: int, effects: Effects) -> bool:
        """Whether a fault has begun or ended. While the air is still on its way to a new
        setpoint there is nothing to find."""
        setpoint = self._setpoint
        if setpoint is None or time_ns - self._set_ns < self._settles_ns:
            ended, self._fault = self._fault, False
            return ended
        deviation, sd = self._air.level - setpoint, self._air.sd
        before = self._fault
        if before:
            self._fault = abs(deviation) > _ENDS_WITHIN * self._tolerance
        else:
            self._fault = abs(deviation) - _FAULT_SIGMAS * sd > self._tolerance
        if self._fault and not before:
            data: dict[str, Json] = {
                "deviation": deviation,
                "deviation_sd": sd,
                "air_setpoint": setpoint,
                "tolerance": self._tolerance,
            }
            effects.emit(self.config, "oven.fault", time_ns, data)
        return self._fault != before

    def _air_has_moved(self) -> bool:
        if self._told_air is None:
            return True
        level, variance = self._told_air
        moved = self._air.level - level
        widths = _TELL_SIGMAS * (variance + self._air.variance) ** 0.5
        return bool(abs(moved) > max(_WORTH_TELLING, widths))

    def _tell(self, time_ns: int, effects: Effects) -> None:
        air, web = self._air, self._web
        data: dict[str, Json] = {
            "air_temperature": air.level if air.known else None,
            "air_temperature_sd": air.sd if air.known else None,
            "web_temperature": web.level if web.known else None,
            "web_temperature_sd": web.sd_at(time_ns) if web.known else None,
            "air_setpoint": self._setpoint,
            "deviation": None,
            "fault": self._fault,
            "exhaust_solvent": self._exhaust,
        }
        if air.known and self._setpoint is not None:
            data["deviation"] = air.level - self._setpoint
        self._told_ns = time_ns
        self._told_air = (air.level, air.variance) if air.known else None
        effects.emit(self.config, "oven.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            "air": self._air.snapshot(),
            "web": self._web.snapshot(),
            "setpoint": self._setpoint,
            "set_ns": self._set_ns,
            "exhaust": self._exhaust,
            "fault": self._fault,
            "told_ns": self._told_ns,
            "told_air": None if self._told_air is None else [*self._told_air],
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._air.restore(saved.fields(snapshot["air"]))
        self._web.restore(saved.fields(snapshot["web"]))
        self._setpoint = saved.number_or_none(snapshot["setpoint"])
        self._set_ns = saved.whole(snapshot["set_ns"])
        self._exhaust = saved.number_or_none(snapshot["exhaust"])
        self._fault = bool(snapshot["fault"])
        self._told_ns = saved.whole_or_none(snapshot["told_ns"])
        self._told_air = None
        if snapshot["told_air"] is not None:
            level, variance = map(saved.number, saved.items(snapshot["told_air"]))
            self._told_air = (level, variance)
        self._now_ns = saved.whole(snapshot["now_ns"])


KIND: Final = Kind(
    name="oven_zone",
    title="OvenZone",
    layer=Layer.ELECTRODE,
    description="One zone of the drying oven",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=OvenZone,
)
