"""How large a hidden change makes a wanted change of the loading.

The gauge's own drift counts with what the reading would do.
"""

from simulation import bead
from simulation.faults import Fault, FaultKind
from simulation.slurry import Slot, Slurry

LOADING_CAUSES = (
    FaultKind.VISCOSITY,
    FaultKind.PUMP,
    FaultKind.LIP_GAP,
    FaultKind.LINE_SPEED,
    FaultKind.WEB_TENSION,
    FaultKind.GAUGE,
    FaultKind.SOLIDS,
)


def relative_loading(kind: FaultKind, factor: float, slurry: Slurry, slot: Slot) -> float:
    """The steady loading where that hidden quantity is ``factor`` of what it should be.

    Raises ValueError for a fault that does not move the loading.
    """
    n = slurry.power_law_index
    match kind:
        case FaultKind.VISCOSITY:
            return float(factor ** (-1.0 / n))
        case FaultKind.PUMP:
            return float(factor ** (1.0 / n))
        case FaultKind.LIP_GAP:
            return float(factor ** (2.0 + 1.0 / n))
        case FaultKind.LINE_SPEED:
            narrower = bead.width_m(slot, 1.0) / bead.width_m(slot, factor)
            return bead.drawn(factor) * narrower / factor
        case FaultKind.WEB_TENSION:
            speed = bead.grip(factor)
            return relative_loading(FaultKind.LINE_SPEED, speed, slurry, slot)
        case FaultKind.GAUGE:
            return factor
        case FaultKind.SOLIDS:
            return factor * slurry.density(factor) / slurry.density(1.0)
    raise ValueError(f"{kind} does not move the loading; {', '.join(LOADING_CAUSES)} do")


def hidden_change_pct(
    kind: FaultKind,
    loading_pct: float,
    slurry: Slurry | None = None,
    slot: Slot | None = None,
) -> float:
    """The change [%] of the hidden quantity that moves the loading by ``loading_pct`` [%].

    Raises ValueError for a fault that does not move the loading, or not so far.
    """
    given = slurry or Slurry(), slot or Slot()
    wanted = 1.0 + loading_pct / 100.0
    low, high = 0.5, 1.5
    rises = relative_loading(kind, high, *given) > relative_loading(kind, low, *given)
    ends = sorted(relative_loading(kind, factor, *given) for factor in (low, high))
    if not ends[0] < wanted < ends[1]:
        raise ValueError(f"{kind} can't move the loading by {loading_pct} %")
    for _ in range(60):
        middle = (low + high) / 2.0
        if (relative_loading(kind, middle, *given) < wanted) is rises:
            low = middle
        else:
            high = middle
    return 100.0 * ((low + high) / 2.0 - 1.0)


def caused(
    kind: FaultKind,
    loading_pct: float,
    ramp_s: float = 0.0,
    after_s: float = 0.0,
    place: str = "",
    slurry: Slurry | None = None,
) -> Fault:
    """The fault of that kind that moves the loading (or the gauge's reading of it) so far."""
    size = hidden_change_pct(kind, loading_pct, slurry)
    return Fault(kind, size, ramp_s, after_s, place=place)
