"""A reference learned from cells that are known to be good.

Which earlier features explain a feature is chosen one by one, by partial correlation, and
they are weighed by least squares.
How far cells stray from what is expected of them is measured on lots left out.
"""

import warnings
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np
import numpy.typing as npt

from twin.cell.formation import grid, selection
from twin.cell.formation.decision import Decision
from twin.cell.formation.grid import Floats, Ints
from twin.cell.formation.normal import PREDICTORS, Reference, load, save
from twin.cell.formation.seen import with_seen
from twin.cell.formation.trace import Trace
from twin.errors import InvalidInput

FEWEST_CELLS: Final = 100
FEWEST_LOTS: Final = 3
_PRESENT: Final = 0.95
"""A feature that fewer of the good cells have is left out; chosen."""
_FOLDS: Final = 5
_ENVELOPE: Final = (0.005, 0.995)
_SAME_FOR_ALL: Final = 1e-3
"""A charge that spreads less than that part of its mean is the protocol's. Chosen."""
_LEAST_ERROR: Final = 0.002
"""No feature is expected to better than that part of its own spread; chosen."""


def learn(
    trace: Trace,
    good: npt.NDArray[np.bool_],
    lots: Sequence[str],
    source: str,
    confirmed: Sequence[str] = (),
    decide_after: float = 2.9,
    chance: float = 0.005,
) -> Reference:
    """From a cohort that ran the whole protocol without a reference. ``good`` (channels,):
    graded, no fault found afterwards; ``lots``: the electrode lot of each channel, so that
    widths hold for lots never seen. ``confirmed``: the diagnosis of each channel's cell where
    a teardown or a later test has confirmed one, else ""; what such cells looked like is
    learned beside what physics expects. ``chance`` that a good cell is ever flagged. Raises
    InvalidInput for too few cells or lots."""
    rows, phase = _same_protocol(trace, np.flatnonzero(good))
    names = np.array([lots[row] for row in rows])
    if len(rows) < FEWEST_CELLS or len(set(names)) < FEWEST_LOTS:
        raise InvalidInput(
            f"{len(rows)} good cells of one protocol in {len(set(names))} lots are too few: a "
            f"reference is learned from {FEWEST_CELLS} cells of {FEWEST_LOTS} lots or more"
        )
    value = trace.value[rows]
    present = np.isfinite(value).mean(axis=0) >= _PRESENT
    with warnings.catch_warnings():
        # Columns that nobody has measured.
        warnings.simplefilter("ignore", RuntimeWarning)
        spread = np.nan_to_num(np.nanstd(value, axis=0))
        present &= spread > 1e-9 * (1.0 + np.abs(np.nan_to_num(np.nanmean(value, axis=0))))
    column = np.flatnonzero(present)
    hour = np.nanmedian(trace.hour[rows][:, column], axis=0)
    order = np.lexsort((column, np.round(hour, 3)))
    column, hour = column[order], hour[order]
    value = value[:, column]
    reference = _fit(value, names, column, hour)
    rate = np.median(trace.rate[rows][:, : len(phase)], axis=0)
    reference = replace(reference, source=source, nominal=trace.nominal, phase=phase, rate=rate)
    if confirmed:
        reference = with_seen(reference, trace, confirmed)
    return _calibrated(reference, value, names, decide_after, chance)


def _same_protocol(trace: Trace, rows: Ints) -> tuple[Ints, Ints]:
    """The rows whose phases follow one another as in most of them, and these phases."""
    if not len(rows):
        return rows, np.zeros(0, dtype=np.int64)
    found = Counter(tuple(int(p) for p in trace.phase[row]) for row in rows)
    usual = found.most_common(1)[0][0]
    alike = np.array([tuple(int(p) for p in trace.phase[row]) == usual for row in rows])
    return rows[alike], np.array([p for p in usual if p >= 0], dtype=np.int64)


def _fit(value: Floats, lots: npt.NDArray[np.str_], column: Ints, hour: Floats) -> Reference:
    n, width = value.shape
    mean, sd = np.nanmean(value, axis=0), np.nanstd(value, axis=0)
    z = np.nan_to_num((value - mean) / sd)
    within = np.zeros(width)
    for lot in np.unique(lots):
        part = value[lots == lot]
        within += np.nansum((part - np.nanmedian(part, axis=0)) ** 2, axis=0)
    covariance = z.T @ z / n
    predictor = np.full((width, PREDICTORS), -1, dtype=np.int64)
    weight = np.zeros((width, PREDICTORS))
    explains = _explaining(column)
    for j in range(width):
        chosen = selection.chosen(covariance, j, np.flatnonzero(explains[:j]), n)
        if len(chosen):
            predictor[j, : len(chosen)] = chosen
            weight[j, : len(chosen)] = selection.weights(covariance, chosen, j) * sd[j] / sd[chosen]
    error = _left_out_error(z, lots, predictor) * sd
    lower, upper = np.nanquantile(value, _ENVELOPE, axis=0)
    return Reference(
        source="",
        nominal=1.0,
        cells=n,
        lots=len(np.unique(lots)),
        phase=np.zeros(1, dtype=np.int64),
        rate=np.zeros(1),
        column=column,
        mean=mean,
        sd=sd,
        within=np.sqrt(within / n),
        lower=lower,
        upper=upper,
        hour=hour,
        predictor=predictor,
        weight=weight,
        error=error,
        judged=_judged(column, sd, mean),
        tail=np.zeros((2, 2)),
        seen=np.zeros((0, width)),
        seen_as=np.zeros(0, dtype=np.int64),
        seen_cells=np.zeros(0, dtype=np.int64),
    )


