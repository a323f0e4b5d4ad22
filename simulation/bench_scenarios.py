"""Scenarios for benches: which cause, how much of the loading, how fast, from when."""

from collections.abc import Iterable
from dataclasses import dataclass

from simulation.causes import caused
from simulation.faults import Fault, FaultKind
from simulation.scenarios import Scenario
from simulation.settings import LineSettings
from simulation.slurry import Slurry


@dataclass(frozen=True, slots=True)
class Wanted:
    """A cause that moves the loading at the die (for the gauge: its reading) by
    ``loading_pct``, in ``ramp_s`` (0: a step) from ``onset_s`` after the shift's start.

    Viscosity and solids change in the tank by default, where the mixer's sensors see them
    before they come to the die; with place "line" no sensor of the mixer does, with "loop"
    both at once. Web tension can only raise the loading: a slack web slips.
    """

    kind: FaultKind
    loading_pct: float
    ramp_s: float
    onset_s: float
    place: str = "tank"

    def fault(self, settings: LineSettings, slurry: Slurry | None = None) -> Fault:
        """Raises ValueError for a kind that does not move the loading, or not so far, and
        for an onset that would need to begin in the tank before the shift does."""
        if self.kind not in (FaultKind.VISCOSITY, FaultKind.SOLIDS):
            return caused(self.kind, self.loading_pct, self.ramp_s, self.onset_s, "", slurry)
        place, onset = self.place, self.onset_s
        if place == "tank":
            onset -= settings.transfer_s
            if onset < 0.0:
                raise ValueError(
                    f"what begins in the tank comes to the die {settings.transfer_s:g} s later: "
                    f"an onset at {self.onset_s:g} s is too early"
                )
        place = "" if place == "loop" else place
        return caused(self.kind, self.loading_pct, self.ramp_s, onset, place, slurry)


def bench_scenario(
    name: str,
    causes: Iterable[Wanted] = (),
    others: Iterable[Fault] = (),
    settings: LineSettings | None = None,
) -> Scenario:
    """A scenario of those causes, and of other faults (breaks, bad gauges) as they are.

    Raises ValueError as ``Wanted.fault`` does.
    """
    used = settings or LineSettings()
    wanted = tuple(causes)
    slurry = used.formulation.slurry
    told = ", ".join(f"{w.kind} {w.loading_pct:+g} % in {w.ramp_s:g} s" for w in wanted)
    return Scenario(name, told or "nothing", (*(w.fault(used, slurry) for w in wanted), *others))
