"""Lanes across the web, and the passes of a scanning head over it."""

from typing import Final

from twin.estimation import saved
from twin.snapshot import Snapshot, Value

# Of the web's width: less is jitter of the head, not its way back.
_TURNED: Final = 0.02


class Lanes:
    """``count`` lanes of equal width over the web [mm]; those whose middle lies within
    ``edge`` of a web edge are not measured."""

    def __init__(self, web_width: float, count: int, edge: float) -> None:
        self._width = web_width
        self._edge = edge
        self._count = count
        middles = [(i + 0.5) * web_width / count for i in range(count)]
        measured = [i for i, m in enumerate(middles) if edge <= m <= web_width - edge]
        self._index = {lane: i for i, lane in enumerate(measured or range(count))}

    @property
    def measured(self) -> int:
        return len(self._index)

    def on_web(self, position: float) -> bool:
        """Whether a reading there says anything of the coating."""
        return self._edge <= position <= self._width - self._edge and (
            self._lane(position) in self._index
        )

    def lane(self, position: float) -> int:
        """Index, from 0, of the measured lane at a position on the web [mm]."""
        return self._index[self._lane(position)]

    def _lane(self, position: float) -> int:
        return min(max(int(position / self._width * self._count), 0), self._count - 1)


class Passes:
    """Sees where a scanning head turns round."""

    def __init__(self, web_width: float) -> None:
        self._enough = _TURNED * web_width
        self._direction = 0
        self._furthest: float | None = None

    def turned(self, position: float) -> bool:
        """Whether the head is known, from this position on [mm], to be on its way back."""
        if self._furthest is None:
            self._furthest = position
            return False
        moved = position - self._furthest
        if self._direction == 0:
            if abs(moved) >= self._enough:
                self._direction = 1 if moved > 0 else -1
                self._furthest = position
            return False
        if moved * self._direction >= 0:
            self._furthest = position
            return False
        if abs(moved) < self._enough:
            return False
        self._direction = -self._direction
        self._furthest = position
        return True

    def snapshot(self) -> Snapshot:
        return {"direction": self._direction, "furthest": self._furthest}

    def restore(self, snapshot: Snapshot) -> None:
        direction: Value = snapshot["direction"]
        self._direction = saved.whole(direction)
        self._furthest = saved.number_or_none(snapshot["furthest"])
