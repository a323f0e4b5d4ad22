"""The way of one web element through the oven: film temperature and solvent left.

Film of areal heat capacity C, solvent r [kg/m2], in air of T_air and vapour pressure p_inf:

    C dT/dt = S h (T_air - T) - m dh_v          S: heated sides; quasi-steady as C -> 0
    m = f beta M p/(R T) ln[(p - p_inf)/(p - a p_sat(T))]             Stefan flux
    dr/dt = -m

beta comes from h by the Lewis analogy (solvent.py). Two closures, both to be calibrated,
end the constant-rate period:

- receding front: once the film has consolidated (r < r_c, pores just filled) the vapour
  must also pass the dry layer above the front, f = 1/(1 + beta L/D_pore (1 - r/r_c)) with
  D_pore = D_air porosity^1.5 (Bruggeman); receding-front drying as in R. B. Keey, Drying of
  Loose and Particulate Materials, 1992;
- bound solvent: the last of it is held by the binder, activity a = 1 - exp(-X/X_b) with
  X = r/(dry mass). A smooth stand-in for a sorption isotherm that nobody has measured here.

Integrated in some 50 cells for many scenarios at once: temperature by an exponential
Rosenbrock step, solvent by the exact solution for a flux linear in the activity, so that
neither can overshoot, whatever the cell is. All arrays are (scenarios, ...), SI units, K.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.electrode.drying.solvent import (
    AIR_HEAT_CAPACITY_J_KG_K,
    AIR_MOLAR_MASS_KG_MOL,
    GAS_CONSTANT_J_MOL_K,
    PRESSURE_PA,
    Solvent,
)
from twin.estimation.kalman import Array

MODEL: Final = "oven-stefan-film/1"
ZERO_DEGC_K: Final = 273.15
_CELLS: Final = 48
_LEAST_CELLS_OF_ZONE: Final = 4
_TYPICAL_FILM_K: Final = 363.15
# Boiling is beyond the model: the vapour pressure is held below this part of the air's.
_BOILING: Final = 0.98
# In air without vapour the film dries to this part of what is bound, not to rounding.
_LEAST_OF_BOUND: Final = 1e-6


@dataclass(frozen=True, slots=True)
class Oven:
    """What does not change with the scenario; arrays are (zones,)."""

    solvent: Solvent
    length_m: Array
    heat_transfer_w_m2k: Array
    vapour_pa: Array
    heated_sides: Array
    solid_density_kg_m3: float
    dry_porosity: float
    """Of the film when its particles touch, 0..1."""
    foil_j_m2k: float
    solid_heat_capacity_j_kg_k: float = 800.0
    """NMC and graphite: 700 to 900 J/(kg.K); rounded."""

    def consolidated_kg_m2(self, dry_kg_m2: Array) -> Array:
        """Solvent that just fills the pores of the consolidated film."""
        pores = self.dry_porosity / (1 - self.dry_porosity)
        volume = dry_kg_m2 / self.solid_density_kg_m3 * pores
        return volume * self.solvent.liquid_density_kg_m3

    def cells(self) -> list[int]:
        """How many each zone has."""
        shares = _CELLS * self.length_m / self.length_m.sum()
        return [max(_LEAST_CELLS_OF_ZONE, round(float(share))) for share in shares]


@dataclass(frozen=True, slots=True)
class Scenarios:
    """One row for each; ``air_k`` and ``h_factor`` are (scenarios, zones)."""

    air_k: Array
    h_factor: Array
    mass_factor: Array
    """Correction of beta, besides that of h."""
    speed_m_s: Array
    dry_kg_m2: Array
    solvent_kg_m2: Array
    bound: Array
    """X_b, kg of solvent on a kg of dry mass."""
    front_factor: Array
    """Correction of the dry layer's resistance."""
    diffusivity_m2_s: Array
    """Of the binder in the liquid of the film."""
    entry_k: float = 298.15

    def every(self, step: int) -> "Scenarios":
        """The first row and each ``step``-th after it."""
        return Scenarios(
            air_k=self.air_k[::step],
            h_factor=self.h_factor[::step],
            mass_factor=self.mass_factor[::step],
            speed_m_s=self.speed_m_s[::step],
            dry_kg_m2=self.dry_kg_m2[::step],
            solvent_kg_m2=self.solvent_kg_m2[::step],
            bound=self.bound[::step],
            front_factor=self.front_factor[::step],
            diffusivity_m2_s=self.diffusivity_m2_s[::step],
            entry_k=self.entry_k,
        )


