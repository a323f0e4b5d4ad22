"""Two-sided control charts: Shewhart, CUSUM and EWMA, one by one or many at once.

A chart is a design (its limits, in standard deviations) set upon a signal (its centre and
its standard deviation, in the signal's unit). It is fed one sample after another, takes
z = (value − centre) / sd, and says on which side it alarms, if it does. An alarm changes
nothing: a chart beyond its limit goes on to say so until it is back or is reset. How long
each runs until an alarm: ``run_length``. Many charts at once: ``chart_bank``.

Samples are taken to be independent: chart scan averages, not single readings of a signal
that wanders.

>>> drift = CusumChart(Cusum(k=0.5, h=4.0), centre=20.0, sd=0.1)
>>> [drift.take(value) for value in (20.0, 20.2, 20.3)]
[None, None, None]
>>> drift.take(20.2)
<Side.ABOVE: 1>
"""

import math
from abc import ABC, abstractmethod
from dataclasses import dataclass
from enum import IntEnum

from twin.errors import InvalidInput
from twin.estimation import saved
from twin.snapshot import Snapshot


class Side(IntEnum):
    """Where a chart alarms; in a bank 0 stands for no alarm."""

    BELOW = -1
    ABOVE = 1


@dataclass(frozen=True, slots=True)
class Shewhart:
    """Alarms where |z| > ``limit`` (W. A. Shewhart, Economic Control of Quality of
    Manufactured Product, 1931)."""

    limit: float = 3.0

    def __post_init__(self) -> None:
        _positive("limit", self.limit)


@dataclass(frozen=True, slots=True)
class Cusum:
    """Alarms where one of the sums S⁺ = max(0, S⁺ + z − k), S⁻ = max(0, S⁻ − z − k)
    exceeds ``h`` (E. S. Page, Biometrika 41 (1954) 100). Quickest for a shift of 2k."""

    k: float = 0.5
    h: float = 5.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.k) and self.k >= 0):
            raise InvalidInput(f"k is {self.k:g}: give a number that is not negative")
        _positive("h", self.h)


@dataclass(frozen=True, slots=True)
class Ewma:
    """Alarms where |Q| > ``limit`` √(w / (2 − w)), Q ← Q + w (z − Q) from 0, w ``weight``
    (S. W. Roberts, Technometrics 1 (1959) 239); the limits are the asymptotic ones."""

    weight: float = 0.1
    limit: float = 2.814

    def __post_init__(self) -> None:
        if not 0 < self.weight <= 1:
            raise InvalidInput(f"weight is {self.weight:g}: give a number above 0, at most 1")
        _positive("limit", self.limit)

    @property
    def height(self) -> float:
        """The limit of Q itself [standard deviations of z]."""
        return self.limit * math.sqrt(self.weight / (2 - self.weight))


Design = Shewhart | Cusum | Ewma


class Chart(ABC):
    """One chart. ``centre`` and ``sd`` are those of the signal in control, in its unit.

    Raises InvalidInput where they are no numbers, or ``sd`` is not above zero.
    """

    __slots__ = ("_centre", "_sd")

    def __init__(self, centre: float = 0.0, sd: float = 1.0) -> None:
        if not math.isfinite(centre):
            raise InvalidInput(f"the chart's centre is {centre:g}: give a finite number")
        _positive("the chart's sd", sd)
        self._centre = centre
        self._sd = sd

    def take(self, value: float) -> Side | None:
        """Take the next sample. Raises InvalidInput where it is not finite; the chart then
        stays as it was."""
        z = (value - self._centre) / self._sd
        if not math.isfinite(z):
            raise InvalidInput(
                f"a chart was fed {value!r} (centre {self._centre:g}, sd {self._sd:g}): "
                "gate readings before they are charted"
            )
        return self._step(z)

    @abstractmethod
    def _step(self, z: float) -> Side | None: ...

    @abstractmethod
    def reset(self) -> None:
        """Begin anew, as if no sample had come."""

    @abstractmethod
    def snapshot(self) -> Snapshot: ...

    @abstractmethod
    def restore(self, snapshot: Snapshot) -> None: ...


class ShewhartChart(Chart):
    __slots__ = ("design",)

    def __init__(self, design: Shewhart, centre: float = 0.0, sd: float = 1.0) -> None:
        super().__init__(centre, sd)
        self.design = design

    def _step(self, z: float) -> Side | None:
        return _side(z, self.design.limit)

    def reset(self) -> None:
        """It remembers nothing."""

    def snapshot(self) -> Snapshot:
        return {}

    def restore(self, snapshot: Snapshot) -> None:
        """It remembers nothing."""


class CusumChart(Chart):
    __slots__ = ("_lower", "_upper", "design")
    _upper: float
    _lower: float

    def __init__(self, design: Cusum, centre: float = 0.0, sd: float = 1.0) -> None:
        super().__init__(centre, sd)
        self.design = design
        self.reset()

    @property
    def upper(self) -> float:
        """S⁺ [standard deviations]."""
        return self._upper

    @property
    def lower(self) -> float:
        """S⁻ [standard deviations], not negative."""
        return self._lower

    def _step(self, z: float) -> Side | None:
        self._upper = max(0.0, self._upper + z - self.design.k)
        self._lower = max(0.0, self._lower - z - self.design.k)
        if max(self._upper, self._lower) <= self.design.h:
            return None
        return Side.ABOVE if self._upper >= self._lower else Side.BELOW

    def reset(self) -> None:
        self._upper = self._lower = 0.0

    def snapshot(self) -> Snapshot:
        return {"upper": self._upper, "lower": self._lower}

    def restore(self, snapshot: Snapshot) -> None:
        self._upper = saved.number(snapshot["upper"])
        self._lower = saved.number(snapshot["lower"])


class EwmaChart(Chart):
    __slots__ = ("_average", "_height", "design")
    _average: float

    def __init__(self, design: Ewma, centre: float = 0.0, sd: float = 1.0) -> None:
        super().__init__(centre, sd)
        self.design = design
        self._height = design.height
        self.reset()

    @property
    def average(self) -> float:
        """Q [standard deviations]."""
        return self._average

    def _step(self, z: float) -> Side | None:
        self._average += self.design.weight * (z - self._average)
        return _side(self._average, self._height)

    def reset(self) -> None:
        self._average = 0.0

    def snapshot(self) -> Snapshot:
        return {"average": self._average}

    def restore(self, snapshot: Snapshot) -> None:
        self._average = saved.number(snapshot["average"])


def chart(design: Design, centre: float = 0.0, sd: float = 1.0) -> Chart:
    """The chart of that design."""
    match design:
        case Shewhart():
            return ShewhartChart(design, centre, sd)
        case Cusum():
            return CusumChart(design, centre, sd)
        case Ewma():
            return EwmaChart(design, centre, sd)


def _side(z: float, limit: float) -> Side | None:
    if -limit <= z <= limit:
        return None
    return Side.ABOVE if z > 0 else Side.BELOW


def _positive(name: str, value: float) -> None:
    if not (math.isfinite(value) and value > 0):
        raise InvalidInput(f"{name} is {value:g}: give a number above 0")
