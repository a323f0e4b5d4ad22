"""What a filler's scale and pump say of each other, and of themselves.

empty scale        ─▶ zero_drift     (it cancels in wet less dry: said, not withheld)
dry masses         ─▶ dry_mass_shift (the scale's zero, or other cells: the empty scale tells)
weighed less dosed ─▶ dose_mismatch  (scale, pump or density: no two of them agree)
their scatter      ─▶ noisy
the same mass again ─▶ flat_line
"""

from collections import deque
from typing import Final

from twin.asset import Json
from twin.cell.robust_window import RobustWindow
from twin.estimation import saved
from twin.snapshot import Snapshot

_SURE: Final = 4.0
"""Standard deviations at which a shift is said (chosen: of hundreds of cells a day none by
chance)."""
_RECENT: Final = 16
_FLAT: Final = 4
"""Different cells do not weigh the same to the last digit that often."""
WITHHELD_BY: Final = frozenset({"dose_mismatch", "noisy", "flat_line"})
"""Faults under which what was filled cannot be told from the scale."""


class ScaleHealth:
    """All in g. ``tolerance``: of a fill, ``sd``: of one weighing, ``density`` [g/mL] of the
    electrolyte, 0 where dosing and weighing are not compared."""

    def __init__(self, resolution: float, sd: float, tolerance: float, density: float) -> None:
        self._resolution, self._sd, self._tolerance = resolution, sd, tolerance
        self._density = density
        self._zero = RobustWindow(resolution)
        self._difference = RobustWindow(2.0**0.5 * resolution)
        self._dry = RobustWindow(resolution)
        self._recent: deque[float] = deque(maxlen=_RECENT)
        self._same: dict[str, tuple[float, int]] = {}

    def empty(self, shown: float) -> None:
        self._zero.add(shown)

    def cell(self, dry: float | None, wet: float | None, volume: float | None) -> None:
        for name, mass in (("dry", dry), ("wet", wet)):
            if mass is not None:
                before, times = self._same.get(name, (mass, 0))
                self._same[name] = (mass, times + 1 if mass == before else 1)
        if dry is not None:
            if len(self._recent) == _RECENT:
                self._dry.add(self._recent[0])
            self._recent.append(dry)
        if dry is not None and wet is not None and volume is not None and self._density:
            self._difference.add(wet - dry - self._density * volume)

    def faults(self) -> tuple[str, ...]:
        found = []
        zero, scatter = self._zero.location(), self._zero.spread()
        if _moved(zero, self._tolerance / 2):
            found.append("zero_drift")
        if _moved(self._dry_shift(), self._tolerance) and (zero is None or "zero_drift" in found):
            found.append("dry_mass_shift")
        difference, spread = self._difference.location(), self._difference.spread()
        if _moved(difference, self._tolerance):
            found.append("dose_mismatch")
        over = spread is not None and spread[0] - _SURE * spread[1] > self._tolerance
        restless = scatter is not None and scatter[0] - _SURE * scatter[1] > 3 * self._sd
        if over or restless:
            found.append("noisy")
        if any(times >= _FLAT for _, times in self._same.values()):
            found.append("flat_line")
        return tuple(found)

    def data(self) -> dict[str, Json]:
        """Each [g] with its width; null while unknown."""
        data: dict[str, Json] = {}
        for name, found in (
            ("zero_g", self._zero.location()),
            ("repeatability_g", self._zero.spread()),
            ("dry_mass_shift_g", self._dry_shift()),
            ("weighed_less_dosed_g", self._difference.location()),
            ("weighed_less_dosed_spread_g", self._difference.spread()),
        ):
            data[name] = None if found is None else found[0]
            data[f"{name}_sd"] = None if found is None else found[1]
        return data

    @property
    def zero(self) -> tuple[float, float] | None:
        return self._zero.location()

    @property
    def difference(self) -> tuple[float, float] | None:
        """What was weighed less what was dosed [g], and its width."""
        return self._difference.location()

    def _dry_shift(self) -> tuple[float, float] | None:
        """The last cells against those before them."""
        before = self._dry.location()
        if before is None:
            return None
        last = RobustWindow(self._resolution)
        last.replace(self._recent)
        now = last.location()
        if now is None:
            return None
        return now[0] - before[0], (now[1] ** 2 + before[1] ** 2) ** 0.5

    def snapshot(self) -> Snapshot:
        return {
            "zero": list(self._zero.values()),
            "difference": list(self._difference.values()),
            "dry": list(self._dry.values()),
            "recent": list(self._recent),
            "same": {name: [mass, times] for name, (mass, times) in self._same.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        for name, window in (
            ("zero", self._zero), ("difference", self._difference), ("dry", self._dry)
        ):  # fmt: skip
            window.replace(map(saved.number, saved.items(snapshot[name])))
        self._recent = deque(map(saved.number, saved.items(snapshot["recent"])), maxlen=_RECENT)
        self._same = {}
        for name, pair in saved.fields(snapshot["same"]).items():
            mass, times = saved.items(pair)
            self._same[name] = (saved.number(mass), saved.whole(times))


def _moved(found: tuple[float, float] | None, limit: float) -> bool:
    """Beyond the limit, and surely not at zero."""
    return found is not None and abs(found[0]) > limit and abs(found[0]) > _SURE * found[1]
