"""An oven for tests, and a line that lays a film before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from tests.unit.twin.coating_line import COATER, at, coater
from twin.asset import AssetConfig, Event, Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.drying.belief import Belief
from twin.electrode.drying.film import Oven, Scenarios, dry
from twin.electrode.drying.limits import Limits
from twin.electrode.drying.prediction import Operation, dimensions, scenarios
from twin.electrode.drying.section import DryingSection
from twin.electrode.drying.solvent import NMP, Solvent
from twin.estimation.kalman import Array
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, Step
from twin.plant.supervision import Command, Decisions

ZONES = 4
NAMES = tuple(f"zone{i + 1}" for i in range(ZONES))
KELVIN = 273.15


def oven(solvent: Solvent = NMP, vapour_pa: float = 100.0, length_m: float = 15.0) -> Oven:
    ones = np.ones(ZONES)
    return Oven(
        solvent=solvent,
        length_m=length_m * ones,
        heat_transfer_w_m2k=40.0 * ones,
        vapour_pa=vapour_pa * ones,
        heated_sides=2.0 * ones,
        solid_density_kg_m3=4400.0,
        dry_porosity=0.46,
        foil_j_m2k=42.0,
    )


def scenario(
    air_degc: float = 110.0,
    speed_m_min: float = 40.0,
    dry_kg_m2: float = 0.2,
    solids: float = 0.7,
    diffusivity_m2_s: float = 1e-10,
) -> Scenarios:
    """One row; 20 mg/cm2 at 70 % solids is 86 g/m2 of solvent."""
    one = np.ones(1)
    return Scenarios(
        air_k=np.full((1, ZONES), air_degc + KELVIN),
        h_factor=np.ones((1, ZONES)),
        mass_factor=one,
        speed_m_s=one * speed_m_min / 60,
        dry_kg_m2=one * dry_kg_m2,
        solvent_kg_m2=one * dry_kg_m2 * (1 - solids) / solids,
        bound=one * 0.003,
        front_factor=one,
        diffusivity_m2_s=one * diffusivity_m2_s,
    )


def operation(air_degc: Array | float = 110.0, speed_m_min: float = 40.0) -> Operation:
    return Operation(
        air_degc=np.zeros(ZONES) + air_degc,
        speed_m_min=speed_m_min,
        loading_mg_cm2=20.0,
        loading_sd=0.1,
        solids_pct=70.0,
        solids_sd=0.5,
        bound_pct=0.3,
        diffusivity_m2_s=1e-10,
    )


def known(sd: float = 0.05) -> Belief:
    """Of an oven that has been learned."""
    return Belief(np.zeros(ZONES + 1), np.eye(ZONES + 1) * sd**2)


def limits(
    lower: float = 60.0,
    upper: float = 140.0,
    film: float = 130.0,
    step: float = 15.0,
    neighbours: float = 30.0,
    residual: float = 0.5,
) -> Limits:
    ones = np.ones(ZONES)
    return Limits(NAMES, lower * ones, upper * ones, film * ones, step, neighbours, residual)


def zone_configs(**parameters: float | str) -> list[AssetConfig]:
    given = {"length": 15.0, **parameters}
    return [
        AssetConfig(
            f"line1/oven/{name}",
            f"uid-{name}",
            "oven_zone",
            "line1/oven",
            {"position": 8.0 + 15.0 * i, **given},
        )
        for i, name in enumerate(NAMES)
    ]


@dataclass
class DryingLine:
    """Zones that settle at once, and films as hot as the model says of a true oven whose
    heat transfer is ``h_factor`` times what the twin was told; it is the section's Line."""

    setpoints: list[float] = field(default_factory=lambda: [90.0, 105.0, 115.0, 115.0])
    speed: float = 40.0
    h_factor: float = 1.0
    web_read: bool = True
    parameters: Mapping[str, float | str] = field(default_factory=dict)
    sags: dict[int, float] = field(default_factory=dict)
    """By zone: how much colder its air is than it is set to."""

    def __post_init__(self) -> None:
        self.desk = Desk()
        self.section = DryingSection(self.desk)
        self.assets = {c.name: c for c in [coater(), *zone_configs(**self.parameters)]}
        self.section.assets_changed(self.assets)
        self.now = 0.0
        self.seen: list[Recommendation] = []
        self.known_loading: tuple[float, float] | None = (20.0, 0.1)
        self.exhaust_pct: float | None = None
        self._sequence = 0
        self._seen_films: dict[tuple[float, ...], Array] = {}

    def coater_history(self, coater: str) -> CoaterHistory | None:
        history = CoaterHistory()
        speed: dict[str, Json] = {"line_speed": self.speed, "line_speed_sd": 0.01}
        history.take(at(self.now), {**speed, "lot": "E-7", "web_length": 4000.0})
        return history if coater == COATER else None

    def loading(self, coater: str) -> tuple[float, float] | None:
        return self.known_loading

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        return None

    def run(self, seconds: float, every: float = 30.0) -> None:
        """All zones say their state."""
        until = self.now + seconds
        while self.now < until:
            self.now += every
            films = self._films()
            for i, zone in enumerate(NAMES):
                self.say(zone, self._state(i, films[i]))
            self.keep(self.section.at(at(self.now), self))

    def say(self, zone: str, data: Mapping[str, Json], kind: str = "oven.state") -> None:
        self._sequence += 1
        config = self.assets[f"line1/oven/{zone}"]
        event = Event(config.name, config.uid, self._sequence, kind, at(self.now), data)
        self.keep(self.section.on_event(event, config, self))

    def keep(self, decisions: Decisions) -> None:
        self.seen += decisions.recommendations

    def command(self, command: Command) -> None:
        decisions, moved = self.desk.on_command(command, at(self.now))
        self.keep(decisions)
        if moved is not None and moved[1] is Step.REJECT:
            self.section.rejected(moved[0], at(self.now))
        if moved is not None and moved[1] is Step.REPORT_APPLIED:
            self.keep(self.section.applied(moved[0], at(self.now), self))

    def proposals(self) -> list[Recommendation]:
        return [r for r in self.seen if r.revision == 1]

    def write(self, found: Recommendation) -> None:
        """What the MES does with a proposal."""
        for change in found.changes:
            self.setpoints[NAMES.index(change.asset.rsplit("/", 1)[-1])] = change.to_value

    def _air(self) -> Array:
        return np.array([t - self.sags.get(i, 0.0) for i, t in enumerate(self.setpoints)])

    def _films(self) -> Array:
        key = (*self._air(), self.speed)
        if key not in self._seen_films and self.speed > 0:
            self._seen_films[key] = self._true_films()
        return self._seen_films.get(key, self._air())

    def _true_films(self) -> Array:
        truth = Belief.prior(ZONES)
        truth.mean[:ZONES] = np.log(self.h_factor)
        here = operation(self._air(), self.speed)
        rows = scenarios(here, truth, np.zeros((1, dimensions(ZONES))), self._air()[None])
        found: Array = dry(oven(), rows).at_zone_ends_k[0] - KELVIN
        return found

    def _state(self, i: int, film: float) -> dict[str, Json]:
        air = float(self._air()[i])
        return {
            "air_temperature": air,
            "air_setpoint": self.setpoints[i],
            "web_temperature": float(film) if self.web_read else None,
            "web_temperature_sd": 0.2 if self.web_read else None,
            "fault": abs(air - self.setpoints[i]) > 5.0,
            "exhaust_solvent": self.exhaust_pct,
        }
