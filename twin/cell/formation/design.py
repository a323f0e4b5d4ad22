"""A reference from the cell's design alone, before any cell has been measured.

Cells as the design says, U_p and U_n from half-cell curves, an ohmic resistance and one RC
element, each with the tolerances of the design, go through the protocol; what they show is
the reference's mean. Its widths are those of the tolerances and of the curves
(``curve_sd``), and nothing is expected of a feature from the one before: real cells are not
known that well. Neighbouring levels err together, so only one in eight is judged.

    V = U_p(y0 - q/C_p) - U_n(x0 + q/C_n) + R I + v,   dv/dt = (R_slow I - v) / τ

Scatter is drawn from a Kronecker sequence, so the same design gives the same reference.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from statistics import NormalDist
from typing import Final

import numpy as np

from twin.cell.electrodes.halfcell import FullCell, HalfCell
from twin.cell.formation import grid
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.grid import Floats
from twin.cell.formation.normal import Reference
from twin.cell.formation.reference import learn
from twin.cell.formation.settings import ChannelSettings

_CELLS: Final = 120
_LOTS: Final = 6
_JUDGED: Final = 8
_Z99: Final = 2.576
_TAIL: Final = 10.0
"""Log evidence that flags a cell: more than for a reference that was measured. Chosen."""
_EVERY_S: Final = 60.0
_PRIMES: Final = (2, 3, 5, 7, 11, 13)
_HOUR_NS: Final = 3_600_000_000_000


@dataclass(frozen=True, slots=True)
class Step:
    """``rate`` [1/h] of nominal, positive while charging. It ends after ``hours``, or at the
    voltage ``stop`` [V]; with ``hold`` [1/h], the voltage is then held until the current is
    below that."""

    rate: float
    hours: float
    stop: float | None = None
    hold: float | None = None


@dataclass(frozen=True, slots=True)
class Design:
    """``cell`` at the start of the protocol; ``ohmic`` and ``slow`` [Ohm], ``tau_s`` [s].
    Standard deviations of a cell: ``capacity_sd`` and ``resistance_sd`` [1] of the values,
    ``lithium_sd`` [1] of the nominal capacity, ``curve_sd`` [V] of the voltage."""

    nominal: float
    positive: HalfCell
    negative: HalfCell
    cell: FullCell
    ohmic: float
    slow: float
    tau_s: float = 30.0
    capacity_sd: float = 0.02
    resistance_sd: float = 0.1
    lithium_sd: float = 0.01
    curve_sd: float = 0.015


def from_design(design: Design, protocol: Sequence[Step], decide_after: float = 2.9) -> Reference:
    """Raises InvalidInput where the protocol shows too little."""
    hours = sum(step.hours for step in protocol)
    settings = ChannelSettings(design.nominal, hours, decide_after)
    cohort = ChannelCohort.bulk(_CELLS, settings)
    _play(design, protocol, cohort)
    lots = [f"lot-{n % _LOTS}" for n in range(_CELLS)]
    names = f"{design.positive.name}, {design.negative.name}"
    good = np.ones(_CELLS, dtype=np.bool_)
    source = f"design, no cell measured: {names}"
    found = learn(cohort.trace(), good, lots, source, decide_after=decide_after)
    return _widened(found, design)


def _widened(reference: Reference, design: Design) -> Reference:
    kind = reference.kind()
    level, slope = kind < grid.SLOPE, (kind >= grid.SLOPE) & (kind < grid.OHMIC)
    resistance = (kind >= grid.OHMIC) & (kind < grid.TEMPERATURE)
    doubt = np.where(level, design.curve_sd, design.capacity_sd)
    doubt = np.where(resistance | slope, design.resistance_sd * np.abs(reference.mean), doubt)
    wide = np.hypot(reference.sd, doubt)
    judged = (reference.judged > 0) & (~level | (kind % _JUDGED == _JUDGED - 1))
    return replace(
        reference,
        sd=wide,
        error=wide,
        lower=reference.mean - _Z99 * wide,
        upper=reference.mean + _Z99 * wide,
        predictor=np.full_like(reference.predictor, -1),
        weight=np.zeros_like(reference.weight),
        judged=judged.astype(np.int64),
        tail=np.full((2, 2), _TAIL),
    )


def _scatter() -> Floats:
    """(quantities, cells), standard normal; a third of the variance is shared by a lot."""
    normal = NormalDist()

    def drawn(n: int, at: int) -> float:
        return normal.inv_cdf(min(max((0.5 + (n + 1) * math.sqrt(at)) % 1.0, 1e-6), 1 - 1e-6))

    own = np.array([[drawn(n, p) for n in range(_CELLS)] for p in _PRIMES])
    lot = np.array([[drawn(n % _LOTS, p + 12) for n in range(_CELLS)] for p in _PRIMES])
    return np.asarray(np.sqrt(2 / 3) * own + np.sqrt(1 / 3) * lot, dtype=np.float64)


def _play(design: Design, protocol: Sequence[Step], cohort: ChannelCohort) -> None:
    both, cathode, lithium, ohm, slow_ohm, curve = _scatter()
    scale = 1 + design.capacity_sd * both
    pair = design.cell
    c_p = pair.C_p * scale * (1 + 0.5 * design.capacity_sd * cathode)
    c_n = pair.C_n * scale
    ohmic = design.ohmic * (1 + design.resistance_sd * ohm)
    slow = design.slow * (1 + design.resistance_sd * slow_ohm)
    lost = design.lithium_sd * design.nominal * lithium

    def open_circuit(charge: Floats) -> Floats:
        positive = design.positive.potential(pair.y0 - charge / c_p)
        negative = design.negative.potential(pair.x0 + (charge - lost) / c_n)
        return np.asarray(positive - negative + design.curve_sd * curve, dtype=np.float64)

    charge, over = np.zeros(_CELLS), np.zeros(_CELLS)
    at, since = np.zeros(_CELLS, dtype=np.int64), np.zeros(_CELLS)
    holding = np.zeros(_CELLS, dtype=np.bool_)
    rate = np.array([*(step.rate for step in protocol), 0.0])
    ends = np.array([*(step.hours * 3600 for step in protocol), np.inf])
    stop = np.array([*(np.nan if s.stop is None else s.stop for s in protocol), np.nan])
    hold = np.array([*(s.hold or 0.0 for s in protocol), 0.0])
    names, told = tuple(f"design-{n}" for n in range(_CELLS)), np.zeros(_CELLS)
    second, total = 0.0, sum(ends[:-1])

    def tell(now: float, current: Floats) -> None:
        voltage = open_circuit(charge) + ohmic * current + over
        cohort.step_block(round(now / 3600 * _HOUR_NS), voltage, current, None, names)

    while second <= total + _EVERY_S:
        rested = open_circuit(charge) + over
        current = rate[at] * design.nominal
        reached = np.sign(rate[at]) * (rested + ohmic * current - stop[at]) >= 0
        holding |= reached & (hold[at] > 0)
        current = np.where(holding, (stop[at] - rested) / ohmic, current)
        done = (since >= ends[at]) | (reached & (hold[at] == 0))
        done |= holding & (current < hold[at] * design.nominal)
        if done.any():
            tell(second, told)
            at, since = np.minimum(at + done, len(protocol)), np.where(done, 0.0, since)
            holding &= ~done
            current = np.where(done, rate[at] * design.nominal, current)
            for dt in (1.0, 9.0):
                charge = charge + current * dt / 3600
                over = over + (slow * current - over) * -math.expm1(-dt / design.tau_s)
                tell(second + dt if dt == 1.0 else second + 10.0, current)
            rest = _EVERY_S - 10.0
        else:
            tell(second, current)
            rest = _EVERY_S
        charge = charge + current * rest / 3600
        over = over + (slow * current - over) * -math.expm1(-rest / design.tau_s)
        second, since, told = second + _EVERY_S, since + _EVERY_S, current
