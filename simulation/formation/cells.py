"""The cells of a room while they are charged and discharged: struct of arrays, explicit steps.

    dQp/dt = -i                        cathode, i: current through the electrodes, I - G V
    dQn/dt = i - i_sei - i_plate + i_back
    V = U_p(y) + I R + eta_p + v_p - [U_n(x) - eta_n - v_n - v_slow - R_film i]

Arcsinh kinetics (Butler-Volmer, symmetric) at both electrodes; RC polarisation of 15 s and
100 s, and a slow one of the anode that grows as it fills. SEI takes a share of the charging
current that falls as the film nears its thickness. Lithium plates where the anode's surface
comes to 0 V against Li, first in the part of it that is jammed (``jammed``: its share); it
strips at rest and first in a discharge, and 35 % of what strips is lost (efficiency 65 %,
McShane 2020). While metal is there, the surface stays near its 0 V: the shoulder after a
charge. Lithium is conserved: ``lithium`` is constant.
"""

from typing import Final

import numpy as np

from simulation.formation.design import Design
from simulation.formation.half_cells import Array, graphite_potential, oxide_potential

_RT_F_V: Final = 0.025693  # at 25 degC
_ANODE_S: Final = 15.0
_CATHODE_S: Final = 100.0
_SLOW_S: Final = 1100.0
_SEI_FROM_V: Final = 0.75
_SEI_WIDTH_V: Final = 0.06
_SEI_CREEP: Final = 1.5e-5
"""Of the film, each second per square of its relative thickness; parabolic growth, slow."""
_PLATES_HALF_V: Final = -0.018
_PLATES_WIDTH_V: Final = 0.0055
_LOST: Final = 0.35
_STRIPS_S: Final = 1000.0
_STRIPS_SHARE: Final = 0.7
_SHOULDER_AH: Final = 0.012
_SHOULDER: Final = 0.55
PLATES: Final = 0.05
"""Share of the anode's current from which on a cell is said to plate."""


