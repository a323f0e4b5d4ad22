"""The life of a layer's recommendations, whatever their type."""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from twin.errors import IllegalTransition, InvalidInput
from twin.estimation import saved
from twin.plant import filing
from twin.plant.recommendation import Applied, Effect, Recommendation, State, Step, advance
from twin.plant.recommendation_book import RecommendationBook
from twin.plant.supervision import Approve, Command, Decisions, Reject, ReportApplied
from twin.snapshot import Snapshot

_US: Final = "gigatwin"
_CLOCKS_DIFFER_NS: Final = 60_000_000_000


class Desk:
    """Proposes, takes commands, withdraws, expires and closes."""

    def __init__(self, of: str = "this layer") -> None:
        """``of``: whose recommendations these are, for the words of errors."""
        self.book = RecommendationBook(of)

    def open_for(self, asset: str, *types: str) -> Recommendation | None:
        """The open recommendation for that asset, of one of those types (none: of any)."""
        return next(
            self.book.open(lambda r: r.asset == asset and (not types or r.type in types)), None
        )

    def propose(
        self, proposed: Recommendation, instead_of: Recommendation | None = None
    ) -> Decisions:
        """Nothing happens where the same one (the same cause) has been proposed before."""
        decisions = Decisions()
        if proposed.id in self.book:
            return decisions
        if instead_of is not None:
            decisions.recommendations.append(
                self._advance(instead_of, Step.SUPERSEDE, proposed.created_ns, f"by {proposed.id}")
            )
        decisions.recommendations.append(self.book.put(proposed))
        return decisions

    def withdraw(
        self, wanted: Callable[[Recommendation], bool], time_ns: int, reason: str
    ) -> Decisions:
        """Proposals that nobody has taken up and that would do harm now."""
        due = self.book.open(lambda r: r.state is State.PROPOSED and wanted(r))
        return Decisions([self._advance(r, Step.EXPIRE, time_ns, reason) for r in due])

    def on_command(
        self, command: Command, now_ns: int
    ) -> tuple[Decisions, tuple[Recommendation, Step] | None]:
        """The decisions, and what moved by which step. A command that comes again finds the
        recommendation as it is and moves nothing."""
        found = self.book.get(command.id)
        if not command.by:
            raise InvalidInput(f"say who decides on recommendation {found.id!r}: 'by' is empty")
        if isinstance(command, ReportApplied):
            return self._apply(found, command, now_ns)
        step = Step.APPROVE if isinstance(command, Approve) else Step.REJECT
        before = filing.taken(found, step)
        if before is not None and before.by == command.by and before.reason == command.reason:
            return Decisions([found]), None
        if isinstance(command, Reject) and not command.reason.strip():
            raise InvalidInput(f"say why recommendation {found.id!r} is rejected")
        if found.state is State.PROPOSED and now_ns >= found.expires_ns:
            raise IllegalTransition(f"recommendation {found.id!r} has expired; wait for another")
        moved = self.book.put(advance(found, step, now_ns, command.by, command.reason))
        return Decisions([moved]), (moved, step)

    def close(self, found: Recommendation, good: bool, effect: Effect, time_ns: int) -> Decisions:
        """Its effect has been measured."""
        step = Step.FOUND_EFFECTIVE if good else Step.FOUND_INEFFECTIVE
        moved = replace(advance(found, step, time_ns, _US, effect.verdict), effect=effect)
        return Decisions([self.book.put(moved)], [filing.effect_step(moved)])

    def carried_out(self, found: Recommendation, now_ns: int) -> Decisions:
        """It is taken at the word of who reports it: nothing is left to measure."""
        effect = Effect(found.predicted, 0, now_ns, now_ns, "carried out, as reported")
        return self.close(found, True, effect, now_ns)

    def give_up(self, found: Recommendation, time_ns: int, reason: str) -> Decisions:
        """Its effect could not be measured; it must not stay open."""
        return Decisions([self._advance(found, Step.FOUND_INEFFECTIVE, time_ns, reason)])

    def at(self, now_ns: int) -> Decisions:
        """Expires what nobody decided or applied."""
        decisions = Decisions()
        for found in self.book.open(lambda r: r.state in (State.PROPOSED, State.APPROVED)):
            expires_ns, reason = found.expires_ns, "nobody decided in time"
            if found.state is State.APPROVED:
                expires_ns = max(expires_ns, (found.decided_ns or 0) + filing.LIVES_NS)
                reason = "it was approved, but nobody reported that it was applied"
            if now_ns >= expires_ns:
                decisions.recommendations.append(self._advance(found, Step.EXPIRE, now_ns, reason))
        return decisions

    def _apply(
        self, found: Recommendation, command: ReportApplied, now_ns: int
    ) -> tuple[Decisions, tuple[Recommendation, Step] | None]:
        value = command.value if found.changes else 0.0
        if found.applied is not None and found.applied.value == value:
            return Decisions([found]), None
        for change in found.changes[:1]:
            if not change.lower_limit <= value <= change.upper_limit:
                raise InvalidInput(
                    f"{value:g} {change.unit} for {change.signal} is not within "
                    f"{change.lower_limit:g} and {change.upper_limit:g} {change.unit}"
                )
        if command.applied_ns > now_ns + _CLOCKS_DIFFER_NS:
            raise InvalidInput("the change is reported for a time that is still to come")
        applied = Applied(command.applied_ns, value, command.by)
        moved = replace(advance(found, Step.REPORT_APPLIED, now_ns, command.by), applied=applied)
        self.book.put(moved)
        step = filing.applied_step(moved, applied)
        return Decisions([moved], [step]), (moved, Step.REPORT_APPLIED)

    def _advance(
        self, found: Recommendation, step: Step, time_ns: int, reason: str
    ) -> Recommendation:
        return self.book.put(advance(found, step, time_ns, _US, reason))

    def snapshot(self) -> Snapshot:
        return {"book": self.book.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        self.book.restore(saved.fields(snapshot["book"]))
