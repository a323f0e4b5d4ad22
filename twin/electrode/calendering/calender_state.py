"""A ``calender.state`` event in numbers, as the section reads it."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.asset import Event, Json


@dataclass(frozen=True, slots=True)
class CalenderState:
    """Porosity behind the rolls and its standard deviation [%]; the rest by its name."""

    time_ns: int
    porosity: float
    sd: float
    data: Mapping[str, Json]

    @classmethod
    def of(cls, event: Event) -> "CalenderState | None":
        """None where it holds no porosity."""
        porosity, sd = number(event.data, "porosity"), number(event.data, "porosity_sd")
        if porosity is None or sd is None:
            return None
        return cls(event.time_ns, porosity, sd, event.data)

    def get(self, name: str) -> float | None:
        return number(self.data, name)

    def text(self, name: str) -> str:
        return text(self.data, name)


def number(data: Mapping[str, Json], name: str) -> float | None:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) else None


def text(data: Mapping[str, Json], name: str) -> str:
    value = data.get(name)
    return value if isinstance(value, str) else ""