class Cells:
    """State of the cells of ``design``; ``volts`` tells the terminals, ``advance`` moves on."""

    def __init__(self, design: Design, room_degc: Array) -> None:
        count = len(design.cathode)
        self.design = design
        self.qp = design.cathode * design.filled
        self.qn = np.zeros(count)
        self.sei = np.zeros(count)
        self.plated = np.zeros(count)
        self.lost = np.zeros(count)
        self.most_plated = np.zeros(count)
        self.plating_since_s = np.full(count, np.nan)
        self.degc = room_degc.copy()
        self.seconds = 0.0
        self._anode_v = np.zeros(count)
        self._cathode_v = np.zeros(count)
        self._slow_v = np.zeros(count)
        self._jam_v = np.zeros(count)
        self._refresh()

    @property
    def lithium(self) -> Array:
        """All of it [Ah], wherever it is."""
        return self.qp + self.qn + self.sei + self.plated + self.lost

    def volts(self, current: Array) -> Array:
        """Terminal voltage [V] at that current [A], at once."""
        return self._cathode_potential(current) - self._surface(current)

    def slope(self, current: Array) -> Array:
        """dV/dI [Ohm] at once, exact."""
        found: Array = (
            self._ohmic
            + self._film
            + self._thermal * (_root(current, self._i0p) + _root(current, self._i0n))
        )
        return found

    def leak_a(self, volts: Array) -> Array:
        return self._leak * volts

    def advance(self, current: Array, seconds: float, room_degc: Array) -> None:
        """So long at that current, in one step: 30 s at C/3 is 0.3 % of a charge."""
        design = self.design
        hours = seconds / 3600.0
        volts = self.volts(current)
        inner = current - self._leak * volts
        surface = self._own_surface(current)
        charging = np.maximum(inner, 0.0)
        film = self.sei / design.sei
        sei = (
            design.sei_share
            * charging
            * np.maximum(1.0 - film, 0.0)
            / (1.0 + np.exp((surface - _SEI_FROM_V) / _SEI_WIDTH_V))
        )
        sei = sei + np.where(film > 0.3, _SEI_CREEP * design.sei / (film + 0.1) ** 2, 0.0)
        plate, back = self._plating(surface, current, inner, charging)
        self.qp -= inner * hours
        self.qn += (inner - sei - plate + (1.0 - _LOST) * back) * hours
        self.sei += sei * hours
        self.plated += (plate - back) * hours
        self.lost += _LOST * back * hours
        np.maximum(self.most_plated, self.plated + self.lost, out=self.most_plated)
        begun = (plate > PLATES * charging) & (charging > 0.0) & np.isnan(self.plating_since_s)
        if begun.any():
            self.plating_since_s[begun] = self.seconds
        into = inner - plate - sei
        wet = self._wet
        self._anode_v = _relax(self._anode_v, into * design.anode_fast / wet, seconds, _ANODE_S)
        self._cathode_v = _relax(
            self._cathode_v, inner * design.cathode_fast * self._low / wet, seconds, _CATHODE_S
        )
        self._slow_v = _relax(self._slow_v, into * self._slow, seconds, _SLOW_S)
        self._jam_v = _relax(self._jam_v, into * self._jam, seconds, _SLOW_S)
        heat_k = 6.0 * np.abs(current * (volts - self._open))
        self.degc += (room_degc + heat_k - self.degc) * -np.expm1(-seconds / 1200.0)
        self.seconds += seconds
        self._refresh()

    def _plating(
        self, surface: Array, current: Array, inner: Array, charging: Array
    ) -> tuple[Array, Array]:
        # The jammed part of the anode is farther down than the rest of it.
        local = surface - np.where(current > 0.0, 1.0 - self.design.jammed, 0.0) * self._jam_v
        near = local < 0.03
        if not near.any() and not self.plated.any():
            return np.zeros_like(inner), np.zeros_like(inner)
        share = self.design.jammed / (1.0 + np.exp((local - _PLATES_HALF_V) / _PLATES_WIDTH_V))
        plate = np.where(near, share, 0.0) * charging
        back = np.where(charging > 0.0, 0.0, 3600.0 * self.plated / _STRIPS_S)
        back = np.maximum(back, np.minimum(_STRIPS_SHARE * -inner, 60.0 * self.plated))
        return plate, np.where(charging > 0.01, 0.0, back)

    def _cathode_potential(self, current: Array) -> Array:
        found: Array = (
            self._up
            + self._ohmic * current
            + self._cathode_v
            + 2.0 * self._thermal * np.arcsinh(current / self._i0p)
        )
        return found

    def _own_surface(self, current: Array) -> Array:
        """Potential [V against Li] of the anode's surface, as if no metal were on it."""
        found: Array = (
            self._un
            - self._film * current
            - self._anode_v
            - self._slow_v
            - self.design.jammed * self._jam_v
            - 2.0 * self._thermal * np.arcsinh(current / self._i0n)
        )
        return found

    def _surface(self, current: Array) -> Array:
        """The same where metal holds part of it near its own 0 V."""
        own = self._own_surface(current)
        if not self.plated.any():
            return own
        held = _SHOULDER * self.design.jammed * self.plated / (self.plated + _SHOULDER_AH)
        return np.where(own > 0.0, own * (1.0 - held), own)

    def _refresh(self) -> None:
        """What hangs on the state, and is wanted several times before it changes again."""
        design = self.design
        x, y = self.qn / design.anode, self.qp / design.cathode
        self._un, self._up = graphite_potential(x), oxide_potential(y)
        self._open = self._up - self._un
        dry = design.dry_end + (design.dry_start - design.dry_end) * np.exp(
            -self.seconds / design.wetting_s
        )
        self._wet = 1.0 - dry
        warmer = self.degc - 25.0
        faster = np.exp(0.035 * warmer)
        self._thermal = _RT_F_V * (1.0 + warmer / 298.15)
        self._i0n = (
            4.0 * design.anode_exchange * faster * self._wet * np.sqrt(_open(x, 0.03) * _filled(x))
        )
        self._i0p = (
            4.0
            * design.cathode_exchange
            * faster
            * self._wet
            * np.sqrt(_open(y, 0.02) * _filled(y))
        )
        self._low = 1.0 + 1.5 * np.exp(-np.maximum(x, 0.0) / 0.05)
        self._slow = design.slow * (0.55 + 0.9 * x * x) / (faster * self._wet)
        self._jam = design.jam * x * x / faster
        self._ohmic = design.ohmic * np.exp(-0.006 * warmer) / self._wet
        self._film = design.film * (0.3 + 0.7 * self.sei / design.sei) / (faster * self._wet)
        late = self.seconds - design.leak_onset_s
        self._leak = design.leak + design.leak_late * np.where(
            late > 0.0, -np.expm1(-np.maximum(late, 0.0) / design.leak_growth_s), 0.0
        )


def _open(x: Array, least: float) -> Array:
    found: Array = np.maximum(1.0 - x, least)
    return found


def _filled(x: Array) -> Array:
    found: Array = np.maximum(x, 0.02)
    return found


def _root(current: Array, i0: Array) -> Array:
    found: Array = 2.0 / np.sqrt(i0 * i0 + current * current)
    return found


def _relax(value: Array, towards: Array, seconds: float, tau: float) -> Array:
    kept = float(np.exp(-seconds / tau))
    return kept * value + (1.0 - kept) * towards
