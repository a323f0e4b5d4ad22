"""What all sensors of a coater say of one and the same stretch of web, block by block.

Each reading is dated back to when its web was at the die, so that a gauge 60 m behind it
and the flow meter before it speak of the same slurry. A block is closed when the slowest
sensor can have spoken of it.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot, Value

_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Block:
    """Means of a block, in the order of ``Blocks.names``; NaN where nothing was heard."""

    number: int
    values: Array


class Blocks:
    """Sums readings up by block of ``length_s`` seconds of die time."""

    def __init__(self, length_s: float) -> None:
        self._length_ns = round(length_s * _SECOND_NS)
        self.names: list[str] = []
        self._index: dict[str, int] = {}
        # How long after the die each observable speaks of the web [ns].
        self._lag: dict[str, int] = {}
        # By block: by observable: sum and number of readings.
        self._open: dict[int, dict[str, list[float]]] = {}
        self._next: int | None = None
        self._void: set[int] = set()

    @property
    def length_s(self) -> float:
        return self._length_ns / _SECOND_NS

    def middle_ns(self, number: int) -> int:
        """Die time of the middle of a block."""
        return number * self._length_ns + self._length_ns // 2

    def add(self, observable: str, die_ns: int, value: float, lag_ns: int = 0) -> None:
        """A value that speaks of the web that was at the die at ``die_ns``, heard ``lag_ns``
        later. What comes for a block that is closed is dropped."""
        if not math.isfinite(value):
            return
        if observable not in self._index:
            self._index[observable] = len(self.names)
            self.names.append(observable)
        self._lag[observable] = lag_ns
        number = die_ns // self._length_ns
        if self._next is None:
            self._next = number
        if number < self._next:
            return
        total = self._open.setdefault(number, {}).setdefault(observable, [0.0, 0.0])
        total[0] += value
        total[1] += 1

    def void(self, from_ns: int, to_ns: int) -> None:
        """What was coated in between says nothing: a setpoint was on its way."""
        first = from_ns // self._length_ns
        if self._next is not None:
            first = max(first, self._next)
        self._void.update(range(first, to_ns // self._length_ns + 1))

    def restart(self, now_ns: int) -> None:
        """What was gathered says nothing any more; go on from now."""
        self._open.clear()
        self._next = now_ns // self._length_ns + 1
        self._void = {number for number in self._void if number >= self._next}

    def closed(self, now_ns: int) -> list[Block]:
        """Blocks that nothing more can come for, oldest first."""
        if self._next is None:
            return []
        # Two windows of a slow gauge may pass before it has spoken of a block's last metre.
        wait = max(self._lag.values(), default=0) + self._length_ns
        last = (now_ns - wait) // self._length_ns
        found = []
        while self._next < last:
            found.append(self._block(self._next))
            self._open.pop(self._next, None)
            self._void.discard(self._next)
            self._next += 1
        return found

    def early(self, now_ns: int) -> list[Block]:
        """Blocks that are not closed yet, but that all quick sensors have spoken of; the
        slow ones (more than two blocks behind the die) are left out: NaN."""
        if self._next is None:
            return []
        quick = [lag for lag in self._lag.values() if lag <= 2 * self._length_ns]
        last = (now_ns - max(quick, default=0) - self._length_ns) // self._length_ns
        slow = self.slow()
        found = []
        for number in range(self._next, last):
            block = self._block(number)
            block.values[slow] = np.nan
            found.append(block)
        return found

    def nearest(self) -> list[str]:
        """Observables, those that speak soonest of the web first."""
        return sorted(self.names, key=lambda name: self._lag[name])

    def slow(self) -> list[int]:
        return [i for i, name in enumerate(self.names) if self._lag[name] > 2 * self._length_ns]

    def fresh(self) -> Array:
        """Means of what has been heard of the blocks that are still open."""
        sums: dict[str, list[float]] = {}
        for block in self._open.values():
            for name, (total, count) in block.items():
                into = sums.setdefault(name, [0.0, 0.0])
                into[0] += total
                into[1] += count
        return self._means(sums)

    def _block(self, number: int) -> Block:
        heard = {} if number in self._void else self._open.get(number, {})
        return Block(number, self._means(heard))

    def _means(self, sums: dict[str, list[float]]) -> Array:
        values = np.full(len(self.names), np.nan)
        for name, (total, count) in sums.items():
            values[self._index[name]] = total / count
        return values

    def snapshot(self) -> Snapshot:
        return {
            "names": list(self.names),
            "lag": dict(self._lag),
            "open": [
                [number, [[name, *total] for name, total in block.items()]]
                for number, block in self._open.items()
            ],
            "next": self._next,
            "void": list[Value](sorted(self._void)),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.names = [saved.text(name) for name in saved.items(snapshot["names"])]
        self._index = {name: i for i, name in enumerate(self.names)}
        self._lag = {name: saved.whole(lag) for name, lag in saved.fields(snapshot["lag"]).items()}
        self._open = {}
        for number, block in map(saved.items, saved.items(snapshot["open"])):
            into: dict[str, list[float]] = {}
            for name, total, count in map(saved.items, saved.items(block)):
                into[saved.text(name)] = [saved.number(total), saved.number(count)]
            self._open[saved.whole(number)] = into
        self._next = saved.whole_or_none(snapshot["next"])
        self._void = {saved.whole(number) for number in saved.items(snapshot["void"])}
