"""What is ordinary on this line: where each observable stands, and how far it may stray.

The noise of a block is learned from differences of neighbouring blocks (J. von Neumann
1941), which do not see what is slow; what is slow is learned by ``Straying``. Until the
line has been seen for a while the long-run mean itself is not known, and the covariance
says so.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis.signatures import CAUSES, Signatures, family, signatures
from twin.electrode.diagnosis.straying import Straying
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot, Value

# In per cent: noise of a block of 20 s, and slow straying of the sensor itself. Chosen for
# instruments of production lines; learned from then on.
_SENSORS: Final = {
    "loading": (0.10, 0.06),
    "flow": (0.10, 0.05),
    "speed": (0.02, 0.02),
    "gap": (0.03, 0.015),
    "pressure": (0.05, 0.04),
    "tension": (0.3, 0.3),
    "viscosity": (0.4, 0.3),
    "solids": (0.1, 0.1),
    "dry": (0.2, 0.1),
    "wet": (0.2, 0.15),
}
_CORRELATED_S: Final = 900.0
"""How long straying remembers (chosen): a mean over T knows the long-run mean to 2 tau / T
of its variance."""
_LEAST_KNOWN_S: Final = 1800.0
"""Before that the long-run mean says little of how far windows lie from it."""
_NOISE_OF_PRIOR: Final = 10.0
_NOISE_REMEMBERED: Final = 720.0
_CUT: Final = 9.0
_LEAST_APART: Final = 0.3
_LEAST_BLOCKS: Final = 3


class Deviation(NamedTuple):
    """``value`` [%] and ``covariance`` of the observables at ``places`` when nothing is wrong."""

    places: list[int]
    value: Array
    covariance: Array
    found: Signatures


class Ordinary:
    """``windows_s``: lengths of the means that are to be judged, the longest last."""

    def __init__(
        self, feed: Feed, block_s: float, remembered_s: float, windows_s: Sequence[float]
    ) -> None:
        self._feed = feed
        self._block_s = block_s
        self._remembered = remembered_s / block_s
        self._names: list[str] = []
        self._mean = np.zeros(0)
        self._count = np.zeros(0)
        self._noise = np.zeros(0)
        self._noise_weight = np.zeros(0)
        self._last = np.zeros(0)
        self._strayings = [Straying(window_s, block_s) for window_s in windows_s]
        self._signatures: dict[tuple[int, ...], Signatures] = {}

    @property
    def known_s(self) -> float:
        """How long the line has been seen, by the observable seen longest."""
        return float(self._count.max(initial=0.0)) * self._block_s

    def mean_of(self, name: str) -> float | None:
        if name not in self._names:
            return None
        i = self._names.index(name)
        return float(self._mean[i]) if self._count[i] >= 1 else None

    def noise_of(self, size: int) -> Array:
        """Standard deviation of a block of each of the first ``size`` observables [%]."""
        return np.sqrt(self._noise[:size])

    def observe(self, names: Sequence[str], values: Array) -> None:
        """A block's noise is learned whatever state the line is in."""
        self._grow(names)
        step = values - self._last
        seen = np.isfinite(step)
        squares = np.square(step, where=seen, out=np.zeros_like(step))
        cut = np.minimum(squares / 2, _CUT * self._noise)
        self._noise_weight[seen] = np.minimum(self._noise_weight[seen] + 1, _NOISE_REMEMBERED)
        self._noise[seen] += ((cut - self._noise) / self._noise_weight)[seen]
        self._last = values.copy()

    def learn(self, names: Sequence[str], values: Array) -> None:
        """A block during which nothing was wrong."""
        self._grow(names)
        seen = np.isfinite(values)
        self._count[seen] = np.minimum(self._count[seen] + 1, self._remembered)
        self._mean[seen] += ((values - self._mean) / np.maximum(self._count, 1))[seen]
        for straying in self._strayings:
            window = straying.gather(values)
            if window is not None and self.known_s >= _LEAST_KNOWN_S:
                self._learn_straying(straying, *window)

    def restart(self) -> None:
        """The line stands elsewhere now: its means are learned anew, its noise is not."""
        self._count[:] = 0.0
        self._mean[:] = 0.0
        for straying in self._strayings:
            straying.forget()

    def deviation(
        self, names: Sequence[str], means: Array, counts: Array, window_s: float
    ) -> Deviation:
        """Means over a window, of ``counts`` blocks by observable, less what is ordinary."""
        self._grow(names)
        index = self._present(means, counts)
        found = self._signatures_of(index)
        known = self._known(index)
        covariance = self._of(window_s).covariance(index, found)
        covariance += np.sqrt(np.outer(known, known)) * self._strayings[-1].covariance(index, found)
        noise = self._noise[index]
        covariance[np.diag_indices(len(index))] += (
            noise / counts[index] + noise / self._count[index]
        )
        return Deviation(index, (means - self._mean)[index], covariance, found)

    def strays(self, found: Signatures) -> Array:
        """Variance of each cause in ``found`` over the shortest window; a gauge's own is
        its sensor's."""
        straying = self._strayings[0]
        own = [straying.sensors[self._names.index(name)] for name in found.names[len(CAUSES) :]]
        return np.concatenate([straying.causes, own])

    def _learn_straying(self, straying: Straying, means: Array, counts: Array) -> None:
        index = self._present(means, counts)
        if not index:
            return
        # The long-run mean holds this window, too, and strays with it.
        apart = np.maximum(1 - self._known(index), _LEAST_APART)
        deviation = (means - self._mean)[index] / np.sqrt(apart)
        noise = self._noise[index] / counts[index]
        straying.learn(index, self._signatures_of(index), deviation, noise)

    def _present(self, means: Array, counts: Array) -> list[int]:
        present = np.isfinite(means) & (self._count >= _LEAST_BLOCKS) & (counts > 0)
        return [int(i) for i in np.flatnonzero(present)]

    def _known(self, index: Sequence[int]) -> Array:
        """How much of what strays is in the long-run means themselves: 1 all, 0 nothing."""
        seen_s = self._count[list(index)] * self._block_s
        share: Array = np.minimum(1.0, 2 * _CORRELATED_S / seen_s)
        return share

    def _of(self, window_s: float) -> Straying:
        """The straying of the window that is nearest in length."""
        return min(self._strayings, key=lambda s: abs(s.window_s - window_s))

    def _signatures_of(self, index: Sequence[int]) -> Signatures:
        key = tuple(index)
        if key not in self._signatures:
            self._signatures[key] = signatures(self._feed, [self._names[i] for i in index])
        return self._signatures[key]

    def _grow(self, names: Sequence[str]) -> None:
        for name in names[len(self._names) :]:
            noise, own = _SENSORS[family(name)]
            self._names.append(name)
            self._signatures.clear()
            scale = 20.0 / self._block_s
            self._mean, self._count = np.append(self._mean, 0.0), np.append(self._count, 0.0)
            self._noise = np.append(self._noise, noise * noise * scale)
            self._noise_weight = np.append(self._noise_weight, _NOISE_OF_PRIOR)
            self._last = np.append(self._last, np.nan)
            for straying in self._strayings:
                straying.grow(own)

    def snapshot(self) -> Snapshot:
        arrays = (self._mean, self._count, self._noise, self._noise_weight, self._last)
        return {
            "names": list[Value](self._names),
            "arrays": [array.copy() for array in arrays],
            "strayings": [straying.snapshot() for straying in self._strayings],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._names = [saved.text(name) for name in saved.items(snapshot["names"])]
        self._mean, self._count, self._noise, self._noise_weight, self._last = (
            saved.array(array) for array in saved.items(snapshot["arrays"])
        )
        for straying, of in zip(self._strayings, saved.items(snapshot["strayings"]), strict=True):
            straying.restore(saved.fields(of))
        self._signatures.clear()