def _explaining(column: Ints) -> npt.NDArray[np.bool_]:
    kind = column % grid.PER_SLOT
    return ~((kind >= grid.SLOPE) & (kind < grid.OHMIC))


def _judged(column: Ints, sd: Floats, mean: Floats) -> Ints:
    """Slopes say again what levels say; temperatures and hours are the room's, and so is the
    charge of a phase that ends by the clock."""
    kind = column % grid.PER_SLOT
    level = kind < grid.SLOPE
    resistance = (kind >= grid.OHMIC) & (kind < grid.TEMPERATURE)
    charge = (kind == grid.PHASE_CHARGE) & (sd > _SAME_FOR_ALL * np.abs(mean)) & (mean > 1e-3)
    return np.asarray(level | resistance | charge, dtype=np.int64)


def _left_out_error(z: Floats, lots: npt.NDArray[np.str_], predictor: Ints) -> Floats:
    """Of standardised features, about what is expected from the other lots. Wide enough for
    the tails: a peak of dV/dQ that shifts moves a level in no straight line."""
    names = np.unique(lots)
    folds = min(_FOLDS, len(names))
    left = np.zeros_like(z)
    for fold in range(folds):
        out = np.isin(lots, names[fold::folds])
        rest = z[~out]
        centre = rest.mean(axis=0)
        centred, other = rest - centre, z[out] - centre
        covariance = centred.T @ centred / len(rest)
        for j in range(z.shape[1]):
            chosen = predictor[j][predictor[j] >= 0]
            left[out, j] = other[:, j]
            if len(chosen):
                left[out, j] -= other[:, chosen] @ selection.weights(covariance, chosen, j)
    size = np.abs(left)
    error: Floats = np.maximum.reduce(
        [
            np.sqrt(np.mean(left**2, axis=0)),
            np.quantile(size, 0.995, axis=0) / 2.81,
            size.max(axis=0) / 4.0,
            np.full(z.shape[1], _LEAST_ERROR),
        ]
    )
    return error


def _calibrated(
    reference: Reference, value: Floats, lots: npt.NDArray[np.str_], decide_after: float,
    chance: float,
) -> Reference:  # fmt: skip
    """With the evidence that only ``chance`` of good cells ever passes by accident: each
    lot is judged by a reference of the others."""
    names = np.unique(lots)
    folds = min(_FOLDS, len(names))
    by_then = (reference.hour <= decide_after) & (reference.judged > 0)
    first = int(reference.slot()[by_then].max()) if by_then.any() else 0
    reference = replace(reference, first_slot=first)
    highest = np.zeros((len(value), 2, 2))
    for fold in range(folds):
        out = np.isin(lots, names[fold::folds])
        part = _fit(value[~out], lots[~out], reference.column, reference.hour)
        part = replace(
            part,
            nominal=reference.nominal,
            phase=reference.phase,
            rate=reference.rate,
            judged=reference.judged,
            seen=reference.seen,
            seen_as=reference.seen_as,
            seen_cells=reference.seen_cells,
            first_slot=first,
        )
        highest[out] = peaks(part, value[out], decide_after)
    # Four ways to be flagged share the good cells' chance.
    return replace(reference, tail=np.quantile(highest, 1.0 - chance / 4, axis=0))


def peaks(reference: Reference, value: Floats, decide_after: float) -> Floats:
    """Highest log evidence against each row of features from ``decide_after`` [h] on, (rows,
    up to the first slot's end | after it, known | unusual)."""
    decision = Decision(reference, len(value))
    rows = np.arange(len(value))
    highest = np.full((len(value), 2, 2), -99.0)
    for j in range(value.shape[1]):
        known = rows[np.isfinite(value[:, j])]
        decision.take(known, np.full(len(known), j), value[known, j])
        last = j + 1 == value.shape[1] or reference.hour[j + 1] >= decide_after
        if last and (reference.judged[j] or reference.hour[j] < decide_after):
            now = np.stack([decision.evidence(rows), decision.wide], axis=1)
            stage = int(reference.slot()[j] > reference.first_slot)
            highest[:, stage] = np.maximum(highest[:, stage], now)
    return highest


__all__ = ["Reference", "Trace", "learn", "load", "peaks", "save"]
