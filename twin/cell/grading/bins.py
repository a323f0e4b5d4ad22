"""Bins of capacity and resistance, and how sure it is that a cell is in one.

A measurement has a width: near an edge the cell may well belong to the other side. The
probability of a verdict is that of the true value, given the measured one, being on the
verdict's side (a flat prior over the width of the measurement).
"""

import math
from bisect import bisect_right
from dataclasses import dataclass

from twin.errors import InvalidInput


@dataclass(frozen=True, slots=True)
class Bins:
    """``edges`` ascend; bin 1 begins at the first edge, 0 is under it; the last has no end."""

    edges: tuple[float, ...]

    def of(self, value: float) -> int:
        return bisect_right(self.edges, value)

    def probability(self, value: float, sd: float) -> float:
        """That the true value is in the bin that ``value`` is in."""
        at = self.of(value)
        low = self.edges[at - 1] if at > 0 else -math.inf
        high = self.edges[at] if at < len(self.edges) else math.inf
        return above(value, low, sd) - above(value, high, sd)


def edges(words: str, of: str) -> Bins:
    """Of a list such as ``4.8, 4.9, 5.0``; empty: one bin. Raises InvalidInput."""
    try:
        found = tuple(float(word) for word in words.replace(";", ",").split(",") if word.strip())
    except ValueError:
        raise InvalidInput(f"{of} must be numbers with commas between, not {words!r}") from None
    if not all(map(math.isfinite, found)) or sorted(set(found)) != [*found]:
        raise InvalidInput(f"{of} must ascend: {words!r}")
    return Bins(found)


def above(value: float, edge: float, sd: float) -> float:
    """Probability that the true value is at or above the edge."""
    if math.isinf(edge):
        return float(edge < 0)
    if sd <= 0:
        return float(value >= edge)
    return 0.5 * math.erfc((edge - value) / (sd * math.sqrt(2)))
