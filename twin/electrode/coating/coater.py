"""The slot-die coater: its setpoints as they really are, its metres and lots."""

from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode.coating import model as coating_model
from twin.electrode.coating.coater_spec import PARAMETERS, SIGNALS
from twin.electrode.coating.lot import LotAtDie
from twin.estimation import saved
from twin.estimation.level_filter import LevelFilter
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SAY_EVERY_NS: Final = 2_000_000_000
# A change is told when it is beyond what the two estimates' widths explain.
_TELL_SIGMAS: Final = 4.0
_UNCERTAIN_WIDENS: Final = 2.0
_FILTERED: Final = {
    "line_speed": "m/min",
    "slot_die_gap": "um",
    "pump_flow": "mL/min",
    "feed_pressure": "kPa",
    "web_tension": "N/m",
}
_COMMANDED: Final = ("line_speed_setpoint", "slot_die_gap_setpoint")


class Coater(Twin):
    """Filters line speed, slot-die gap, pump flow, feed pressure and web tension; counts
    metres, sees lots and commands change.

    ``coater.state``  the filtered figures, each with ``_sd``; line_speed_setpoint,
                      slot_die_gap_setpoint as commanded; web_length, lot, lot_start_m.
                      None where nothing is known. Told at least every 2 s, when a figure
                      has changed by more than its width, and when a command or the lot
                      changes.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._filters = {
            signal: LevelFilter(
                settings.number(config, f"{signal}_noise"),
                settings.number(config, f"{signal}_wander") ** 2,
            )
            for signal in _FILTERED
        }
        self._commanded: dict[str, float] = {}
        self._lot = LotAtDie()
        self._told_ns: int | None = None
        # Level and variance of each figure when last told.
        self._told: dict[str, tuple[float, float]] = {}
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        changed = False
        if reading.signal in self._filters:
            widened = 1.0 if is_good(reading.quality) else _UNCERTAIN_WIDENS
            self._filters[reading.signal].take(reading.time_ns, reading.value, widened)
            changed = self._has_changed(reading.signal)
        elif reading.signal in _COMMANDED:
            changed = self._commanded.get(reading.signal) != reading.value
            self._commanded[reading.signal] = reading.value
        elif reading.signal == "web_length":
            self._lot.counted(reading.time_ns, reading.value)
        elif reading.signal == "lot" and reading.text:
            changed = self._lot.named(reading.time_ns, reading.text, self._speed())
        if changed or self._told_ns is None or reading.time_ns - self._told_ns >= _SAY_EVERY_NS:
            self._tell(reading.time_ns, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        found = [
            Figure(signal, f.level, f.sd_at(self._now_ns), _FILTERED[signal])
            for signal, f in self._filters.items()
            if f.known
        ]
        if self._lot.length is not None:
            found.append(Figure("web_length", self._lot.length, 0.0, "m"))
        film = self._wet_film()
        if film is not None:
            found.append(film)
        return tuple(found)

    def _wet_film(self) -> Figure | None:
        """From pump flow and line speed; relative variances add."""
        flow, speed = self._filters["pump_flow"], self._filters["line_speed"]
        if not (flow.known and speed.known) or speed.level <= 0 or flow.level <= 0:
            return None
        width = settings.number(self.config, "coating_width")
        film = coating_model.wet_film_thickness(flow.level, width, speed.level)
        relative = (
            (flow.sd_at(self._now_ns) / flow.level) ** 2
            + (speed.sd_at(self._now_ns) / speed.level) ** 2
        ) ** 0.5
        return Figure("wet_film_thickness", film, film * relative, "um")

    def _speed(self) -> float | None:
        speed = self._filters["line_speed"]
        return speed.level if speed.known else None

    def _has_changed(self, signal: str) -> bool:
        found = self._filters[signal]
        if signal not in self._told:
            return True
        level, variance = self._told[signal]
        difference = found.level - level
        return difference * difference > _TELL_SIGMAS**2 * (variance + found.variance)

    def _tell(self, time_ns: int, effects: Effects) -> None:
        data: dict[str, Json] = {}
        for signal, found in self._filters.items():
            data[signal] = found.level if found.known else None
            data[f"{signal}_sd"] = found.sd if found.known else None
            if found.known:
                self._told[signal] = (found.level, found.variance)
        for signal in _COMMANDED:
            data[signal] = self._commanded.get(signal)
        data["web_length"] = self._lot.metres_at(time_ns, self._speed())
        data["lot"] = self._lot.lot
        data["lot_start_m"] = self._lot.start_m
        self._told_ns = time_ns
        effects.emit(self.config, "coater.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            "filters": {signal: f.snapshot() for signal, f in self._filters.items()},
            "commanded": dict(self._commanded),
            "lot": self._lot.snapshot(),
            "told_ns": self._told_ns,
            "told": {signal: [*told] for signal, told in self._told.items()},
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        for signal, state in saved.fields(snapshot["filters"]).items():
            self._filters[signal].restore(saved.fields(state))
        self._commanded = {
            signal: saved.number(value)
            for signal, value in saved.fields(snapshot["commanded"]).items()
        }
        self._lot.restore(saved.fields(snapshot["lot"]))
        self._told_ns = saved.whole_or_none(snapshot["told_ns"])
        self._told = {}
        for signal, told in saved.fields(snapshot["told"]).items():
            level, variance = map(saved.number, saved.items(told))
            self._told[signal] = (level, variance)
        self._now_ns = saved.whole(snapshot["now_ns"])


KIND: Final = Kind(
    name="coater",
    title="Coater",
    layer=Layer.ELECTRODE,
    description="Slot-die coater: line speed, slot-die gap, pump, metre counter and lot",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=Coater,
)
