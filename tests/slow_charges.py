"""Slow charges of cells made of known half-cell curves, the library's own or others."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from twin.cell.electrodes.halfcell import Array, FullCell, HalfCell, curve, full_cell


@dataclass(frozen=True, slots=True)
class SlowCharge:
    """``charge`` [Ah] from 0 and ``voltage`` [V], with the cell that they come from."""

    charge: Array
    voltage: Array
    cell: FullCell
    negative: HalfCell

    def table(self, path: Path, header: str = "charge_Ah,voltage_V", sep: str = ",") -> Path:
        rows = zip(self.charge, self.voltage, strict=True)
        text = "".join(f"{q:.6f}{sep}{v:.5f}\n" for q, v in rows)
        path.write_text(header + "\n" + text, encoding="utf-8")
        return path


def slow_charge(
    positive: str | HalfCell = "nmc532_mohtat2020",
    negative: str | HalfCell = "graphite_mohtat2020",
    *,
    capacity: float = 4.0,
    x: tuple[float, float] = (0.02, 0.85),
    volts: tuple[float, float] = (3.0, 4.2),
    offset: float = 0.005,
    noise: float = 1e-3,
    rows: int = 600,
    seed: int = 0,
) -> SlowCharge:
    """A cell between ``volts`` whose negative passes through ``x``, and its charge."""
    p = curve(positive) if isinstance(positive, str) else positive
    n = curve(negative) if isinstance(negative, str) else negative
    full, empty = p.stoichiometry(np.array(volts) + n.potential(np.array(x)))
    cell = FullCell(capacity / (full - empty), capacity / (x[1] - x[0]), full, x[0], offset)
    q = np.linspace(0, capacity, rows)
    chance = np.random.default_rng(seed)
    return SlowCharge(q, full_cell(q, cell, p, n) + chance.normal(0, noise, rows), cell, n)


def shifted(name: str, by: float, stretch: float = 1.0) -> HalfCell:
    """A library curve, shifted [V], its plateaus stretched along the stoichiometry."""
    own = curve(name)
    at = np.linspace(own.low, own.high, 800)
    place = own.low + (own.high - own.low) * ((at - own.low) / (own.high - own.low)) ** stretch
    return HalfCell.of(
        f"{name} shifted", own.electrode, own.material, at, own.potential(place) + by
    )
