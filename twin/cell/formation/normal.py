"""What is normal in formation: a design's reference, as data.

    expected value of a feature = mean + sum over earlier features of weight (value - mean)

with the standard deviation ``error`` that cells of lots never seen have about it. So a
cell is compared with its like: what its own earlier features explain is no surprise.
"""

import json
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

import numpy as np

from twin.cell.formation import grid
from twin.cell.formation.grid import Floats, Ints
from twin.errors import InvalidFile, InvalidInput

FORMAT: Final = "gigatwin-formation-reference/1"
PREDICTORS: Final = 10


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """Features stand in the order in which good cells show them.

    ``nominal`` capacity [Ah] of the design. ``phase`` and ``rate`` [1/h] say the protocol,
    one entry a slot. Of each feature: ``column`` of the grid, ``mean``, ``sd`` over all
    cells, ``within`` lots, ``lower`` and ``upper`` (the envelope: 0.5 % and 99.5 % of cells),
    ``hour`` when good cells show it,
    ``predictor`` (features, PREDICTORS) and ``weight`` of these, ``error``; ``judged``:
    whether a departure speaks of a fault. ``seen`` (kinds, features): mean departure over
    ``error`` of confirmed faulty cells, ``seen_as`` which diagnosis, of how many
    ``seen_cells``. ``tail`` (2, 2): log evidence of a known and of an
    unusual fault against good cells of lots left out that hardly any ever passed, up to the
    end of ``first_slot`` and after it; 0: not known.
    """

    source: str
    nominal: float
    cells: int
    lots: int
    phase: Ints
    rate: Floats
    column: Ints
    mean: Floats
    sd: Floats
    within: Floats
    lower: Floats
    upper: Floats
    hour: Floats
    predictor: Ints
    weight: Floats
    error: Floats
    judged: Ints
    seen: Floats
    seen_as: Ints
    seen_cells: Ints
    tail: Floats
    first_slot: int = 0

    def __post_init__(self) -> None:
        n = len(self.column)
        for name in ("mean", "sd", "within", "lower", "upper", "hour", "error", "judged"):
            if len(getattr(self, name)) != n:
                raise InvalidInput(f"the reference has {n} columns, but not of {name!r}")
        if self.predictor.shape != (n, PREDICTORS) or self.weight.shape != (n, PREDICTORS):
            raise InvalidInput(f"the reference needs {PREDICTORS} predictors of each column")
        if self.tail.shape != (2, 2):
            raise InvalidInput("the reference's 'tail' needs two rows of two numbers")
        if self.seen.shape != (len(self.seen_as), n):
            raise InvalidInput(f"the reference needs {n} numbers for each kind of fault seen")
        if len(self.phase) != len(self.rate) or not 0 < len(self.phase) <= grid.SLOTS:
            raise InvalidInput(f"the reference needs 1 to {grid.SLOTS} phases, each with a rate")
        if not (np.isfinite(self.error).all() and (self.error > 0).all()):
            raise InvalidInput("the reference's 'error' must be above zero in each column")

    @property
    def names(self) -> tuple[str, ...]:
        return tuple(self.name(i) for i in range(len(self.column)))

    def name(self, position: int) -> str:
        column = int(self.column[position])
        return grid.name_of(column, int(self.phase[column // grid.PER_SLOT]))

    def slot(self) -> Ints:
        """Of each feature, the slot of its phase."""
        return self.column // grid.PER_SLOT

    def kind(self) -> Ints:
        """Of each feature, its column within the slot."""
        return self.column % grid.PER_SLOT


def save(reference: Reference, path: Path) -> None:
    """As JSON."""
    content = {"format": FORMAT, **asdict(reference)}
    path.write_text(json.dumps(content, default=lambda array: array.tolist(), indent=1) + "\n")


def load(path: Path) -> Reference:
    """Raises InvalidFile, naming what is wrong."""
    try:
        content = json.loads(path.read_text())
    except (OSError, ValueError) as error:
        raise InvalidFile(str(path), None, f"no formation reference: {error}") from error
    if not isinstance(content, dict) or content.get("format") != FORMAT:
        raise InvalidFile(str(path), None, f"no formation reference of format {FORMAT}")
    try:
        return Reference(
            source=str(content["source"]),
            nominal=float(content["nominal"]),
            cells=int(content["cells"]),
            lots=int(content["lots"]),
            first_slot=int(content["first_slot"]),
            seen=np.array(content["seen"], dtype=np.float64).reshape(
                len(content["seen_as"]), len(content["column"])
            ),
            **_arrays(content),
        )
    except (KeyError, TypeError, ValueError, InvalidInput) as error:
        raise InvalidFile(str(path), None, f"the reference can't be read: {error}") from error


@lru_cache(maxsize=16)
def loaded(path: str) -> Reference | None:
    """The reference of a channel's parameter; None for an empty one. Raises InvalidFile."""
    return load(Path(path)) if path else None


_WHOLE: Final = ("phase", "column", "predictor", "judged", "seen_as", "seen_cells")
_NUMBERS: Final = (
    "rate", "mean", "sd", "within", "lower", "upper", "hour", "weight", "error", "tail",
)  # fmt: skip


def _arrays(content: dict[str, Any]) -> dict[str, Any]:
    found = {name: np.array(content[name], dtype=np.int64) for name in _WHOLE}
    return {**found, **{name: np.array(content[name], dtype=np.float64) for name in _NUMBERS}}
