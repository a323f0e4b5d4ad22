"""Half-cell curves, and a full cell made of two.

    V(q) = U_p(y0 - q/C_p) - U_n(x0 + q/C_n)

q [Ah] is charge since the start of the window, x and y the stoichiometries of the negative
and the positive electrode [1]. A curve's stoichiometry is on the scale of its source: some
scale to LiC6 or LiMO2, some to their own half cell's capacity, so C_p, y0 and the lithium
counted by them belong to that curve.

>>> curve("graphite_mohtat2020").potential(np.array([0.6])).round(3)
array([0.092])
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Final, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.interpolate import PchipInterpolator

from twin.errors import NotFound

Array = NDArray[np.float64]

FARADAY: Final = 96485.33212
"""Charge of a mole of lithium [C/mol] (CODATA 2018)."""

_FOLDER: Final = "twin.cell.electrodes.curves"
_CELLS: Final = 8192  # of the even grid on which a curve is read off: 1.2e-4 in stoichiometry


@dataclass(frozen=True, slots=True)
class HalfCell:
    """One electrode's open-circuit potential against lithium.

    ``potential`` and ``slope`` take stoichiometries [1] of any shape and give V and V per unit
    of stoichiometry. Beyond ``low`` .. ``high`` the curve goes on straight.
    """

    name: str
    electrode: Literal["positive", "negative"]
    material: str
    about: Mapping[str, str]
    low: float
    high: float
    _grid: Array = field(repr=False)
    _potential: Array = field(repr=False)
    _slope: Array = field(repr=False)

    def potential(self, stoichiometry: ArrayLike) -> Array:
        at = np.asarray(stoichiometry, float)
        inside = np.clip(at, self.low, self.high)
        value = np.interp(inside, self._grid, self._potential)
        beyond = at - inside
        if np.any(beyond):
            value = value + beyond * np.interp(inside, self._grid, self._slope)
        return np.asarray(value)

    def slope(self, stoichiometry: ArrayLike) -> Array:
        at = np.clip(np.asarray(stoichiometry, float), self.low, self.high)
        return np.asarray(np.interp(at, self._grid, self._slope))

    def stoichiometry(self, potential: ArrayLike) -> Array:
        """Where the curve has this potential [V]; its ends for what lies beyond them."""
        at = np.asarray(potential, float)
        return np.asarray(np.interp(at, self._potential[::-1], self._grid[::-1]))

    @staticmethod
    def of(
        name: str,
        electrode: Literal["positive", "negative"],
        material: str,
        stoichiometry: Array,
        potential: Array,
        about: Mapping[str, str] | None = None,
    ) -> "HalfCell":
        """A curve through points in rising stoichiometry: monotone cubics between them."""
        through = PchipInterpolator(stoichiometry, potential)
        low, high = float(stoichiometry[0]), float(stoichiometry[-1])
        grid = np.linspace(low, high, _CELLS + 1)
        return HalfCell(
            name, electrode, material, about or {}, low, high, grid,
            np.asarray(through(grid), float), np.asarray(through(grid, 1), float),
        )  # fmt: skip


@dataclass(frozen=True, slots=True)
class FullCell:
    """What pairs two curves: capacities [Ah] and the stoichiometries at q = 0 [1].

    ``offset`` [V] is added to the voltage: polarisation, above zero while charging.
    """

    C_p: float
    C_n: float
    y0: float
    x0: float
    offset: float = 0.0

    @property
    def lithium_ah(self) -> float:
        """Lithium inventory y C_p + x C_n [Ah]: the same at every state of charge."""
        return self.y0 * self.C_p + self.x0 * self.C_n

    @property
    def lithium_mol(self) -> float:
        return self.lithium_ah * 3600 / FARADAY


def full_cell(q: ArrayLike, cell: FullCell, positive: HalfCell, negative: HalfCell) -> Array:
    """Voltage [V] at charges ``q`` [Ah] since the start of the window."""
    charge = np.asarray(q, float)
    return np.asarray(
        positive.potential(cell.y0 - charge / cell.C_p)
        - negative.potential(cell.x0 + charge / cell.C_n)
        + cell.offset
    )


@cache
def names(electrode: Literal["positive", "negative"] | None = None) -> tuple[str, ...]:
    """Names of all curves, or of one electrode's."""
    found = sorted(
        item.name.removesuffix(".csv")
        for item in files(_FOLDER).iterdir()
        if item.name.endswith(".csv")
    )
    return tuple(n for n in found if electrode is None or curve(n).electrode == electrode)


@cache
def curve(name: str) -> HalfCell:
    """The curve of this name. Raises NotFound."""
    place = files(_FOLDER) / f"{name}.csv"
    if not place.is_file():
        raise NotFound(f"no half-cell curve {name!r}; there are {', '.join(names())}")
    about: dict[str, str] = {}
    rows: list[tuple[float, float]] = []
    for line in place.read_text(encoding="utf-8").splitlines():
        if line.startswith("#"):
            key, _, value = line[1:].partition(":")
            about[key.strip()] = value.strip()
        elif line[0].isdigit():
            at, _, potential = line.partition(",")
            rows.append((float(at), float(potential)))
    table = np.array(rows)
    electrode: Literal["positive", "negative"] = (
        "positive" if about["electrode"] == "positive" else "negative"
    )
    return HalfCell.of(name, electrode, about["material"], table[:, 0], table[:, 1], about)


def stage_two(negative: HalfCell) -> float | None:
    """Where graphite completes stage 2 (LiC12) on the curve's own scale: its steepest place
    in the middle. None where there is no such step."""
    x = np.linspace(0.4, 0.72, 321)
    steep = -(negative.potential(x + 0.005) - negative.potential(x - 0.005)) / 0.01
    top = int(np.argmax(steep))
    return float(x[top]) if 0 < top < len(x) - 1 else None
