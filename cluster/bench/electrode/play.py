"""A shift played out: the twins watch, a person approves, the MES writes the setpoint."""

import time
from dataclasses import dataclass, field
from typing import Final

import numpy as np

from cluster.bench.electrode.line import TwinLine
from cluster.bench.electrode.shifts import HOURS, Plan
from simulation.bench_scenarios import bench_scenario
from simulation.settings import shift_settings
from simulation.shift import Shift, Truth
from twin.electrode.coating.drift import CALIBRATION
from twin.electrode.diagnosis.watch import MODEL
from twin.electrode.writing import TYPE
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Decisions, ReportApplied

PASS_S: Final = 20.0
"""One pass of the gauge over the web."""
_DECIDES_S: Final = (30.0, 120.0)
"""How long people take to approve, and the MES to write."""
_CALIBRATES_S: Final = (600.0, 1800.0)
"""How long it takes until somebody has calibrated a gauge that is in doubt."""
_SETTLED_S: Final = 60.0
_JUDGED_S: Final = 900.0
_SOON_S: Final = 300.0
_ASKED_S: Final = 300
_SAME_S: Final = 600.0
"""What is told within ten minutes of an alarm is the same alarm."""
TARGET: Final = 20.0


@dataclass(frozen=True, slots=True)
class Alarm:
    """People are told that the line drifts (or, all at once, is out of tolerance): when,
    at which metre of the web."""

    seconds: float
    metre: float


@dataclass(frozen=True, slots=True)
class Told:
    """A recommendation: when, of which type, and the causes that it names."""

    seconds: float
    type: str
    causes: tuple[tuple[str, float], ...]


@dataclass(frozen=True, slots=True)
class Corrected:
    """After a correction: mean deviation [%] of the true loading over the quarter of an hour
    that follows it, and over five minutes; least margin [%] of the wet film over the
    coating window's limit."""

    seconds: float
    deviation: float
    soon: float
    margin: float


@dataclass(slots=True)
class Played:
    plan: Plan
    alarms: list[Alarm] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    held: list[tuple[float, dict[str, float]]] = field(default_factory=list)
    """Every five minutes: the causes that the twin holds to be at work, as it shows them."""
    corrected: list[Corrected] = field(default_factory=list)
    corrections: list[float] = field(default_factory=list)
    calibrations: list[float] = field(default_factory=list)
    """When [s] a gauge was calibrated."""
    onset_metre: float = 0.0
    porosity: list[tuple[float, float, float]] = field(default_factory=list)
    """Lower and upper bound of each lot's porosity, and what it truly was [%]."""
    passes: np.ndarray = field(default_factory=lambda: np.zeros(0))
    pass_seconds: np.ndarray = field(default_factory=lambda: np.zeros(0))
    pass_metres: np.ndarray = field(default_factory=lambda: np.zeros(0))
    twin_cpu_s: float = 0.0
    readings: int = 0


def play(plan: Plan) -> Played:
    """The shift twice: once with the twins and their corrections, and once with nobody
    looking, for the peers, whose alarms no correction may hide."""
    played = Played(plan)
    _with_twins(played)
    _alone(played)
    return played


def _with_twins(played: Played) -> None:
    plan = played.plan
    shift = _shift(plan)
    line = TwinLine()
    chance = np.random.default_rng(plan.seed + 500_000)
    calibrators = np.random.default_rng(plan.seed + 600_000)
    due: list[tuple[float, Recommendation]] = []
    handed: dict[str, tuple[float, float, float, float]] = {}
    alarms: list[float] = []
    while shift.seconds < HOURS * 3600.0:
        block = shift.advance(PASS_S)
        played.readings += sum(len(times) for times, _ in block.columns.values())
        started = time.process_time()
        decisions = line.take(block, shift.now_ns)
        played.twin_cpu_s += time.process_time() - started
        for time_ns in _alarmed(decisions):
            seconds = (time_ns - shift.start_ns) * 1e-9
            if not _lately(alarms, seconds):
                alarms.append(seconds)
        for found in _proposed(decisions):
            causes = tuple((c.name, c.probability) for c in found.causes)
            seconds = (found.created_ns - shift.start_ns) * 1e-9
            played.told.append(Told(seconds, found.type, causes))
            people, takes = (
                (chance, _DECIDES_S) if found.type == TYPE else (calibrators, _CALIBRATES_S)
            )
            due.append((shift.seconds + float(people.uniform(*takes)), found))
        for event in decisions.upward:
            if event.kind == "lot.porosity":
                _hand_over(event.data, handed)
        if round(shift.seconds) % _ASKED_S == 0:
            played.held.append((shift.seconds, line.held()))
        due = [*_write(due, shift, line, played)]
    truth = shift.truth
    played.alarms = [Alarm(s, float(np.interp(s, truth.seconds, truth.metre))) for s in alarms]
    played.onset_metre = float(np.interp(plan.onset_s, truth.seconds, truth.metre))
    played.corrected = _judge(played.corrections, truth)
    played.porosity = _porosity(handed, truth)


