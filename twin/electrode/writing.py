"""Corrections of the coating weight and their effects, written out."""

from typing import Final, NamedTuple

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.coating import model as coating_model
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.effect import Measured
from twin.electrode.coating.gauge_excursion import GaugeExcursion
from twin.electrode.coating.proposal import Deviation, Proposal, name_of
from twin.plant import filing
from twin.plant.recommendation import (
    Cause,
    Effect,
    Evidence,
    Interval,
    Recommendation,
)

TYPE: Final = "coating_weight_correction"
_COATER_MODEL: Final = "coater-level-filter/1"


class Seen(NamedTuple):
    """When the readings were taken that say so, how many, and by which model."""

    from_ns: int
    to_ns: int
    readings: int
    model: str


def recommendation(
    cause: str,
    time_ns: int,
    coater: AssetConfig,
    gauge: AssetConfig,
    history: CoaterHistory,
    excursion: GaugeExcursion,
    proposal: Proposal,
    causes: tuple[Cause, ...] = (),
    likely: str = "",
) -> Recommendation:
    """Of an excursion. ``cause`` is the id of the event that led to it: the same event, the
    same id."""
    target = settings.number(gauge, "target_loading")
    limit = settings.number(gauge, "excursion_limit")
    found = Deviation(excursion.deviation, excursion.sd, target)
    reason = (
        f"Areal loading is {found.words} ({found.loading:.2f} instead of {target:g} mg/cm2); "
        f"the limit is {limit:g} %"
    )
    if likely:
        reason += f"; {likely}"
    seen = Seen(excursion.from_ns, excursion.to_ns, excursion.readings, excursion.model)
    return correction(cause, time_ns, coater, gauge, history, proposal, found, reason, causes, seen)


def correction(
    cause: str,
    time_ns: int,
    coater: AssetConfig,
    gauge: AssetConfig,
    history: CoaterHistory,
    proposal: Proposal,
    found: Deviation,
    reason: str,
    causes: tuple[Cause, ...],
    seen: Seen,
) -> Recommendation:
    """One setpoint of the coater, against the deviation that was ``found``."""
    distance = settings.number(gauge, "distance_from_die")
    lower, upper = proposal.predicted.interval()
    if proposal.stopped_by:
        reason += f"; {proposal.stopped_by}"
    return Recommendation(
        id=filing.id_of("cw", cause),
        layer="electrode",
        asset=coater.name,
        source=gauge.name,
        type=TYPE,
        title=proposal.title,
        reason=reason,
        changes=(proposal.change,),
        predicted=Interval("areal_loading", proposal.predicted.loading, lower, upper, "mg/cm2"),
        evidence=(
            _of_gauge(gauge, seen, found),
            *_of_coater(coater, history, proposal),
        ),
        lot=history.lot_at(seen.to_ns, distance),
        lot_from_m=history.metres_at(seen.from_ns, distance),
        created_ns=time_ns,
        expires_ns=time_ns + filing.LIVES_NS,
        updated_ns=time_ns,
        causes=causes,
    )


def effect(measured: Measured, target: float, within: float, unchanged: str) -> Effect:
    """``unchanged`` says, where it was so, that the setpoint never moved."""
    where = Deviation(measured.deviation, measured.sd, target).words
    good = abs(measured.deviation) <= within
    verdict = f"mean is {where} after the change"
    verdict += f", within ±{within:g} %" if good else f", not within ±{within:g} %"
    if unchanged:
        verdict = f"{unchanged}; {verdict}"
    mean, lower, upper = (
        target * (1 + deviation / 100)
        for deviation in (measured.deviation, measured.lower, measured.upper)
    )
    return Effect(
        Interval("areal_loading", mean, lower, upper, "mg/cm2"),
        measured.readings,
        measured.from_ns,
        measured.to_ns,
        verdict,
    )


def unchanged(found: Recommendation, history: CoaterHistory) -> str:
    """Says that the setpoint never moved, where the coater's own readings say so."""
    change = found.changes[0]
    present = history.setpoints.get(change.signal)
    assert found.applied is not None
    if present is None or history.time_ns <= found.applied.time_ns:
        return ""
    moved = abs(present.value - change.from_value)
    if moved >= 0.25 * abs(found.applied.value - change.from_value):
        return ""
    return f"the {name_of(change.signal)} never changed from {change.from_value:g} {change.unit}"


def _of_gauge(gauge: AssetConfig, seen: Seen, found: Deviation) -> Evidence:
    half = filing.Z95 * found.loading_sd
    return Evidence(
        gauge.name,
        "areal_loading",
        seen.from_ns,
        seen.to_ns,
        seen.readings,
        Interval(
            "areal_loading", found.loading, found.loading - half, found.loading + half, "mg/cm2"
        ),
        seen.model,
    )


def _of_coater(
    coater: AssetConfig, history: CoaterHistory, proposal: Proposal
) -> tuple[Evidence, ...]:
    """The setpoint as it really was, and the model that the prediction rests on."""
    change = proposal.change
    value, sd = history.setpoints[change.signal]
    return (
        Evidence(
            coater.name,
            change.signal,
            history.time_ns,
            history.time_ns,
            1,
            Interval(
                change.signal, value, value - filing.Z95 * sd, value + filing.Z95 * sd, change.unit
            ),
            f"{_COATER_MODEL}, {coating_model.MODEL}",
        ),
    )
