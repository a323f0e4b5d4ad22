"""The life of the electrode layer's recommendations after they have been proposed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from twin.asset import AssetConfig
from twin.electrode import settings, writing
from twin.electrode.coater_history import CoaterHistory
from twin.electrode.effect import EffectMeasurement, Judgement, Loading, Measured
from twin.electrode.recommendation_book import RecommendationBook
from twin.errors import IllegalTransition, InvalidInput
from twin.estimation import saved
from twin.plant.recommendation import Applied, Recommendation, State, Step, advance
from twin.plant.supervision import Approve, Command, Decisions, Reject, ReportApplied
from twin.snapshot import Snapshot

_US: Final = "gigatwin"
_SECOND_NS: Final = 1_000_000_000
_CLOCKS_DIFFER_NS: Final = 60 * _SECOND_NS
_STANDING: Final = 0.1


class Corrections:
    """Takes commands, withdraws and expires, and measures what an applied change did."""

    def __init__(self) -> None:
        self.book = RecommendationBook()
        self._effects: dict[str, EffectMeasurement] = {}

    def open_for(self, coater: str) -> Recommendation | None:
        return next(self.book.open(lambda r: r.asset == coater), None)

    def propose(self, proposed: Recommendation, instead_of: Recommendation | None) -> Decisions:
        decisions = Decisions()
        if proposed.id in self.book:
            return decisions
        if instead_of is not None:
            decisions.recommendations.append(
                self._advance(instead_of, Step.SUPERSEDE, proposed.created_ns, f"by {proposed.id}")
            )
        decisions.recommendations.append(self.book.put(proposed))
        return decisions

    def withdraw(self, gauge: str, time_ns: int) -> Decisions:
        """The loading is back; a proposal that nobody has taken up would do harm now."""
        reason = "the loading came back within its limit before anyone decided"
        due = self.book.open(lambda r: r.source == gauge and r.state is State.PROPOSED)
        return Decisions([self._advance(r, Step.EXPIRE, time_ns, reason) for r in due])

    def on_command(
        self,
        command: Command,
        now_ns: int,
        coaters: Mapping[str, CoaterHistory],
        assets: Mapping[str, AssetConfig],
    ) -> tuple[Decisions, Recommendation | None]:
        """The decisions, and the recommendation that has been rejected, if one has been.

        A command that comes again finds the recommendation as it is and changes nothing.
        """
        found = self.book.get(command.id)
        if not command.by:
            raise InvalidInput(f"say who decides on recommendation {found.id!r}: 'by' is empty")
        if isinstance(command, ReportApplied):
            return self._apply(found, command, now_ns, coaters, assets), None
        step = Step.APPROVE if isinstance(command, Approve) else Step.REJECT
        before = writing.taken(found, step)
        if before is not None and before.by == command.by and before.reason == command.reason:
            return Decisions([found]), None
        if isinstance(command, Reject) and not command.reason.strip():
            raise InvalidInput(f"say why recommendation {found.id!r} is rejected")
        if found.state is State.PROPOSED and now_ns >= found.expires_ns:
            raise IllegalTransition(f"recommendation {found.id!r} has expired; wait for another")
        moved = self.book.put(advance(found, step, now_ns, command.by, command.reason))
        return Decisions([moved]), moved if step is Step.REJECT else None

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
            found = self.book.get(id)
            if found.source != gauge.name:
                continue
            judgement, seen = self._effects[id].take(loading)
            if judgement is not Judgement.NOT_YET and seen is not None:
                good = judgement is Judgement.EFFECTIVE
                decisions.merge(self._close(found, good, seen, gauge, coaters, time_ns))
        return decisions

    def at(
        self,
        now_ns: int,
        coaters: Mapping[str, CoaterHistory],
    ) -> Decisions:
        """Expires what nobody decided or applied, and closes what can't be measured."""
        decisions = Decisions()
        for found in self.book.open(lambda r: r.state in (State.PROPOSED, State.APPROVED)):
            expires_ns, reason = found.expires_ns, "nobody decided in time"
            if found.state is State.APPROVED:
                expires_ns = max(expires_ns, (found.decided_ns or 0) + writing.LIVES_NS)
                reason = "it was approved, but nobody reported that it was applied"
            if now_ns >= expires_ns:
                decisions.recommendations.append(self._advance(found, Step.EXPIRE, now_ns, reason))
        for found in self.book.open(lambda r: r.state is State.APPLIED):
            # There is none where the gauge had been deleted.
            effect = self._effects.get(found.id)
            if effect is None or now_ns >= effect.overdue_ns:
                decisions.recommendations.append(self._give_up(found, now_ns, coaters))
        return decisions

    def _apply(
        self,
        found: Recommendation,
        command: ReportApplied,
        now_ns: int,
        coaters: Mapping[str, CoaterHistory],
        assets: Mapping[str, AssetConfig],
    ) -> Decisions:
        change = found.changes[0]
        if found.applied is not None and found.applied.value == command.value:
            return Decisions([found])
        if not change.lower_limit <= command.value <= change.upper_limit:
            raise InvalidInput(
                f"{command.value:g} {change.unit} for {change.signal} is not within "
                f"{change.lower_limit:g} and {change.upper_limit:g} {change.unit}"
            )
        if command.applied_ns > now_ns + _CLOCKS_DIFFER_NS:
            raise InvalidInput("the change is reported for a time that is still to come")
        applied = Applied(command.applied_ns, command.value, command.by)
        moved = replace(advance(found, Step.REPORT_APPLIED, now_ns, command.by), applied=applied)
        self.book.put(moved)
        self._begin_measurement(moved, coaters, assets)
        return Decisions([moved], [writing.applied_step(moved, applied)])

    def _begin_measurement(
        self,
        found: Recommendation,
        coaters: Mapping[str, CoaterHistory],
        assets: Mapping[str, AssetConfig],
    ) -> None:
        """The change reaches the gauge with the web: at the slower of the speeds before
        and after, and when the drive has settled."""
        gauge, change = assets.get(found.source), found.changes[0]
        if gauge is None or found.applied is None:
            return
        speed = coaters.get(found.asset, CoaterHistory()).speed or _STANDING
        if change.signal == "line_speed":
            speed = min(speed, change.from_value, found.applied.value)
        minutes = settings.number(gauge, "distance_from_die") / max(speed, _STANDING)
        seconds = 60 * minutes + settings.number(gauge, "settling_time")
        self._effects[found.id] = EffectMeasurement(
            found.applied.time_ns + round(seconds * _SECOND_NS),
            round(settings.number(gauge, "effect_window_s") * _SECOND_NS),
            settings.number(gauge, "effective_within"),
        )

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
        step = Step.FOUND_EFFECTIVE if good else Step.FOUND_INEFFECTIVE
        moved = replace(advance(found, step, time_ns, _US, effect.verdict), effect=effect)
        self.book.put(moved)
        del self._effects[found.id]
        return Decisions([moved], [writing.effect_step(moved)])

    def _give_up(
        self, found: Recommendation, now_ns: int, coaters: Mapping[str, CoaterHistory]
    ) -> Recommendation:
        """No loading came that could be judged; the recommendation must not stay open."""
        history = coaters.get(found.asset, CoaterHistory())
        reasons = (
            writing.unchanged(found, history),
            "the loading could not be measured after the change",
        )
        self._effects.pop(found.id, None)
        return self._advance(
            found, Step.FOUND_INEFFECTIVE, now_ns, "; ".join(filter(None, reasons))
        )

    def _advance(
        self, found: Recommendation, step: Step, time_ns: int, reason: str
    ) -> Recommendation:
        return self.book.put(advance(found, step, time_ns, _US, reason))

    def snapshot(self) -> Snapshot:
        return {
            "book": self.book.snapshot(),
            "effects": [[id, effect.snapshot()] for id, effect in self._effects.items()],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.book.restore(saved.fields(snapshot["book"]))
        self._effects = {
            saved.text(id): EffectMeasurement.restored(saved.fields(effect))
            for id, effect in map(saved.items, saved.items(snapshot["effects"]))
        }
