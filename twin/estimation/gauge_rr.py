"""Gauge R&R: how much of what a gauge shows is the gauge.

The crossed study of AIAG, Measurement Systems Analysis, 4th ed. (2010), ch. III B, by
analysis of variance: every operator measures every part equally often. The interaction of
parts and operators is pooled with the error where it is not significant at 0.25 (AIAG).
Verdict: GRR below 10 % of the total variation is good, up to 30 % conditional, above
reject; five distinct categories or more. A study by one operator (an inline gauge has
none) tells repeatability alone.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from math import isfinite, sqrt
from typing import Final

import numpy as np

from twin.errors import InvalidInput
from twin.estimation.gauge_anova import Model, anova, model_of
from twin.estimation.gauge_readings import Measurement, crossed
from twin.estimation.mean_squares import MeanSquare, MeanSquares

POOL_ABOVE: Final = 0.25
"""p of the interaction from which it is pooled with the error (AIAG, ANOVA method)."""
ENOUGH_CATEGORIES: Final = 5
_GOOD_BELOW: Final = 10.0
_REJECT_ABOVE: Final = 30.0
# Two distributions are told apart where their 97 % intervals do not overlap (AIAG).
_CATEGORIES: Final = 1.41
# The tolerance is compared with six standard deviations (AIAG, 4th ed.).
_TOLERANCE_SDS: Final = 6.0
# AIAG: "parts times appraisers above 15" for estimates that can be trusted.
_ENOUGH_CELLS: Final = 15


class Verdict(StrEnum):
    GOOD = "good"
    CONDITIONAL = "conditional"
    REJECT = "reject"


@dataclass(frozen=True, slots=True)
class Component:
    """One source of variation. ``sd`` and its interval are in the unit of the values;
    ``percent`` (with its interval for GRR) is of the total's sd, ``percent_of_tolerance``
    is of the tolerance for six sd. ``contribution`` is percent of the total variance."""

    symbol: str
    name: str
    variance: float
    sd: float
    sd_interval: tuple[float, float]
    contribution: float
    percent: float
    percent_interval: tuple[float, float] | None = None
    percent_of_tolerance: float | None = None


@dataclass(frozen=True, slots=True)
class Study:
    """``components`` by symbol: EV repeatability, AV operators, INT interaction (where it
    is not pooled), GRR all of the gauge, PV parts, TV total. AV is absent for one operator.
    ``distinct_categories`` is None where the gauge shows no variation at all."""

    parts: int
    operators: int
    trials: int
    anova: tuple[MeanSquare, ...]
    pooled: bool
    components: Mapping[str, Component]
    distinct_categories: int | None
    confidence: float
    tolerance: float | None
    verdict: Verdict
    notes: tuple[str, ...]


def study(
    measurements: Sequence[Measurement],
    tolerance: float | None = None,
    pool_above: float = POOL_ABOVE,
    confidence: float = 0.95,
    signed: bool | None = None,
) -> Study:
    """The study of those measurements. ``tolerance`` is the whole width, in the unit of the
    values; with it the verdict is the worse of that on the total variation and that on the
    tolerance. ``pool_above`` 1 keeps the interaction, 0 pools it always. ``signed``: see
    ``gauge_readings.faults``.

    Raises InvalidInput where they are no crossed study, or an argument can't be.
    """
    if tolerance is not None and not (isfinite(tolerance) and tolerance > 0):
        raise InvalidInput(f"a tolerance of {tolerance:g}: give its whole width, above 0")
    if not 0 <= pool_above <= 1:
        raise InvalidInput(f"the interaction pooled above p = {pool_above:g}: give 0 to 1")
    if not 0.5 <= confidence < 1:
        raise InvalidInput(f"a confidence of {confidence:g}: give one from 0.5 to below 1")
    values = crossed(measurements, signed)
    model = model_of(anova(values), values.shape, pool_above)
    components, notes = _components(model, confidence, tolerance)
    gauge, part = components["GRR"], components["PV"]
    categories = int(_CATEGORIES * part.sd / gauge.sd) if gauge.sd > 0 else None
    judged = [gauge.percent, gauge.percent_of_tolerance or 0.0]
    parts, operators, trials = values.shape
    return Study(
        parts=parts,
        operators=operators,
        trials=trials,
        anova=model.shown,
        pooled=model.pooled,
        components=components,
        distinct_categories=categories,
        confidence=confidence,
        tolerance=tolerance,
        verdict=judge(max(judged)),
        notes=(*_design_notes(values.shape, model), *notes, *_judging_notes(gauge, categories)),
    )


def judge(percent: float) -> Verdict:
    """The verdict on GRR in per cent of the total variation, or of the tolerance."""
    if percent < _GOOD_BELOW:
        return Verdict.GOOD
    return Verdict.CONDITIONAL if percent <= _REJECT_ABOVE else Verdict.REJECT


_NAMES: Final = {
    "EV": "repeatability",
    "AV": "operators",
    "INT": "interaction",
    "GRR": "gauge R&R",
    "PV": "parts",
    "TV": "total",
}


def _components(
    model: Model, confidence: float, tolerance: float | None
) -> tuple[dict[str, Component], list[str]]:
    squares = MeanSquares(
        np.array([line.ms for line in model.lines]),
        np.array([line.df for line in model.lines], dtype=np.float64),
        confidence,
    )
    notes, variances = [], {}
    for symbol, row in model.coefficients.items():
        if symbol in ("GRR", "TV"):
            continue
        variance = squares.variance(row)
        if variance < 0:
            notes.append(
                f"the variance of {symbol} ({_NAMES[symbol]}) came out negative "
                f"({variance:.3g}) and is set to zero"
            )
        variances[symbol] = max(0.0, variance)
    variances["GRR"] = sum(variances[s] for s in ("EV", "AV", "INT") if s in variances)
    variances["TV"] = variances["GRR"] + variances["PV"]
    total = variances["TV"]
    found = {}
    for symbol, row in model.coefficients.items():
        variance = variances[symbol]
        lower, upper = squares.interval(row)
        share = variance / total
        of_total = None
        if symbol == "GRR":
            low, high = squares.ratio_interval(row, model.coefficients["TV"])
            of_total = (100 * sqrt(min(low, share)), 100 * sqrt(max(high, share)))
        found[symbol] = Component(
            symbol=symbol,
            name=_NAMES[symbol],
            variance=variance,
            sd=sqrt(variance),
            # A variance set to zero may lie beside the interval of what it was.
            sd_interval=(sqrt(min(lower, variance)), sqrt(max(upper, variance))),
            contribution=100 * share,
            percent=100 * sqrt(share),
            percent_interval=of_total,
            percent_of_tolerance=None
            if tolerance is None
            else 100 * _TOLERANCE_SDS * sqrt(variance) / tolerance,
        )
    return found, notes


def _design_notes(shape: tuple[int, ...], model: Model) -> list[str]:
    parts, operators, _ = shape
    notes = []
    if operators == 1:
        notes.append("one operator: reproducibility is not known, and GRR is repeatability alone")
    elif model.pooled:
        p = next(line.p for line in model.shown if line.source == "part × operator")
        notes.append(f"the interaction (p = {p:.2g}) is pooled with the repeatability")
    if parts * operators <= _ENOUGH_CELLS:
        notes.append(
            f"{parts} parts × {operators} operators is thin: AIAG wants more than "
            f"{_ENOUGH_CELLS} in all"
        )
    return notes


def _judging_notes(gauge: Component, categories: int | None) -> list[str]:
    if categories is None:
        return ["readings repeat exactly: the gauge's resolution hides how well it repeats"]
    notes = []
    if categories < ENOUGH_CATEGORIES:
        notes.append(
            f"distinct categories: {categories}, and {ENOUGH_CATEGORIES} are wanted: the gauge "
            "tells the parts apart too coarsely"
        )
    assert gauge.percent_interval is not None
    best, worst = map(judge, gauge.percent_interval)
    if best != worst:
        low, high = gauge.percent_interval
        notes.append(
            f"%GRR lies from {low:.0f} to {high:.0f} %, so that the verdict on the total "
            f"variation could be {best} to {worst}: more parts, operators or trials would tell"
        )
    return notes
