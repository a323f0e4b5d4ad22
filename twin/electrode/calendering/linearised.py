"""The filter's measurements of a model that is not linear.

The model is linearised at one state, which is chosen anew only when much has been learned:
a gain that follows each reading's noise makes an extended Kalman filter believe that it
has learned what no reading tells (G. P. Huang, A. I. Mourikis, S. I. Roumeliotis 2008,
"first-estimates Jacobian"). Without this the recovery drifts off by nine of its standard
deviations within two hours on plants drawn from this very model.
"""

from collections.abc import Callable, Sequence
from typing import Final

from twin.electrode.calendering.model import Array, N, X
from twin.electrode.calendering.porosity_filter import PorosityFilter
from twin.electrode.calendering.prior import Prior
from twin.estimation import saved
from twin.snapshot import Snapshot

_ITERATIONS: Final = 4

Expected = Callable[[Array], tuple[float, Array]]
"""Of a state, shape (13,): what is expected to be read, and the gradient, shape (13,)."""


class LinearisedFilter(PorosityFilter):
    def __init__(self, prior: Prior) -> None:
        super().__init__(prior)
        self.reference: Array | None = None
        """Where the model is linearised; None until the next measurement chooses."""

    @property
    def linearised_at(self) -> Array:
        return self.x[:N] if self.reference is None else self.reference

    def measure(self, value: float, variance: float, expected: Expected, held: Sequence[X]) -> None:
        """Take a reading with noise of that variance."""
        if self.reference is None:
            self.reference = self._settle(value, variance, expected, held)
        thought, _ = expected(self.x[:N])
        _, row = expected(self.reference)
        self.update(value - thought, row, variance, held)

    def _settle(
        self,
        value: float,
        variance: float,
        expected: Callable[[Array], tuple[float, Array]],
        held: Sequence[X],
    ) -> Array:
        """Where an iterated update ends up (Bell and Cathey 1993): with the first readings
        of an unknown coating that may be far from where it begins."""
        x0 = self.x[:N].copy()
        P = self.P[:N, :N]
        x = x0
        for _ in range(_ITERATIONS):
            thought, row = expected(x)
            cross = P @ row
            gain = cross / (float(row @ cross) + variance)
            gain[[*held]] = 0.0
            x = x0 + gain * (value - thought - float(row @ (x0 - x)))
        return x

    def snapshot(self) -> Snapshot:
        reference = None if self.reference is None else self.reference.copy()
        return {**super().snapshot(), "reference": reference}

    def restore(self, snapshot: Snapshot) -> None:
        super().restore(snapshot)
        reference = snapshot["reference"]
        self.reference = None if reference is None else saved.array(reference)
