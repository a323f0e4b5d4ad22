"""Which lot runs, and at which metre of the web it began."""

from dataclasses import dataclass
from typing import Final

from twin.estimation import saved
from twin.snapshot import Snapshot

_MINUTE_NS: Final = 60_000_000_000


@dataclass(slots=True)
class LotAtDie:
    """The lot at the slot die. Its first metre (of the counter) is reckoned from the
    counter's latest value and the line speed: lot and metres come as separate readings."""

    lot: str | None = None
    start_m: float | None = None
    length: float | None = None
    length_ns: int = 0

    def counted(self, time_ns: int, length: float) -> None:
        self.length, self.length_ns = length, time_ns
        if self.lot is not None and self.start_m is not None and length < self.start_m:
            # The counter was set back: the lot goes on from there.
            self.start_m = length

    def metres_at(self, time_ns: int, speed: float | None) -> float | None:
        """Metres at the die at a time; the line speed [m/min] carries the latest value on."""
        if self.length is None:
            return None
        minutes = (time_ns - self.length_ns) / _MINUTE_NS
        return self.length + (speed or 0.0) * max(0.0, minutes)

    def named(self, time_ns: int, lot: str, speed: float | None) -> bool:
        """A lot has been named. Returns whether it is another one than before."""
        if lot == self.lot:
            return False
        # A lot that ran before anyone looked has begun nobody knows where.
        self.start_m = None if self.lot is None else self.metres_at(time_ns, speed)
        self.lot = lot
        return True

    def snapshot(self) -> Snapshot:
        return {
            "lot": self.lot,
            "start_m": self.start_m,
            "length": self.length,
            "length_ns": self.length_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        lot = snapshot["lot"]
        self.lot = None if lot is None else saved.text(lot)
        self.start_m = saved.number_or_none(snapshot["start_m"])
        self.length = saved.number_or_none(snapshot["length"])
        self.length_ns = saved.whole(snapshot["length_ns"])
