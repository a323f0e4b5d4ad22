"""One zone of the drying oven: air and web temperature."""

from typing import Final

from twin.asset import AssetConfig, Effects, Figure, Json, ParameterSpec, SignalSpec, Twin
from twin.electrode import settings
from twin.electrode.lag_filter import LagFilter
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


class OvenZone(Twin):
    """The air follows its setpoint, the web the air, each with a first-order lag and at a
    distance that is learned (evaporation keeps the web colder than the air).

    ``oven.state``  air_temperature, web_temperature, each with ``_sd``; air_setpoint,
                    deviation (air less setpoint) [K]. None where nothing is known. Told
                    every 10 s, when the setpoint changes, and when the air has moved.
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
        self._setpoint: float | None = None
        self._told_ns: int | None = None
        self._told_air: tuple[float, float] | None = None
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        time_ns, value = reading.time_ns, reading.value
        widened = 1.0 if is_good(reading.quality) else _UNCERTAIN_WIDENS
        changed = False
        if reading.signal == "air_setpoint":
            changed = value != self._setpoint
            self._setpoint = value
            self._air.drive_at(time_ns, value)
        elif reading.signal == "air_temperature":
            self._air.take(time_ns, value, widened)
            changed = self._air_has_moved()
        elif reading.signal == "web_temperature":
            if self._air.known:
                self._web.drive_at(time_ns, self._air.level)
            self._web.take(time_ns, value, widened)
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
            "web_temperature_sd": web.sd if web.known else None,
            "air_setpoint": self._setpoint,
            "deviation": None,
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
            "told_ns": self._told_ns,
            "told_air": None if self._told_air is None else [*self._told_air],
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._air.restore(saved.fields(snapshot["air"]))
        self._web.restore(saved.fields(snapshot["web"]))
        self._setpoint = saved.number_or_none(snapshot["setpoint"])
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
    signals=(
        SignalSpec(
            "air_temperature",
            "degC",
            "Temperature of the drying air",
            minimum=-20.0,
            maximum=300.0,
            max_rate=20.0,
            required=True,
        ),
        SignalSpec(
            "web_temperature",
            "degC",
            "Temperature of the web at the end of the zone",
            minimum=-20.0,
            maximum=300.0,
            max_rate=50.0,
        ),
        SignalSpec(
            "air_setpoint",
            "degC",
            "Setpoint of the air temperature",
            minimum=0.0,
            maximum=250.0,
        ),
    ),
    parameters=(
        ParameterSpec(
            "air_time_constant",
            "s",
            "Lag of the air temperature behind its setpoint",
            default=60.0,
            minimum=0.1,
            maximum=36_000.0,
            source="convection dryers of some kW a metre; to be calibrated",
        ),
        ParameterSpec(
            "web_time_constant",
            "s",
            "Lag of the web temperature behind the air's",
            default=5.0,
            minimum=0.1,
            maximum=3600.0,
            source="areal heat capacity 0.3 kJ/(m2 K) over 60 W/(m2 K); to be calibrated",
        ),
        ParameterSpec(
            "air_offset",
            "K",
            "Standard deviation of how far from its setpoint the air settles",
            default=3.0,
            minimum=0.001,
            maximum=100.0,
            source="zones under proportional control; chosen",
        ),
        ParameterSpec(
            "web_offset",
            "K",
            "Standard deviation of how far from the air the web settles",
            default=30.0,
            minimum=0.001,
            maximum=200.0,
            source="evaporation holds a wet web near the wet-bulb temperature; chosen",
        ),
        ParameterSpec(
            "offset_wander",
            "K",
            "Standard deviation by which these distances may change in one second",
            default=0.02,
            minimum=0.0,
            maximum=10.0,
            source="chosen",
        ),
        ParameterSpec(
            "temperature_noise",
            "K",
            "Standard deviation of a reading",
            default=0.3,
            minimum=0.001,
            maximum=50.0,
            source="thermocouple with its transmitter; chosen",
        ),
        ParameterSpec(
            "temperature_wander",
            "K",
            "Standard deviation by which a temperature may change in one second",
            default=0.1,
            minimum=0.0001,
            maximum=50.0,
            source="chosen",
        ),
    ),
    twin=OvenZone,
)