def _alarmed(decisions: Decisions) -> list[int]:
    """When [ns] a drift has been told, or a proposal made that no drift led to."""
    drifts = [event.time_ns for event in decisions.upward if event.kind == "line.drift"]
    others = [r.created_ns for r in _proposed(decisions) if r.evidence[0].model != MODEL]
    return sorted(drifts + others)


def _lately(alarms: list[float], seconds: float) -> bool:
    return bool(alarms) and seconds - alarms[-1] < _SAME_S


def _proposed(decisions: Decisions) -> list[Recommendation]:
    return [
        found
        for found in decisions.recommendations
        if found.state is State.PROPOSED and found.type in (TYPE, CALIBRATION)
    ]


def _write(
    due: list[tuple[float, Recommendation]], shift: Shift, line: TwinLine, played: Played
) -> list[tuple[float, Recommendation]]:
    """What is due is approved and written, unless it has been withdrawn meanwhile."""
    left = []
    for at, found in due:
        present = line.rules.recommendation(found.id)
        if present.state is not State.PROPOSED:
            continue
        if at > shift.seconds:
            left.append((at, found))
            continue
        line.rules.on_command(Approve(found.id, "operator"), shift.now_ns)
        if found.type == CALIBRATION:
            played.calibrations.append(shift.seconds)
            shift.calibrate(found.asset.rpartition("-")[2])
            line.rules.on_command(
                ReportApplied(found.id, "operator", 0.0, shift.now_ns), shift.now_ns
            )
            continue
        change = found.changes[0]
        shift.command(f"coater.{change.signal}_setpoint", change.to_value)
        line.rules.on_command(
            ReportApplied(found.id, "mes", change.to_value, shift.now_ns), shift.now_ns
        )
        played.corrections.append(shift.seconds)
    return left


def _judge(corrections: list[float], truth: Truth) -> list[Corrected]:
    """From when the setpoint has settled; what is proposed on top of it counts in."""
    judged = []
    for at in corrections:
        seen = (truth.seconds >= at + _SETTLED_S) & (truth.seconds <= at + _SETTLED_S + _JUDGED_S)
        soon = seen & (truth.seconds <= at + _SETTLED_S + _SOON_S)
        if seen.sum() < _JUDGED_S / 2:
            continue
        judged.append(
            Corrected(
                at,
                100.0 * (float(truth.loading[seen].mean()) / TARGET - 1.0),
                100.0 * (float(truth.loading[soon].mean()) / TARGET - 1.0),
                100.0 * float(np.nanmin(truth.window_margin[seen])),
            )
        )
    return judged


def _hand_over(data: object, handed: dict[str, tuple[float, float, float, float]]) -> None:
    assert isinstance(data, dict)
    numbers = [data[name] for name in ("from_m", "to_m", "lower", "upper")]
    if all(isinstance(n, int | float) for n in numbers):
        handed[str(data["lot"])] = (numbers[0], numbers[1], numbers[2], numbers[3])


def _porosity(
    handed: dict[str, tuple[float, float, float, float]], truth: Truth
) -> list[tuple[float, float, float]]:
    found = []
    for from_m, to_m, lower, upper in handed.values():
        seen = (truth.calender_metre >= from_m) & (truth.calender_metre <= to_m)
        if seen.sum() >= 10:
            found.append((lower, upper, float(truth.porosity[seen].mean())))
    return found


def _alone(played: Played) -> None:
    """The gauge's mean, pass by pass, as the peers chart it."""
    shift = _shift(played.plan)
    means, seconds, metres = [], [], []
    while shift.seconds < HOURS * 3600.0:
        block = shift.advance(PASS_S)
        values = np.asarray(block.columns["coater.gauge-top.areal_loading"][1], dtype=float)
        # What any gauge's own electronics throws away: splashes and folds.
        middle = np.median(values)
        plain = values[np.abs(values - middle) < 0.05 * middle]
        means.append(float(plain.mean()))
        seconds.append(shift.seconds)
        metres.append(shift.line.metre)
    played.passes, played.pass_seconds = np.array(means), np.array(seconds)
    played.pass_metres = np.array(metres)


def _shift(plan: Plan) -> Shift:
    settings = shift_settings(bench_scenario("calm"))
    return Shift(plan.seed, bench_scenario("bench", plan.causes, settings=settings))
