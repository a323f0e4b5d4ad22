"""Hands what the sensors of one coater say to its ``LineWatch``, dated back to the die.

What was commanded is taken out: a correction moves the loading, and is no fault. Values
are logarithms in per cent, so that effects add up.
"""

import math
from bisect import bisect_right
from collections.abc import Iterator, Mapping
from typing import Final, NamedTuple

from twin import settings
from twin.asset import AssetConfig, Json
from twin.electrode.coating.model import Feed, to_slot_gap
from twin.electrode.diagnosis.watch import Episode, LineWatch, WatchSettings
from twin.estimation import saved
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_MINUTE_NS: Final = 60 * _SECOND_NS
_STANDING: Final = 1.0
"""Below this line speed [m/min] the web stands, or threads up."""
_SETTLES_NS: Final = 60 * _SECOND_NS
_SILENCE_NS: Final = 300 * _SECOND_NS
"""After that without a word of the coater it is looked at anew, as after a stop (chosen:
the longest window)."""
_COMMANDS_REMEMBERED: Final = 64
_OBSERVED: Final = {
    "pump_flow": "flow",
    "slot_die_gap": "gap",
    "feed_pressure": "pressure",
    "web_tension": "tension",
}
_COMMANDED: Final = {
    "line_speed_setpoint": "line_speed",
    "slot_die_gap_setpoint": "slot_die_gap",
}


class _Commands(NamedTuple):
    """From ``from_ns`` on: commanded speed and gap against the first ones [ln, %]."""

    from_ns: int
    speed: float
    gap: float


