"""First-pass yield: over all cells, and by what they were made of and made on."""

import math
from collections import OrderedDict
from collections.abc import Mapping
from typing import Final

from twin.asset import Json
from twin.estimation import saved
from twin.plant.filing import Z95
from twin.plant.first_pass import FirstPass
from twin.snapshot import Snapshot, Value

_NAMES: Final = 200
"""Of each group only the latest are counted apart: the latest 200 electrode lots."""


class FirstPasses:
    """``groups`` such as ``electrode_lot``: a cell counts under each of its names there."""

    def __init__(self, groups: tuple[str, ...]) -> None:
        self._all = FirstPass()
        self._by: dict[str, OrderedDict[str, list[int]]] = {of: OrderedDict() for of in groups}

    def grade(self, serial: str, passed: bool, made: Mapping[str, tuple[str, ...]]) -> None:
        """``made``: names by group. A later grading is a re-test and changes nothing."""
        before = self._all.graded
        self._all.grade(serial, passed)
        if self._all.graded == before:
            return
        for group, counts in self._by.items():
            for name in made.get(group, ()):
                graded, good = counts.pop(name, [0, 0])
                counts[name] = [graded + 1, good + passed]
                while len(counts) > _NAMES:
                    counts.popitem(last=False)

    def kpis(self) -> dict[str, Json]:
        """Counts, and shares (0..1) with their Wilson intervals of 95 % confidence; null
        while nothing is graded."""
        graded, passed = self._all.graded, self._all.passed
        lower, upper = wilson(passed, graded)
        return {
            "graded": graded,
            "below_grade": graded - passed,
            "first_pass_yield": self._all.fraction,
            "first_pass_yield_lower": lower,
            "first_pass_yield_upper": upper,
            "first_pass_yield_by": {
                group: {name: _share(*count) for name, count in counts.items()}
                for group, counts in self._by.items()
            },
        }

    def snapshot(self) -> Snapshot:
        by: dict[str, Value] = {
            group: [[name, *count] for name, count in counts.items()]
            for group, counts in self._by.items()
        }
        return {"all": self._all.snapshot(), "by": by}

    def restore(self, snapshot: Snapshot) -> None:
        self._all.restore(saved.fields(snapshot["all"]))
        for group, rows in saved.fields(snapshot["by"]).items():
            if group in self._by:
                self._by[group] = OrderedDict(
                    (saved.text(name), [saved.whole(graded), saved.whole(good)])
                    for name, graded, good in map(saved.items, saved.items(rows))
                )


def _share(graded: int, passed: int) -> dict[str, Json]:
    lower, upper = wilson(passed, graded)
    return {"graded": graded, "yield": passed / graded, "lower": lower, "upper": upper}


def wilson(successes: int, n: int) -> tuple[float | None, float | None]:
    """Interval of 95 % confidence of a proportion (E. B. Wilson, JASA 22, 1927)."""
    if not n:
        return None, None
    p, z2 = successes / n, Z95 * Z95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)
