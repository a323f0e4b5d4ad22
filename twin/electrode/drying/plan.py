"""When a profile is proposed for an oven, and which."""

from dataclasses import dataclass, replace
from typing import Final

from twin.asset import Event
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.drying import telling
from twin.electrode.drying.optimise import recommend
from twin.electrode.drying.prediction import Operation, Prediction, predict
from twin.electrode.drying.telling import Need
from twin.electrode.drying.watch import SECOND_NS, OvenWatch
from twin.estimation import saved
from twin.plant.recommendation import Recommendation
from twin.snapshot import Snapshot

_PERSISTS_NS: Final = 60 * SECOND_NS
"""Out of limits for so long before anything is proposed; chosen."""
_DOUBTED_NS: Final = 600 * SECOND_NS
"""The same, where only the interval's end is out of limits."""
_TRIES_NS: Final = 600 * SECOND_NS
"""Between attempts that found nothing to propose."""
_RESTS_NS: Final = 900 * SECOND_NS
"""After a profile has been judged; chosen."""
_WORSE: Final = 1.5
"""A rejected matter is brought up again when it is so much worse; chosen."""
_WORTH_WHILE: Final = 0.9
"""A profile for migration's sake must bring the index below this part of it; chosen."""
_GETS_NEARER: Final = 0.7
_SLOWER: Final = (0.95, 0.9, 0.85, 0.8, 0.7, 0.6, 0.5)


@dataclass(slots=True)
class Plan:
    """``says`` is for people: why nothing is proposed. ``rejected``: residual's upper bound
    and migration index when a person said no."""

    says: str = ""
    out_since_ns: int | None = None
    not_before_ns: int = 0
    rejected: tuple[float, float] | None = None

    def is_due(self, time_ns: int, watch: OvenWatch, need: Need) -> bool:
        if not (need.too_wet or need.too_fast):
            self.says, self.out_since_ns, self.rejected = "", None, None
            return False
        if self.out_since_ns is None:
            self.out_since_ns = time_ns
        moving = watch.unsettled()
        if moving:
            self.says = f"waits for the air of {', '.join(moving)} to settle"
            return False
        if self.rejected is not None:
            upper, migration = self.rejected
            if need.residual.upper < _WORSE * upper and need.migration.value < _WORSE * migration:
                self.says = "a person has said no to a profile, and it is not much worse now"
                return False
        doubted = need.residual.value <= need.residual_limit and not need.too_fast
        if doubted and watch.is_learning(time_ns):
            self.says = "learns the oven's heat transfer from film temperatures first"
            return False
        persists_ns = _DOUBTED_NS if doubted else _PERSISTS_NS
        return time_ns >= max(self.out_since_ns + persists_ns, self.not_before_ns)

    def make(
        self,
        cause: Event,
        watch: OvenWatch,
        need: Need,
        operation: Operation,
        history: CoaterHistory,
    ) -> Recommendation | None:
        present, fixed = watch.setpoints()
        oven = watch.oven()
        limits = watch.setup.limits(present, fixed)
        profile = recommend(oven, operation, watch.belief, present, limits)
        moves = bool((profile.setpoints_degc != present).any())
        after, now = profile.predicted, need.residual.upper
        self.says = "; ".join(profile.stopped_by)
        nearer = after.residual.upper < _GETS_NEARER * now
        if need.too_wet:
            if moves and (not profile.stopped_by or nearer):
                return telling.profile_recommendation(cause, watch, need, history, present, profile)
            slower = self._slower(watch, operation, need)
            self.not_before_ns = cause.time_ns + _TRIES_NS
            return telling.advice(cause, watch, need, history, profile, slower)
        gains = after.migration.value < _WORTH_WHILE * need.migration.value
        if moves and gains and not profile.stopped_by:
            return telling.profile_recommendation(cause, watch, need, history, present, profile)
        self.not_before_ns = cause.time_ns + _TRIES_NS
        self.says = (
            f"the migration index is {need.migration.value:.2g}, and no allowed profile that "
            "still dries the film brings it down"
        )
        return None

    def reject(self, now: Prediction | None) -> None:
        if now is not None:
            self.rejected = (now.residual.upper, now.migration.value)

    def rest(self, time_ns: int) -> None:
        """A profile has been judged."""
        self.out_since_ns = None
        self.not_before_ns = time_ns + _RESTS_NS

    @staticmethod
    def _slower(
        watch: OvenWatch, operation: Operation, need: Need
    ) -> tuple[float, Prediction] | None:
        """The first lower line speed at which the present profile would dry the film."""
        for part in _SLOWER:
            speed = round(part * operation.speed_m_min, 1)
            found = predict(watch.oven(), replace(operation, speed_m_min=speed), watch.belief)
            if found.residual.upper <= need.residual_limit:
                return speed, found
        return None

    def snapshot(self) -> Snapshot:
        return {
            "says": self.says,
            "out_since_ns": self.out_since_ns,
            "not_before_ns": self.not_before_ns,
            "rejected": None if self.rejected is None else [*self.rejected],
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "Plan":
        rejected = None
        if snapshot["rejected"] is not None:
            upper, migration = map(saved.number, saved.items(snapshot["rejected"]))
            rejected = (upper, migration)
        return cls(
            saved.text(snapshot["says"]),
            saved.whole_or_none(snapshot["out_since_ns"]),
            saved.whole(snapshot["not_before_ns"]),
            rejected,
        )
