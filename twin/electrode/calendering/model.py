"""Calendering: how a line load compacts a coating in the nip, how the coating recovers
behind it, and what thickness and gap say of it.

    q, T ─▶ porosity in the nip ─▶ recovery ─▶ porosity ─▶ thickness behind the rolls
                    └─▶ thickness in the nip ─▶ gap as read, less stretch, zero and wear
"""

import math
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

import numpy as np
import numpy.typing as npt

MODEL: Final = "calender-nip/2"

Array = npt.NDArray[np.float64]

_MOST_RECOVERY: Final = 0.5
_LEAST_POROSITY, _MOST_POROSITY = 1.0, 90.0


@dataclass(frozen=True, slots=True)
class Compaction:
    """eps = eps_min + (eps_0 - eps_min) exp(-q / gamma); porosities in %, q and gamma in
    kN/m.

    C. Meyer, H. Bockholt, W. Haselrieder, A. Kwade, J. Mater. Process. Technol. 249
    (2017) 172: exponential in the line load with a least porosity. Web speed does not
    matter up to 5 m/min. gamma is to be calibrated for each coating.
    """

    initial_porosity: float
    minimum_porosity: float
    gamma: float

    def porosity(self, line_load: float) -> float:
        """Under that line load [kN/m], in %."""
        span = self.initial_porosity - self.minimum_porosity
        return self.minimum_porosity + span * math.exp(-line_load / self.gamma)

    def slope(self, line_load: float) -> float:
        """d eps / d q [% per kN/m]."""
        return (self.minimum_porosity - self.porosity(line_load)) / self.gamma


@dataclass(frozen=True, slots=True)
class Electrode:
    """What the thickness of an electrode is made of. ``loading`` of one side [mg/cm2] and
    its standard deviation, ``foil`` [um], ``density`` of the solids [kg/m3]."""

    loading: float
    loading_sd: float
    foil: float
    sides: int
    density: float

    @property
    def solid(self) -> float:
        """Thickness of both sides' coatings without their pores [um]."""
        # mg/cm2 / (kg/m3) = 1e-2 kg/m2 / (kg/m3) = 1e4 um
        return 1e4 * self.sides * self.loading / self.density

    def porosity(self, thickness: float, thickness_sd: float) -> tuple[float, float]:
        """Porosity [%] and its standard deviation of an electrode that thick [um].

        eps = 1 - m/(rho d) with d the thickness of one side's coating. Raises
        ValueError where the electrode is no thicker than its foil.
        """
        coatings = thickness - self.foil
        if coatings <= 0:
            raise ValueError(f"{thickness} um is no thicker than the foil of {self.foil} um")
        solid = self.solid / coatings
        relative = math.hypot(self.loading_sd / self.loading, thickness_sd / coatings)
        return 100 * (1 - solid), 100 * solid * relative


class X(IntEnum):
    """What is not known of a calender and its coating: places in the state vector."""

    DEVIATION = 0
    """Porosity in the nip less what compaction says [points]."""
    LN_GAMMA = 1
    """ln of gamma [kN/m] at the reference temperature."""
    INITIAL = 2
    """Porosity before calendering [%]."""
    MINIMUM = 3
    """Porosity that no line load gets below [%]."""
    SOFTENING = 4
    """Change of ln gamma for 10 K warmer rolls."""
    RECOVERY = 5
    """Fraction of the compression that the coating springs back."""
    OFFSET = 6
    """Thickness as read, less the true one: gauge's bias and foil's deviation [um]."""
    DENSITY = 7
    """ln of the solids' density over the density set."""
    LOADING = 8
    """ln of the loading over the loading set."""
    GAP_ZERO = 9
    """Nip of fresh rolls, less the gap as read, at no load [um]."""
    WEAR = 10
    """By how much wear has widened the nip since the rolls were mounted [um]."""
    STRETCH = 11
    """How far the frame opens [um per kN/m]."""
    SAMPLE = 12
    """What the laboratory's porosities are too high by [points]."""


N: Final = len(X)


