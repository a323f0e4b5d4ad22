"""What is said of a drift: its causes in words, the correction, the gauge in doubt."""

import math
from collections.abc import Mapping, Sequence
from typing import Final, NamedTuple

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.electrode import writing
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.coater_watch import CoaterWatch
from twin.electrode.coating.model import dry_loading
from twin.electrode.coating.proposal import Deviation, Proposal, bead_of, wet_film
from twin.electrode.diagnosis.course import DRIFTS, Level
from twin.electrode.diagnosis.signatures import GAUGE, UNKNOWN
from twin.electrode.diagnosis.watch import MODEL, Episode, Moved
from twin.plant import filing
from twin.plant.recommendation import Cause, Effect, Evidence, Interval, Recommendation, State

CALIBRATION: Final = "gauge_calibration"
AIMED_AT_NS: Final = 180_000_000_000
"""A proposal is decided and written in a minute or two, and meets the web that is coated in
the minutes after: it is aimed at their middle (chosen)."""
_ACCUSED: Final = 0.5
CONVICTED: Final = 0.75
"""Probability from which on a person is sent to the gauge (chosen)."""
_ON_WEB: Final = 0.9
"""Probability from which on a setpoint follows a gauge's word while a gauge is accused: to
follow a wrong gauge makes scrap, to wait some minutes costs little (chosen)."""
_WORTH_NAMING: Final = 0.05
_MOVED_SIGMAS: Final = 3.0
_Z95: Final = 1.959963984540054
_WORDS: Final = {
    "flow": "pump flow",
    "speed": "line speed",
    "gap": "slot-die gap",
    "pressure": "feed pressure",
    "tension": "web tension",
    "viscosity": "viscosity",
    "solids": "solids",
    "dry": "dry film",
    "wet": "wet film",
    GAUGE: "loading",
}


class Told(NamedTuple):
    """Causes for a recommendation, most probable first, and a sentence of them."""

    causes: tuple[Cause, ...]
    words: str


def accused(causes: Mapping[str, float], at_least: float = _ACCUSED) -> str | None:
    """The gauge that is more likely wrong than anything on the web, if one is."""
    name = max(causes, key=lambda cause: causes[cause], default="")
    if name.startswith(f"{GAUGE}:") and causes[name] >= at_least:
        return name.removeprefix(f"{GAUGE}:")
    return None


def on_web(causes: Mapping[str, float]) -> bool:
    """Whether something on the web is as good as surely wrong, beside any gauge."""
    web = [chance for name, chance in causes.items() if not name.startswith(f"{GAUGE}:")]
    return max(web, default=0.0) >= _ON_WEB


def told(causes: Mapping[str, float], evidence: Sequence[Moved]) -> Told:
    """Gauges of their own are one cause, ``gauge``, with the asset named in its reason."""
    moved = [m for m in evidence if abs(m.sigmas) >= _MOVED_SIGMAS]
    moved.sort(key=lambda m: -abs(m.sigmas))
    still = [m for m in evidence if abs(m.sigmas) < _MOVED_SIGMAS]
    said = ", ".join(f"{_name(m)} {m.change:+.2g} %" for m in moved)
    unmoved = ", ".join(_name(m) for m in still)
    reason = f"moved: {said}" if said else "nothing has moved clearly yet"
    if unmoved:
        reason += f"; as before: {unmoved}"
    found = []
    for name, chance in sorted(causes.items(), key=lambda item: -item[1]):
        if chance < _WORTH_NAMING:
            continue
        kind, _, asset = name.partition(":")
        found.append(Cause(kind, chance, f"{asset}; {reason}" if asset else reason))
    words = ", ".join(f"{_cause(c)} ({c.probability:.0%})" for c in found[:3])
    return Told(tuple(found), f"likely cause: {words}" if words else "")


def level_at(watch: CoaterWatch, die_ns: int) -> Level | None:
    """Deviation of the web's loading from the target [%] at the die, as commanded now."""
    course, standing = watch.watch.course.at(die_ns), watch.watch.standing
    if course is None or standing is None:
        return None
    value = standing + course.value + watch.effect_at(die_ns)
    return Level(100 * math.expm1(value / 100), course.sd, course.slope)


def is_calm(watch: CoaterWatch) -> bool:
    course = watch.watch.course.at(0)
    return course is not None and abs(course.slope) < DRIFTS


def outdated(present: Recommendation, gauge: AssetConfig, level: Level, least: float) -> bool:
    """Whether an undecided proposal answers another deviation than there is now."""
    if present.state is not State.PROPOSED:
        return False
    target = settings.number(gauge, "target_loading")
    answered = 100 * (present.evidence[0].summary.value / target - 1)
    return abs(level.value - answered) > least + level.sd


