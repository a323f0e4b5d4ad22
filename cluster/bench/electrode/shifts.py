"""Which shifts are run: nothing wrong, each cause alone, two causes at once."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations
from typing import Final

import numpy as np

from simulation.bench_scenarios import Wanted
from simulation.faults import FaultKind

HOURS: Final = 8.0
SIX: Final = (
    FaultKind.VISCOSITY,
    FaultKind.PUMP,
    FaultKind.LIP_GAP,
    FaultKind.LINE_SPEED,
    FaultKind.WEB_TENSION,
    FaultKind.GAUGE,
)
DRIFT_PCT: Final = 2.0
RAMP_S: Final = 1800.0
CALM: Final = 60
SINGLE_OF_EACH: Final = 20
CONFOUNDED: Final = 30


@dataclass(frozen=True, slots=True)
class Plan:
    """One shift. ``causes`` begin together at ``onset_s``; none where nothing goes wrong."""

    seed: int
    causes: tuple[Wanted, ...]
    onset_s: float

    @property
    def kinds(self) -> tuple[str, ...]:
        return tuple(wanted.kind.value for wanted in self.causes)


def plans(quick: bool) -> list[Plan]:
    """At least 200 shifts; a tenth of them where ``quick``."""
    found = [*_plans()]
    return found[::10] if quick else found


def _plans() -> Iterator[Plan]:
    chance = np.random.default_rng(20261122)
    seed = 1000
    for _ in range(CALM):
        seed += 1
        yield Plan(seed, (), 0.0)
    for kind in SIX:
        for _ in range(SINGLE_OF_EACH):
            seed += 1
            onset = float(chance.uniform(2.0, 5.0)) * 3600.0
            size = _possible(kind, DRIFT_PCT * float(chance.choice((-1.0, 1.0))))
            yield Plan(seed, (Wanted(kind, size, RAMP_S, onset),), onset)
    pairs = [*combinations(SIX, 2)]
    for i in range(CONFOUNDED):
        seed += 1
        onset = float(chance.uniform(2.0, 5.0)) * 3600.0
        size = DRIFT_PCT * float(chance.choice((-1.0, 1.0)))
        # They add up on the gauge, or half hide each other.
        other = size * float(chance.choice((-0.5, 1.0)))
        first, second = pairs[i % len(pairs)]
        causes = (
            Wanted(first, _possible(first, size), RAMP_S, onset),
            Wanted(second, _possible(second, other), RAMP_S, onset),
        )
        yield Plan(seed, causes, onset)


def _possible(kind: FaultKind, size: float) -> float:
    """A web that slips is coated more, never less."""
    return abs(size) if kind is FaultKind.WEB_TENSION else size
