"""What runs through the rolls: lot, rolls and metres."""

from dataclasses import dataclass

from twin.electrode.calendering.saving import text_or_none
from twin.estimation import saved
from twin.snapshot import Snapshot

_SECOND_NS = 1_000_000_000


@dataclass(slots=True)
class Progress:
    """``length`` [m]: the metre counter's latest. ``counted``: length and time up to which
    the web has been counted."""

    lot: str | None = None
    roll_set: str | None = None
    length: float | None = None
    counted_length: float | None = None
    counted_ns: int | None = None

    def weight(self, time_ns: int) -> float:
        """Metres since it was last asked, or seconds where no counter is read."""
        length, since_ns = self.counted_length, self.counted_ns
        self.counted_length, self.counted_ns = self.length, time_ns
        if since_ns is None:
            return 1.0
        if self.length is None or length is None:
            return (time_ns - since_ns) / _SECOND_NS
        # A counter that was set back says nothing of what has run meanwhile.
        return max(0.0, self.length - length)

    def snapshot(self) -> Snapshot:
        return {
            "lot": self.lot,
            "roll_set": self.roll_set,
            "length": self.length,
            "counted_length": self.counted_length,
            "counted_ns": self.counted_ns,
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "Progress":
        return cls(
            text_or_none(snapshot["lot"]),
            text_or_none(snapshot["roll_set"]),
            saved.number_or_none(snapshot["length"]),
            saved.number_or_none(snapshot["counted_length"]),
            saved.whole_or_none(snapshot["counted_ns"]),
        )
