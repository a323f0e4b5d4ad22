"""What a lot's thickness and loading say too much or too little of its porosity, and how
laboratory samples, however late they come, teach it.

    truth of lot i = A_i + b + e_i
    sample of it   = truth + bias of the laboratory + noise

``A_i`` is what thickness and loading say; ``b`` what all lots share (density of the solids,
foil, both gauges' calibrations), which wanders slowly; ``e_i`` a lot's own. A Kalman filter
over b, the laboratory's bias, and ``c_i = b + e_i`` of the latest lots as b was then
(stochastic cloning: S. I. Roumeliotis, J. W. Burdick, ICRA 2002). b and the laboratory's bias
are only ever seen together, so no number of samples makes a porosity surer than the
laboratory is.
"""

import math
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.electrode.calendering.model import Array
from twin.estimation import saved
from twin.snapshot import Snapshot

_B, _LABORATORY, _OWN = 0, 1, 2
_LOTS: Final = 32
"""Chosen: laboratories are a shift or a day behind, and a lot takes half an hour or more."""
_GATE: Final = 4.0
_DAY_NS: Final = 86_400_000_000_000


@dataclass(slots=True)
class _Lot:
    """A lot's name, and its A [%] as it was told last."""

    name: str
    said: float


class LotBias:
    """``x``, shape (2 + lots,) [points], and its covariance ``P``."""

    def __init__(self, shared_sd: float, laboratory_sd: float) -> None:
        self._shared_sd = shared_sd
        self.x: Array = np.zeros(_OWN)
        self.P: Array = np.diag([shared_sd**2, laboratory_sd**2])
        self._lots: list[_Lot] = []
        self._time_ns: int | None = None
        # A sample that was far off: its lot and what it lay off its lot's A by.
        self._odd: tuple[str, float] | None = None

    @property
    def lots(self) -> list[str]:
        """Those that a sample may still come for, oldest first."""
        return [lot.name for lot in self._lots]

    @property
    def shared(self) -> tuple[float, float]:
        """b and its standard deviation."""
        return float(self.x[_B]), self._sd(_B)

    def advance(self, time_ns: int, drift: float) -> None:
        """``drift``: standard deviation by which b changes in a day [points]."""
        if self._time_ns is not None and time_ns > self._time_ns:
            self.P[_B, _B] += drift**2 * (time_ns - self._time_ns) / _DAY_NS
        self._time_ns = max(time_ns, self._time_ns or time_ns)

    def open(self, sd: float) -> None:
        """b may have changed by that much at once; it is known no worse than at first."""
        self.P[_B, _B] = max(self.P[_B, _B], min(self.P[_B, _B] + sd**2, self._shared_sd**2))

    def keep(self, name: str, said: float, own_sd: float) -> None:
        """A lot of which samples may come: ``said`` is its A [%], ``own_sd`` that of e."""
        known = self._find(name)
        if known is not None:
            known.said = said
            return
        if len(self._lots) == _LOTS:
            del self._lots[0]
            self.x = np.delete(self.x, _OWN)
            self.P = np.delete(np.delete(self.P, _OWN, 0), _OWN, 1)
        self._lots.append(_Lot(name, said))
        self.x = np.append(self.x, self.x[_B])
        self.P = np.pad(self.P, (0, 1))
        self.P[-1, :] = self.P[:, -1] = self.P[_B, :]
        self.P[-1, -1] = self.P[_B, _B] + own_sd**2

    def porosity(self, name: str) -> tuple[float, float]:
        """Of a lot that is kept: mean [%] and standard deviation."""
        place = self._place(name)
        return self._lots[place - _OWN].said + float(self.x[place]), self._sd(place)

    def expected(self, name: str, said: float, own_sd: float) -> tuple[float, float]:
        """Of a lot that runs, of which A is ``said`` now."""
        if self._find(name) is not None:
            place = self._place(name)
            return said + float(self.x[place]), self._sd(place)
        value, sd = self.shared
        return said + value, math.hypot(sd, own_sd)

    def sample(self, name: str, value: float, noise_sd: float) -> bool:
        """The laboratory's porosity [%] of a lot that is kept. Returns whether it was taken.

        One that lies more than 4 standard deviations off is taken only when the next one
        agrees with it: b has then moved with that first lot."""
        off = value - self._lots[self._place(name) - _OWN].said
        row = self._row(name)
        innovation = off - float(row @ self.x)
        if abs(innovation) <= _GATE * (float(row @ self.P @ row) + noise_sd**2) ** 0.5:
            self._odd = None
            self._take(name, off, noise_sd)
            return True
        first = self._odd
        self._odd = name, off
        if first is None or self._find(first[0]) is None:
            return False
        before = first[1] - float(self._row(first[0]) @ self.x)
        if abs(innovation - before) > _GATE * 2**0.5 * noise_sd:
            return False
        moved = np.zeros(len(self.x))
        moved[_B] = 1.0
        moved[min(self._place(first[0]), self._place(name)) :] = 1.0
        self.P += innovation**2 * np.outer(moved, moved)
        self._odd = None
        self._take(*first, noise_sd)
        self._take(name, off, noise_sd)
        return True

    def _take(self, name: str, off: float, noise_sd: float) -> None:
        row = self._row(name)
        cross = self.P @ row
        variance = float(row @ cross) + noise_sd**2
        self.x = self.x + cross * ((off - float(row @ self.x)) / variance)
        self.P = self.P - np.outer(cross, cross) / variance

    def _row(self, name: str) -> Array:
        row = np.zeros(len(self.x))
        row[_LABORATORY] = row[self._place(name)] = 1.0
        return row

    def _find(self, name: str) -> _Lot | None:
        return next((lot for lot in self._lots if lot.name == name), None)

    def _place(self, name: str) -> int:
        return _OWN + self.lots.index(name)

    def _sd(self, place: int) -> float:
        return math.sqrt(max(float(self.P[place, place]), 0.0))

    def snapshot(self) -> Snapshot:
        return {
            "shared_sd": self._shared_sd,
            "x": self.x.copy(),
            "P": self.P.copy(),
            "lots": [[lot.name, lot.said] for lot in self._lots],
            "time_ns": self._time_ns,
            "odd": None if self._odd is None else [*self._odd],
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "LotBias":
        found = cls(saved.number(snapshot["shared_sd"]), 0.0)
        found.x, found.P = saved.array(snapshot["x"]), saved.array(snapshot["P"])
        for name, said in map(saved.items, saved.items(snapshot["lots"])):
            found._lots.append(_Lot(saved.text(name), saved.number(said)))
        found._time_ns = saved.whole_or_none(snapshot["time_ns"])
        if snapshot["odd"] is not None:
            name, off = saved.items(snapshot["odd"])
            found._odd = saved.text(name), saved.number(off)
        return found
