"""At least 200 shifts through the real twins; the peers on the same signals."""

import math
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import numpy as np

from cluster.bench.electrode import cost, peers
from cluster.bench.electrode.play import Played, Told, play
from cluster.bench.electrode.shifts import HOURS, RAMP_S, plans
from cluster.bench.report import Report, Row
from cluster.plant import Progress
from twin.electrode.writing import TYPE

_NAMED = 0.5
_WATCHED_S = 1800.0


def run(folder: Path, quick: bool, progress: Progress) -> Report:
    started = time.monotonic()
    played = _play(quick, progress)
    progress("measuring what a line costs at 10 Hz")
    share = cost.share_of_a_core(60.0 if quick else 600.0)
    seconds = time.monotonic() - started
    calm = [p for p in played if not p.plan.causes]
    single = [p for p in played if len(p.plan.causes) == 1]
    both = [p for p in played if len(p.plan.causes) == 2]
    gauge = [p for p in single if p.plan.kinds == ("gauge",)]
    false_alarms = sum(len(p.alarms) for p in calm) / len(calm)
    metres = float(np.median([_metres(p) for p in single]))
    charts = _charts(calm, single, false_alarms)
    best = min(charts, key=lambda name: charts[name]["metres"])
    reference = charts[best]["metres"]
    named = [_first(p) == p.plan.kinds[0] for p in single]
    corrected = [c for p in played for c in p.corrected]
    within = [abs(c.deviation) <= 0.5 for c in corrected]
    covered = [lower <= true <= upper for p in played for lower, upper, true in p.porosity]
    simulated_s = len(played) * HOURS * 3600.0
    rows = [
        Row("shifts of 8 h", len(played), "shifts", None if quick else ">= 200"),
        Row("times faster than real time", simulated_s / seconds, "1", ">= 1"),
        Row(
            "false alarms in a shift with nothing wrong",
            false_alarms,
            "1",
            "<= 0.5",
            min(c["textbook false alarms"] for c in charts.values()),
        ),
        Row("metres to the alarm, 2 % drift, median", metres, "m", None, reference),
        Row("the same over the best peer's", metres / reference, "1", "<= 0.5", 1.0),
        Row("cause named first, of six", _share(named), "%", ">= 90"),
        Row("both of two confounded causes named", _share([_both(p) for p in both]), "%", ">= 90"),
        Row("mean within ±0.5 % in the quarter of an hour after", _share(within), "%", ">= 95"),
        Row("the same in five minutes", _share([abs(c.soon) <= 0.5 for c in corrected]), "%"),
        Row("least margin over the coating window's limit", _least_margin(played), "%", ">= 0"),
        Row("gauge drift taken for process drift", _share([_taken(p) for p in gauge]), "%", "<= 5"),
        Row("porosity interval of 90 %: at least", _share(covered), "%", ">= 85"),
        Row("porosity interval of 90 %: at most", _share(covered), "%", "<= 95"),
        Row("one line's twins at 10 Hz", 100.0 * share, "% of a core", "<= 15"),
    ]
    more: dict[str, object] = {
        "peers": charts,
        "best_peer": best,
        "by_cause": _by_cause(single),
        "readings": sum(p.readings for p in played),
        "corrections": len(corrected),
        "lots": len(covered),
    }
    return Report("electrode", seconds, rows, more)


def _play(quick: bool, progress: Progress) -> list[Played]:
    todo = plans(quick)
    found = []
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        for i, played in enumerate(pool.map(play, todo), 1):
            progress(f"shift {i} of {len(todo)}")
            found.append(played)
    return found


def _charts(
    calm: Sequence[Played], single: Sequence[Played], rate: float
) -> dict[str, dict[str, float]]:
    sd = peers.pooled_sd(calm)
    found = {}
    for peer in peers.PEERS:
        scale = peers.matched(peer, calm, sd, rate)
        metres = [peers.metres_to_alarm(peer, scale, p, sd) for p in single]
        found[peer.name] = {
            "metres": float(np.median(metres)),
            "limit": peer.limit * scale,
            "false alarms": peers.per_shift(peer, scale, calm, sd),
            "textbook limit": peer.limit,
            "textbook false alarms": peers.per_shift(peer, 1.0, calm, sd),
        }
    return found


def _metres(played: Played) -> float:
    """To the first alarm after the onset; one before it was false, and saw nothing."""
    seen = [a for a in played.alarms if a.seconds > played.plan.onset_s]
    return seen[0].metre - played.onset_metre if seen else float("inf")


def _told(played: Played) -> list[Told]:
    return [told for told in played.told if told.seconds > played.plan.onset_s]


def _first(played: Played) -> str:
    """The cause that the first recommendation names first."""
    told = _told(played)
    return told[0].causes[0][0] if told and told[0].causes else ""


def _both(played: Played) -> bool:
    """Whether the twin has held both to be at work at once, each more likely than not."""
    wanted = set(played.plan.kinds)
    return any(
        wanted <= {name for name, chance in causes.items() if chance >= _NAMED}
        for seconds, causes in played.held
        if seconds > played.plan.onset_s
    )


def _taken(played: Played) -> bool:
    """Whether a setpoint was proposed while the gauge was off: until half an hour after it had
    drifted as far as it does, and had been calibrated."""
    calibrated = [s for s in played.calibrations if s > played.plan.onset_s]
    drifted = played.plan.onset_s + RAMP_S
    until = max(calibrated[0], drifted) + _WATCHED_S if calibrated else math.inf
    return any(told.type == TYPE and told.seconds <= until for told in _told(played))


def _least_margin(played: Sequence[Played]) -> float | None:
    return min((c.margin for p in played for c in p.corrected), default=None)


def _by_cause(single: Sequence[Played]) -> dict[str, dict[str, float]]:
    found = {}
    for kind in sorted({p.plan.kinds[0] for p in single}):
        of = [p for p in single if p.plan.kinds[0] == kind]
        found[kind] = {
            "shifts": len(of),
            "metres": float(np.median([_metres(p) for p in of])),
            "named first %": _share([_first(p) == kind for p in of]) or 0.0,
        }
    return found


def _share(of: Sequence[bool]) -> float | None:
    return 100.0 * sum(of) / len(of) if of else None
