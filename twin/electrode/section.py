"""A part of the electrode supervisor with rules of its own: coating, drying, calendering."""

from typing import Protocol

from twin.electrode.coating.coater_history import CoaterHistory
from twin.plant import section


class Line(Protocol):
    """What a section may ask of the rest of the layer. None: nothing is known of it."""

    def coater_history(self, coater: str) -> CoaterHistory | None:
        """Speed, lots and metres of a coater."""

    def loading(self, coater: str) -> tuple[float, float] | None:
        """Loading that the coater lays now [mg/cm2] and its standard deviation."""

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        """Mean loading of an electrode lot [mg/cm2] and its standard deviation."""


class Section(section.Section[Line]):
    """Pure, as every section."""
