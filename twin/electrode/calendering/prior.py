"""What is known of a calender before it has been read: the parameters, with their widths."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.calendering.model import Array, Electrode, N, X

_DAY_S: Final = 86_400.0

COMPACTION: Final = (X.LN_GAMMA, X.INITIAL, X.MINIMUM, X.SOFTENING, X.RECOVERY)
"""Physics of the coating: learned while a calibration runs, and held between."""
CALIBRATED: Final = (*COMPACTION, X.STRETCH)
OF_FORMULATION: Final = (*COMPACTION, X.DENSITY, X.LOADING, X.DEVIATION, X.SAMPLE)
"""What another formulation makes unknown. The laboratory's bias is that of its method for
this coating."""


@dataclass(frozen=True, slots=True)
class Prior:
    """Mean and standard deviation of each state, shapes (13,); variance that it gains in a
    second; ``memory`` [s]: over which a state that forgets returns to its mean."""

    mean: Array
    sd: Array
    gain: Array
    memory: Mapping[X, float]
    electrode: Electrode
    reference_temperature: float


def of(config: AssetConfig) -> Prior:
    def number(name: str) -> float:
        return settings.number(config, name)

    mean, sd, gain = np.zeros(N), np.zeros(N), np.zeros(N)
    loading, gamma = number("coating_loading"), number("compaction_gamma")
    mean[X.LN_GAMMA] = math.log(gamma)
    mean[X.INITIAL] = number("initial_porosity")
    mean[X.MINIMUM] = number("minimum_porosity")
    mean[X.SOFTENING] = number("softening") / 100
    mean[X.RECOVERY] = number("recovery") / 100
    mean[X.STRETCH] = number("mill_stretch") / 100
    sd[X.DEVIATION] = number("model_sd")
    sd[X.LN_GAMMA] = number("compaction_gamma_sd") / gamma
    sd[X.INITIAL] = number("initial_porosity_sd")
    sd[X.MINIMUM] = number("minimum_porosity_sd")
    sd[X.SOFTENING] = number("softening_sd") / 100
    sd[X.RECOVERY] = number("recovery_sd") / 100
    sd[X.OFFSET] = math.hypot(number("thickness_out_bias_sd"), number("foil_thickness_sd"))
    sd[X.DENSITY] = number("solid_density_sd") / number("solid_density")
    sd[X.LOADING] = number("coating_loading_sd") / loading
    sd[X.GAP_ZERO] = number("gap_zero_sd")
    sd[X.WEAR] = number("roll_wear_sd")
    sd[X.STRETCH] = number("mill_stretch_sd") / 100
    sd[X.SAMPLE] = number("sample_bias_sd")
    gain[X.OFFSET] = number("thickness_out_drift") ** 2 / _DAY_S
    gain[X.WEAR] = number("roll_wear_wander") ** 2 / _DAY_S
    return Prior(
        mean,
        sd,
        gain,
        {X.DEVIATION: number("model_memory"), X.LOADING: number("loading_memory")},
        Electrode(
            loading,
            number("coating_loading_sd"),
            number("foil_thickness"),
            round(number("coated_sides")),
            number("solid_density"),
        ),
        number("reference_temperature"),
    )
