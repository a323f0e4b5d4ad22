"""A figure that is read directly, and that can be opened: a new lot may be another slurry."""

from twin.estimation.level_filter import LevelFilter
from twin.snapshot import Snapshot


class OpenLevel:
    """A level filter that keeps its level and widens when it is told to.

    ``noise`` is the standard deviation of one reading, ``wander`` that by which the level
    may change in one second; all in one unit.
    """

    def __init__(self, noise: float, wander: float) -> None:
        self._noise, self._wander = noise, wander
        self._filter = LevelFilter(noise, wander * wander)

    @property
    def known(self) -> bool:
        return self._filter.known

    @property
    def level(self) -> float:
        return self._filter.level

    @property
    def variance(self) -> float:
        return self._filter.variance

    @property
    def sd(self) -> float:
        return self._filter.sd

    def sd_at(self, time_ns: int) -> float:
        return self._filter.sd_at(time_ns)

    def take(self, time_ns: int, value: float, widened: float = 1.0) -> None:
        self._filter.take(time_ns, value, widened)

    def open_by(self, variance: float) -> None:
        """The level may have jumped by something of that variance."""
        if self.known:
            self._open(self.variance + variance)

    def open_to(self, sd: float) -> None:
        """No more is known of the level than that; never narrower than it was."""
        if self.known:
            self._open(max(self.variance, sd * sd))

    def snapshot(self) -> Snapshot:
        return self._filter.snapshot()

    def restore(self, snapshot: Snapshot) -> None:
        self._filter.restore(snapshot)

    def _open(self, variance: float) -> None:
        """A new filter begins at the level as if it had been read with that variance."""
        opened = LevelFilter(self._noise, self._wander * self._wander)
        time_ns = self._filter.time_ns
        assert time_ns is not None, "a known level has been read"
        opened.take(time_ns, self.level, variance**0.5 / self._noise)
        self._filter = opened
