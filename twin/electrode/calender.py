"""The calender: line load, gap, and the porosity that they leave."""

from typing import Final

from twin.asset import AssetConfig, Effects, Figure, Json, ParameterSpec, SignalSpec, Twin
from twin.electrode import settings
from twin.electrode.calendering_model import MODEL, Compaction, Electrode
from twin.estimation import saved
from twin.estimation.kalman import LevelFilter
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
    signals=(
        SignalSpec(
            "line_load",
            "kN/m",
            "Force of the rolls per width of the web",
            minimum=0.0,
            maximum=3000.0,
            max_rate=1000.0,
            required=True,
        ),
        SignalSpec("gap", "um", "Gap between the rolls", minimum=0.0, maximum=2000.0),
        SignalSpec(
            "roll_temperature",
            "degC",
            "Temperature of the rolls' surface",
            minimum=-10.0,
            maximum=250.0,
            max_rate=20.0,
        ),
        SignalSpec(
            "thickness_out",
            "um",
            "Thickness of the electrode behind the rolls",
            above=0.0,
            maximum=1000.0,
            max_rate=500.0,
            flat_after=50,
        ),
    ),
    parameters=(
        ParameterSpec(
            "initial_porosity",
            "%",
            "Porosity before calendering",
            default=46.0,
            minimum=1.0,
            maximum=90.0,
            source="real lines: 42-49 %",
        ),
        ParameterSpec(
            "minimum_porosity",
            "%",
            "Porosity that no line load gets below",
            default=22.0,
            minimum=0.0,
            maximum=80.0,
            source="form: Meyer 2017; value chosen below what real lines reach (23-36 %)",
        ),
        ParameterSpec(
            "compaction_gamma",
            "kN/m",
            "Line load over which the porosity above the least one falls to 1/e",
            default=120.0,
            minimum=1.0,
            maximum=5000.0,
            source="form: Meyer 2017; value to be calibrated (gives 30 % at 130 kN/m)",
        ),
        ParameterSpec(
            "model_sd",
            "%",
            "Standard deviation of the model's porosity, in points",
            default=2.0,
            minimum=0.05,
            maximum=50.0,
            source="chosen for a model not calibrated yet; repeats scatter by 0.43 points",
        ),
        ParameterSpec(
            "coating_loading",
            "mg/cm2",
            "Areal loading of one side",
            default=20.0,
            minimum=0.1,
            maximum=60.0,
            source="recipe",
        ),
        ParameterSpec(
            "coating_loading_sd",
            "mg/cm2",
            "Standard deviation of that loading",
            default=0.2,
            minimum=0.001,
            maximum=10.0,
            source="±2 % tolerance as two standard deviations",
        ),
        ParameterSpec(
            "foil_thickness",
            "um",
            "Thickness of the current collector",
            default=15.0,
            minimum=0.0,
            maximum=200.0,
            source="aluminium foil, 12-20 um; recipe",
        ),
        ParameterSpec(
            "coated_sides",
            "1",
            "Coated sides of the electrode at this pass",
            default=2.0,
            minimum=1.0,
            maximum=2.0,
            source="recipe",
        ),
        ParameterSpec(
            "solid_density",
            "kg/m3",
            "Density of the coating's solids without pores",
            default=4400.0,
            minimum=500.0,
            maximum=10_000.0,
            source="96 % NMC of 4,700 kg/m3, 2 % carbon, 2 % PVDF, by volume; recipe",
        ),
        ParameterSpec(
            "line_load_noise",
            "kN/m",
            "Standard deviation of a reading of the line load",
            default=1.0,
            minimum=0.001,
            maximum=500.0,
            source="load cell, 1 %; chosen",
        ),
        ParameterSpec(
            "line_load_wander",
            "kN/m",
            "Standard deviation by which the line load may change in one second",
            default=0.3,
            minimum=0.0,
            maximum=500.0,
            source="chosen",
        ),
        ParameterSpec(
            "gap_noise",
            "um",
            "Standard deviation of a reading of the gap",
            default=0.5,
            minimum=0.001,
            maximum=100.0,
            source="chosen",
        ),
        ParameterSpec(
            "gap_wander",
            "um",
            "Standard deviation by which the gap may change in one second",
            default=0.05,
            minimum=0.0,
            maximum=100.0,
            source="chosen",
        ),
        ParameterSpec(
            "roll_temperature_noise",
            "K",
            "Standard deviation of a reading of the rolls' temperature",
            default=0.5,
            minimum=0.001,
            maximum=50.0,
            source="chosen",
        ),
        ParameterSpec(
            "roll_temperature_wander",
            "K",
            "Standard deviation by which the rolls' temperature may change in one second",
            default=0.02,
            minimum=0.0,
            maximum=50.0,
            source="chosen",
        ),
        ParameterSpec(
            "thickness_out_noise",
            "um",
            "Standard deviation of a reading of the thickness",
            default=0.7,
            minimum=0.001,
            maximum=100.0,
            source="laser gauge pair, ±1 um; chosen",
        ),
        ParameterSpec(
            "thickness_out_wander",
            "um",
            "Standard deviation by which the thickness may change in one second",
            default=0.1,
            minimum=0.0,
            maximum=100.0,
            source="chosen",
        ),
    ),
    twin=Calender,
)
