"""Cells for the tests of formation: other physics than the twin's, a few lines long.

Voltage by a sum of two exponentials and a line of the charge on board, an ohmic drop, one
RC element; each cell with its own scatter. A lot shares a part of it.
"""

from dataclasses import dataclass, field
from functools import cache

import numpy as np
import numpy.typing as npt

from twin.asset import Event
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.reference import Reference, learn
from twin.cell.formation.settings import ChannelSettings

Array = npt.NDArray[np.float64]
SECOND = 1_000_000_000
HOUR = 3600 * SECOND
START = 1_760_000_000 * SECOND
NOMINAL = 2.0
PROTOCOL_H = 8.2
STEPS = (  # until [h], rate [1/h]
    (0.15, 0.0),
    (2.0, 0.05),
    (5.0, 0.2),
    (6.0, 0.0),
    (8.0, -0.2),
    (PROTOCOL_H, 0.0),
)
PULSES = (0.5, 1.5)
_TAU_S = 20.0


@dataclass
class Cells:
    """``leak`` [A]; ``ohmic``, ``slow`` [Ohm]; ``capacity`` [Ah]; noise of the voltage [V]."""

    n: int
    seed: int = 1
    lots: int = 5
    noise: float = 2e-4
    leak: Array = field(init=False)
    ohmic: Array = field(init=False)
    slow: Array = field(init=False)
    capacity: Array = field(init=False)

    def __post_init__(self) -> None:
        random = np.random.default_rng(self.seed)
        lot = random.normal(size=(self.lots, 3))[np.arange(self.n) % self.lots]
        own = random.normal(size=(self.n, 3))
        self.leak = np.zeros(self.n)
        self.ohmic = 0.03 * (1 + 0.02 * lot[:, 0] + 0.03 * own[:, 0])
        self.slow = 0.02 * (1 + 0.02 * lot[:, 1] + 0.03 * own[:, 1])
        self.capacity = NOMINAL * (1 + 0.005 * lot[:, 2] + 0.005 * own[:, 2])

    @property
    def lot(self) -> list[str]:
        return [f"lot-{i % self.lots}" for i in range(self.n)]

    def ocv(self, charge: Array) -> Array:
        x = charge / self.capacity
        return 3.3 + 0.9 * x - 0.9 * np.exp(-12 * x) + 0.15 * np.exp((x - 1) / 0.05)


@dataclass(frozen=True)
class Row:
    time_ns: int
    voltage: Array
    current: Array
    temperature: Array


def play(cells: Cells, every_s: float = 60.0, until_h: float = PROTOCOL_H) -> list[Row]:
    """Samples each ``every_s``, just before and a second after each step of the current."""
    random = np.random.default_rng(cells.seed + 1000)
    charge, slow = np.full(cells.n, 0.02), np.zeros(cells.n)
    rows, last = [], 0.0
    for second in _instants(every_s, until_h):
        dt = second - last
        rate = rate_at(last + 1e-3)
        current = np.full(cells.n, rate * NOMINAL)
        inside = current - cells.leak
        charge = charge + inside * dt / 3600
        slow += (cells.slow * inside - slow) * (1 - np.exp(-dt / _TAU_S))
        told = np.full(cells.n, rate_at(second) * NOMINAL)
        volts = cells.ocv(charge) + cells.ohmic * told + slow
        volts = volts + cells.noise * random.normal(size=cells.n)
        time_ns = START + round(second * SECOND)
        rows.append(Row(time_ns, volts, told, np.full(cells.n, 25.0)))
        last = second
    return rows


def rate_at(second: float) -> float:
    for pulse in PULSES:
        if pulse * 3600 <= second < pulse * 3600 + 10:
            return 0.3
    return next((rate for until, rate in STEPS if second < until * 3600), STEPS[-1][1])


def _instants(every_s: float, until_h: float) -> list[float]:
    steps = [until * 3600 for until, _ in STEPS[:-1]]
    steps += [p * 3600 + d for p in PULSES for d in (0.0, 10.0)]
    times = set(np.arange(0.0, until_h * 3600 + 1e-6, every_s).tolist())
    for step in steps:
        times |= {step - 0.5, step + 0.5}
    return sorted(t for t in times - set(steps) if t <= until_h * 3600)


SETTINGS = ChannelSettings(NOMINAL, PROTOCOL_H, decide_after=1.9)
EARLY_H = 2.6


def serials(cells: Cells) -> tuple[str, ...]:
    return tuple(f"cell-{cells.seed}-{i}" for i in range(cells.n))


def through(
    cells: Cells, reference: Reference | None, until_h: float = EARLY_H
) -> tuple[ChannelCohort, list[Event]]:
    """A cohort that has seen these cells, and what it said."""
    cohort, names = ChannelCohort.bulk(cells.n, SETTINGS, reference), serials(cells)
    events = []
    for row in play(cells, until_h=until_h):
        events += cohort.step_block(
            row.time_ns, row.voltage, row.current, row.temperature, serials=names
        )
    return cohort, events


@cache
def reference() -> Reference:
    """Of 120 good cells of 6 lots, up to the first fast charge."""
    cells = Cells(120, seed=1, lots=6)
    cohort, _ = through(cells, None)
    good = np.ones(cells.n, dtype=np.bool_)
    return learn(cohort.trace(), good, cells.lot, "cells of the tests", decide_after=1.9)


def kinds(events: list[Event]) -> list[str]:
    return [event.kind for event in events]


def withheld(events: list[Event]) -> dict[str, str]:
    """Reason by serial."""
    return {
        str(e.data["serial"]): str(e.data["reason"]) for e in events if e.kind == "cell.withheld"
    }