class CoaterWatch:
    def __init__(self, coater: AssetConfig) -> None:
        self._coater = coater
        feed = Feed(settings.text(coater, "feed"))
        learning = settings.number(coater, "watch_learning")
        self._gap_exponent = to_slot_gap(feed).exponent
        self.watch = LineWatch(
            WatchSettings(
                feed,
                settings.number(coater, "watch_block"),
                learning,
                learning,
                false_alarms=settings.number(coater, "false_alarms_per_shift"),
            )
        )
        self._commands: list[_Commands] = []
        self._latest: dict[str, float] = {}
        self._quiet_until_ns = 0
        self._speed = 0.0
        # Latest loading [mg/cm2], and coating of the dry web [um].
        self._loading: float | None = None
        self._dry_um: float | None = None
        self._heard_ns = 0

    @property
    def density(self) -> float | None:
        """Of the dry coating before the calender [kg/m3]: loading over thickness. None where
        one of them is not measured."""
        if self._loading is None or self._dry_um is None:
            return None
        return 1e4 * self._loading / self._dry_um

    @property
    def standing(self) -> bool:
        return self._speed < _STANDING

    def coater_state(self, time_ns: int, data: Mapping[str, Json]) -> Iterator[Episode | None]:
        """Yields once for each block that is complete with it."""
        speed = data.get("line_speed")
        if isinstance(speed, int | float):
            self._ran(time_ns, float(speed))
        for setpoint, signal in _COMMANDED.items():
            value = data.get(setpoint)
            if isinstance(value, int | float) and value > 0:
                self._command(time_ns, signal, float(value))
                self._latest[setpoint] = float(value)
        if self.standing or time_ns < self._quiet_until_ns:
            return
        commanded = self._commanded(time_ns)
        self._add("speed", time_ns, self._speed, -commanded.speed)
        effects = {
            "flow": -self._gap_exponent * commanded.gap,
            "gap": -commanded.gap,
        }
        for signal, observable in _OBSERVED.items():
            value = data.get(signal)
            if isinstance(value, int | float):
                self._add(observable, time_ns, float(value), effects.get(observable, 0.0))
        yield from self.watch.step(time_ns)

    def applied(self, time_ns: int, signal: str, value: float, before: float) -> None:
        """A change that the MES reports, where no setpoint is bound that tells of it."""
        if f"{signal}_setpoint" in self._latest or before <= 0 or value <= 0:
            return
        self._latest.setdefault(signal, before)
        self._command(time_ns, signal, value)

    def mixer_state(self, mixer: AssetConfig, time_ns: int, data: Mapping[str, Json]) -> None:
        die_ns = time_ns + round(settings.number(mixer, "transfer_time") * _SECOND_NS)
        for signal in ("viscosity", "solids"):
            value = data.get(signal)
            if isinstance(value, int | float):
                self._add(signal, die_ns, float(value), 0.0)

    def loading(self, gauge: AssetConfig, data: Mapping[str, Json]) -> None:
        """A ``gauge.loading``: deviation from its target, rid of the profile."""
        found = self._at_die(gauge, data)
        deviation = data.get("deviation_pct")
        if found is None or not isinstance(deviation, int | float) or deviation <= -99:
            return
        die_ns, lag_ns = found
        name = f"gauge:{gauge.name}"
        self._loading = settings.number(gauge, "target_loading") * (1 + deviation / 100)
        self._add(name, die_ns, 1 + deviation / 100, -self.effect_at(die_ns), lag_ns)

    def thickness(self, gauge: AssetConfig, data: Mapping[str, Json]) -> None:
        film = settings.text(gauge, "film")
        found = self._at_die(gauge, data)
        value = data.get("coating_thickness")
        if found is None or film not in ("wet", "dry") or not isinstance(value, int | float):
            return
        die_ns, lag_ns = found
        name = f"{film}:{gauge.name}"
        if film == "dry" and value > 0:
            self._dry_um = float(value)
        self._add(name, die_ns, float(value), -self.effect_at(die_ns), lag_ns)

    def effect_at(self, die_ns: int) -> float:
        """What the commands of that time do to the loading, against the first ones [ln, %]."""
        commanded = self._commanded(die_ns)
        return -commanded.speed + self._gap_exponent * commanded.gap

    def _at_die(self, gauge: AssetConfig, data: Mapping[str, Json]) -> tuple[int, int] | None:
        """When the middle of a window was at the die, and how long it took to be told."""
        from_ns, to_ns = data.get("from_ns"), data.get("to_ns")
        if not isinstance(from_ns, int) or not isinstance(to_ns, int) or self.standing:
            return None
        metres = settings.number(gauge, "distance_from_die")
        lag_ns = round(metres / self._speed * _MINUTE_NS)
        die_ns = (from_ns + to_ns) // 2 - lag_ns
        return None if die_ns < self._quiet_until_ns else (die_ns, lag_ns + (to_ns - from_ns) // 2)

    def _add(
        self, observable: str, die_ns: int, value: float, effect: float, lag_ns: int = 0
    ) -> None:
        if value > 0:
            self.watch.blocks.add(observable, die_ns, 100 * math.log(value) + effect, lag_ns)

    def _ran(self, time_ns: int, speed: float) -> None:
        was_standing = self.standing or time_ns - self._heard_ns > _SILENCE_NS
        self._speed, self._heard_ns = speed, time_ns
        if was_standing and not self.standing:
            self._quiet_until_ns = time_ns + _SETTLES_NS
            self.watch.interrupted(self._quiet_until_ns)

    def _command(self, time_ns: int, signal: str, value: float) -> None:
        before = self._latest.get(signal)
        self._latest[signal] = value
        if before is None or before == value:
            return
        now = self._commanded(time_ns)
        change = 100 * math.log(value / before)
        speed, gap = (change, 0.0) if signal == "line_speed" else (0.0, change)
        self._commands.append(_Commands(time_ns, now.speed + speed, now.gap + gap))
        del self._commands[:-_COMMANDS_REMEMBERED]
        self.watch.blocks.void(time_ns, time_ns + 10 * _SECOND_NS)

    def _commanded(self, die_ns: int) -> _Commands:
        i = bisect_right(self._commands, die_ns, key=lambda c: c.from_ns)
        if i:
            return self._commands[i - 1]
        first = self._commands[0] if len(self._commands) == _COMMANDS_REMEMBERED else None
        return first or _Commands(0, 0.0, 0.0)

    def snapshot(self) -> Snapshot:
        return {
            "watch": self.watch.snapshot(),
            "commands": [[*command] for command in self._commands],
            "latest": dict(self._latest),
            "quiet_until_ns": self._quiet_until_ns,
            "speed": self._speed,
            "loading": self._loading,
            "dry_um": self._dry_um,
            "heard_ns": self._heard_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.watch.restore(saved.fields(snapshot["watch"]))
        self._commands = []
        for from_ns, speed, gap in map(saved.items, saved.items(snapshot["commands"])):
            self._commands.append(
                _Commands(saved.whole(from_ns), saved.number(speed), saved.number(gap))
            )
        self._latest = {
            signal: saved.number(value)
            for signal, value in saved.fields(snapshot["latest"]).items()
        }
        self._quiet_until_ns = saved.whole(snapshot["quiet_until_ns"])
        self._speed = saved.number(snapshot["speed"])
        self._loading = saved.number_or_none(snapshot["loading"])
        self._dry_um = saved.number_or_none(snapshot["dry_um"])
        self._heard_ns = saved.whole(snapshot["heard_ns"])
