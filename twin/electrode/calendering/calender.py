"""The calender: line load, gap, and the porosity that they leave."""

from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.electrode.calendering import telling
from twin.electrode.calendering.calibration import Calibration, parameters
from twin.electrode.calendering.estimator import NipEstimator, Point
from twin.electrode.calendering.parameters import PARAMETERS
from twin.electrode.calendering.progress import Progress
from twin.electrode.calendering.saving import text_or_none
from twin.electrode.calendering.signals import SIGNALS
from twin.electrode.calendering.windows import Window
from twin.estimation import saved
from twin.estimation.level_filter import LevelFilter
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.quality import is_good
from twin.snapshot import Snapshot

_SAY_EVERY_NS: Final = 2_000_000_000
_UNCERTAIN_WIDENS: Final = 2.0


class Calender(Twin):
    """Porosity from the line load, the thickness behind the rolls, the gap, and what the
    laboratory says, by one Bayesian estimator; which of them is wrong by how much is part
    of its state.

    ``calender.state``         the four signals, porosity [%], each with ``_sd``; its 90 %
                               interval, wear, what is learned; None where nothing is
                               known. Told every 2 s, and when the lot changes.
    ``calender.sample``        what a laboratory sample said, and what it changed.
    ``calender.rolls_changed``, ``calender.formulation_changed``
                               before, after, the parameters as they were; a calibration
                               of the physics starts.
    ``calender.recalibrated``  parameters before and after.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._filters = {
            signal: LevelFilter(
                settings.number(config, f"{signal}_noise"),
                settings.number(config, f"{signal}_wander") ** 2,
            )
            for signal in telling.UNITS
        }
        self._nip = NipEstimator(config)
        self._calibration = Calibration()
        self._formulation = settings.text(config, "formulation")
        self._formulation_before: str | None = None
        self._window_s = settings.number(config, "window")
        self._window: Window | None = None
        self._web = Progress()
        self._told_ns: int | None = None
        self._now_ns = 0

    def step(self, reading: Reading, effects: Effects) -> None:
        time_ns = reading.time_ns
        if self._formulation_before is not None:
            self._tell_formulation(time_ns, effects)
        changed = False
        found = self._filters.get(reading.signal)
        if found is not None:
            self._take(found, reading, effects)
        elif reading.signal == "web_length":
            self._web.length = reading.value
        elif reading.signal == "sample_porosity":
            self._sample(reading, effects)
        elif reading.signal == "lot" and reading.text:
            changed = self._name_lot(reading.text, time_ns)
        elif reading.signal == "roll_set" and reading.text:
            self._mount(reading.text, time_ns, effects)
        else:
            return
        if changed or self._told_ns is None or time_ns - self._told_ns >= _SAY_EVERY_NS:
            self._tell(time_ns, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        self._now_ns = now_ns

    def figures(self) -> tuple[Figure, ...]:
        figures = [
            Figure(signal, f.level, f.sd_at(self._now_ns), telling.UNITS[signal])
            for signal, f in self._filters.items()
            if f.known
        ]
        porosity = self.porosity(self._now_ns)
        if porosity is not None:
            figures.append(Figure("porosity", *porosity, "%"))
        if figures and self._nip.point is not None:
            figures += telling.figures(self._nip)
        return tuple(figures)

    def porosity(self, now_ns: int) -> tuple[float, float] | None:
        """Value [%] and standard deviation behind the rolls. None before the first reading
        that tells."""
        load, thickness = self._filters["line_load"], self._filters["thickness_out"]
        if load.known:
            return self._nip.porosity(self._point(), load.sd_at(now_ns))
        if thickness.known:
            return self._nip.from_thickness(thickness.level, thickness.sd_at(now_ns))
        return None

    def _take(self, found: LevelFilter, reading: Reading, effects: Effects) -> None:
        widened = 1.0 if is_good(reading.quality) else _UNCERTAIN_WIDENS
        taken = found.take(reading.time_ns, reading.value, widened)
        window = self._window
        if window is None:
            window = self._window = Window(reading.time_ns)
        # No thicker than its foil: there is no web, or the gauge is wrong.
        bare = reading.signal == "thickness_out" and reading.value <= self._nip.electrode.foil
        if bare:
            window.bare = True
        elif taken:
            window.take(reading.signal, reading.value)
        due = window.seconds(reading.time_ns) >= self._window_s
        if due or (self._nip.point is None and {"line_load", "thickness_out"} <= {*window.means}):
            self._learn(window, reading.time_ns, effects)

    def _learn(self, window: Window, time_ns: int, effects: Effects) -> None:
        seconds = window.seconds(time_ns)
        self._window = Window(time_ns)
        weight = self._web.weight(time_ns)
        # No web, or one that stands, which is read at the same place again.
        stands = window.bare or (self._web.length is not None and weight == 0.0)
        calibration = self._calibration
        if calibration.since_ns is None:
            calibration.start(calibration.cause, window.from_ns, parameters(self._nip.filter))
        if self._nip.learn(window, seconds, calibration.held, stands):
            calibration.seconds += seconds
        if self._web.lot is not None:
            self._nip.count(self._web.lot, weight)
        self._finish(time_ns, effects)

    def _sample(self, reading: Reading, effects: Effects) -> None:
        lot = reading.text or self._web.lot or ""
        before = self._nip.lot_porosity(lot)
        sampled = self._nip.sample(lot, reading.value, self._calibration.held)
        if sampled is not None and sampled.used:
            self._calibration.samples += 1
        after = self._nip.lot_porosity(lot)
        data = telling.sample(lot, reading.value, sampled, before, after)
        effects.emit(self.config, "calender.sample", reading.time_ns, data)
        self._finish(reading.time_ns, effects)

    def _name_lot(self, lot: str, time_ns: int) -> bool:
        if lot == self._web.lot:
            return False
        if self._web.lot is not None:
            self._nip.count(self._web.lot, self._web.weight(time_ns))
            self._nip.lot_changed()
        self._web.lot = lot
        return True

    def _mount(self, rolls: str, time_ns: int, effects: Effects) -> None:
        before, self._web.roll_set = self._web.roll_set, rolls
        if before is None or before == rolls:
            return
        known = parameters(self._nip.filter)
        self._nip.rolls_changed()
        self._calibration.start("rolls changed", time_ns, known)
        effects.emit(
            self.config,
            "calender.rolls_changed",
            time_ns,
            telling.changed(before, rolls, time_ns, known, parameters(self._nip.filter)),
        )

    def _tell_formulation(self, time_ns: int, effects: Effects) -> None:
        before, self._formulation_before = self._formulation_before or "", None
        known = self._calibration.before
        self._calibration.since_ns = time_ns
        effects.emit(
            self.config,
            "calender.formulation_changed",
            time_ns,
            telling.changed(
                before, self._formulation, time_ns, known, parameters(self._nip.filter)
            ),
        )

    def _finish(self, time_ns: int, effects: Effects) -> None:
        """Where a calibration has had enough, its physics is held from now on."""
        calibration, point = self._calibration, self._nip.point
        if not calibration.running or point is None:
            return
        if not calibration.is_enough(self.config, self._nip.porosity(point)[1]):
            return
        calibration.running = False
        data = telling.recalibrated(calibration, self._nip, time_ns)
        data.update({"roll_set": self._web.roll_set, "formulation": self._formulation})
        effects.emit(self.config, "calender.recalibrated", time_ns, data)

    def _point(self) -> Point:
        warm = self._filters["roll_temperature"]
        return Point(
            self._filters["line_load"].level,
            warm.level - self._nip.prior.reference_temperature if warm.known else 0.0,
        )

    def _tell(self, time_ns: int, effects: Effects) -> None:
        data: dict[str, Json] = {}
        for signal, found in self._filters.items():
            data[signal] = found.level if found.known else None
            data[f"{signal}_sd"] = found.sd if found.known else None
        point = self._point() if self._filters["line_load"].known else None
        data.update(telling.porosity(self._nip, point, self.porosity(time_ns)))
        data.update(telling.of_web(self._nip, self._web))
        data.update(telling.of_calibration(self._calibration, self.config))
        data["formulation"] = self._formulation
        self._told_ns = time_ns
        effects.emit(self.config, "calender.state", time_ns, data)

    def snapshot(self) -> Snapshot:
        return {
            "filters": {signal: f.snapshot() for signal, f in self._filters.items()},
            "nip": self._nip.snapshot(),
            "calibration": self._calibration.snapshot(),
            "formulation": self._formulation,
            "formulation_before": self._formulation_before,
            "window": None if self._window is None else self._window.snapshot(),
            "web": self._web.snapshot(),
            "told_ns": self._told_ns,
            "now_ns": self._now_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        for signal, state in saved.fields(snapshot["filters"]).items():
            self._filters[signal].restore(saved.fields(state))
        nip = saved.fields(snapshot["nip"])
        self._nip.restore(nip)
        self._calibration.restore(saved.fields(snapshot["calibration"]))
        self._formulation_before = text_or_none(snapshot["formulation_before"])
        learned_under = saved.text(snapshot["formulation"])
        known = parameters(self._nip.filter)
        self._nip.renew(nip)
        if learned_under != self._formulation:
            self._nip.formulation_changed()
            self._calibration.start("formulation changed", None, known)
            self._formulation_before = learned_under
        window = snapshot["window"]
        self._window = None if window is None else Window.restored(saved.fields(window))
        self._web = Progress.restored(saved.fields(snapshot["web"]))
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
