"""Rules of the cell layer: each cell's way as steps, and its grade.

    cell.stacked ─▶ STACK     cell.filled ─▶ FILL     cell.formed ─▶ FORM, GRADE

The grade is withheld where the channel has no ``grade_minimum``.
"""

import math
from collections.abc import Mapping
from typing import Final

from twin.asset import AssetConfig, Event, Json
from twin.cell.restoring import integer
from twin.errors import NotFound
from twin.plant.first_pass import FirstPass
from twin.plant.genealogy import BELOW_GRADE, GOOD, ProcessStep, StepType
from twin.plant.supervision import Command, Decisions, LayerRules
from twin.snapshot import Snapshot

_FILLED: Final = {
    "dry_g": "dry_cell_mass [g]",
    "wet_g": "wet_cell_mass [g]",
    "electrolyte_g": "electrolyte_mass [g]",
    "volume_mL": "electrolyte_volume [mL]",
}
_FORMED: Final = {
    "first_charge_Ah": "charge_capacity [Ah]",
    "first_discharge_Ah": "discharge_capacity [Ah]",
    "first_efficiency": "coulombic_efficiency [1]",
}
_COUNTERS: Final = ("stacked", "filled", "formed")
_Z95: Final = 1.959963984540054


class CellRules(LayerRules):
    layer = "cell"

    def __init__(self) -> None:
        self._assets: Mapping[str, AssetConfig] = {}
        self._counts = dict.fromkeys(_COUNTERS, 0)
        self._first_pass = FirstPass()

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._assets = dict(assets)

    def on_event(self, event: Event) -> Decisions:
        serial = event.data.get("serial")
        if not isinstance(serial, str):
            return Decisions()
        match event.kind:
            case "cell.stacked":
                return Decisions(steps=[self._stack(event, serial)])
            case "cell.filled":
                return Decisions(steps=[self._fill(event, serial)])
            case "cell.formed":
                return Decisions(steps=self._form(event, serial))
        return Decisions()

    def on_command(self, command: Command, now_ns: int) -> Decisions:
        """Raises NotFound always: this layer proposes nothing yet."""
        raise NotFound(f"the cell layer has no recommendation {command.id!r}; it proposes none yet")

    def at(self, now_ns: int) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        """Cells counted at each station, and the first-pass yield (0..1) over the graded
        ones with its Wilson interval of 95 % confidence; null while none is graded."""
        graded, passed = self._first_pass.graded, self._first_pass.passed
        lower, upper = wilson(passed, graded)
        return {
            **self._counts,
            "graded": graded,
            "below_grade": graded - passed,
            "first_pass_yield": self._first_pass.fraction,
            "first_pass_yield_lower": lower,
            "first_pass_yield_upper": upper,
        }

    def snapshot(self) -> Snapshot:
        return {"counts": dict(self._counts), "first_pass": self._first_pass.snapshot()}

    def restore(self, snapshot: Snapshot) -> None:
        counts, first_pass = snapshot["counts"], snapshot["first_pass"]
        assert isinstance(counts, dict)
        assert isinstance(first_pass, dict)
        self._first_pass.restore(first_pass)
        self._counts = {name: integer(counts[name]) for name in _COUNTERS}

    def _stack(self, event: Event, serial: str) -> ProcessStep:
        self._counts["stacked"] += 1
        electrodes = event.data.get("electrodes")
        inputs = electrodes if isinstance(electrodes, list | tuple) else ()
        return ProcessStep(
            id=f"{event.id}:{StepType.STACK}",
            type=StepType.STACK,
            station=event.asset,
            time_ns=event.time_ns,
            inputs=tuple(str(electrode) for electrode in inputs),
            outputs=(serial,),
            measured=_known(event, {"electrodes_mass_g": "electrodes_mass [g]"}),
        )

    def _fill(self, event: Event, serial: str) -> ProcessStep:
        self._counts["filled"] += 1
        return _step(event, StepType.FILL, serial, _known(event, _FILLED))

    def _form(self, event: Event, serial: str) -> list[ProcessStep]:
        self._counts["formed"] += 1
        steps = [_step(event, StepType.FORM, serial, _known(event, _FORMED))]
        capacity = event.data.get("first_discharge_Ah")
        minimum = self._grade_minimum(event.asset)
        if isinstance(capacity, int | float) and minimum is not None:
            grade = GOOD if capacity >= minimum else BELOW_GRADE
            self._first_pass.grade(serial, grade == GOOD)
            measured: dict[str, float | str] = {
                "discharge_capacity [Ah]": float(capacity),
                "grade_minimum [Ah]": minimum,
                "grade": grade,
            }
            steps.append(_step(event, StepType.GRADE, serial, measured))
        return steps

    def _grade_minimum(self, channel: str) -> float | None:
        asset = self._assets.get(channel)
        minimum = asset.parameters.get("grade_minimum") if asset else None
        return minimum if isinstance(minimum, int | float) and minimum > 0.0 else None


def wilson(successes: int, n: int) -> tuple[float | None, float | None]:
    """Interval of 95 % confidence of a proportion (E. B. Wilson, JASA 22, 1927)."""
    if not n:
        return None, None
    p, z2 = successes / n, _Z95 * _Z95
    centre = (p + z2 / (2 * n)) / (1 + z2 / n)
    half = _Z95 / (1 + z2 / n) * math.sqrt(p * (1 - p) / n + z2 / (4 * n * n))
    return max(0.0, centre - half), min(1.0, centre + half)


def _known(event: Event, names: Mapping[str, str]) -> dict[str, float | str]:
    """What was measured, under the genealogy's names; what is null is left out."""
    values = ((name, event.data.get(key)) for key, name in names.items())
    return {name: float(value) for name, value in values if isinstance(value, int | float)}


def _step(
    event: Event, type_: StepType, serial: str, measured: Mapping[str, float | str]
) -> ProcessStep:
    return ProcessStep(
        id=f"{event.id}:{type_}",
        type=type_,
        station=event.asset,
        time_ns=event.time_ns,
        inputs=(serial,),
        outputs=(serial,),
        measured=measured,
    )
