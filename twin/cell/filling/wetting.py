"""What is known of wetting at a plant's fillers: temperatures, and cells that were measured."""

from typing import Final

from twin.asset import AssetConfig
from twin.cell.filling.pore_radius import PoreRadius, Wetted
from twin.cell.filling.soak_time import Electrolyte, SoakTime, soak_time, wetted
from twin.cell.section import Porosity
from twin.estimation import saved
from twin.snapshot import Snapshot

_MEASURED: Final = 40
_STRIPS: Final = PoreRadius()


class Wetting:
    def __init__(self) -> None:
        self._temperature: dict[str, float] = {}
        self._wetted: list[Wetted] = []
        self._radius = _STRIPS

    @property
    def measured(self) -> int:
        return len(self._wetted)

    def warm(self, filler: str, temperature: object) -> None:
        """Of the soak [degC], where it was told."""
        if isinstance(temperature, int | float):
            self._temperature[filler] = float(temperature)

    def soak(self, filler: AssetConfig, porosity: Porosity | None) -> SoakTime:
        return soak_time(porosity, self._electrolyte(filler), self._radius)

    def learn(self, filler: AssetConfig, porosity: Porosity, hours: float) -> None:
        """A cell of that porosity was wetted after so long."""
        found = wetted(porosity, hours, self._electrolyte(filler), _STRIPS)
        self._wetted = [*self._wetted, found][-_MEASURED:]
        self._radius = PoreRadius(self._wetted)

    def _electrolyte(self, filler: AssetConfig) -> Electrolyte:
        return Electrolyte.of(filler, self._temperature.get(filler.name))

    def snapshot(self) -> Snapshot:
        return {
            "temperature": dict(self._temperature),
            "wetted": [[*found] for found in self._wetted],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._temperature = {
            name: saved.number(value)
            for name, value in saved.fields(snapshot["temperature"]).items()
        }
        rows = map(saved.items, saved.items(snapshot["wetted"]))
        self._wetted = [Wetted(*map(saved.number, row)) for row in rows]
        self._radius = PoreRadius(self._wetted) if self._wetted else _STRIPS