@dataclass(frozen=True, slots=True)
class Nip:
    """A state at a working point: what it expects, and the gradient of that by the state.

    ``porosity`` and ``in_nip`` in %; ``volume`` and ``volume_in_nip`` are thicknesses of a
    coating over that of its solids, 1/(1 - eps).
    """

    porosity: float
    in_nip: float
    volume: float
    volume_in_nip: float
    by_porosity: Array
    by_volume_in_nip: Array
    per_load: float
    """d eps / d q [% per kN/m] behind the nip."""
    nip_per_load: float
    """d (1/(1 - eps_nip)) / d q [1 per kN/m]."""


def nip(x: Array, line_load: float, warmer: float) -> Nip:
    """``x``: the state, shape (13,). ``line_load`` [kN/m]; ``warmer``: rolls' temperature
    over the reference [K].

    With v = 1/(1 - eps), the coating's thickness over its solids', the recovered fraction
    r of the compression gives v = (1 - r) v_nip + r v_0.
    """
    gamma = math.exp(min(x[X.LN_GAMMA] + x[X.SOFTENING] * warmer / 10.0, 20.0))
    decay = math.exp(-max(line_load, 0.0) / gamma)
    initial, minimum = _porosity(x[X.INITIAL]), _porosity(x[X.MINIMUM])
    span = initial - minimum
    recovery = min(max(float(x[X.RECOVERY]), -_MOST_RECOVERY), _MOST_RECOVERY)
    in_nip = _porosity(minimum + span * decay + x[X.DEVIATION])
    within, before = 1 / (1 - in_nip / 100), 1 / (1 - initial / 100)
    volume = (1 - recovery) * within + recovery * before

    by_in_nip = np.zeros(N)
    by_in_nip[X.DEVIATION] = 1.0
    by_in_nip[X.LN_GAMMA] = span * decay * line_load / gamma
    by_in_nip[X.SOFTENING] = by_in_nip[X.LN_GAMMA] * warmer / 10.0
    by_in_nip[X.INITIAL] = decay
    by_in_nip[X.MINIMUM] = 1 - decay
    by_within = by_in_nip * (within * within / 100)
    by_volume = (1 - recovery) * by_within
    by_volume[X.RECOVERY] = before - within
    by_volume[X.INITIAL] += recovery * before * before / 100
    slope = -span * decay / gamma
    nip_per_load = slope * within * within / 100
    return Nip(
        porosity=100 * (1 - 1 / volume),
        in_nip=in_nip,
        volume=volume,
        volume_in_nip=within,
        by_porosity=by_volume * (100 / (volume * volume)),
        by_volume_in_nip=by_within,
        per_load=(1 - recovery) * nip_per_load * 100 / (volume * volume),
        nip_per_load=nip_per_load,
    )


def thickness(x: Array, at: Nip, electrode: Electrode) -> tuple[float, Array]:
    """Thickness behind the rolls as the gauge reads it [um], and its gradient."""
    solid = electrode.solid * math.exp(x[X.LOADING] - x[X.DENSITY])
    coatings = solid * at.volume
    row = at.by_porosity * (at.volume * at.volume / 100 * solid)
    row[X.OFFSET] = 1.0
    row[X.LOADING] += coatings
    row[X.DENSITY] -= coatings
    return electrode.foil + x[X.OFFSET] + coatings, row


def gap(x: Array, at: Nip, electrode: Electrode, line_load: float) -> tuple[float, Array]:
    """Gap as the machine reads it [um], and its gradient: the nip, less its zero, the
    rolls' wear and the stretch of the frame under load."""
    solid = electrode.solid * math.exp(x[X.LOADING] - x[X.DENSITY])
    coatings = solid * at.volume_in_nip
    row = at.by_volume_in_nip * solid
    row[X.LOADING] += coatings
    row[X.DENSITY] -= coatings
    row[X.GAP_ZERO] = row[X.WEAR] = -1.0
    row[X.STRETCH] = -line_load
    read = electrode.foil + coatings - x[X.GAP_ZERO] - x[X.WEAR] - x[X.STRETCH] * line_load
    return float(read), row


def _porosity(value: float) -> float:
    """Within what a porosity can be [%]: an estimate on its way may step out of it."""
    return min(max(float(value), _LEAST_POROSITY), _MOST_POROSITY)
