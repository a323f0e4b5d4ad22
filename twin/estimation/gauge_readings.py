"""The measurements of a gauge R&R study, whole or refused whole."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from math import isfinite
from statistics import median
from typing import Final

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput

_FEWEST_PARTS: Final = 2
_FEWEST_TRIALS: Final = 2
# Beyond any gauge in any unit; their squares would be beyond double precision.
_LARGEST: Final = 1e100
_LISTED: Final = 20


@dataclass(frozen=True, slots=True)
class Measurement:
    """One reading of one part. ``trial`` may be empty: then trials are told by order."""

    part: str
    operator: str
    value: float
    trial: str = ""


@dataclass(frozen=True, slots=True)
class Fault:
    """``index`` is that of the measurement at fault, None where one is missing."""

    index: int | None
    why: str


def faults(measurements: Sequence[Measurement], signed: bool | None = None) -> tuple[Fault, ...]:
    """All that keeps the measurements from being a crossed study.

    A value of zero or below is a fault, unless values are ``signed`` (deviations from a
    nominal). None: they are signed where the median of a whole part is negative, which no
    single bad reading makes of a mass or a thickness.
    """
    if signed is None:
        signed = has_negative_part(measurements)
    found = [
        Fault(i, why)
        for i, measured in enumerate(measurements)
        if (why := _fault_of_value(measured, signed))
    ]
    found += _repeated(measurements) + _incomplete(measurements)
    if not found and _are_equal([measured.value for measured in measurements]):
        why = "all values are equal: there is nothing to tell parts from gauge"
        return (Fault(None, why),)
    return tuple(found)


def has_negative_part(measurements: Sequence[Measurement]) -> bool:
    of_part: defaultdict[str, list[float]] = defaultdict(list)
    for measured in measurements:
        of_part[measured.part].append(measured.value)
    return any(median(values) < 0 for values in of_part.values())


def crossed(
    measurements: Sequence[Measurement], signed: bool | None = None
) -> npt.NDArray[np.float64]:
    """The values, shape (parts, operators, trials), parts and operators in the order in
    which they come first. Raises InvalidInput where there are ``faults``."""
    if wrong := faults(measurements, signed):
        listed = "; ".join(
            fault.why if fault.index is None else f"measurement {fault.index}: {fault.why}"
            for fault in wrong[:_LISTED]
        )
        raise InvalidInput(f"this is no gauge R&R study: {listed}")
    cells: defaultdict[tuple[str, str], list[float]] = defaultdict(list)
    for measured in measurements:
        cells[measured.part, measured.operator].append(measured.value)
    parts = dict.fromkeys(measured.part for measured in measurements)
    operators = dict.fromkeys(measured.operator for measured in measurements)
    return np.array([[cells[part, operator] for operator in operators] for part in parts])


def _are_equal(values: Sequence[float]) -> bool:
    """Differences that are rounding alone count as none."""
    return max(values) - min(values) <= 1e-12 * max(map(abs, values))


def _fault_of_value(measured: Measurement, signed: bool) -> str | None:
    value = measured.value
    if not (isfinite(value) and abs(value) < _LARGEST):
        return f"the value is {value:g}"
    if value <= 0 and not signed:
        what = "zero" if value == 0 else f"negative ({value:g})"
        return f"the value is {what}, which only signed values (deviations) may be"
    return None


def _repeated(measurements: Sequence[Measurement]) -> list[Fault]:
    found, first = [], set()
    for i, measured in enumerate(measurements):
        key = measured.part, measured.operator, measured.trial
        if measured.trial and key in first:
            found.append(Fault(i, f"{_cell(*key[:2])}: trial {measured.trial!r} comes twice"))
        first.add(key)
    return found


def _incomplete(measurements: Sequence[Measurement]) -> list[Fault]:
    parts = dict.fromkeys(measured.part for measured in measurements)
    operators = dict.fromkeys(measured.operator for measured in measurements)
    if len(parts) < _FEWEST_PARTS:
        return [Fault(None, f"parts: {len(parts)}, and at least {_FEWEST_PARTS} are needed")]
    trials: Counter[tuple[str, str]] = Counter()
    last: dict[tuple[str, str], int] = {}
    for i, measured in enumerate(measurements):
        trials[measured.part, measured.operator] += 1
        last[measured.part, measured.operator] = i
    usual = Counter(trials.values()).most_common(1)[0][0]
    found = [
        Fault(
            last.get(cell),
            f"{_cell(*cell)}: measured {_times(trials[cell])}, where others are measured "
            f"{_times(usual)}",
        )
        for cell in ((part, operator) for part in parts for operator in operators)
        if trials[cell] != usual
    ]
    if not found and usual < _FEWEST_TRIALS:
        why = f"trials: each part is measured once, and {_FEWEST_TRIALS} times are needed"
        return [Fault(None, why)]
    return found


def _cell(part: str, operator: str) -> str:
    return f"part {part!r}" + (f", operator {operator!r}" if operator else "")


def _times(count: int) -> str:
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count} times")
