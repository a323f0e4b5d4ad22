"""Has a cause moved? A likelihood ratio for each cause over windows of several lengths.

For a cause with the signature s, a deviation d of covariance C speaks with

    z = s' C^-1 d / sqrt(s' C^-1 s)

which is standard normal while nothing is wrong. The largest |z| over causes and windows is
held against a limit that is set by how many false alarms a shift may have: a window-limited
generalised likelihood ratio (T. L. Lai, IEEE Trans. Inf. Theory 44, 1998, 2917; the bound on
the false alarms is Bonferroni's, over windows that do not overlap).
"""

from typing import NamedTuple

import numpy as np
from scipy.special import ndtri

from twin.electrode.diagnosis.ordinary import Deviation

_SHIFT_S = 8 * 3600.0


class Shifted(NamedTuple):
    """The cause that speaks loudest: its name, z, and its size in per cent of the loading."""

    cause: str
    z: float
    size: float


def limit(false_alarms: float, causes: int, windows_s: tuple[float, ...]) -> float:
    """|z| that is exceeded ``false_alarms`` times in a shift of 8 h at most."""
    looks = causes * sum(_SHIFT_S / window for window in windows_s)
    return float(-ndtri(false_alarms / (2 * looks)))


def loudest(deviation: Deviation) -> Shifted | None:
    """None where nothing is known yet."""
    if not deviation.places:
        return None
    shapes, whose = deviation.found.variants
    solved = np.linalg.solve(deviation.covariance, np.column_stack([deviation.value, shapes]))
    speaks = shapes.T @ solved[:, 0]
    weight = np.einsum("oc,oc->c", shapes, solved[:, 1:])
    seen = weight > 0
    z = np.where(seen, speaks / np.sqrt(np.where(seen, weight, 1.0)), 0.0)
    best = int(np.argmax(np.abs(z)))
    size = float(speaks[best] / weight[best]) if seen[best] else 0.0
    return Shifted(deviation.found.names[whose[best]], float(z[best]), size)
