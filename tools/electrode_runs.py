"""Shifts of the electrode bench, played so that what the twins say can be drawn.

The bench (``cluster/bench/electrode``) keeps only what it counts; here all is kept: what the
twins tell, what the layer holds, and the truth beside it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Final

import numpy as np
import numpy.typing as npt

from cluster.bench.electrode.line import COATER, TwinLine, assets
from cluster.bench.electrode.shifts import HOURS, Plan
from simulation.bench_scenarios import bench_scenario
from simulation.settings import shift_settings
from simulation.shift import START_NS, Shift, Truth
from twin.asset import AssetConfig, Event, Json
from twin.electrode import writing
from twin.electrode.supervisor import ElectrodeRules
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Decisions, ReportApplied

Array = npt.NDArray[np.float64]

BLOCK_S: Final = 20.0
_DECIDES_S: Final = 60.0
OVEN: Final = "line1/oven"
# Where the simulated oven's zones stand along the web: what an integrator would set.
_ZONES: Final = {f"{OVEN}/zone{i}": 8.0 + 16.0 * (i - 1) for i in (1, 2, 3)}


class HeardRules(ElectrodeRules):
    """The layer's rules, which remember what they were told."""

    def __init__(self) -> None:
        super().__init__()
        self.heard: list[Event] = []

    def on_event(self, event: Event) -> Decisions:
        self.heard.append(event)
        return super().on_event(event)


@dataclass(frozen=True, slots=True)
class Written:
    """A correction that was approved and written: when [s], and the wet film [um] and line
    speed [m/min] just before."""

    seconds: float
    recommendation: Recommendation
    film: float
    speed: float


@dataclass(slots=True)
class Run:
    """A shift: ``state`` is what the layer shows of the line after each block, ``signals``
    the readings as they came."""

    truth: Truth
    signals: dict[str, tuple[Array, Array]]
    heard: list[Event]
    state: list[tuple[float, Mapping[str, Json]]]
    written: list[Written]
    upward: list[Event]
    samples: dict[str, float]
    rules: ElectrodeRules
    configs: dict[str, AssetConfig] = field(default_factory=dict)

    def of(self, kind: str, asset: str) -> list[Event]:
        return [e for e in self.heard if e.kind == kind and e.asset == asset]

    def told(self, kind: str) -> list[Event]:
        return [e for e in self.upward if e.kind == kind]


def seconds(time_ns: int) -> float:
    """Since the shift's start."""
    return (time_ns - START_NS) * 1e-9


def run(plan: Plan, hours: float = HOURS, correct: bool = True) -> Run:
    """The shift through the twins; each correction is approved after a minute."""
    line, configs = TwinLine(), _with_oven(assets())
    rules = line.rules = HeardRules()
    rules.assets_changed(configs)
    shift = shift_of(plan)
    state: list[tuple[float, Mapping[str, Json]]] = []
    written: list[Written] = []
    upward: list[Event] = []
    columns: dict[str, list[tuple[Array, Array]]] = {}
    samples: dict[str, float] = {}
    due: list[tuple[float, Recommendation]] = []
    while shift.seconds < hours * 3600.0:
        block = shift.advance(BLOCK_S)
        for name, (times, values) in block.columns.items():
            if not isinstance(values, list):
                at = (times - START_NS).astype(np.float64) * 1e-9
                columns.setdefault(name, []).append((at, values))
        for _, values, lots in block.items.values():
            samples.update(zip(lots, map(float, values), strict=True))
        decisions = line.take(block, shift.now_ns)
        upward += decisions.upward
        due += [
            (shift.seconds + _DECIDES_S, found)
            for found in decisions.recommendations
            if found.state is State.PROPOSED and found.type == writing.TYPE
        ]
        now = _line_state(rules)
        state.append((shift.seconds, now))
        if correct:
            due = [*_write(due, shift, rules, written, now)]
    signals = {
        name: (np.concatenate([t for t, _ in parts]), np.concatenate([v for _, v in parts]))
        for name, parts in columns.items()
    }
    return Run(shift.truth, signals, rules.heard, state, written, upward, samples, rules, configs)


def shift_of(plan: Plan) -> Shift:
    settings = shift_settings(bench_scenario("calm"))
    return Shift(plan.seed, bench_scenario("bench", plan.causes, settings=settings))


def _with_oven(configs: dict[str, AssetConfig]) -> dict[str, AssetConfig]:
    """Zones need their lengths before drying is estimated."""
    found = dict(configs)
    for name, position in _ZONES.items():
        parameters = {**found[name].parameters, "position": position, "length": 16.0}
        found[name] = replace(found[name], parameters=parameters)
    return found


def _line_state(rules: ElectrodeRules) -> Mapping[str, Json]:
    lines = rules.kpis()["lines"]
    assert isinstance(lines, Mapping)
    found = lines.get(COATER, {})
    assert isinstance(found, Mapping)
    return found


def _write(
    due: list[tuple[float, Recommendation]],
    shift: Shift,
    rules: ElectrodeRules,
    written: list[Written],
    now: Mapping[str, Json],
) -> Iterator[tuple[float, Recommendation]]:
    for at, found in due:
        if rules.recommendation(found.id).state is not State.PROPOSED:
            continue
        if at > shift.seconds:
            yield at, found
            continue
        film, truth = now.get("wet_film_um"), shift.truth
        assert isinstance(film, float)
        written.append(Written(shift.seconds, found, film, float(truth.speed[-1])))
        change = found.changes[0]
        rules.on_command(Approve(found.id, "operator"), shift.now_ns)
        shift.command(f"coater.{change.signal}_setpoint", change.to_value)
        applied = ReportApplied(found.id, "mes", change.to_value, shift.now_ns)
        rules.on_command(applied, shift.now_ns)
