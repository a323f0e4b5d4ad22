"""Units of the plant's quantities, and exact conversion between them.

A unit is a name, a dimension (exponents of the seven SI base units, plus one for
"pieces") and an affine map to the coherent SI unit of that dimension. Definitions
follow the SI brochure, 9th edition; a test compares every one with the library pint.

>>> convert(20.0, "mg/cm2", "g/m2")
200.0
>>> convert(25.0, "degC", "K")
298.15
"""

from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache

from twin.errors import UnitMismatch

Dimension = tuple[int, int, int, int, int, int]
"""Exponents of metre, kilogram, second, ampere, kelvin, mole."""

_ONE: Dimension = (0, 0, 0, 0, 0, 0)
_LENGTH: Dimension = (1, 0, 0, 0, 0, 0)
_MASS: Dimension = (0, 1, 0, 0, 0, 0)
_TIME: Dimension = (0, 0, 1, 0, 0, 0)
_TEMPERATURE: Dimension = (0, 0, 0, 0, 1, 0)
_VOLUME: Dimension = (3, 0, 0, 0, 0, 0)
_AREA: Dimension = (2, 0, 0, 0, 0, 0)
_SPEED: Dimension = (1, 0, -1, 0, 0, 0)
_DENSITY: Dimension = (-3, 1, 0, 0, 0, 0)
_AREAL_MASS: Dimension = (-2, 1, 0, 0, 0, 0)
_FLUX: Dimension = (-2, 1, -1, 0, 0, 0)
_VOLUME_FLOW: Dimension = (3, 0, -1, 0, 0, 0)
_FORCE: Dimension = (1, 1, -2, 0, 0, 0)
_LINE_LOAD: Dimension = (0, 1, -2, 0, 0, 0)
_PRESSURE: Dimension = (-1, 1, -2, 0, 0, 0)
_VISCOSITY: Dimension = (-1, 1, -1, 0, 0, 0)
_ENERGY: Dimension = (2, 1, -2, 0, 0, 0)
_POWER: Dimension = (2, 1, -3, 0, 0, 0)
_CURRENT: Dimension = (0, 0, 0, 1, 0, 0)
_CHARGE: Dimension = (0, 0, 1, 1, 0, 0)
_VOLTAGE: Dimension = (2, 1, -3, -1, 0, 0)
_RESISTANCE: Dimension = (2, 1, -3, -2, 0, 0)
_HEAT_TRANSFER: Dimension = (0, 1, -3, 0, -1, 0)
_MOLAR_MASS: Dimension = (0, 1, 0, 0, 0, -1)
_MOLAR_ENERGY: Dimension = (2, 1, -2, 0, 0, -1)
_SPECIFIC_ENERGY: Dimension = (2, 0, -2, 0, 0, 0)
_RATE: Dimension = (0, 0, -1, 0, 0, 0)
_DIFFUSIVITY: Dimension = (2, 0, -1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class Unit:
    """``si = factor * value + offset``; kept as fractions so that conversion is exact."""

    name: str
    dimension: Dimension
    factor: Fraction
    offset: Fraction = Fraction(0)


def _table(rows: list[tuple[str, Dimension, str]]) -> dict[str, Unit]:
    return {name: Unit(name, dimension, Fraction(factor)) for name, dimension, factor in rows}


_UNITS: dict[str, Unit] = _table(
    [
        ("1", _ONE, "1"),
        ("%", _ONE, "1/100"),
        ("ppm", _ONE, "1/1000000"),
        ("m", _LENGTH, "1"),
        ("cm", _LENGTH, "1/100"),
        ("mm", _LENGTH, "1/1000"),
        ("um", _LENGTH, "1/1000000"),
        ("km", _LENGTH, "1000"),
        ("m2", _AREA, "1"),
        ("cm2", _AREA, "1/10000"),
        ("m3", _VOLUME, "1"),
        ("L", _VOLUME, "1/1000"),
        ("mL", _VOLUME, "1/1000000"),
        ("kg", _MASS, "1"),
        ("g", _MASS, "1/1000"),
        ("mg", _MASS, "1/1000000"),
        ("s", _TIME, "1"),
        ("ms", _TIME, "1/1000"),
        ("min", _TIME, "60"),
        ("h", _TIME, "3600"),
        ("d", _TIME, "86400"),
        ("1/s", _RATE, "1"),
        ("m/s", _SPEED, "1"),
        ("m/min", _SPEED, "1/60"),
        ("kg/m3", _DENSITY, "1"),
        ("g/cm3", _DENSITY, "1000"),
        ("kg/m2", _AREAL_MASS, "1"),
        ("g/m2", _AREAL_MASS, "1/1000"),
        ("mg/cm2", _AREAL_MASS, "1/100"),
        ("g/(m2.s)", _FLUX, "1/1000"),
        ("kg/(m2.s)", _FLUX, "1"),
        ("m3/s", _VOLUME_FLOW, "1"),
        ("L/min", _VOLUME_FLOW, "1/60000"),
        ("mL/min", _VOLUME_FLOW, "1/60000000"),
        ("N", _FORCE, "1"),
        ("kN", _FORCE, "1000"),
        ("N/m", _LINE_LOAD, "1"),
        ("mN/m", _LINE_LOAD, "1/1000"),
        ("kN/m", _LINE_LOAD, "1000"),
        ("N/mm", _LINE_LOAD, "1000"),
        ("Pa", _PRESSURE, "1"),
        ("kPa", _PRESSURE, "1000"),
        ("MPa", _PRESSURE, "1000000"),
        ("bar", _PRESSURE, "100000"),
        ("mbar", _PRESSURE, "100"),
        ("Pa.s", _VISCOSITY, "1"),
        ("mPa.s", _VISCOSITY, "1/1000"),
        ("K", _TEMPERATURE, "1"),
        ("J", _ENERGY, "1"),
        ("Wh", _ENERGY, "3600"),
        ("mWh", _ENERGY, "18/5"),
        ("kWh", _ENERGY, "3600000"),
        ("W", _POWER, "1"),
        ("kW", _POWER, "1000"),
        ("A", _CURRENT, "1"),
        ("mA", _CURRENT, "1/1000"),
        ("C", _CHARGE, "1"),
        ("Ah", _CHARGE, "3600"),
        ("mAh", _CHARGE, "18/5"),
        ("V", _VOLTAGE, "1"),
        ("mV", _VOLTAGE, "1/1000"),
        ("Ohm", _RESISTANCE, "1"),
        ("mOhm", _RESISTANCE, "1/1000"),
        ("W/(m2.K)", _HEAT_TRANSFER, "1"),
        ("kg/mol", _MOLAR_MASS, "1"),
        ("g/mol", _MOLAR_MASS, "1/1000"),
        ("J/mol", _MOLAR_ENERGY, "1"),
        ("kJ/mol", _MOLAR_ENERGY, "1000"),
        ("J/kg", _SPECIFIC_ENERGY, "1"),
        ("kJ/kg", _SPECIFIC_ENERGY, "1000"),
        ("m2/s", _DIFFUSIVITY, "1"),
    ]
)
_UNITS["degC"] = Unit("degC", _TEMPERATURE, Fraction(1), Fraction("273.15"))


def known_units() -> tuple[str, ...]:
    return tuple(_UNITS)


@lru_cache(maxsize=1024)
def unit(name: str) -> Unit:
    """The unit of that name.

    Raises UnitMismatch where no such unit is known.
    """
    try:
        return _UNITS[name]
    except KeyError:
        raise UnitMismatch(
            f"unknown unit {name!r}; known units are {', '.join(sorted(_UNITS))}"
        ) from None


@lru_cache(maxsize=4096)
def affine(from_unit: str, to_unit: str) -> tuple[float, float]:
    """``(scale, offset)`` with ``to = scale * from + offset``.

    Raises UnitMismatch where a unit is unknown or the dimensions differ.
    """
    a, b = unit(from_unit), unit(to_unit)
    if a.dimension != b.dimension:
        raise UnitMismatch(f"{from_unit!r} cannot be converted to {to_unit!r}: other dimension")
    return float(a.factor / b.factor), float((a.offset - b.offset) / b.factor)


def convert(value: float, from_unit: str, to_unit: str) -> float:
    """``value`` in another unit of the same dimension. Raises UnitMismatch."""
    scale, offset = affine(from_unit, to_unit)
    return value * scale + offset
