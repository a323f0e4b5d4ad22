"""Coating: from an excursion or a drift to one recommendation with its causes.

gauge.excursion ─▶ at once: one correction a coater
a cause moves   ─▶ before it is scrap: a correction, or the calibration of a gauge
gauge.recovered ─▶ a proposal that nobody has taken up is withdrawn
"""

from collections.abc import Iterator, Mapping
from typing import ClassVar, Final

from twin.asset import AssetConfig, Event, Json
from twin.electrode import settings, writing
from twin.electrode.coating import drift
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.coater_watch import CoaterWatch
from twin.electrode.coating.corrections import Corrections
from twin.electrode.coating.disposition import Dispositions
from twin.electrode.coating.effect import Loading
from twin.electrode.coating.gauge_excursion import GaugeExcursion, number, whole
from twin.electrode.coating.interruptions import Interruptions
from twin.electrode.coating.proposal import Deviation, propose
from twin.electrode.desk import Desk
from twin.electrode.diagnosis.watch import MODEL as COURSE
from twin.electrode.diagnosis.watch import Episode
from twin.electrode.section import Line, Section
from twin.estimation import saved
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_CALM_S: Final = 900.0
_SURE: Final = 0.5
_UID: Final = "section:coating"


class CoatingSection(Section):
    types: ClassVar[tuple[str, ...]] = (writing.TYPE, drift.CALIBRATION, Dispositions.TYPE)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._assets: dict[str, AssetConfig] = {}
        self.coaters: dict[str, CoaterHistory] = {}
        self._watches: dict[str, CoaterWatch] = {}
        # Of a snapshot, by coater, until the coater is heard of.
        self._resting: dict[str, Snapshot] = {}
        self._excursions: dict[str, GaugeExcursion] = {}
        # By coater: the deviation [%] whose correction a person has rejected.
        self._rejected: dict[str, tuple[str, float]] = {}
        self._corrections = Corrections(desk)
        self._dispositions = Dispositions(desk)
        self._interruptions = Interruptions()
        # Of the events that are told upwards.
        self._sequence = 0

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        for name, asset in self._assets.items():
            if name not in assets or assets[name].uid != asset.uid:
                self.coaters.pop(name, None)
                self._forget(name)
                self._excursions.pop(name, None)
                self._rejected.pop(name, None)
                self._interruptions.forget(name)
            elif asset.parameters != assets[name].parameters:
                # Other limits, another formulation: what was ordinary is learned anew.
                self._forget(name)
        self._assets = dict(assets)

    def _forget(self, coater: str) -> None:
        self._watches.pop(coater, None)
        self._resting.pop(coater, None)

    def on_event(self, event: Event, asset: AssetConfig, line: Line) -> Decisions:
        match event.kind:
            case "coater.state":
                return self._coater_state(event, asset)
            case "mixer.state":
                self._mixer_state(event, asset)
            case "thickness.state":
                coater = self._coater_of(asset)
                if coater is not None:
                    self._watch(coater).thickness(asset, event.data)
            case "gauge.loading":
                return self._loading(event, asset)
            case "gauge.excursion":
                self._excursions[event.asset] = GaugeExcursion.of(event.data)
                return self._consider(asset, event)
            case "gauge.recovered":
                return self._recovered(event, asset)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: Line) -> Decisions:
        if found.type == Dispositions.TYPE:
            return self._dispositions.carried_out(found, now_ns)
        if found.type == drift.CALIBRATION:
            name = self._coater_name(found.asset)
            watch, history = self._watches.get(name), self.coaters.get(name)
            if watch is not None and history is not None:
                watch.watch.accept()
                # What was heard of the gauge before says nothing of it any more.
                watch.watch.interrupted(history.time_ns)
            return self._desk.close(found, True, drift.calibrated(found, now_ns), now_ns)
        assert found.applied is not None
        change, speed = found.changes[0], self.coaters.get(found.asset, CoaterHistory()).speed
        slowest = speed or 0.0
        if change.signal == "line_speed":
            slowest = min(slowest, change.from_value, found.applied.value)
        self._interruptions.changed(found.asset, found.applied.time_ns, slowest)
        if found.evidence[0].model != COURSE:
            self._interruptions.answered(found.asset, found.applied.time_ns)
        if found.asset in self._watches:
            self._watches[found.asset].applied(
                found.applied.time_ns, change.signal, found.applied.value, change.from_value
            )
        gauge = self._assets.get(found.source)
        if gauge is not None:
            self._corrections.applied(found, speed, gauge)
        return Decisions()

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        gauge = self._assets.get(found.source)
        if gauge is not None and found.type == writing.TYPE:
            self._rejected[found.asset] = (gauge.name, _deviation(found, gauge))

    def at(self, now_ns: int, line: Line) -> Decisions:
        return self._corrections.at(now_ns, self.coaters)

    def kpis(self) -> Mapping[str, Json]:
        return {
            **self._dispositions.kpis(),
            "lines": {name: self._state_of(name) for name in self.coaters},
        }

    def loading_of(self, coater: str) -> tuple[float, float] | None:
        """Loading that the coater lays now [mg/cm2], and its standard deviation."""
        watch, history = self._watches.get(coater), self.coaters.get(coater)
        gauge = next(iter(self._all_gauges_of(coater)), None)
        if watch is None or history is None or gauge is None:
            return None
        level = drift.level_at(watch, history.time_ns)
        if level is None:
            return None
        target = settings.number(gauge, "target_loading")
        return target * (1 + level.value / 100), target * level.sd / 100

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        return self._dispositions.loading(lot)

    def _coater_state(self, event: Event, coater: AssetConfig) -> Decisions:
        history = self.coaters.setdefault(event.asset, CoaterHistory())
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
        for gauge in self._in_excursion(event.asset):
            decisions.merge(self._consider(gauge, event))
        watch = self._watch(coater)
        for episode in watch.coater_state(event.time_ns, event.data):
            if episode is not None:
                decisions.merge(self._announce(coater, watch, episode, event))
                decisions.merge(self._drift(coater, watch, episode, event))
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
            "words": self._told(coater, episode.causes).words,
        }
        told = Event(coater.name, _UID, self._sequence, "line.drift", event.time_ns, data)
        return Decisions(upward=[told])

    def _mixer_state(self, event: Event, mixer: AssetConfig) -> None:
        coater = self._coater_of(mixer)
        if coater is None:
            return
        history = self.coaters.setdefault(coater.name, CoaterHistory())
        viscosity, lot = event.data.get("viscosity"), event.data.get("lot")
        if isinstance(viscosity, int | float) and viscosity > 0:
            history.viscosity = float(viscosity)
        if isinstance(lot, str) and lot:
            since = event.data.get("lot_since_ns")
            from_ns = since if isinstance(since, int) else event.time_ns
            transfer_ns = round(settings.number(mixer, "transfer_time") * 1e9)
            history.mixed(lot, from_ns + transfer_ns)
        self._watch(coater).mixer_state(mixer, event.time_ns, event.data)

    def _loading(self, event: Event, gauge: AssetConfig) -> Decisions:
        coater = self._coater_of(gauge)
        loading = Loading(
            whole(event.data["from_ns"]),
            whole(event.data["to_ns"]),
            whole(event.data["n"]),
            number(event.data["deviation_pct"]),
            number(event.data["deviation_sd_pct"]),
        )
        decisions = self._corrections.measured(loading, gauge, self.coaters, event.time_ns)
        if coater is None:
            return decisions
        watch = self._watch(coater)
        watch.loading(gauge, event.data)
        history = self.coaters.get(coater.name)
        if history is not None and not watch.standing and not self._in_doubt(gauge, coater):
            decisions.merge(self._dispositions.measured(coater, gauge, history, loading))
        excursion = self._excursions.get(gauge.name)
        if excursion is not None:
            excursion.goes_on(event.data)
            decisions.merge(self._consider(gauge, event))
        return decisions

    def _recovered(self, event: Event, gauge: AssetConfig) -> Decisions:
        self._excursions.pop(gauge.name, None)
        self._rejected = {
            coater: (source, deviation)
            for coater, (source, deviation) in self._rejected.items()
            if source != gauge.name
        }
        coater = self._coater_of(gauge)
        watch = None if coater is None else self._watches.get(coater.name)
        if watch is not None and watch.watch.episode is not None:
            # It is looked after; a cause that is still there leads out again.
            return Decisions()
        return self._desk.withdraw(
            lambda r: r.source == gauge.name and r.type == writing.TYPE,
            event.time_ns,
            "the loading came back within its limit before anyone decided",
        )

    def _consider(self, gauge: AssetConfig, event: Event) -> Decisions:
        """Propose a correction of an excursion where one is due; ``event`` is the cause."""
        excursion, coater = self._excursions.get(gauge.name), self._coater_of(gauge)
        if excursion is None or coater is None or coater.name not in self.coaters:
            return Decisions()
        # It may be on its way back and not have been declared recovered yet.
        if abs(excursion.deviation) <= settings.number(gauge, "excursion_limit"):
            return Decisions()
        causes = self._causes(coater)
        if drift.accused(causes) == gauge.name and self._watch(coater).watch.has_learned:
            # Hold back while it is not clear; the next minute says more.
            sure = drift.accused(causes, drift.CONVICTED) == gauge.name
            return self._calibrate(gauge, coater, causes, event) if sure else Decisions()
        if self._interruptions.too_large(coater, gauge, excursion.deviation, excursion.to_ns):
            return self._desk.withdraw(
                lambda r: r.source == gauge.name and r.type == writing.TYPE,
                event.time_ns,
                "no setpoint corrects what the gauge sees now",
            )
        speed = self.coaters[coater.name].speed or 0.0
        if self._interruptions.holds(coater.name, gauge, speed, excursion.to_ns):
            return Decisions()
        present = self._desk.open_for(coater.name, writing.TYPE)
        if present is not None and not self._outdated(present, gauge, excursion, event):
            return Decisions()
        if present is None and self._was_rejected(coater, gauge, excursion.deviation):
            return Decisions()
        history = self.coaters[coater.name]
        target = settings.number(gauge, "target_loading")
        proposal = propose(coater, history, Deviation(excursion.deviation, excursion.sd, target))
        if proposal is None:
            return Decisions()
        proposed = writing.recommendation(
            event.id,
            event.time_ns,
            coater,
            gauge,
            history,
            excursion,
            proposal,
            *self._told(coater, causes),
        )
        return self._desk.propose(proposed, present)

    def _drift(
        self, coater: AssetConfig, watch: CoaterWatch, episode: Episode, event: Event
    ) -> Decisions:
        """An episode goes on: a gauge in doubt is to be calibrated, a web that drifts
        corrected, as soon as it is worth it."""
        history = self.coaters[coater.name]
        accused = drift.accused(episode.causes)
        decisions = Decisions()
        if accused is not None and accused in self._assets:
            if drift.accused(episode.causes, drift.CONVICTED) is not None:
                decisions = self._calibrate(self._assets[accused], coater, episode.causes, event)
            if not drift.on_web(episode.causes):
                return decisions
        gauge = self._measuring(coater, episode)
        level = drift.level_at(watch, event.time_ns + drift.AIMED_AT_NS)
        present = self._desk.open_for(coater.name, writing.TYPE)
        if gauge is None or level is None:
            return decisions
        course, block_s = watch.watch.course, watch.watch.blocks.length_s
        if self._interruptions.course_lags(coater.name, course.until_ns, block_s):
            return decisions
        least = settings.number(coater, "least_correction")
        episode.calm = episode.calm + 1 if present is None and drift.is_calm(watch) else 0
        if abs(level.value) < least:
            if episode.calm * watch.watch.blocks.length_s >= _CALM_S:
                watch.watch.accept()
                self._rejected.pop(coater.name, None)
            return decisions
        if present is not None and not drift.outdated(present, gauge, level, least):
            return decisions
        if present is None and self._was_rejected(coater, gauge, level.value):
            return decisions
        target = settings.number(gauge, "target_loading")
        proposal = propose(coater, history, Deviation(level.value, level.sd, target))
        if proposal is None:
            return decisions
        proposed = drift.recommendation(
            event,
            coater,
            gauge,
            history,
            episode,
            level,
            proposal,
            self._told(coater, episode.causes),
        )
        decisions.merge(self._desk.propose(proposed, present))
        return decisions

    def _calibrate(
        self, gauge: AssetConfig, coater: AssetConfig, causes: Mapping[str, float], event: Event
    ) -> Decisions:
        """The gauge is more likely wrong than the web: no setpoint must follow it."""
        decisions = Decisions()
        if not drift.on_web(causes):
            decisions = self._desk.withdraw(
                lambda r: r.asset == coater.name and r.type == writing.TYPE,
                event.time_ns,
                f"{gauge.name} is more likely wrong than the web",
            )
        watch = self._watches.get(coater.name)
        if watch is None or watch.watch.episode is None or watch.watch.episode.told:
            return decisions
        watch.watch.episode.told = True
        history = self.coaters[coater.name]
        decisions.merge(
            self._desk.propose(
                drift.calibration(event, coater, gauge, history, watch, self._told(coater, causes))
            )
        )
        return decisions

    def _outdated(
        self, present: Recommendation, gauge: AssetConfig, excursion: GaugeExcursion, event: Event
    ) -> bool:
        """Whether what was proposed answers another deviation than there is now."""
        if present.state is not State.PROPOSED:
            return False
        if present.source != gauge.name and event.kind != "gauge.excursion":
            return False
        limit = settings.number(gauge, "excursion_limit")
        source = self._assets.get(present.source, gauge)
        changed = abs(excursion.deviation - _deviation(present, source))
        return changed > limit / 2 + 2 * excursion.sd

    def _was_rejected(self, coater: AssetConfig, gauge: AssetConfig, deviation: float) -> bool:
        """A person has said no to this: not again, unless it got worse by a whole limit."""
        if coater.name not in self._rejected:
            return False
        _, rejected = self._rejected[coater.name]
        limit = settings.number(gauge, "excursion_limit")
        return deviation * rejected > 0 and abs(deviation) - abs(rejected) < limit

    def _causes(self, coater: AssetConfig) -> Mapping[str, float]:
        watch = self._watch(coater).watch
        return watch.fresh() if watch.episode is None else watch.episode.causes

    def _told(self, coater: AssetConfig, causes: Mapping[str, float]) -> drift.Told:
        watch = self._watch(coater).watch
        evidence = watch.episode.evidence if watch.episode is not None else ()
        return drift.told(causes, evidence)

    def _in_doubt(self, gauge: AssetConfig, coater: AssetConfig) -> bool:
        episode = self._watch(coater).watch.episode
        return episode is not None and episode.causes.get(f"gauge:{gauge.name}", 0.0) >= _SURE

    def _measuring(self, coater: AssetConfig, episode: Episode) -> AssetConfig | None:
        """The gauge nearest to the die that is not in doubt."""
        gauges = [g for g in self._all_gauges_of(coater.name) if not self._in_doubt(g, coater)]
        return min(gauges, key=lambda g: settings.number(g, "distance_from_die"), default=None)

    def _state_of(self, coater: str) -> Mapping[str, Json]:
        watch = self._watches.get(coater)
        return (
            {}
            if watch is None
            else drift.state(watch, self._assets.get(coater), self.coaters[coater])
        )

    def _watch(self, coater: AssetConfig) -> CoaterWatch:
        if coater.name not in self._watches:
            self._watches[coater.name] = watch = CoaterWatch(coater)
            if coater.name in self._resting:
                watch.restore(self._resting.pop(coater.name))
        return self._watches[coater.name]

    def _coater_of(self, asset: AssetConfig) -> AssetConfig | None:
        coater = self._assets.get(settings.text(asset, "coater") or asset.parent)
        return coater if coater is not None and coater.kind == "coater" else None

    def _coater_name(self, asset: str) -> str:
        found = self._assets.get(asset)
        coater = None if found is None else self._coater_of(found)
        return "" if coater is None else coater.name

    def _all_gauges_of(self, coater: str) -> Iterator[AssetConfig]:
        for asset in self._assets.values():
            if asset.kind == "coating_gauge" and self._coater_name(asset.name) == coater:
                yield asset

    def _in_excursion(self, coater: str) -> list[AssetConfig]:
        names = [name for name in self._excursions if name in self._assets]
        return [self._assets[name] for name in names if self._coater_name(name) == coater]

    def snapshot(self) -> Snapshot:
        return {
            "coaters": {name: history.snapshot() for name, history in self.coaters.items()},
            "watches": {
                **self._resting,
                **{name: watch.snapshot() for name, watch in self._watches.items()},
            },
            "excursions": [
                [name, excursion.snapshot()] for name, excursion in self._excursions.items()
            ],
            "rejected": {name: [*rejected] for name, rejected in self._rejected.items()},
            "corrections": self._corrections.snapshot(),
            "dispositions": self._dispositions.snapshot(),
            "interruptions": self._interruptions.snapshot(),
            "sequence": self._sequence,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.coaters = {
            name: CoaterHistory.restored(saved.fields(history))
            for name, history in saved.fields(snapshot["coaters"]).items()
        }
        self._watches = {}
        self._resting = {
            name: saved.fields(watch) for name, watch in saved.fields(snapshot["watches"]).items()
        }
        self._excursions = {
            saved.text(name): GaugeExcursion.restored(saved.fields(excursion))
            for name, excursion in map(saved.items, saved.items(snapshot["excursions"]))
        }
        self._rejected = {}
        for name, rejected in saved.fields(snapshot["rejected"]).items():
            gauge, deviation = saved.items(rejected)
            self._rejected[name] = (saved.text(gauge), saved.number(deviation))
        self._corrections.restore(saved.fields(snapshot["corrections"]))
        self._dispositions.restore(saved.fields(snapshot["dispositions"]))
        self._interruptions.restore(saved.fields(snapshot["interruptions"]))
        self._sequence = saved.whole(snapshot["sequence"])


def _deviation(found: Recommendation, gauge: AssetConfig) -> float:
    """The deviation [%] that a recommendation answers."""
    target = settings.number(gauge, "target_loading")
    return 100 * (found.evidence[0].summary.value / target - 1)
