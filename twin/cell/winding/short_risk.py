"""Probability of an internal short circuit: by a trained model where there is one.

The model is a file, named by a parameter and read at the first jellyroll. It is part of the
twin's configuration as a figure is: the same file, the same answers. Its own name for itself
goes into every event. A file that cannot be read is said with every jellyroll, and geometry
alone speaks.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from twin.cell.winding import geometry
from twin.cell.winding.geometry import Risk
from twin.cell.winding.winding_head_spec import VERDICT, VISION
from twin.errors import GigatwinError

FEATURES: Final = {
    **dict.fromkeys(VISION, "mm"),
    VERDICT: "1",
    "tension_mean": "N",
    "tension_sd": "N",
    "tension_peak": "N",
    "tension_slope": "N/s",
    "tension_events": "1",
}
"""What a model may be trained on, with units: the evidence of ``jellyroll.wound``."""


class ShortModel(Protocol):
    """Of features by name, in the units of the winding head's evidence."""

    def risk(self, features: Mapping[str, float]) -> Risk | None:
        """None where it says nothing of such a jellyroll."""


class ShortRisk:
    def __init__(self, file: str, vision_sd: float) -> None:
        self._file = file
        self._vision_sd = vision_sd
        self._model: ShortModel | None = None
        self._refused = ""

    def of(self, features: Mapping[str, float]) -> Risk:
        by_geometry = geometry.risk(features, self._vision_sd)
        if not self._file:
            return by_geometry
        if self._model is None and not self._refused:
            self._load()
        if self._model is None:
            return by_geometry._replace(model=f"geometry only: {self._refused}")
        found = self._model.risk(features)
        if found is None:
            return by_geometry._replace(
                model="geometry only: the model was not trained on such a jellyroll"
            )
        return found

    def _load(self) -> None:
        from twin.cell.winding.trained import load

        try:
            self._model = load(Path(self._file))
        except (GigatwinError, OSError) as error:
            self._refused = f"the model {self._file} can't be used: {error}"
