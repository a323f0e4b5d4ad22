"""Binder migration: what evaporation drags to the surface before the film consolidates.

F. Font, B. Protas, G. Richardson, J. M. Foster, J. Power Sources 393 (2018) 177, arXiv
1801.01580: binder dissolved in the liquid of a shrinking film whose particles stay evenly
spread, d(phi c)/dt = d/dz(phi D_eff dc/dz - phi v c), no flux through foil and surface. With
y = z/h and b the binder on each part of the film, and with s = ln(r0/r) as its clock
(r the solvent left), all geometry drops out but the time that diffusion has:

    db/ds = d/dy [ (1/Pe) db/dy - y b ],    1/Pe = D_eff (dt/ds)/h^2 = D_eff r/(m h^2)

Pe = m h/(rho D_eff) (h/v_liquid): quasi-steady b ~ exp(Pe y^2/2). The clock ends at the
consolidated film, so that it is the same for a slow oven and a fast one: what differs is Pe.
Beyond, capillary pumping may go on; it is not modelled.

Galerkin's method on even Legendre polynomials (the solution is even in y), implicit Euler:
binder is conserved exactly, since the first polynomial is 1 and its row is zero.
"""

from typing import Final

import numpy as np
from numpy.polynomial import legendre

from twin.electrode.drying.film import Oven, Paths, Scenarios
from twin.estimation.kalman import Array

MODEL: Final = "binder-shrinking-film/1"
_MODES: Final = 6
_STEPS: Final = 24
_LARGEST_PECLET: Final = 20.0
"""What six polynomials can carry. Beyond it nearly all binder is at the surface in any case."""


def _matrices() -> tuple[Array, Array, Array, Array]:
    """Mass, diffusion and drift on 0..1, and the polynomials' values at the surface."""
    y, weights = np.polynomial.legendre.leggauss(4 * _MODES)
    basis = np.eye(2 * _MODES)[::2]
    values = np.array([legendre.legval(y, one) for one in basis])
    slopes = np.array([legendre.legval(y, legendre.legder(one)) for one in basis])
    half = weights / 2  # even integrands: half of -1..1
    mass = (values * half) @ values.T
    diffusion = (slopes * half) @ slopes.T
    drift = (slopes * half * y) @ values.T
    return mass, diffusion, drift, np.ones(_MODES)


_MASS, _DIFFUSION, _DRIFT, _SURFACE = _matrices()


def surface_excess(clock: Array, diffused: Array) -> Array:
    """Binder at the surface over its mean, less 1.

    ``clock`` and ``diffused``, (scenarios, times), are s and the integral of D_eff/h^2 dt at
    the same times, both from 0 and never falling. Returns (scenarios,).
    """
    rows = len(clock)
    profile: Array = np.zeros((rows, _MODES, 1))
    profile[:, 0] = 1.0
    ends = clock[:, -1]
    grid = np.linspace(0.0, 1.0, _STEPS + 1) * ends[:, None]
    passed = np.array([np.interp(grid[i], clock[i], diffused[i]) for i in range(rows)])
    spread = np.maximum(np.diff(passed, axis=1), (ends / _STEPS / _LARGEST_PECLET)[:, None])
    drag = (ends / _STEPS)[:, None, None] * _DRIFT
    for step in range(_STEPS):
        system = _MASS - drag + spread[:, step, None, None] * _DIFFUSION
        profile = np.linalg.solve(system, _MASS @ profile).astype(np.float64)
    excess: Array = profile[:, :, 0] @ _SURFACE / profile[:, 0, 0] - 1.0
    return excess


def index(oven: Oven, given: Scenarios, paths: Paths) -> Array:
    """Migration index of each scenario: 0 for an even film, 1 where the surface holds twice
    the mean. Of a film that leaves the oven before it has consolidated: so far."""
    r = paths.solvent_kg_m2
    last = oven.consolidated_kg_m2(given.dry_kg_m2)[:, None]
    # Vapour that condenses on the cold film at the entry turns no clock back.
    clock = np.log(given.solvent_kg_m2[:, None] / np.maximum(r, last))
    clock = np.maximum.accumulate(np.maximum(clock, 0.0), axis=1)
    thickness = (
        np.maximum(r, last) / oven.solvent.liquid_density_kg_m3
        + given.dry_kg_m2[:, None] / oven.solid_density_kg_m3
    )
    mean = (thickness[:, 1:] + thickness[:, :-1]) / 2
    passed = given.diffusivity_m2_s[:, None] / mean**2 * np.diff(paths.seconds, axis=1)
    diffused = np.concatenate([np.zeros((len(r), 1)), np.cumsum(passed, axis=1)], axis=1)
    return surface_excess(clock, _until(clock, diffused, r, last))


def _until(clock: Array, diffused: Array, r: Array, last: Array) -> Array:
    """Diffusion counts until the clock stops: the cell in which the film consolidates
    counts by the part of it that passes before."""
    before, after = r[:, :-1], r[:, 1:]
    fallen = np.where(before > after, before - after, 1.0)
    part = np.where(before > last, np.clip((before - last) / fallen, 0.0, 1.0), 0.0)
    part = np.where(after > last, 1.0, part)
    steps = np.diff(diffused, axis=1) * part
    return np.concatenate([np.zeros((len(r), 1)), np.cumsum(steps, axis=1)], axis=1)
