"""Many control charts of one design at once, equal to as many single ones to the bit."""

from abc import ABC, abstractmethod

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput
from twin.estimation import saved
from twin.estimation.charts import Cusum, Design, Ewma, Shewhart
from twin.snapshot import Snapshot

Array = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]
Sides = npt.NDArray[np.int8]
"""For each chart −1 (below), 0 (no alarm) or 1 (above), as in ``charts.Side``."""


class ChartBank(ABC):
    """Charts side by side; ``centre`` and ``sd`` have the shape (charts,), in the unit of
    each chart's signal.

    Raises InvalidInput where the shapes differ, or an ``sd`` is not above zero.
    """

    def __init__(self, centre: npt.ArrayLike, sd: npt.ArrayLike) -> None:
        self._centre = np.array(centre, dtype=np.float64)
        self._sd = np.array(sd, dtype=np.float64)
        if self._centre.ndim != 1 or self._centre.shape != self._sd.shape:
            raise InvalidInput(
                f"centre {self._centre.shape} and sd {self._sd.shape} of a bank of charts: "
                "give one number for each chart"
            )
        _none("centre", "not finite", ~np.isfinite(self._centre))
        _none("sd", "not above zero", ~(np.isfinite(self._sd) & (self._sd > 0)))
        self.reset()

    def __len__(self) -> int:
        return len(self._centre)

    def take(self, values: Array, fed: Mask | None = None) -> Sides:
        """Take the next sample of each chart, shape (charts,); with ``fed``, only of those
        charts: the others stay as they are, and say 0.

        Raises InvalidInput where a value that is to be taken is not finite; the bank then
        stays as it was.
        """
        if values.shape != self._centre.shape:
            raise InvalidInput(f"{values.shape} values for {len(self)} charts: give one each")
        z = (values - self._centre) / self._sd
        broken = ~np.isfinite(z)
        if fed is None:
            if broken.any():
                _none("the value", "not finite", broken)
            return self._step(z)
        _none("the value", "not finite", broken & fed)
        before = self.snapshot()
        sides = self._step(np.where(fed, z, 0.0))
        self._keep(before, ~fed)
        return np.where(fed, sides, np.int8(0))

    def reset(self, which: Mask | None = None) -> None:
        """Begin anew: all charts, or those that ``which`` marks."""
        for name in self._sums:
            if which is None:
                setattr(self, name, np.zeros(len(self)))
            else:
                getattr(self, name)[which] = 0.0

    def snapshot(self) -> Snapshot:
        return {name.strip("_"): getattr(self, name).copy() for name in self._sums}

    def restore(self, snapshot: Snapshot) -> None:
        """Raises InvalidInput where the snapshot is of another number of charts."""
        for name in self._sums:
            found = saved.array(snapshot[name.strip("_")])
            if found.shape != self._centre.shape:
                raise InvalidInput(f"the snapshot is of {len(found)} charts, not {len(self)}")
            setattr(self, name, found)

    _sums: tuple[str, ...] = ()

    @abstractmethod
    def _step(self, z: Array) -> Sides: ...

    def _keep(self, before: Snapshot, which: Mask) -> None:
        for name in self._sums:
            getattr(self, name)[which] = saved.array(before[name.strip("_")])[which]


class ShewhartBank(ChartBank):
    def __init__(self, design: Shewhart, centre: npt.ArrayLike, sd: npt.ArrayLike) -> None:
        super().__init__(centre, sd)
        self.design = design

    def _step(self, z: Array) -> Sides:
        return _sides(z, self.design.limit)


class CusumBank(ChartBank):
    _sums = ("_upper", "_lower")
    _upper: Array
    _lower: Array

    def __init__(self, design: Cusum, centre: npt.ArrayLike, sd: npt.ArrayLike) -> None:
        super().__init__(centre, sd)
        self.design = design

    def _step(self, z: Array) -> Sides:
        upper, lower, k, h = self._upper, self._lower, self.design.k, self.design.h
        upper += z
        upper -= k
        np.maximum(upper, 0.0, out=upper)
        lower -= z
        lower -= k
        np.maximum(lower, 0.0, out=lower)
        above = (upper > h) & (upper >= lower)
        below = (lower > h) & (lower > upper)
        return above.astype(np.int8) - below.astype(np.int8)


class EwmaBank(ChartBank):
    _sums = ("_average",)
    _average: Array

    def __init__(self, design: Ewma, centre: npt.ArrayLike, sd: npt.ArrayLike) -> None:
        super().__init__(centre, sd)
        self.design = design
        self._height = design.height

    def _step(self, z: Array) -> Sides:
        self._average += self.design.weight * (z - self._average)
        return _sides(self._average, self._height)


def bank(design: Design, centre: npt.ArrayLike, sd: npt.ArrayLike) -> ChartBank:
    """Charts of that design, one for each ``centre`` and ``sd``."""
    match design:
        case Shewhart():
            return ShewhartBank(design, centre, sd)
        case Cusum():
            return CusumBank(design, centre, sd)
        case Ewma():
            return EwmaBank(design, centre, sd)


def _sides(z: Array, limit: float) -> Sides:
    return (z > limit).astype(np.int8) - (z < -limit).astype(np.int8)


def _none(what: str, is_what: str, broken: Mask) -> None:
    which = np.flatnonzero(broken)
    if len(which):
        listed = ", ".join(map(str, which[:5])) + (", …" if len(which) > 5 else "")
        raise InvalidInput(f"{what} of chart {listed} is {is_what}: gate what is charted")
