"""The electrodes of one cell, from a slow charge: every pair of curves fitted, ranked, judged.

>>> from twin.cell.electrodes import halfcell
>>> p, n = halfcell.curve("nmc532_mohtat2020"), halfcell.curve("graphite_mohtat2020")
>>> q = np.linspace(0, 4.6, 400)
>>> v = halfcell.full_cell(q, halfcell.FullCell(5.6, 5.7, 0.9, 0.01, 0.004), p, n)
>>> found = diagnose(q, v, chemistry="NMC532/graphite")
>>> round(found.parameters["C_p"].value, 1), found.verdict.matches
(5.6, True)
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.cell.electrodes import estimates
from twin.cell.electrodes.chemistry import Chemistry
from twin.cell.electrodes.chemistry import chemistry as chemistry_of
from twin.cell.electrodes.estimates import Estimate
from twin.cell.electrodes.halfcell import Array
from twin.cell.electrodes.pair_fit import PairFit, Polarisation, fit_pair
from twin.cell.electrodes.trace_window import Direction, Window, window_of
from twin.cell.electrodes.verdict import Verdict, alike, anode, judge, model_error, score
from twin.cell.electrodes.widths import Z, spread_of

_RATIO: Final = (0.5, 2.6)  # negative to positive capacity over their whole curves: plausible
_KIN: Final = 1.25  # a pair measured on one cell is preferred if its error is this near the best
_FEW: Final = 24  # pairs fitted in full
_FIRST_LOOK: Final = 80  # points
_TOLD: Final = 41  # charges at which the anode potential is told
_REFERENCE_V: Final = 4e-3  # lab to lab, of a graphite plateau; chosen, from the library's own
_FOREIGN_V: Final = 10e-3  # more, where no reference is shown to be the cell's (see verdict)
_OFFSET_AT_1C_V: Final = 0.1  # polarisation of an energy cell, charge transfer and ohmic; chosen
_UNKNOWN_RATE: Final = 0.05  # C-rate taken where none is told
_LIMIT_V: Final = 0.06


@dataclass(frozen=True, slots=True)
class Candidate:
    positive: str
    negative: str
    rms: float
    model_error: float


@dataclass(frozen=True, slots=True)
class AnodePoint:
    charge: float
    potential: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """What is told of a cell. ``anode_potential`` is None where no reference matches;
    ``candidates`` are ranked; ``alike`` counts those about as good as the first."""

    chemistry: str
    window: Window
    fit: PairFit
    candidates: tuple[Candidate, ...]
    alike: int
    parameters: Mapping[str, Estimate]
    lithium_ah: Estimate
    lithium_mol: Estimate
    anode_potential: tuple[AnodePoint, ...] | None
    verdict: Verdict
    rate: float | None
    notes: tuple[str, ...]


def diagnose(
    charge: Array,
    voltage: Array,
    *,
    chemistry: str | None = None,
    current: float | None = None,
    direction: Direction | None = None,
) -> Diagnosis:
    """The electrodes behind one sweep: ``charge`` [Ah] and ``voltage`` [V] by row.

    ``current`` [A] is the sweep's, without sign: it tells how much polarisation to expect.
    Raises InvalidInput where the rows are no slow sweep, NotFound for an unknown chemistry.
    """
    tried = chemistry_of(chemistry)
    window = window_of(charge, voltage, direction)
    rate = None if current is None else abs(current) / window.charge
    known = polarisation_of(window, rate)
    ranked = _ranked(window, tried, known)
    fit = _chosen(window, ranked)
    rest = [other for other in ranked if other is not fit]
    equals = [other for other in alike(window, [fit, *rest]) if other is not fit]
    verdict = judge(window, fit, equals)
    spread = spread_of(window, fit, known)
    told = estimates.of(
        fit, spread, equals, verdict.model_error, _UNKNOWN_RATE if rate is None else rate
    )
    candidates = tuple(
        Candidate(f.positive.name, f.negative.name, f.rms, model_error(window, f))
        for f in [fit, *rest]
    )
    points = None
    if verdict.matches is not False:
        points = _anode_points(window, fit, equals, told.x_sd, spread.smooth_v, verdict)
    return Diagnosis(
        tried.name, window, fit, candidates, 1 + len(equals), told.parameters, told.lithium_ah,
        told.lithium_mol, points, verdict, rate,
        (*tried.notes, *window.notes, *_notes(window, fit, told.parameters, rate)),
    )  # fmt: skip


def polarisation_of(window: Window, rate: float | None) -> Polarisation:
    """What to expect of the offset; above zero while charging."""
    size = _OFFSET_AT_1C_V * (_UNKNOWN_RATE if rate is None else rate)
    sign = {"charge": 1.0, "discharge": -1.0, "unknown": 0.0}[window.direction]
    # A reference curve's own level is off by some millivolts, too.
    sd = float(np.hypot(0.008, size if rate is not None else 2 * size))
    limit = max(_LIMIT_V, 4 * size)
    return Polarisation(sign * size, sd, -limit, limit)


def _ranked(window: Window, tried: Chemistry, known: Polarisation) -> list[PairFit]:
    pairs = [(p, n) for p in tried.positives for n in tried.negatives]
    if len(pairs) > _FEW:
        # A first look at fewer points sorts out what is far off.
        thin = window.thinned(max(len(window.q) // _FIRST_LOOK, 1))
        looks = sorted((fit_pair(thin, *pair, known) for pair in pairs), key=lambda fit: fit.cost)
        near = [fit for fit in looks if _plausible(fit)] or looks
        pairs = [(fit.positive, fit.negative) for fit in near[:_FEW]]
    fits = [fit_pair(window, p, n, known) for p, n in pairs]
    kept = [fit for fit in fits if _plausible(fit)] or fits
    return sorted(kept, key=lambda fit: score(window, fit))


def _plausible(fit: PairFit) -> bool:
    cell, p, n = fit.cell, fit.positive, fit.negative
    return _RATIO[0] < cell.C_n * (n.high - n.low) / (cell.C_p * (p.high - p.low)) < _RATIO[1]


def _chosen(window: Window, ranked: Sequence[PairFit]) -> PairFit:
    """The best, or the best pair of one source where that is nearly as good: its two curves
    stand in the same lab's stoichiometry."""
    best = max(score(window, ranked[0]), 5e-4)
    for fit in ranked:
        kin = fit.positive.about.get("source") == fit.negative.about.get("source")
        if kin and fit.positive.about and score(window, fit) <= _KIN * best:
            return fit
    return ranked[0]


