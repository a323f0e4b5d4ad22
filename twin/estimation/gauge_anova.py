"""The analysis of variance of a crossed gauge study, and what it makes of each component."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.estimation.mean_squares import MeanSquare

Array = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Model:
    """The lines that carry the model, and each component's coefficients on their mean
    squares, shape (lines,)."""

    lines: tuple[MeanSquare, ...]
    shown: tuple[MeanSquare, ...]
    coefficients: Mapping[str, Array]
    pooled: bool


def anova(values: Array) -> dict[str, MeanSquare]:
    """Lines by source, of values with the shape (parts, operators, trials)."""
    parts, operators, trials = values.shape
    centred = values - values.mean()
    part = centred.mean(axis=(1, 2))
    operator = centred.mean(axis=(0, 2))
    cell = centred.mean(axis=2)
    # What rounding alone makes of values that repeat exactly.
    nothing = values.size * (4 * np.finfo(np.float64).eps * np.abs(values).max()) ** 2

    def line(source: str, df: int, squares: float) -> MeanSquare:
        return MeanSquare(source, df, squares if squares > nothing else 0.0)

    found = {
        "part": line("part", parts - 1, operators * trials * float(part @ part)),
        "error": line(
            "repeatability",
            parts * operators * (trials - 1),
            float(np.square(centred - cell[:, :, np.newaxis]).sum()),
        ),
    }
    if operators > 1:
        left = cell - part[:, np.newaxis] - operator[np.newaxis, :]
        crossing = (parts - 1) * (operators - 1)
        squares = parts * trials * float(operator @ operator)
        found["operator"] = line("operator", operators - 1, squares)
        squares = trials * float(np.square(left).sum())
        found["interaction"] = line("part × operator", crossing, squares)
    return found


def model_of(lines: dict[str, MeanSquare], shape: tuple[int, ...], pool_above: float) -> Model:
    parts, operators, trials = shape
    part, error = lines["part"], lines["error"]
    if operators == 1:
        lone = (part.against(error), error)
        ev, pv = np.array([0.0, 1.0]), np.array([1.0, -1.0]) / trials
        return Model(lone, lone, _summed({"EV": ev, "PV": pv}), False)
    operator = lines["operator"]
    interaction = lines["interaction"].against(error)
    assert interaction.p is not None
    pooled = interaction.p > pool_above
    if pooled:
        df, ss = interaction.df + error.df, interaction.ss + error.ss
        error = MeanSquare("repeatability, pooled", df, ss)
        tested = (part.against(error), operator.against(error))
        used: tuple[MeanSquare, ...] = (*tested, error)
        shown: tuple[MeanSquare, ...] = (*tested, interaction, error)
        below = np.array([0.0, 0.0, 1.0])
    else:
        used = (part.against(interaction), operator.against(interaction), interaction, error)
        shown = used
        below = np.array([0.0, 0.0, 1.0, 0.0])
    of = np.eye(len(used))
    found = {"EV": of[-1], "AV": (of[1] - below) / (parts * trials)}
    if not pooled:
        found["INT"] = (of[2] - of[3]) / trials
    found["PV"] = (of[0] - below) / (operators * trials)
    return Model(used, shown, _summed(found), pooled)


def _summed(found: dict[str, Array]) -> dict[str, Array]:
    """With the sums GRR and TV, in the order in which they are told."""
    part = found.pop("PV")
    gauge = np.sum(list(found.values()), axis=0)
    return {**found, "GRR": gauge, "PV": part, "TV": gauge + part}