@dataclass(frozen=True, slots=True)
class Paths:
    """(scenarios, cells + 1): at the oven's entry and behind each cell. ``seconds`` too is
    the time since the entry; ``zone_ends`` are the columns at which the zones end."""

    seconds: Array
    temperature_k: Array
    solvent_kg_m2: Array
    zone_ends: tuple[int, ...]

    def every(self, step: int) -> "Paths":
        """Of the first scenario and each ``step``-th after it."""
        rows = slice(None, None, step)
        return Paths(
            self.seconds[rows], self.temperature_k[rows], self.solvent_kg_m2[rows], self.zone_ends
        )

    @property
    def at_zone_ends_k(self) -> Array:
        return self.temperature_k[:, self.zone_ends]

    def peaks_k(self) -> Array:
        """(scenarios, zones): the highest film temperature in each zone."""
        parts = zip((0, *self.zone_ends[:-1]), self.zone_ends, strict=True)
        return np.stack([self.temperature_k[:, a : b + 1].max(axis=1) for a, b in parts], axis=1)

    def spare(self, limit_kg_m2: Array) -> Array:
        """(scenarios,): part of the time in the oven that remains when the solvent has come
        down to the limit; negative, and as smooth, the part that is still wanting."""
        r, rows = self.solvent_kg_m2, np.arange(len(limit_kg_m2))
        below = r <= limit_kg_m2[:, None]
        after = np.maximum(np.argmax(below, axis=1), 1)
        upper, lower = np.log(r[rows, after - 1]), np.log(r[rows, after])
        part = (upper - np.log(limit_kg_m2)) / np.maximum(upper - lower, 1e-12)
        seconds = self.seconds[rows, after - 1] * (1 - part) + self.seconds[rows, after] * part
        spare = 1 - seconds / self.seconds[:, -1]
        wanting = (r[:, -1] - limit_kg_m2) / np.maximum(r[:, 0] - r[:, -1], 1e-9)
        found: Array = np.where(below[:, -1], spare, -wanting)
        return found

    @property
    def left_kg_m2(self) -> Array:
        """Behind the oven."""
        return self.solvent_kg_m2[:, -1]


