"""What the section remembers of one calender."""

from dataclasses import dataclass, field

from twin.electrode.calendering.calender_state import CalenderState
from twin.electrode.calendering.hand_over import HandOver
from twin.electrode.calendering.lot_porosity import LotPorosity
from twin.electrode.calendering.nip_effect import NipEffect
from twin.electrode.calendering.saving import text_or_none
from twin.estimation import saved
from twin.snapshot import Snapshot

OUTSIDE_AFTER = 3
"""States in a row that must say so."""


@dataclass(slots=True)
class CalenderWatch:
    """``outside``: states in a row that say that the porosity is outside, since
    ``since_ns``. ``rejected``: the deviation [points] whose correction a person has
    rejected. ``worn``: the rolls whose replacement has been proposed. ``rolls_ns``: when
    rolls were last changed."""

    lot: LotPorosity | None = None
    outside: int = 0
    since_ns: int = 0
    rejected: float | None = None
    worn: str | None = None
    rolls_ns: int = 0
    effect: NipEffect | None = None
    effect_of: str = ""
    lots: HandOver = field(default_factory=HandOver)

    def sees_outside(self, state: CalenderState, is_outside: bool) -> bool:
        if not is_outside:
            self.outside = 0
            return False
        if self.outside == 0:
            self.since_ns = state.time_ns
        self.outside += 1
        return self.outside >= OUTSIDE_AFTER

    def was_rejected(self, deviation: float, limit: float) -> bool:
        """A person has said no to this: not again, unless it got worse by a whole limit."""
        if self.rejected is None:
            return False
        worse = abs(deviation) - abs(self.rejected)
        return deviation * self.rejected > 0 and worse < limit

    def snapshot(self) -> Snapshot:
        return {
            "lot": None if self.lot is None else self.lot.snapshot(),
            "outside": self.outside,
            "since_ns": self.since_ns,
            "rejected": self.rejected,
            "worn": self.worn,
            "rolls_ns": self.rolls_ns,
            "effect": None if self.effect is None else self.effect.snapshot(),
            "effect_of": self.effect_of,
            "lots": self.lots.snapshot(),
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "CalenderWatch":
        lot, effect = snapshot["lot"], snapshot["effect"]
        return cls(
            None if lot is None else LotPorosity.restored(saved.fields(lot)),
            saved.whole(snapshot["outside"]),
            saved.whole(snapshot["since_ns"]),
            saved.number_or_none(snapshot["rejected"]),
            text_or_none(snapshot["worn"]),
            saved.whole(snapshot["rolls_ns"]),
            None if effect is None else NipEffect.restored(saved.fields(effect)),
            saved.text(snapshot["effect_of"]),
            HandOver.restored(saved.fields(snapshot["lots"])),
        )
