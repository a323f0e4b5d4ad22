"""What is proposed for a coater: a correction of an excursion or of a drift, or that a
gauge be calibrated. One open recommendation a coater."""

from collections.abc import Mapping
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Event
from twin.electrode import writing
from twin.electrode.coating import drift
from twin.electrode.coating.coater_watch import CoaterWatch
from twin.electrode.coating.gauge_excursion import GaugeExcursion
from twin.electrode.coating.interruptions import Interruptions
from twin.electrode.coating.lines import CoatingLines
from twin.electrode.coating.proposal import Deviation, propose
from twin.electrode.diagnosis.watch import Episode
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_CALM_S: Final = 900.0


class Answers:
    def __init__(self, desk: Desk, lines: CoatingLines, interruptions: Interruptions) -> None:
        self._desk = desk
        self._lines = lines
        self._interruptions = interruptions
        # By coater: the gauge, and the deviation [%] whose correction a person has rejected.
        self._rejected: dict[str, tuple[str, float]] = {}

    def rejected(self, found: Recommendation) -> None:
        gauge = self._lines.assets.get(found.source)
        if gauge is not None and found.type == writing.TYPE:
            self._rejected[found.asset] = (gauge.name, _deviation(found, gauge))

    def forget(self, coater: str) -> None:
        self._rejected.pop(coater, None)

    def recovered(self, gauge: AssetConfig, event: Event) -> Decisions:
        """The gauge is back within its limit: what nobody has taken up is withdrawn."""
        self._rejected = {
            coater: (source, deviation)
            for coater, (source, deviation) in self._rejected.items()
            if source != gauge.name
        }
        coater = self._lines.coater_of(gauge)
        if coater is not None and self._lines.episode(coater.name) is not None:
            # It is looked after; a cause that is still there leads out again.
            return Decisions()
        return self._withdraw(
            gauge, event, "the loading came back within its limit before anyone decided"
        )

    def to_excursion(self, gauge: AssetConfig, event: Event) -> Decisions:
        """A correction of the gauge's excursion where one is due; ``event`` is the cause."""
        lines = self._lines
        excursion, coater = lines.excursions.get(gauge.name), lines.coater_of(gauge)
        if excursion is None or coater is None or coater.name not in lines.coaters:
            return Decisions()
        # It may be on its way back and not have been declared recovered yet.
        if abs(excursion.deviation) <= settings.number(gauge, "excursion_limit"):
            return Decisions()
        causes = lines.causes(coater)
        learned = lines.watch(coater).watch.has_learned
        sure = drift.accused(causes, drift.CONVICTED) == gauge.name
        if sure or (learned and drift.accused(causes) == gauge.name):
            # Hold back while it is not clear; the next minute says more.
            both = sure and learned
            return self._calibrate(gauge, coater, causes, event) if both else Decisions()
        if self._interruptions.too_large(coater, gauge, excursion.deviation, excursion.to_ns):
            return self._withdraw(gauge, event, "no setpoint corrects what the gauge sees now")
        speed = lines.coaters[coater.name].speed or 0.0
        if self._interruptions.holds(coater.name, gauge, speed, excursion.to_ns):
            return Decisions()
        present = self._desk.open_for(coater.name, writing.TYPE)
        if present is not None and not self._outdated(present, gauge, excursion, event):
            return Decisions()
        if present is None and self._was_rejected(coater, gauge, excursion.deviation):
            return Decisions()
        history = lines.coaters[coater.name]
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
            *lines.told(coater, causes),
        )
        return self._desk.propose(proposed, present)

    def to_drift(
        self, coater: AssetConfig, watch: CoaterWatch, episode: Episode, event: Event
    ) -> Decisions:
        """An episode goes on: a gauge in doubt is to be calibrated, a web that drifts
        corrected, as soon as it is worth it."""
        lines, decisions = self._lines, Decisions()
        history, accused = lines.coaters[coater.name], drift.accused(episode.causes)
        if accused is not None and accused in lines.assets:
            if drift.accused(episode.causes, drift.CONVICTED) is not None:
                gauge_in_doubt = lines.assets[accused]
                decisions = self._calibrate(gauge_in_doubt, coater, episode.causes, event)
            if not drift.on_web(episode.causes):
                return decisions
        gauge = lines.measuring(coater)
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
            if episode.calm * block_s >= _CALM_S:
                watch.watch.accept()
                self.forget(coater.name)
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
            lines.told(coater, episode.causes),
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
        watch = self._lines.watches.get(coater.name)
        if watch is None or watch.watch.episode is None or watch.watch.episode.told:
            return decisions
        watch.watch.episode.told = True
        history, told = self._lines.coaters[coater.name], self._lines.told(coater, causes)
        proposed = drift.calibration(event, coater, gauge, history, watch, told)
        decisions.merge(self._desk.propose(proposed))
        return decisions

    def _withdraw(self, gauge: AssetConfig, event: Event, reason: str) -> Decisions:
        return self._desk.withdraw(
            lambda r: r.source == gauge.name and r.type == writing.TYPE, event.time_ns, reason
        )

    def _outdated(
        self, present: Recommendation, gauge: AssetConfig, excursion: GaugeExcursion, event: Event
    ) -> bool:
        """Whether what was proposed answers another deviation than there is now."""
        if present.state is not State.PROPOSED:
            return False
        if present.source != gauge.name and event.kind != "gauge.excursion":
            return False
        limit = settings.number(gauge, "excursion_limit")
        source = self._lines.assets.get(present.source, gauge)
        changed = abs(excursion.deviation - _deviation(present, source))
        return changed > limit / 2 + 2 * excursion.sd

    def _was_rejected(self, coater: AssetConfig, gauge: AssetConfig, deviation: float) -> bool:
        """A person has said no to this: not again, unless it got worse by a whole limit."""
        if coater.name not in self._rejected:
            return False
        _, rejected = self._rejected[coater.name]
        limit = settings.number(gauge, "excursion_limit")
        return deviation * rejected > 0 and abs(deviation) - abs(rejected) < limit

    def snapshot(self) -> Snapshot:
        return {name: [*rejected] for name, rejected in self._rejected.items()}

    def restore(self, snapshot: Snapshot) -> None:
        self._rejected = {}
        for name, rejected in snapshot.items():
            gauge, deviation = saved.items(rejected)
            self._rejected[name] = (saved.text(gauge), saved.number(deviation))


def _deviation(found: Recommendation, gauge: AssetConfig) -> float:
    """The deviation [%] that a recommendation answers."""
    target = settings.number(gauge, "target_loading")
    return 100 * (found.evidence[0].summary.value / target - 1)
