"""Tables whose truth is known: what a model can learn of them is by construction."""

from collections.abc import Sequence

import numpy as np

from twin.learning.boosting import Plan, Start
from twin.learning.columns import Array, Column
from twin.learning.outcome import Settings
from twin.learning.table import LabelledTable, labelled

LINES = (Plan("line", Start.LINE), Plan("short line", Start.LINE, ridge=0.5))
"""No trees: scikit-learn takes longer to import than a unit test may take."""
QUICK = Settings(plans=LINES, folds=8)


class Lots:
    """Cells of several lots: 100 + ``slope`` (a - b / 2) + the lot's own share + noise.
    Feature c is noise; feature d is one number for each lot."""

    def __init__(
        self, seed: int, cells: int = 120, lots: int = 12, slope: float = 3.0, lot_sd: float = 1.0
    ) -> None:
        rng = np.random.default_rng(seed)
        number = rng.permutation(np.arange(cells) % lots)
        own = rng.normal(0.0, 1.0, lots)
        self.a, self.b, self.c = rng.normal(size=(3, cells))
        self.d = rng.uniform(size=lots)[number]
        self.lot = tuple(f"lot {i}" for i in number)
        self.y: Array = 100.0 + slope * (self.a - self.b / 2.0) + lot_sd * own[number]
        self.y = self.y + rng.normal(size=cells)

    def columns(self, names: str = "abc") -> list[Column]:
        return [Column(name, getattr(self, name).copy()) for name in names]

    def table(self, names: str = "abc") -> LabelledTable:
        return labelled(self.columns(names), Column("y", self.y), Column("lot", self.lot))

    def text(self, names: Sequence[str] = ("a", "b", "c")) -> str:
        """As CSV, with a serial for each cell."""
        lines = [",".join(["cell", "lot", *names, "y"])]
        for i, lot in enumerate(self.lot):
            values = [f"{getattr(self, name)[i]:.6g}" for name in (*names, "y")]
            lines.append(",".join([f"C{i:04}", lot, *values]))
        return "\n".join(lines) + "\n"