def _anode_points(
    window: Window,
    fit: PairFit,
    equals: Sequence[PairFit],
    x_sd: tuple[Array, float],
    smooth_v: float,
    verdict: Verdict,
) -> tuple[AnodePoint, ...]:
    share = np.linspace(0, 1, _TOLD)
    potential = anode(fit, share)
    covariance, _ = x_sd
    x_a, x_b = fit.theta[:2]
    slope = fit.negative.slope(x_a + (x_b - x_a) * share)
    along = np.stack([1 - share, share], axis=1)
    moved = slope**2 * np.einsum("ni,ij,nj->n", along, covariance, along)
    apart = np.mean([(anode(e, share) - potential) ** 2 for e in equals], axis=0) if equals else 0.0
    foreign = 0.0 if verdict.matches else _FOREIGN_V
    sd = np.sqrt(moved + apart + smooth_v**2 + _REFERENCE_V**2 + foreign**2)
    return tuple(
        AnodePoint(float(q), float(u), float(u - Z * s), float(u + Z * s))
        for q, u, s in zip(share * window.charge, potential, sd, strict=True)
    )


def _notes(
    window: Window, fit: PairFit, parameters: Mapping[str, Estimate], rate: float | None
) -> list[str]:
    notes = []
    if rate is None:
        notes.append(
            "no current was given: polarisation was taken for that of about C/20 "
            "(--current says it)"
        )
    elif rate > 0.12:
        notes.append(
            f"C/{1 / rate:.0f} is no slow charge: polarisation bends the voltage beyond what an "
            "offset can mend"
        )
    if window.direction == "unknown":
        notes.append("the rows do not show whether this is a charge or a discharge")
    loose = [name for name, each in parameters.items() if not each.identified]
    if loose:
        notes.append(f"the window does not determine {', '.join(loose)}")
    if fit.at_bound():
        ends = ", ".join(fit.at_bound())
        notes.append(f"{ends}: at the end of the reference curve, and held there")
    if window.rows < 100:
        notes.append(f"{window.rows} rows are few: fine structure is not resolved")
    return notes
