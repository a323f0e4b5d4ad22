"""What a changed line load or gap did, measured on the web that ran after it."""

from dataclasses import dataclass
from typing import Final

from twin.electrode.calendering.calender_state import CalenderState
from twin.electrode.calendering.estimator import Z90
from twin.estimation import saved
from twin.plant.recommendation import Effect, Interval, Recommendation
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_Z95: Final = 1.959963984540054
_LEAST: Final = 3
_MOVED: Final = 0.25
"""Of the change that was reported, at least this part must have been seen."""


@dataclass(slots=True)
class NipEffect:
    """Gathers states from ``from_ns`` on, over ``window_ns``."""

    from_ns: int
    window_ns: int
    began_ns: int = 0
    to_ns: int = 0
    count: int = 0
    porosity: float = 0.0
    sd: float = 0.0
    setpoint: float = 0.0

    @property
    def overdue_ns(self) -> int:
        return self.from_ns + 2 * self.window_ns + 120 * _SECOND_NS

    def take(self, state: CalenderState, signal: str) -> bool:
        """Whether there is enough to judge."""
        if state.time_ns < self.from_ns:
            return False
        self.began_ns = self.began_ns or state.time_ns
        self.to_ns = state.time_ns
        self.count += 1
        self.porosity += state.porosity
        self.sd += state.sd
        self.setpoint += state.get(signal) or 0.0
        return self.count >= _LEAST and self.to_ns - self.began_ns >= 0.9 * self.window_ns

    def judged(self, found: Recommendation, target: float, limit: float) -> tuple[bool, Effect]:
        """Good where the mean porosity is within the limit about its target."""
        porosity, sd = self.porosity / self.count, self.sd / self.count
        good = abs(porosity - target) <= limit
        verdict = (
            f"porosity is {porosity:.1f} % (90 %: {porosity - Z90 * sd:.1f} to "
            f"{porosity + Z90 * sd:.1f} %) after the change, "
            f"{'' if good else 'not '}within {target:g} ± {limit:g} %"
        )
        change = found.changes[0]
        applied = change.to_value if found.applied is None else found.applied.value
        moved = abs(self.setpoint / self.count - change.from_value)
        if not good and moved < _MOVED * abs(applied - change.from_value):
            stayed = f"{change.signal} never changed from {change.from_value:g} {change.unit}"
            verdict = f"{stayed}; {verdict}"
        measured = Interval("porosity", porosity, porosity - _Z95 * sd, porosity + _Z95 * sd, "%")
        return good, Effect(measured, self.count, self.began_ns, self.to_ns, verdict)

    def snapshot(self) -> Snapshot:
        return {
            "whole": [self.from_ns, self.window_ns, self.began_ns, self.to_ns, self.count],
            "sums": [self.porosity, self.sd, self.setpoint],
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "NipEffect":
        return cls(
            *map(saved.whole, saved.items(snapshot["whole"])),
            *map(saved.number, saved.items(snapshot["sums"])),
        )
