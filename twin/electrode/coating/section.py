"""Coating: from an excursion or a drift to one recommendation with its causes.

gauge.excursion ─▶ at once: one correction a coater
a cause moves   ─▶ before it is scrap: a correction, or the calibration of a gauge
gauge.recovered ─▶ a proposal that nobody has taken up is withdrawn
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.electrode import writing
from twin.electrode.coating import drift
from twin.electrode.coating.answers import Answers
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.coater_watch import CoaterWatch
from twin.electrode.coating.corrections import Corrections
from twin.electrode.coating.disposition import Dispositions
from twin.electrode.coating.effect import Loading
from twin.electrode.coating.gauge_excursion import GaugeExcursion, number, whole
from twin.electrode.coating.interruptions import Interruptions
from twin.electrode.coating.lines import CoatingLines
from twin.electrode.diagnosis.watch import MODEL as COURSE
from twin.electrode.diagnosis.watch import Episode
from twin.electrode.section import Line, Section
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_UID: Final = "section:coating"


class CoatingSection(Section):
    types: ClassVar[tuple[str, ...]] = (writing.TYPE, drift.CALIBRATION, Dispositions.TYPE)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lines = CoatingLines()
        self._interruptions = Interruptions()
        self._answers = Answers(desk, self._lines, self._interruptions)
        self._corrections = Corrections(desk)
        self._dispositions = Dispositions(desk)
        # Of the events that are told upwards.
        self._sequence = 0

    @property
    def coaters(self) -> Mapping[str, CoaterHistory]:
        return self._lines.coaters

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        for name in self._lines.changed(assets):
            self._answers.forget(name)
            self._interruptions.forget(name)

    def on_event(self, event: Event, asset: AssetConfig, line: Line) -> Decisions:
        match event.kind:
            case "coater.state":
                return self._coater_state(event, asset)
            case "mixer.state":
                self._mixer_state(event, asset)
            case "thickness.state":
                coater = self._lines.coater_of(asset)
                if coater is not None:
                    self._lines.watch(coater).thickness(asset, event.data)
            case "gauge.loading":
                return self._loading(event, asset)
            case "gauge.excursion":
                self._lines.excursions[event.asset] = GaugeExcursion.of(event.data)
                return self._answers.to_excursion(asset, event)
            case "gauge.recovered":
                self._lines.excursions.pop(asset.name, None)
                return self._answers.recovered(asset, event)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: Line) -> Decisions:
        if found.type == Dispositions.TYPE:
            return self._dispositions.carried_out(found, now_ns)
        if found.type == drift.CALIBRATION:
            return self._calibrated(found, now_ns)
        assert found.applied is not None
        change, speed = found.changes[0], self.coaters.get(found.asset, CoaterHistory()).speed
        slowest = speed or 0.0
        if change.signal == "line_speed":
            slowest = min(slowest, change.from_value, found.applied.value)
        self._interruptions.changed(found.asset, found.applied.time_ns, slowest)
        if found.evidence[0].model != COURSE:
            self._interruptions.answered(found.asset, found.applied.time_ns)
        if found.asset in self._lines.watches:
            self._lines.watches[found.asset].applied(
                found.applied.time_ns, change.signal, found.applied.value, change.from_value
            )
        gauge = self._lines.assets.get(found.source)
        if gauge is not None:
            self._corrections.applied(found, speed, gauge)
        return Decisions()

    def _calibrated(self, found: Recommendation, now_ns: int) -> Decisions:
        self._lines.excursions.pop(found.asset, None)
        name = self._lines.coater_name(found.asset)
        watch, history = self._lines.watches.get(name), self.coaters.get(name)
        if watch is not None and history is not None:
            watch.watch.accept()
            # What was heard of the gauge before says nothing of it any more.
            watch.watch.interrupted(history.time_ns)
        return self._desk.close(found, True, drift.calibrated(found, now_ns), now_ns)

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        self._answers.rejected(found)

    def at(self, now_ns: int, line: Line) -> Decisions:
        return self._corrections.at(now_ns, self._lines.coaters)

    def kpis(self) -> Mapping[str, Json]:
        return {
            **self._dispositions.kpis(),
            "lines": {name: self._state_of(name) for name in self.coaters},
        }

    def loading_of(self, coater: str) -> tuple[float, float] | None:
        """Loading that the coater lays now [mg/cm2], and its standard deviation."""
        return self._lines.loading(coater)

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        return self._dispositions.loading(lot)

    def _coater_state(self, event: Event, coater: AssetConfig) -> Decisions:
        history = self._lines.coaters.setdefault(event.asset, CoaterHistory())
        commanded, before = dict(history.commanded), history.speed
        metres = history.take(event.time_ns, event.data)
        speed = history.speed
        if speed is not None:
            self._interruptions.ran(event.asset, event.time_ns, speed)
            if any(history.commanded[signal] != was for signal, was in commanded.items()):
                slowest = min(speed, speed if before is None else before)
                self._interruptions.changed(event.asset, event.time_ns, slowest)
        slurry = history.slurry_at(event.time_ns)
        self._dispositions.coated(history.lot, metres, slurry)
        decisions = Decisions()
        for gauge in self._lines.in_excursion(event.asset):
            decisions.merge(self._answers.to_excursion(gauge, event))
        watch = self._lines.watch(coater)
        for episode in watch.coater_state(event.time_ns, event.data):
            if episode is not None:
                decisions.merge(self._announce(coater, watch, episode, event))
                decisions.merge(self._answers.to_drift(coater, watch, episode, event))
        return decisions

    def _announce(
        self, coater: AssetConfig, watch: CoaterWatch, episode: Episode, event: Event
    ) -> Decisions:
        """Once, when an episode begins: before there is enough of it to be corrected."""
        if episode.announced:
            return Decisions()
        episode.announced = True
        self._sequence += 1
        level = drift.level_at(watch, event.time_ns)
        data: dict[str, Json] = {
            "since_ns": episode.from_ns,
            "causes": dict(episode.causes),
            "sigmas": episode.z,
            "deviation_pct": None if level is None else level.value,
            "words": self._lines.told(coater, episode.causes).words,
        }
        told = Event(coater.name, _UID, self._sequence, "line.drift", event.time_ns, data)
        return Decisions(upward=[told])

    def _mixer_state(self, event: Event, mixer: AssetConfig) -> None:
        coater = self._lines.coater_of(mixer)
        if coater is None:
            return
        history = self._lines.coaters.setdefault(coater.name, CoaterHistory())
        viscosity, lot = event.data.get("viscosity"), event.data.get("lot")
        if isinstance(viscosity, int | float) and viscosity > 0:
            history.viscosity = float(viscosity)
        if isinstance(lot, str) and lot:
            since = event.data.get("lot_since_ns")
            from_ns = since if isinstance(since, int) else event.time_ns
            transfer_ns = round(settings.number(mixer, "transfer_time") * 1e9)
            history.mixed(lot, from_ns + transfer_ns)
        self._lines.watch(coater).mixer_state(mixer, event.time_ns, event.data)

    def _loading(self, event: Event, gauge: AssetConfig) -> Decisions:
        coater = self._lines.coater_of(gauge)
        loading = Loading(
            whole(event.data["from_ns"]),
            whole(event.data["to_ns"]),
            whole(event.data["n"]),
            number(event.data["deviation_pct"]),
            number(event.data["deviation_sd_pct"]),
        )
        decisions = self._corrections.measured(loading, gauge, self._lines.coaters, event.time_ns)
        if coater is None:
            return decisions
        watch = self._lines.watch(coater)
        watch.loading(gauge, event.data)
        history = self.coaters.get(coater.name)
        if history is not None and not watch.standing and not self._lines.in_doubt(gauge, coater):
            decisions.merge(self._dispositions.measured(coater, gauge, history, loading))
        excursion = self._lines.excursions.get(gauge.name)
        if excursion is not None:
            excursion.goes_on(event.data)
            decisions.merge(self._answers.to_excursion(gauge, event))
        return decisions

    def _state_of(self, coater: str) -> Mapping[str, Json]:
        watch = self._lines.watches.get(coater)
        if watch is None:
            return {}
        return drift.state(watch, self._lines.assets.get(coater), self.coaters[coater])

    def snapshot(self) -> Snapshot:
        return {
            **self._lines.snapshot(),
            "rejected": self._answers.snapshot(),
            "corrections": self._corrections.snapshot(),
            "dispositions": self._dispositions.snapshot(),
            "interruptions": self._interruptions.snapshot(),
            "sequence": self._sequence,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._lines.restore(snapshot)
        self._answers.restore(saved.fields(snapshot["rejected"]))
        self._corrections.restore(saved.fields(snapshot["corrections"]))
        self._dispositions.restore(saved.fields(snapshot["dispositions"]))
        self._interruptions.restore(saved.fields(snapshot["interruptions"]))
        self._sequence = saved.whole(snapshot["sequence"])
