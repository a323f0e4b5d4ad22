"""The calender: line load, gap, and the porosity that they leave."""

from typing import Final

from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode import settings
from twin.electrode.calender_spec import PARAMETERS, SIGNALS
from twin.electrode.calendering_model import MODEL, Compaction, Electrode
from twin.estimation import saved
from twin.estimation.level_filter import LevelFilter
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SAY_EVERY_NS: Final = 2_000_000_000
_UNCERTAIN_WIDENS: Final = 2.0
_UNITS: Final = {
    "line_load": "kN/m",
    "gap": "um",
    "roll_temperature": "degC",
    "thickness_out": "um",
}


class Calender(Twin):
    """Porosity from two sides: what the compaction model says of the line load, and what
    the thickness behind the rolls says of the coating, each by its weight. Either alone
    gives a value, with a greater width.

    ``calender.state``  the four signals, porosity [%], each with ``_sd``; None where
                        nothing is known. Told every 2 s.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._filters = {
            signal: LevelFilter(
                settings.number(config, f"{signal}_noise"),
                settings.number(config, f"{signal}_wander") ** 2,
            )
            for signal in _UNITS
        }
        self._model = Compaction(
            settings.number(config, "initial_porosity"),
            settings.number(config, "minimum_porosity"),
            settings.number(config, "compaction_gamma"),
        )
        self._electrode = Electrode(
            settings.number(config, "coating_loading"),
            settings.number(config, "coating_loading_sd"),
            settings.number(config, "foil_thickness"),
            round(settings.number(config, "coated_sides")),
            settings.number(config, "solid_density"),
        )
        self._model_sd = settings.number(config, "model_sd")
        self._told_ns: int | None = None
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        found = self._filters.get(reading.signal)
        if found is None:
            return
        widened = 1.0 if is_good(reading.quality) else _UNCERTAIN_WIDENS
        found.take(reading.time_ns, reading.value, widened)
        if self._told_ns is None or reading.time_ns - self._told_ns >= _SAY_EVERY_NS:
            self._tell(reading.time_ns, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        figures = [
            Figure(signal, f.level, f.sd_at(self._now_ns), _UNITS[signal])
            for signal, f in self._filters.items()
            if f.known
        ]
        porosity = self.porosity(self._now_ns)
        if porosity is not None:
            figures.append(Figure("porosity", *porosity, "%"))
        return tuple(figures)

    def porosity(self, now_ns: int) -> tuple[float, float] | None:
        """Value and standard deviation [%]: model and thickness, each by its weight
        (the one-dimensional Kalman update). None before the first reading that tells."""
        load, thickness = self._filters["line_load"], self._filters["thickness_out"]
        modelled = measured = None
        if load.known:
            q, sd = load.level, load.sd_at(now_ns)
            width = ((self._model.slope(q) * sd) ** 2 + self._model_sd**2) ** 0.5
            modelled = (self._model.porosity(q), width)
        if thickness.known and thickness.level > self._electrode.foil:
            measured = self._electrode.porosity(thickness.level, thickness.sd_at(now_ns))
        if modelled is None or measured is None:
            return modelled or measured
        gain = modelled[1] ** 2 / (modelled[1] ** 2 + measured[1] ** 2)
        return (
            modelled[0] + gain * (measured[0] - modelled[0]),
            (1 - gain) ** 0.5 * modelled[1],
        )

    def _tell(self, time_ns: int, effects: Effects) -> None:
        data: dict[str, Json] = {}
        for signal, found in self._filters.items():
            data[signal] = found.level if found.known else None
            data[f"{signal}_sd"] = found.sd if found.known else None
        porosity = self.porosity(time_ns)
        data["porosity"], data["porosity_sd"] = porosity or (None, None)
        data["model"] = MODEL
        self._told_ns = time_ns
        effects.emit(self.config, "calender.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            "filters": {signal: f.snapshot() for signal, f in self._filters.items()},
            "told_ns": self._told_ns,
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        for signal, state in saved.fields(snapshot["filters"]).items():
            self._filters[signal].restore(saved.fields(state))
        self._told_ns = saved.whole_or_none(snapshot["told_ns"])
        self._now_ns = saved.whole(snapshot["now_ns"])


KIND: Final = Kind(
    name="calender",
    title="Calender",
    layer=Layer.ELECTRODE,
    description="Calender: compacts the coating to its porosity",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=Calender,
)
