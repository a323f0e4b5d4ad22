"""What the section keeps of a zone: its latest ``oven.state``."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.asset import Json
from twin.estimation import saved
from twin.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class ZoneState:
    """Temperatures in degC; None where nothing is known."""

    time_ns: int
    air: float | None
    web: float | None
    web_sd: float | None
    setpoint: float | None
    exhaust_pct: float | None
    fault: bool

    @classmethod
    def of(cls, time_ns: int, data: Mapping[str, Json]) -> "ZoneState":
        return cls(
            time_ns,
            _number(data, "air_temperature"),
            _number(data, "web_temperature"),
            _number(data, "web_temperature_sd"),
            _number(data, "air_setpoint"),
            _number(data, "exhaust_solvent"),
            data.get("fault") is True,
        )

    @property
    def deviation(self) -> float:
        """Air less set point [K]; 0 where one of them is not known."""
        if self.air is None or self.setpoint is None:
            return 0.0
        return self.air - self.setpoint

    def snapshot(self) -> Snapshot:
        return {
            "time_ns": self.time_ns,
            "air": self.air,
            "web": self.web,
            "web_sd": self.web_sd,
            "setpoint": self.setpoint,
            "exhaust_pct": self.exhaust_pct,
            "fault": self.fault,
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "ZoneState":
        return cls(
            saved.whole(snapshot["time_ns"]),
            saved.number_or_none(snapshot["air"]),
            saved.number_or_none(snapshot["web"]),
            saved.number_or_none(snapshot["web_sd"]),
            saved.number_or_none(snapshot["setpoint"]),
            saved.number_or_none(snapshot["exhaust_pct"]),
            bool(snapshot["fault"]),
        )


def _number(data: Mapping[str, Json], name: str) -> float | None:
    value = data.get(name)
    return float(value) if isinstance(value, int | float) else None
