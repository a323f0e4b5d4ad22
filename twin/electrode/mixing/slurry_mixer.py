"""The slurry mixer: what goes to the coater, and whether it is still the same slurry."""

import math
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode.formulation import PARAMETER, changed, label_of
from twin.electrode.mixing.model import log_ratio, log_ratio_sd
from twin.electrode.mixing.slurry_mixer_spec import PARAMETERS, SIGNALS
from twin.electrode.open_level import OpenLevel
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SAY_EVERY_NS: Final = 10_000_000_000
# A change is told when it is beyond what the two estimates' widths explain.
_TELL_SIGMAS: Final = 4.0
# What is known twice as well is news too: after a lot change the first readings say much.
_TELL_NARROWER: Final = 0.5
_UNCERTAIN_WIDENS: Final = 2.0
_REFERENCE: Final = "viscosity_reference"


class SlurryMixer(Twin):
    """Filters viscosity, solids and temperature; sees slurry lots change.

    Viscosities are filtered as their logarithms, since they span decades. The measured one
    is filtered as it is; reduced to the reference temperature it is filtered once more:
    where only the first moves, the slurry has another temperature; where the second does,
    it is another slurry (it ages, settles, dries).

    ``mixer.state``  viscosity, viscosity_reference [mPa.s], solids [%], temperature [degC],
                     each with ``_sd`` (None where nothing is known); reference_temperature,
                     lot, lot_since_ns, formulation. Told at least every 10 s, at once when
                     the lot changes or a figure has moved by more than its width or is
                     known twice as well.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._reference_degc = settings.number(config, "reference_temperature")
        self._energy = settings.number(config, "viscosity_activation_energy")
        self._energy_sd = settings.number(config, "viscosity_activation_energy_sd")
        noise, wander = (
            settings.number(config, f"viscosity_{word}") / 100 for word in ("noise", "wander")
        )
        # The measured viscosity goes with the temperature besides.
        kelvins = settings.number(config, "temperature_wander")
        with_it = log_ratio_sd(self._reference_degc, kelvins, self._reference_degc, self._energy, 0)
        self._levels = {
            "viscosity": OpenLevel(noise, math.hypot(wander, with_it)),
            _REFERENCE: OpenLevel(noise, wander),
            "solids": self._level("solids"),
            "temperature": self._level("temperature"),
        }
        self._lot: str | None = None
        self._lot_since_ns: int | None = None
        self._told_ns: int | None = None
        # Level and variance of each figure when last told.
        self._told: dict[str, tuple[float, float]] = {}
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        time_ns = reading.time_ns
        if reading.signal == "lot":
            news = bool(reading.text) and self._named(time_ns, str(reading.text))
        else:
            widened = 1.0 if is_good(reading.quality) else _UNCERTAIN_WIDENS
            self._measured(reading.signal, time_ns, reading.value, widened)
            news = self._is_news(reading.signal)
            if reading.signal == "viscosity":
                news = news or self._is_news(_REFERENCE)
        if news or self._told_ns is None or time_ns - self._told_ns >= _SAY_EVERY_NS:
            self._tell(time_ns, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        units = {"solids": "%", "temperature": "degC"}
        found = []
        for name in self._levels:
            value, sd = self._figure(name, self._now_ns)
            if value is not None and sd is not None:
                found.append(Figure(name, value, sd, units.get(name, "mPa.s")))
        return tuple(found)

    def _level(self, signal: str) -> OpenLevel:
        return OpenLevel(
            settings.number(self.config, f"{signal}_noise"),
            settings.number(self.config, f"{signal}_wander"),
        )

    def _measured(self, signal: str, time_ns: int, value: float, widened: float) -> None:
        if signal != "viscosity":
            self._levels[signal].take(time_ns, value, widened)
            return
        self._levels["viscosity"].take(time_ns, math.log(value), widened)
        temperature = self._levels["temperature"]
        if temperature.known:
            ratio = log_ratio(temperature.level, self._reference_degc, self._energy)
            self._levels[_REFERENCE].take(time_ns, math.log(value) - ratio, widened)

    def _named(self, time_ns: int, lot: str) -> bool:
        """Whether it is another lot; what is known of the last one widens then."""
        if lot == self._lot:
            return False
        if self._lot is not None:
            by = (settings.number(self.config, "lot_scatter_viscosity") / 100) ** 2
            self._levels["viscosity"].open_by(by)
            self._levels[_REFERENCE].open_by(by)
            solids = settings.number(self.config, "lot_scatter_solids")
            self._levels["solids"].open_by(solids**2)
        self._lot, self._lot_since_ns = lot, time_ns
        return True

    def _open(self) -> None:
        """Another formulation: the levels are where to begin, and little more."""
        to = settings.number(self.config, "viscosity_prior_sd") / 100
        self._levels["viscosity"].open_to(to)
        self._levels[_REFERENCE].open_to(to)
        self._levels["solids"].open_to(settings.number(self.config, "solids_prior_sd"))
        self._told_ns = None
        self._told.clear()

    def _is_news(self, name: str) -> bool:
        found = self._levels[name]
        if not found.known:
            return False
        if name not in self._told:
            return True
        level, variance = self._told[name]
        difference = found.level - level
        moved = difference * difference > _TELL_SIGMAS**2 * (variance + found.variance)
        return moved or found.variance < _TELL_NARROWER**2 * variance

    def _figure(self, name: str, time_ns: int) -> tuple[float | None, float | None]:
        """Value and width at a time in the unit that it is told in. Of a logarithm's width
        the first order: 5 % of it are missing at a width of 30 %."""
        found = self._levels[name]
        if not found.known:
            return None, None
        sd = found.sd_at(time_ns)
        if name == _REFERENCE:
            sd = math.hypot(sd, self._reduction_sd(time_ns))
        if name in ("viscosity", _REFERENCE):
            value = math.exp(found.level)
            return value, value * sd
        return found.level, sd

    def _reduction_sd(self, time_ns: int) -> float:
        """What temperature and activation energy leave open; no readings average it out."""
        temperature = self._levels["temperature"]
        return log_ratio_sd(
            temperature.level,
            temperature.sd_at(time_ns),
            self._reference_degc,
            self._energy,
            self._energy_sd,
        )

    def _tell(self, time_ns: int, effects: Effects) -> None:
        data: dict[str, Json] = {}
        for name, found in self._levels.items():
            data[name], data[f"{name}_sd"] = self._figure(name, time_ns)
            if found.known:
                self._told[name] = (found.level, found.variance)
        data["reference_temperature"] = self._reference_degc
        data["lot"] = self._lot
        data["lot_since_ns"] = self._lot_since_ns
        data["formulation"] = label_of(self.config)
        self._told_ns = time_ns
        effects.emit(self.config, "mixer.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            PARAMETER: label_of(self.config),
            "reference_degc": self._reference_degc,
            "levels": {name: level.snapshot() for name, level in self._levels.items()},
            "lot": self._lot,
            "lot_since_ns": self._lot_since_ns,
            "told_ns": self._told_ns,
            "told": {name: [*told] for name, told in self._told.items()},
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        levels = saved.fields(snapshot["levels"])
        told = saved.fields(snapshot["told"])
        if saved.number(snapshot["reference_degc"]) != self._reference_degc:
            # Reduced to another temperature, it begins anew.
            del levels[_REFERENCE]
            told.pop(_REFERENCE, None)
        for name, state in levels.items():
            self._levels[name].restore(saved.fields(state))
        lot = snapshot["lot"]
        self._lot = None if lot is None else saved.text(lot)
        self._lot_since_ns = saved.whole_or_none(snapshot["lot_since_ns"])
        self._told_ns = saved.whole_or_none(snapshot["told_ns"])
        self._told = {}
        for name, figure in told.items():
            level, variance = map(saved.number, saved.items(figure))
            self._told[name] = (level, variance)
        self._now_ns = saved.whole(snapshot["now_ns"])
        if changed(self.config, snapshot):
            self._open()


KIND: Final = Kind(
    name="slurry_mixer",
    title="SlurryMixer",
    layer=Layer.ELECTRODE,
    description="Slurry mixer: viscosity, solids and temperature of the slurry, and its lot",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=SlurryMixer,
)