def recommendation(
    event: Event,
    coater: AssetConfig,
    gauge: AssetConfig,
    history: CoaterHistory,
    episode: Episode,
    level: Level,
    proposal: Proposal,
    found: Told,
) -> Recommendation:
    target = settings.number(gauge, "target_loading")
    deviation = Deviation(level.value, level.sd, target)
    reason = (
        f"Areal loading drifts: it will be {deviation.words} in a minute or two "
        f"({600 * level.slope:+.2f} % in ten minutes); {found.words}"
    )
    return writing.correction(
        event.id,
        event.time_ns,
        coater,
        gauge,
        history,
        proposal,
        deviation,
        reason,
        found.causes,
        writing.Seen(episode.from_ns, episode.to_ns, episode.blocks + 1, MODEL),
    )


def calibration(
    event: Event,
    coater: AssetConfig,
    gauge: AssetConfig,
    history: CoaterHistory,
    watch: CoaterWatch,
    found: Told,
) -> Recommendation:
    """Nothing is written: a person looks after the gauge."""
    episode = watch.watch.episode
    assert episode is not None
    name = f"{GAUGE}:{gauge.name}"
    moved = next((m for m in episode.evidence if m.observable == name), None)
    off, sigmas = (moved.change, moved.sigmas) if moved is not None else (0.0, 1.0)
    half = _Z95 * abs(off / sigmas) if sigmas else 0.0
    width = Interval("gauge_offset", off, off - half, off + half, "%")
    return Recommendation(
        id=filing.id_of("gc", f"{event.id}:{gauge.name}"),
        layer="electrode",
        asset=gauge.name,
        source=gauge.name,
        type=CALIBRATION,
        title=f"Calibrate {gauge.name}: it reads {off:+.2f} % of what the web is",
        reason=f"The gauge has moved and the web has not; {found.words}. "
        "Leave the line's setpoints as they are",
        changes=(),
        predicted=Interval("gauge_offset", 0.0, -half, half, "%"),
        evidence=(
            Evidence(
                gauge.name,
                "areal_loading",
                episode.from_ns,
                episode.to_ns,
                episode.blocks + 1,
                width,
                MODEL,
            ),
        ),
        lot=history.lot_at(event.time_ns, settings.number(gauge, "distance_from_die")),
        created_ns=event.time_ns,
        expires_ns=event.time_ns + filing.SHIFT_NS,
        updated_ns=event.time_ns,
        causes=found.causes,
    )


def calibrated(found: Recommendation, now_ns: int) -> Effect:
    """A calibration is taken at its word; a gauge that is still off is found out again."""
    return Effect(
        found.predicted,
        0,
        now_ns,
        now_ns,
        "reported as calibrated; what is ordinary is learned anew from here on",
    )


def state(
    watch: CoaterWatch, coater: AssetConfig | None, history: CoaterHistory
) -> Mapping[str, Json]:
    """For people: where the loading stands, what is wrong, how far the coating window is."""
    level = level_at(watch, history.time_ns)
    episode = watch.watch.episode
    found: dict[str, Json] = {
        "learned_s": watch.watch.ordinary.known_s,
        "deviation_pct": None if level is None else level.value,
        "deviation_sd_pct": None if level is None else level.sd,
        "causes": {} if episode is None else dict(episode.causes),
        "since_ns": None if episode is None else episode.from_ns,
        "coating_density": watch.density,
    }
    if coater is not None:
        found.update(_coating(coater, history))
    return found


def _coating(coater: AssetConfig, history: CoaterHistory) -> dict[str, Json]:
    """What the coating model says: film [um], loading by mass balance [mg/cm2], margin over
    the coating window's limit and variation to be expected along the web [%]."""
    bead, film = bead_of(coater, history), wet_film(coater, history, None)
    found: dict[str, Json] = {
        "wet_film_um": film,
        "mass_balance_loading": None,
        "coating_window_margin_pct": None,
        "expected_variation_pct": None,
    }
    if film is None or history.speed is None:
        return found
    solids = settings.number(coater, "slurry_solids")
    found["mass_balance_loading"] = dry_loading(
        film, settings.number(coater, "slurry_density"), solids
    )
    flow = history.setpoints.get("pump_flow")
    if bead is None or flow is None:
        return found
    found["coating_window_margin_pct"] = bead.margin(film, history.speed)
    runout = 100 * settings.number(coater, "coating_gap_runout") / bead.coating_gap
    expected = bead.expected_variation(film, history.speed, 100 * flow.sd / flow.value, runout)
    found["expected_variation_pct"] = expected if math.isfinite(expected) else None
    return found


def _name(moved: Moved) -> str:
    kind, _, asset = moved.observable.partition(":")
    return f"{_WORDS[kind]} ({asset})" if asset else _WORDS[kind]


def _cause(cause: Cause) -> str:
    if cause.name == GAUGE:
        return cause.reason.partition(";")[0]
    return "not known" if cause.name == UNKNOWN else cause.name.replace("_", " ")
