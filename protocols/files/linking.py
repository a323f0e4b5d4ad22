"""Which measurement of a filling run belongs to which cell.

A protocol numbers its weighings by position in the filling run; a cell's record knows its
filling run and copies of its masses, but another position. The copies say which is which.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

_SAME = 1e-9
"""Relative. Copies differ by how a decimal fraction was multiplied, and by no more."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece of the run: copies of its measurements by name (in the measurements' unit),
    and its own position, which decides between equal measurements."""

    serial: str
    copies: Mapping[str, float]
    position: int


def link(
    measured: Mapping[int, Mapping[str, float]], pieces: Sequence[Candidate]
) -> dict[int, str]:
    """The serial of the piece at each position of ``measured``, as far as it is certain.

    ``measured`` holds the measurements of a run by position and name. A piece without
    copies is linked to none, and a position claimed by two pieces belongs to neither.
    """
    claims: dict[int, list[str]] = {}
    for piece in pieces:
        fitting = [n for n, values in measured.items() if _fits(values, piece.copies)]
        if len(fitting) > 1 and piece.position in fitting:
            fitting = [piece.position]
        if len(fitting) == 1:
            claims.setdefault(fitting[0], []).append(piece.serial)
    return {n: serials[0] for n, serials in claims.items() if len(serials) == 1}


def _fits(values: Mapping[str, float], copies: Mapping[str, float]) -> bool:
    return bool(copies) and all(
        name in values and abs(values[name] - copy) <= _SAME * max(abs(copy), 1.0)
        for name, copy in copies.items()
    )
