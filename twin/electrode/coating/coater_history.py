"""What the supervisor remembers of a coater: its latest state and its latest lots."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from twin.asset import Json
from twin.estimation import saved
from twin.snapshot import Snapshot

_LOTS_REMEMBERED: Final = 20
_FIGURES: Final = ("line_speed", "slot_die_gap", "pump_flow", "feed_pressure", "web_tension")
_MINUTE_NS: Final = 60_000_000_000


class Setpoint(NamedTuple):
    """A setpoint-like value as estimated, and its standard deviation."""

    value: float
    sd: float


_COMMANDED: Final = ("line_speed", "slot_die_gap")


@dataclass(slots=True)
class CoaterHistory:
    """Filled by ``coater.state`` events; ``setpoints`` hold those that are known."""

    time_ns: int = 0
    setpoints: dict[str, Setpoint] = field(default_factory=dict)
    length: float | None = None
    lots: dict[str, float | None] = field(default_factory=dict)
    """Each lot's first metre at the die, oldest lot first; None where it is not known."""
    commanded: dict[str, float] = field(default_factory=dict)
    """Setpoints as the PLC holds them, where they are bound."""
    viscosity: float | None = None
    """Of the slurry as its mixer saw it last [mPa.s]."""
    slurry: dict[str, int] = field(default_factory=dict)
    """When each slurry lot came to the die [ns], oldest first."""

    def take(self, time_ns: int, data: Mapping[str, Json]) -> float:
        """A state has come. Returns the metres coated since the one before."""
        self.time_ns = time_ns
        for signal in _FIGURES:
            value, sd = data.get(signal), data.get(f"{signal}_sd")
            if isinstance(value, int | float) and isinstance(sd, int | float):
                self.setpoints[signal] = Setpoint(float(value), float(sd))
        for signal in _COMMANDED:
            value = data.get(f"{signal}_setpoint")
            if isinstance(value, int | float):
                self.commanded[signal] = float(value)
        lot, start = data.get("lot"), data.get("lot_start_m")
        if isinstance(lot, str) and lot:
            known = float(start) if isinstance(start, int | float) else None
            if lot not in self.lots or known is not None:
                self.lots[lot] = known
            while len(self.lots) > _LOTS_REMEMBERED:
                del self.lots[next(iter(self.lots))]
        length, before = data.get("web_length"), self.length
        if not isinstance(length, int | float):
            return 0.0
        self.length = float(length)
        # A counter that was set back says nothing of what was coated meanwhile.
        return 0.0 if before is None else max(0.0, self.length - before)

    @property
    def speed(self) -> float | None:
        """Line speed [m/min]."""
        found = self.setpoints.get("line_speed")
        return None if found is None else found.value

    @property
    def lot(self) -> str:
        """The lot at the die; empty where none is known."""
        return next(reversed(self.lots), "")

    def metres_at(self, time_ns: int, distance: float) -> float | None:
        """Metre of the web that passes a point ``distance`` metres behind the die."""
        if self.length is None:
            return None
        minutes = (time_ns - self.time_ns) / _MINUTE_NS
        return max(0.0, self.length + (self.speed or 0.0) * minutes - distance)

    def lot_at(self, time_ns: int, distance: float) -> str:
        """The lot that passes that point; the oldest one known for metres before it."""
        metre = self.metres_at(time_ns, distance)
        if metre is None:
            return self.lot
        for lot, start in reversed(self.lots.items()):
            if start is None or start <= metre:
                return lot
        return next(iter(self.lots), "")

    def mixed(self, lot: str, at_die_ns: int) -> None:
        """A slurry lot will be at the die from then on."""
        self.slurry.setdefault(lot, at_die_ns)
        while len(self.slurry) > _LOTS_REMEMBERED:
            del self.slurry[next(iter(self.slurry))]

    def slurry_at(self, time_ns: int) -> str:
        """The slurry lot at the die then; empty where none is known."""
        came = [lot for lot, at_ns in self.slurry.items() if at_ns <= time_ns]
        return came[-1] if came else next(iter(self.slurry), "")

    def snapshot(self) -> Snapshot:
        return {
            "time_ns": self.time_ns,
            "setpoints": {signal: [*setpoint] for signal, setpoint in self.setpoints.items()},
            "length": self.length,
            # A list: the order of the keys of an object is not kept.
            "lots": [[lot, start] for lot, start in self.lots.items()],
            "commanded": dict(self.commanded),
            "viscosity": self.viscosity,
            "slurry": [[lot, at_ns] for lot, at_ns in self.slurry.items()],
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "CoaterHistory":
        return cls(
            time_ns=saved.whole(snapshot["time_ns"]),
            setpoints={
                signal: Setpoint(*map(saved.number, saved.items(setpoint)))
                for signal, setpoint in saved.fields(snapshot["setpoints"]).items()
            },
            length=saved.number_or_none(snapshot["length"]),
            lots={
                saved.text(lot): saved.number_or_none(start)
                for lot, start in map(saved.items, saved.items(snapshot["lots"]))
            },
            commanded={
                signal: saved.number(value)
                for signal, value in saved.fields(snapshot["commanded"]).items()
            },
            viscosity=saved.number_or_none(snapshot["viscosity"]),
            slurry={
                saved.text(lot): saved.whole(at_ns)
                for lot, at_ns in map(saved.items, saved.items(snapshot["slurry"]))
            },
        )
