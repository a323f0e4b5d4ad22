"""What became of the corrections that were applied: measured on the web coated after them."""

from collections.abc import Mapping
from typing import Final

from twin import settings
from twin.asset import AssetConfig
from twin.electrode import writing
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.effect import EffectMeasurement, Judgement, Loading, Measured
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_STANDING: Final = 0.1


class Corrections:
    """The measurements that are under way, by recommendation."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._effects: dict[str, EffectMeasurement] = {}

    def applied(self, found: Recommendation, speed: float | None, gauge: AssetConfig) -> None:
        """The change reaches the gauge with the web: at the slower of the speeds before
        and after, and when the drive has settled."""
        change = found.changes[0]
        assert found.applied is not None
        slowest = speed or _STANDING
        if change.signal == "line_speed":
            slowest = min(slowest, change.from_value, found.applied.value)
        minutes = settings.number(gauge, "distance_from_die") / max(slowest, _STANDING)
        seconds = 60 * minutes + settings.number(gauge, "settling_time")
        self._effects[found.id] = EffectMeasurement(
            found.applied.time_ns + round(seconds * _SECOND_NS),
            round(settings.number(gauge, "effect_window_s") * _SECOND_NS),
            settings.number(gauge, "effective_within"),
        )

    def measured(
        self,
        loading: Loading,
        gauge: AssetConfig,
        coaters: Mapping[str, CoaterHistory],
        time_ns: int,
    ) -> Decisions:
        """A loading has come from a gauge whose correction may be under measurement."""
        decisions = Decisions()
        for id in [*self._effects]:
            found = self._desk.book.get(id)
            if found.source != gauge.name:
                continue
            judgement, seen = self._effects[id].take(loading)
            if judgement is not Judgement.NOT_YET and seen is not None:
                good = judgement is Judgement.EFFECTIVE
                decisions.merge(self._close(found, good, seen, gauge, coaters, time_ns))
        return decisions

    def at(self, now_ns: int, coaters: Mapping[str, CoaterHistory]) -> Decisions:
        """Closes what can't be measured: no loading came that could be judged."""
        decisions = Decisions()
        due = self._desk.book.open(lambda r: r.state is State.APPLIED and r.type == writing.TYPE)
        for found in due:
            # There is none where the gauge had been deleted.
            effect = self._effects.get(found.id)
            if effect is not None and now_ns < effect.overdue_ns:
                continue
            self._effects.pop(found.id, None)
            history = coaters.get(found.asset, CoaterHistory())
            reasons = (
                writing.unchanged(found, history),
                "the loading could not be measured after the change",
            )
            decisions.merge(self._desk.give_up(found, now_ns, "; ".join(filter(None, reasons))))
        return decisions

    def _close(
        self,
        found: Recommendation,
        good: bool,
        seen: Measured,
        gauge: AssetConfig,
        coaters: Mapping[str, CoaterHistory],
        time_ns: int,
    ) -> Decisions:
        history = coaters.get(found.asset, CoaterHistory())
        effect = writing.effect(
            seen,
            settings.number(gauge, "target_loading"),
            settings.number(gauge, "effective_within"),
            "" if good else writing.unchanged(found, history),
        )
        del self._effects[found.id]
        return self._desk.close(found, good, effect, time_ns)

    def snapshot(self) -> Snapshot:
        return {"effects": [[id, effect.snapshot()] for id, effect in self._effects.items()]}

    def restore(self, snapshot: Snapshot) -> None:
        self._effects = {
            saved.text(id): EffectMeasurement.restored(saved.fields(effect))
            for id, effect in map(saved.items, saved.items(snapshot["effects"]))
        }
