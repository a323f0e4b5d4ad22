"""Means of the calender's readings over some seconds."""

from dataclasses import dataclass, field
from typing import Final

from twin.estimation import saved
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
# A line load that spreads by more than this many of its noises has been changed.
_SETTLED: Final = 8.0


@dataclass(slots=True)
class Mean:
    count: int = 0
    total: float = 0.0
    least: float = 0.0
    most: float = 0.0

    @property
    def value(self) -> float:
        return self.total / self.count

    def take(self, value: float) -> None:
        if self.count == 0 or value < self.least:
            self.least = value
        if self.count == 0 or value > self.most:
            self.most = value
        self.count += 1
        self.total += value


@dataclass(slots=True)
class Window:
    """Readings since ``from_ns``, by signal."""

    from_ns: int
    means: dict[str, Mean] = field(default_factory=dict)
    bare: bool = False
    """Whether a thickness was no more than the foil's: there is no web."""

    def take(self, signal: str, value: float) -> None:
        mean = self.means.get(signal)
        if mean is None:
            mean = self.means[signal] = Mean()
        mean.take(value)

    def seconds(self, time_ns: int) -> float:
        return (time_ns - self.from_ns) / _SECOND_NS

    def settled(self, signal: str, noise: float) -> bool:
        """Whether the signal has stayed where it was."""
        mean = self.means.get(signal)
        return mean is None or mean.most - mean.least <= _SETTLED * noise

    def snapshot(self) -> Snapshot:
        return {
            "from_ns": self.from_ns,
            "bare": self.bare,
            "means": {
                signal: [mean.count, mean.total, mean.least, mean.most]
                for signal, mean in self.means.items()
            },
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "Window":
        window = cls(saved.whole(snapshot["from_ns"]), bare=bool(snapshot["bare"]))
        for signal, row in saved.fields(snapshot["means"]).items():
            count, *rest = saved.items(row)
            window.means[signal] = Mean(saved.whole(count), *map(saved.number, rest))
        return window