def quasi_steady_k(
    solvent: Solvent, air_k: float, vapour_pa: float, sides: float = 1.0, mass_factor: float = 1.0
) -> float:
    """Where a wet film settles: S h (T_air - T) = m dh_v. By bisection; h cancels out."""
    low, high = 200.0, air_k
    for _ in range(60):
        middle = (low + high) / 2
        at = np.array(middle)
        wet = min(float(solvent.vapour_pressure_pa(at)), _BOILING * PRESSURE_PA)
        drive = np.log((PRESSURE_PA - vapour_pa) / (PRESSURE_PA - wet))
        flux = solvent.flux_per_heat_transfer * mass_factor * drive
        if sides * (air_k - middle) > flux * float(solvent.latent_heat_j_kg(at)):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def dry(oven: Oven, given: Scenarios) -> Paths:
    """All scenarios through the oven; a few milliseconds for tens of them."""
    rows, zones = given.air_k.shape
    solvent, p = oven.solvent, PRESSURE_PA
    a, b, c = solvent.antoine_a, solvent.antoine_b_k, solvent.antoine_c_k
    heat = given.h_factor * oven.heat_transfer_w_m2k
    flux = heat * solvent.flux_per_heat_transfer * given.mass_factor[:, None]
    biot = _front_resistance(oven, given, heat)
    cells = oven.cells()
    size = np.asarray(oven.length_m) / cells / given.speed_m_s[:, None]
    consolidated = oven.consolidated_kg_m2(given.dry_kg_m2)
    held = np.maximum(given.bound, 1e-5) * given.dry_kg_m2
    solids_j = oven.solid_heat_capacity_j_kg_k * given.dry_kg_m2 + oven.foil_j_m2k
    columns = 1 + sum(cells)
    temperature = np.empty((columns, rows))
    left = np.empty((columns, rows))
    t, r = np.full(rows, given.entry_k), given.solvent_kg_m2.copy()
    temperature[0], left[0] = t, r
    column, shrinks = 0, np.ones(rows)
    # Beyond these nothing of the model holds: vapour that condenses on a cold film at once.
    coldest, hottest = 200.0, 0.95 * solvent.critical_k
    for zone in range(zones):
        air, h, k, front = given.air_k[:, zone], heat[:, zone], flux[:, zone], biot[:, zone]
        sh, dt, vapour = oven.heated_sides[zone] * h, size[:, zone], float(oven.vapour_pa[zone])
        latent = solvent.latent_heat_j_kg(t)
        for _ in range(cells[zone]):
            celsius = t + c
            sat = np.minimum(np.exp(a - b / celsius), _BOILING * p)
            # What is left half-way through the cell, extrapolated from the cell before.
            half = r * shrinks
            act = -np.expm1(-half / held)
            rest = p - act * sat
            pull = k / (1 + front * np.maximum(1 - half / consolidated, 0.0))
            excess = (act * sat - vapour) / rest
            drive = np.log1p(excess)
            slope = pull * act * sat * b / (celsius * celsius * rest)
            m = pull * drive
            capacity = solids_j + solvent.heat_capacity_j_kg_k * r
            rate = (sh + slope * latent) / capacity
            move = (sh * (air - t) - m * latent) / (capacity * rate)
            aged = rate * dt
            gone = -np.expm1(-aged)
            mean = move * (1 - gone / aged)
            t = np.minimum(np.maximum(t + move * gone, coldest), hottest)
            sat = np.minimum(sat * (1 + b / (celsius * celsius) * mean), _BOILING * p)
            # The secant of the flux over the activity's distance to its equilibrium.
            near = np.abs(excess) < 1e-9
            secant = np.where(near, 1.0, drive / np.where(near, 1.0, excess))
            before = r
            r = _evaporated(r, held, pull * secant * sat / rest * dt, vapour / sat)
            shrinks = np.sqrt(r / before)
            column += 1
            temperature[column], left[column] = t, r
    ends = tuple(int(end) for end in np.cumsum(cells))
    steps = np.repeat(size, cells, axis=1)
    seconds = np.concatenate([np.zeros((rows, 1)), np.cumsum(steps, axis=1)], axis=1)
    return Paths(seconds, temperature.T, left.T, ends)


def _evaporated(r: Array, held: Array, loss: Array, equilibrium: Array) -> Array:
    """The exact solution of dr = -loss (1 - exp(-r/held) - equilibrium): straight while
    there is much, exponential to the equilibrium at the end, never beyond it."""
    open_ = np.maximum(1 - equilibrium, 1e-3)
    least = np.log(open_)
    aged = np.maximum(loss / held * open_, 1e-12)
    y = r / held + least
    found: Array = held * (np.logaddexp(np.log(-np.expm1(-aged)), y - aged) - least)
    return np.maximum(found, _LEAST_OF_BOUND * held)


def _front_resistance(oven: Oven, given: Scenarios, heat: Array) -> Array:
    """beta L/D_pore of the whole dry layer, at a typical film temperature."""
    density = PRESSURE_PA * AIR_MOLAR_MASS_KG_MOL / (GAS_CONSTANT_J_MOL_K * _TYPICAL_FILM_K)
    analogy = oven.solvent.lewis_number ** (-2 / 3) / (density * AIR_HEAT_CAPACITY_J_KG_K)
    thickness = given.dry_kg_m2 / (oven.solid_density_kg_m3 * (1 - oven.dry_porosity))
    pores = oven.solvent.diffusivity_in_air_m2_s(_TYPICAL_FILM_K) * oven.dry_porosity**1.5
    resisting = given.mass_factor * given.front_factor * thickness
    found: Array = heat * analogy * resisting[:, None] / pores
    return found
