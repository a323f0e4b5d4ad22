"""Probability of an internal short circuit by geometry alone, where no model is trained.

A separator that does not cover the electrode lets the electrodes touch. All else that leads
to a short circuit (particles, burrs, pinholes, tension) this says nothing of, so its interval
is wide. None of its figures is learned from cells: they are chosen, and stand until a model is.

    p = p0 (1 - c) + p1 c,   c = P(overhang < 0 | overhang as measured)
"""

import math
from collections.abc import Mapping
from typing import Final, NamedTuple

MODEL: Final = "geometry only: no model is trained"
_BASE: Final = (0.005, 0.0005, 0.05)
"""Of a jellyroll in which vision finds nothing wrong: probability, lower, upper (chosen:
scrap for short circuits at assembly lies between some tenths and some per cent)."""
_BASE_UNSEEN: Final = (0.005, 0.0002, 0.2)
"""Where its overhang was not measured (chosen)."""
_UNCOVERED: Final = (0.5, 0.1, 1.0)
"""Of one whose electrode stands out of the separator (chosen)."""
_FAILED: Final = (0.1, 0.005, 0.9)
"""Of one that vision refused, for reasons that only the camera knows (chosen)."""


class Risk(NamedTuple):
    """A probability with an interval of 90 % confidence, and the model that says it."""

    probability: float
    lower: float
    upper: float
    model: str


def risk(features: Mapping[str, float], vision_sd: float) -> Risk:
    """``separator_overhang`` [mm] and ``vision_verdict`` (1 passed, 0 failed), where they are
    known. ``vision_sd`` [mm] is the width of a measurement."""
    overhang = features.get("separator_overhang")
    base = _BASE_UNSEEN if overhang is None else _BASE
    uncovered = 0.0 if overhang is None else _below_zero(overhang, vision_sd)
    found = [b * (1 - uncovered) + u * uncovered for b, u in zip(base, _UNCOVERED, strict=True)]
    if features.get("vision_verdict", 1.0) < 0.5:
        found = [max(f, failed) for f, failed in zip(found, _FAILED, strict=True)]
    probability, lower, upper = found
    return Risk(probability, lower, upper, MODEL)


def _below_zero(value: float, sd: float) -> float:
    if sd <= 0:
        return float(value < 0)
    return 0.5 * math.erfc(value / (sd * math.sqrt(2)))
