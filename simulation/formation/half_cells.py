"""Open-circuit potentials of the room's own cells: sums of tanh, exponentials and a softplus.

Made up to look like a layered-oxide cathode and graphite with its stages; they are no
library's curves, so a twin that fits a library's must cope with the difference.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]

POINTS: Final = 4000
"""Pieces of the tables; finer than what a reading at C/20 each 30 s tells apart."""


def graphite(x: Array) -> Array:
    """Potential [V against Li] of graphite that is filled to ``x`` (0..1)."""
    x = np.asarray(x, dtype=np.float64)
    found: Array = (
        0.082
        - 0.008 * x
        + 2.2 * np.exp(-x / 0.0042)
        + 0.42 * np.exp(-x / 0.032)
        + 0.040 * (1.0 - np.tanh((x - 0.165) / 0.048))
        + 0.0175 * (1.0 - np.tanh((x - 0.525) / 0.021))
        - 0.080 * np.exp((x - 1.0) / 0.016)
    )
    return found


def layered_oxide(y: Array) -> Array:
    """Potential [V against Li] of the cathode that is filled to ``y`` (0..1)."""
    z = 1.0 - np.asarray(y, dtype=np.float64)
    found: Array = (
        3.44
        + 0.20 * np.tanh(z / 0.062)
        + 0.45 * z
        + 0.08 * np.log1p(np.exp((z - 0.40) / 0.08))
        - 1.1 * np.exp(-z / 0.006)
    )
    return found


_X: Final = np.linspace(0.0, 1.0, POINTS + 1)
GRAPHITE: Final = graphite(_X)
LAYERED_OXIDE: Final = layered_oxide(_X)
_GRAPHITE_RISE: Final = np.diff(GRAPHITE)
_OXIDE_RISE: Final = np.diff(LAYERED_OXIDE)


def graphite_potential(x: Array) -> Array:
    """From the table; outside of 0..1 its last piece goes on."""
    return _look(GRAPHITE, _GRAPHITE_RISE, x)


def oxide_potential(y: Array) -> Array:
    """From the table; outside of 0..1 its last piece goes on."""
    return _look(LAYERED_OXIDE, _OXIDE_RISE, y)


def _look(table: Array, rise: Array, x: Array) -> Array:
    at = x * POINTS
    piece = at.astype(np.intp)
    np.clip(piece, 0, POINTS - 1, out=piece)
    found: Array = table[piece] + (at - piece) * rise[piece]
    return found
