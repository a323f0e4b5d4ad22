"""An excursion that is going on, as the supervisor sees it."""

from collections.abc import Mapping
from dataclasses import dataclass

from twin.asset import Json
from twin.estimation import saved
from twin.snapshot import Snapshot


@dataclass(slots=True)
class GaugeExcursion:
    """Deviation [%] and its width now, and the readings that say so."""

    deviation: float
    sd: float
    from_ns: int
    to_ns: int
    readings: int
    model: str

    @classmethod
    def of(cls, data: Mapping[str, Json]) -> "GaugeExcursion":
        """From the data of a ``gauge.excursion``."""
        return cls(
            deviation=number(data["deviation_pct"]),
            sd=number(data["deviation_sd_pct"]),
            from_ns=whole(data["from_ns"]),
            to_ns=whole(data["to_ns"]),
            readings=whole(data["n"]),
            model=str(data["model"]),
        )

    def goes_on(self, data: Mapping[str, Json]) -> None:
        """With the data of a later ``gauge.loading``: the filter's level counts, since
        the window's mean may hold what was before the shift."""
        if whole(data["to_ns"]) <= self.to_ns:
            return
        self.deviation = number(data["level_pct"])
        self.sd = number(data["level_sd_pct"])
        self.to_ns = whole(data["to_ns"])
        self.readings += whole(data["n"])

    def snapshot(self) -> Snapshot:
        return {
            "deviation": self.deviation,
            "sd": self.sd,
            "from_ns": self.from_ns,
            "to_ns": self.to_ns,
            "readings": self.readings,
            "model": self.model,
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "GaugeExcursion":
        return cls(
            deviation=saved.number(snapshot["deviation"]),
            sd=saved.number(snapshot["sd"]),
            from_ns=saved.whole(snapshot["from_ns"]),
            to_ns=saved.whole(snapshot["to_ns"]),
            readings=saved.whole(snapshot["readings"]),
            model=saved.text(snapshot["model"]),
        )


def number(value: Json) -> float:
    assert isinstance(value, int | float)
    return float(value)


def whole(value: Json) -> int:
    assert isinstance(value, int)
    return value
