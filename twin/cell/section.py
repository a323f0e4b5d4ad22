"""A part of the cell supervisor with rules of its own: winding, filling, formation, grading.

Every event of the layer comes to every section, also of an asset that the registry no
longer has (its ``kind`` is then empty): what it told is recorded, nothing is concluded.
``lot.porosity`` comes from the electrode layer, by way of the plant's supervisor.

    jellyroll.wound, cell.stacked ─▶ winding      cell.started  {serial}  ─▶ filling: was it
    cell.filled, cell.wetted      ─▶ filling          soaked when its formation began?
    cell.formed, cell.diagnosed … ─▶ formation    cell.graded ─▶ grading
"""

from collections.abc import Mapping
from typing import NamedTuple, Protocol

from twin.plant import section


class Porosity(NamedTuple):
    """Of an electrode lot [%]: value, standard deviation, and an interval of 90 % confidence."""

    value: float
    sd: float
    lower: float
    upper: float


class Soak(NamedTuple):
    """When a cell was filled, and from when on it is wetted with 95 % probability, both in
    ns; the median and the 95 % quantile of its soak time [h]."""

    filled_ns: int
    wetted_ns: int
    median: float
    quantile: float


class CellLayer(Protocol):
    """What a section may ask of the rest of the layer. None or empty: nothing is known of it."""

    def lot_porosity(self, lot: str) -> Porosity | None:
        """As the calender's twin handed it over."""

    def electrode_lots(self, serial: str) -> Mapping[str, str]:
        """Lots in a cell by electrode: ``anode``, ``cathode``, or ``electrode`` where the
        station tells only one."""

    def jellyrolls(self, serial: str) -> tuple[str, ...]:
        """Serials of the jellyrolls in a cell."""

    def station(self, serial: str, step: str) -> str:
        """The asset at which a cell took a step: ``wind``, ``stack``, ``fill``, ``form``."""

    def electrolyte(self, serial: str) -> float | None:
        """Mass of electrolyte in a cell [g]."""

    def soak(self, serial: str) -> Soak | None: ...

    def unwetted(self, serial: str) -> float | None:
        """Probability (0..1) that a cell was not wetted yet when its formation began."""


class Section(section.Section[CellLayer]):
    """Pure, as every section."""
