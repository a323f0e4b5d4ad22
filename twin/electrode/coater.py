"""The slot-die coater: its setpoints as they really are, its metres and lots."""

from typing import Final

from twin.asset import AssetConfig, Effects, Figure, Json, ParameterSpec, SignalSpec, Twin
from twin.electrode import coating_model, settings
from twin.electrode.lot import LotAtDie
from twin.estimation import saved
from twin.estimation.kalman import LevelFilter
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SAY_EVERY_NS: Final = 2_000_000_000
# A change is told when it is beyond what the two estimates' widths explain.
_TELL_SIGMAS: Final = 4.0
_UNCERTAIN_WIDENS: Final = 2.0
_FILTERED: Final = {"line_speed": "m/min", "slot_die_gap": "um", "pump_flow": "mL/min"}


class Coater(Twin):
    """Filters line speed, slot-die gap and pump flow; counts metres, sees lots change.

    ``coater.state``  line_speed, slot_die_gap, pump_flow, each with ``_sd``; web_length,
                      lot, lot_start_m. None where nothing is known. Told at least every
                      2 s, when a figure has changed by more than its width, and when the
                      lot changes.
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
        data["web_length"] = self._lot.metres_at(time_ns, self._speed())
        data["lot"] = self._lot.lot
        data["lot_start_m"] = self._lot.start_m
        self._told_ns = time_ns
        effects.emit(self.config, "coater.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            "filters": {signal: f.snapshot() for signal, f in self._filters.items()},
            "lot": self._lot.snapshot(),
            "told_ns": self._told_ns,
            "told": {signal: [*told] for signal, told in self._told.items()},
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        for signal, state in saved.fields(snapshot["filters"]).items():
            self._filters[signal].restore(saved.fields(state))
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
    signals=(
        SignalSpec(
            "line_speed",
            "m/min",
            "Speed of the web at the slot die",
            minimum=0.0,
            maximum=120.0,
            max_rate=30.0,
            required=True,
        ),
        SignalSpec(
            "slot_die_gap",
            "um",
            "Gap of the slot die",
            minimum=0.0,
            maximum=2000.0,
            max_rate=500.0,
        ),
        SignalSpec(
            "pump_flow",
            "mL/min",
            "Flow of slurry to the slot die",
            minimum=0.0,
            maximum=50_000.0,
        ),
        SignalSpec(
            "web_length",
            "m",
            "Metre counter of the web at the slot die",
            minimum=0.0,
            maximum=10_000_000.0,
        ),
        SignalSpec("lot", None, "Id of the electrode lot at the slot die"),
    ),
    parameters=(
        ParameterSpec(
            "coating_width",
            "mm",
            "Width of the coating",
            default=600.0,
            minimum=1.0,
            maximum=5000.0,
            source="plant",
        ),
        ParameterSpec(
            "line_speed_min",
            "m/min",
            "Lowest line speed that may be proposed",
            default=5.0,
            minimum=0.0,
            maximum=120.0,
            source="plant; lines run at 20-80 m/min",
        ),
        ParameterSpec(
            "line_speed_max",
            "m/min",
            "Highest line speed that may be proposed",
            default=80.0,
            minimum=0.0,
            maximum=120.0,
            source="plant; lines run at 20-80 m/min; what the dryer can take",
        ),
        ParameterSpec(
            "slot_die_gap_min",
            "um",
            "Smallest slot-die gap that may be proposed",
            default=100.0,
            minimum=0.0,
            maximum=2000.0,
            source="plant",
        ),
        ParameterSpec(
            "slot_die_gap_max",
            "um",
            "Largest slot-die gap that may be proposed",
            default=1000.0,
            minimum=0.0,
            maximum=2000.0,
            source="plant",
        ),
        ParameterSpec(
            "feed",
            None,
            "'metered': a pump sets the flow; 'pressure': a vessel's pressure does",
            default="metered",
        ),
        ParameterSpec(
            "slurry_density",
            "kg/m3",
            "Density of the slurry",
            default=2300.0,
            minimum=500.0,
            maximum=6000.0,
            source="NMC slurry of 65-75 % solids in NMP; recipe",
        ),
        ParameterSpec(
            "slurry_solids",
            "%",
            "Solids in the slurry, by mass",
            default=70.0,
            minimum=1.0,
            maximum=99.0,
            source="recipe",
        ),
        ParameterSpec(
            "preferred_correction",
            None,
            "Setpoint to correct the loading with first: 'line_speed' or 'slot_die_gap'",
            default="line_speed",
        ),
        ParameterSpec(
            "line_speed_noise",
            "m/min",
            "Standard deviation of a reading of the line speed",
            default=0.05,
            minimum=0.0001,
            maximum=10.0,
            source="encoder of the drive; chosen",
        ),
        ParameterSpec(
            "line_speed_wander",
            "m/min",
            "Standard deviation by which the line speed may change in one second",
            default=0.02,
            minimum=0.0,
            maximum=10.0,
            source="chosen: steps are seen as steps",
        ),
        ParameterSpec(
            "slot_die_gap_noise",
            "um",
            "Standard deviation of a reading of the slot-die gap",
            default=0.5,
            minimum=0.0001,
            maximum=100.0,
            source="chosen",
        ),
        ParameterSpec(
            "slot_die_gap_wander",
            "um",
            "Standard deviation by which the slot-die gap may change in one second",
            default=0.1,
            minimum=0.0,
            maximum=100.0,
            source="chosen",
        ),
        ParameterSpec(
            "pump_flow_noise",
            "mL/min",
            "Standard deviation of a reading of the pump flow",
            default=10.0,
            minimum=0.0001,
            maximum=10_000.0,
            source="mass flow meter, about 0.5 %; chosen",
        ),
        ParameterSpec(
            "pump_flow_wander",
            "mL/min",
            "Standard deviation by which the pump flow may change in one second",
            default=2.0,
            minimum=0.0,
            maximum=10_000.0,
            source="chosen",
        ),
    ),
    twin=Coater,
)
