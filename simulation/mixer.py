"""The mixing tank, and the slurry's way from there to the die.

A lot is mixed each two to three hours and blended into the tank. What leaves the tank
comes to the die after a dead time, with some blending on the way.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from numpy.random import Generator

from simulation.chance import Array, Delay, Lag, Wander
from simulation.faults import FaultKind, Hidden
from simulation.settings import LineSettings
from simulation.slurry import Slurry

VISCOMETER_1_S = 50.0
"""Shear rate of the viscometer in the tank; the die shears some thousand times a second."""
TANK_DEGC = 25.0
LN_VISCOSITY_1_K = -0.02
"""What a kelvin does to the consistency: slurry that is thinner than it should be is warmer
(thicker: aged, and as cool as before)."""


@dataclass(frozen=True, slots=True)
class AtDie:
    """The slurry at the die, scan by scan."""

    consistency: Array
    index: Array
    solids: Array
    density: Array
    formulation: Array
    """0, or 1 where it is the next one."""


@dataclass(frozen=True, slots=True)
class InTank:
    """The tank as it truly is, scan by scan: viscosity [mPa.s] at the viscometer's rate."""

    viscosity_mpa_s: Array
    solids_pct: Array
    degc: Array
    lot: Array
    """Number of the slurry lot, counted from 1."""
    formulation: Array


class Mixer:
    """``sees`` is how much of a fault's change of consistency the viscometer sees (exponent)."""

    def __init__(self, settings: LineSettings, lots: Generator, starts: Array, sees: float) -> None:
        s = self._settings = settings
        n, dt = s.natural, s.scan_s
        self._slurries = s.formulation.slurry, s.next_formulation.slurry
        self._lots = lots
        self._lot_begins = [0.0]
        self._lot_viscosity = [1.0]
        self._lot_solids = [1.0]
        self._next_lot_at = lots.uniform(*s.slurry_lot_s)
        if not s.just_set_up:
            self._next_lot_at *= lots.random()
        self._tank = Wander(n.tank_viscosity[0] / 100.0, n.tank_viscosity[1], dt, starts[0])
        self._line = Wander(n.line_viscosity[0] / 100.0, n.line_viscosity[1], dt, starts[1])
        self._solids = Wander(n.solids[0] / 100.0, n.solids[1], dt, starts[2])
        self._sees = sees
        dead = round(s.transfer_s / dt)
        self._ways = {name: Delay(at, dead) for name, at in _ON_THE_WAY.items()}
        self._blends = {name: Lag(at, s.transfer_mixing_s, dt) for name, at in _ON_THE_WAY.items()}

    def run(
        self, seconds: Array, hidden: Hidden, normals: tuple[Array, Array, Array]
    ) -> tuple[InTank, AtDie]:
        lot = self._lot_at(seconds)
        new = hidden.there(FaultKind.FORMULATION)
        formulation = np.zeros_like(seconds) if new is None else new.astype(float)
        wander = self._tank.run(normals[0])
        own = np.array(self._lot_viscosity)[lot] * (1.0 + wander)
        solids = np.array(self._lot_solids)[lot] * (1.0 + self._solids.run(normals[2]))

        tank_fault = hidden.factor(FaultKind.VISCOSITY, "tank")
        loop_fault = hidden.factor(FaultKind.VISCOSITY, "")
        tank_solids = solids * hidden.factor(FaultKind.SOLIDS, "tank")
        sent = {
            "viscosity": own * tank_fault,
            "solids": tank_solids,
            "formulation": formulation,
        }
        came = {k: self._blends[k].run(self._ways[k].run(v)) for k, v in sent.items()}
        seen_solids = tank_solids * hidden.factor(FaultKind.SOLIDS, "")
        in_tank = self._in_tank(lot, own, tank_fault * loop_fault, seen_solids, wander, formulation)
        line = (1.0 + self._line.run(normals[1])) * hidden.factor(FaultKind.VISCOSITY, "line")
        at_die = self._at_die(
            came["viscosity"] * line * loop_fault,
            came["solids"] * hidden.factor(FaultKind.SOLIDS, "", "line"),
            (came["formulation"] > 0.5).astype(float),
        )
        return in_tank, at_die

    def _at_die(self, viscosity: Array, solids: Array, second: Array) -> AtDie:
        first, other = self._slurries
        is_second = second > 0.5
        consistency = np.where(is_second, other.consistency_pa_sn, first.consistency_pa_sn)
        density = np.where(is_second, other.density(solids), first.density(solids))
        return AtDie(
            consistency * viscosity,
            np.where(is_second, other.power_law_index, first.power_law_index),
            np.where(is_second, other.solids, first.solids) * solids,
            density,
            second,
        )

    def _in_tank(
        self,
        lot: npt.NDArray[np.intp],
        own: Array,
        fault: Array | float,
        solids: Array,
        wander: Array,
        second: Array,
    ) -> InTank:
        first, other = self._slurries
        changed: Array = fault * np.ones_like(own)
        warmer: Array = np.log(np.minimum(changed, 1.0) * (1.0 + wander)) / LN_VISCOSITY_1_K
        viscosity = np.where(second > 0.5, _at_viscometer(other), _at_viscometer(first))
        solids_pct = 100.0 * np.where(second > 0.5, other.solids, first.solids) * solids
        return InTank(
            viscosity * own * changed**self._sees,
            solids_pct,
            TANK_DEGC + warmer,
            lot.astype(float) + 1.0,
            second,
        )

    def _lot_at(self, seconds: Array) -> npt.NDArray[np.intp]:
        """Index of the lot in the tank; lots are mixed as time goes on."""
        n = self._settings.natural
        while self._next_lot_at <= float(seconds[-1]):
            self._lot_begins.append(self._next_lot_at)
            self._lot_viscosity.append(1.0 + n.lot_viscosity / 100.0 * self._lots.standard_normal())
            self._lot_solids.append(1.0 + n.lot_solids / 100.0 * self._lots.standard_normal())
            self._next_lot_at += self._lots.uniform(*self._settings.slurry_lot_s)
        found: npt.NDArray[np.intp] = np.searchsorted(self._lot_begins, seconds, side="right") - 1
        return found


def _at_viscometer(slurry: Slurry) -> float:
    """Viscosity [mPa.s]."""
    rate = VISCOMETER_1_S ** (slurry.power_law_index - 1.0)
    return float(1000.0 * slurry.consistency_pa_sn * rate)


_ON_THE_WAY = {"viscosity": 1.0, "solids": 1.0, "formulation": 0.0}
