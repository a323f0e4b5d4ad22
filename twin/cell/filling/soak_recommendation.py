"""How long the cells of an electrode lot should soak, as a recommendation."""

from typing import Final

from twin.asset import AssetConfig, Event
from twin.cell.filling.soak_time import MODEL, UNKNOWN, SoakTime
from twin.cell.section import Porosity
from twin.plant import filing
from twin.plant.recommendation import Evidence, Interval, Recommendation

TYPE: Final = "soak_time"
_CONFIDENCE: Final = 0.90
_SHORTER: Final = 0.8
"""A plan that is longer than needed is worth a word where a fifth of it can go (chosen)."""


def propose(
    event: Event,
    filler: AssetConfig,
    lot: str,
    soak: SoakTime,
    porosity: Porosity | None,
    planned: float,
) -> Recommendation | None:
    """None where the plan is right. ``planned`` [h]; 0: there is none."""
    lower, median, upper = (soak.quantile(p) for p in (0.05, 0.5, 0.95))
    if planned and _SHORTER * planned <= upper <= planned:
        return None
    cells = f"cells of lot {lot}" if lot else "cells whose electrode lot is not known"
    known = porosity or UNKNOWN
    told = (
        f"porosity {known.value:.1f} ± {known.sd:.1f} %, as the calender's twin handed it over"
        if porosity is not None
        else "nobody told the porosity of their electrodes, so the interval is wide"
    )
    reason = f"95 % of them are wetted after {upper:.1f} h, half after {median:.1f} h; {told}"
    if planned:
        reason += f"; planned are {planned:g} h"
    return Recommendation(
        id=filing.id_of("soak", f"{event.id}:{filler.uid}:{lot}"),
        layer="cell",
        asset=filler.name,
        source=filler.name,
        type=TYPE,
        title=f"Soak {cells} for {upper:.1f} h before formation",
        reason=reason,
        changes=(),
        predicted=Interval("soak_time", median, lower, upper, "h", _CONFIDENCE),
        evidence=(
            Evidence(
                event.asset,
                "porosity",
                event.time_ns,
                event.time_ns,
                1 if porosity is not None else 0,
                Interval("porosity", known.value, known.lower, known.upper, "%", _CONFIDENCE),
                MODEL if porosity is not None else f"{MODEL}, porosity unknown",
            ),
        ),
        lot=lot,
        created_ns=event.time_ns,
        expires_ns=event.time_ns + filing.SHIFT_NS,
        updated_ns=event.time_ns,
    )
