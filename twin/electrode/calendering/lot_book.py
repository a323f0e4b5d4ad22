"""Porosity of the latest lots, and the events that hand it on to the layers above."""

import math
from collections.abc import Mapping
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.electrode.calendering.calender_state import CalenderState, number, text
from twin.electrode.calendering.hand_over import MODELLED, Estimate
from twin.electrode.calendering.lot_porosity import LotPorosity, interval
from twin.electrode.calendering.lot_route import Loading
from twin.electrode.calendering.model import MODEL
from twin.electrode.calendering.watch import CalenderWatch
from twin.electrode.section import Line
from twin.estimation import saved
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot, Value

_LOTS: Final = 200
_TELL_EVERY_MIN: Final = 5.0
_UID: Final = "section:calendering"
_MEASURED: Final = {
    "porosity": "porosity [%]",
    "porosity_sd": "porosity_sd [%]",
    "lower": "porosity_lower [%]",
    "upper": "porosity_upper [%]",
    "from_m": "web_length [m] from",
    "to_m": "web_length [m] to",
    "thickness": "thickness_out [um]",
    "density": "density [kg/m3]",
    "roll_set": "roll_set",
    "model": "model",
    "route": "route",
}
_MOVED: Final = 0.25
_CHANGED: Final = 0.1
"""A lot is told again where its porosity has moved by a quarter of its standard deviation, or
that has changed by a tenth (chosen): what follows from it is worth reckoning anew."""


class LotBook:
    """Every event upwards has a number of its own, counted here."""

    def __init__(self) -> None:
        self._lots: dict[str, dict[str, Json]] = {}
        self._sequence = 0

    def gather(
        self, watch: CalenderWatch, calender: AssetConfig, state: CalenderState, line: Line
    ) -> Decisions:
        """Which lot runs: as the calender says, else as the coater did so many metres ago."""
        lot, metre = state.text("lot"), state.get("web_length")
        coater = settings.text(calender, "coater")
        history = line.coater_history(coater) if coater else None
        if history is not None:
            distance = settings.number(calender, "distance_from_die")
            lot = lot or history.lot_at(state.time_ns, distance)
            if metre is None:
                metre = history.metres_at(state.time_ns, distance)
        decisions, present = Decisions(), watch.lot
        if present is not None and present.lot != lot:
            decisions.merge(self._ran(watch, present, calender, state.time_ns, line, final=True))
            present = watch.lot = None
        if not lot:
            return decisions
        if present is None:
            present = watch.lot = LotPorosity(lot, state.time_ns)
        present.take(state, metre, calender)
        if present.is_due(state.time_ns, _TELL_EVERY_MIN):
            decisions.merge(self._ran(watch, present, calender, state.time_ns, line, final=False))
        return decisions

    def sampled(
        self, watch: CalenderWatch, event: Event, calender: AssetConfig, line: Line
    ) -> Decisions:
        """The laboratory has told the porosity of a lot: of one long past, or one that runs."""
        lot, value = text(event.data, "lot"), number(event.data, "sample")
        if value is None:
            return Decisions()
        if watch.lot is not None and watch.lot.lot == lot:
            watch.lots.estimate(watch.lot, line.lot_loading(lot), calender, keep=True)
        found = watch.lots.sampled(lot, value, settings.number(calender, "sample_sd"))
        decisions = self._revise(found, event)
        decisions.merge(self._move(event))
        return decisions

    def pass_on(self, kind: str, event: Event, data: Mapping[str, Json]) -> Decisions:
        self._sequence += 1
        told = Event(event.asset, _UID, self._sequence, kind, event.time_ns, data)
        return Decisions(upward=[told])

    def kpis(self) -> dict[str, Json]:
        names = ("porosity", "porosity_sd", "lower", "upper", "from_m", "to_m", "final", "route")
        return {lot: {name: data[name] for name in names} for lot, data in self._lots.items()}

    def _ran(
        self,
        watch: CalenderWatch,
        lot: LotPorosity,
        calender: AssetConfig,
        time_ns: int,
        line: Line,
        *,
        final: bool,
    ) -> Decisions:
        loading = line.lot_loading(lot.lot)
        found = watch.lots.estimate(lot, loading, calender, keep=final)
        return self._hand_on(calender.name, lot, found, loading, time_ns, final)

    def _hand_on(
        self,
        calender: str,
        lot: LotPorosity,
        found: Estimate,
        loading: Loading,
        time_ns: int,
        final: bool,
    ) -> Decisions:
        """``lot.porosity``, and for a lot that has ended a step of its genealogy. ``density``
        [kg/m3] is that of the coating."""
        lot.told_ns = time_ns
        weight, _, thickness, _ = lot.gauged
        data: dict[str, Json] = {
            "lot": lot.lot,
            "from_ns": lot.from_ns,
            "to_ns": lot.to_ns,
            "from_m": lot.from_m,
            "to_m": lot.to_m,
            **interval(found.porosity, found.sd),
            "thickness": thickness / weight if weight else None,
            "density": found.density,
            "loading": None if loading is None else loading[0],
            "roll_set": lot.roll_set,
            "final": final,
            "model": MODEL,
            "route": found.route,
            "calender": calender,
        }
        decisions = self._tell(calender, data, time_ns)
        if final:
            measured = {
                name: value
                for field, name in _MEASURED.items()
                if isinstance(value := data[field], int | float | str)
            }
            step = ProcessStep(
                f"calender-{calender}-{lot.lot}-{lot.from_ns}",
                StepType.CALENDER,
                calender,
                lot.to_ns,
                (lot.lot,),
                (lot.lot,),
                measured,
            )
            decisions.steps.append(step)
        return decisions

    def _revise(self, found: Mapping[str, tuple[float, float]], event: Event) -> Decisions:
        """A sample has said more of these lots than it was known when they were told.
        Density comes from thickness and loading alone, and stays."""
        decisions = Decisions()
        sampled = text(event.data, "lot")
        for lot, (porosity, sd) in found.items():
            known = self._lots.get(lot)
            if known is None or not known["final"] or known["route"] == MODELLED:
                continue
            before, width = number(known, "porosity") or 0.0, number(known, "porosity_sd") or 0.0
            moved = abs(porosity - before) > _MOVED * width or abs(sd - width) > _CHANGED * width
            if lot == sampled:
                known = {**known, "sample": event.data["sample"]}
            elif not moved:
                continue
            data = {**known, **interval(porosity, sd)}
            decisions.merge(self._tell(event.asset, data, event.time_ns))
        return decisions

    def _move(self, event: Event) -> Decisions:
        """A late laboratory sample of a lot that has ended, and whose porosity came from the
        calender's model: it moves as the estimator's did."""
        known = self._lots.get(text(event.data, "lot"))
        before, after = number(event.data, "porosity_before"), number(event.data, "porosity")
        sd_before = number(event.data, "porosity_before_sd")
        sd_after = number(event.data, "porosity_sd")
        if known is None or not known["final"] or known["route"] != MODELLED:
            return Decisions()
        if not event.data.get("used"):
            return Decisions()
        if before is None or after is None or not sd_before or sd_after is None:
            return Decisions()
        porosity, sd = number(known, "porosity"), number(known, "porosity_sd")
        density = number(known, "density")
        assert porosity is not None
        assert sd is not None
        moved = porosity + after - before
        if density is not None:
            density *= (100 - moved) / max(100 - porosity, 1.0)
        sd *= min(1.0, sd_after / sd_before)
        data = {**known, **interval(moved, max(sd, math.ulp(1.0))), "density": density}
        return self._tell(event.asset, {**data, "sample": event.data["sample"]}, event.time_ns)

    def _tell(self, calender: str, data: dict[str, Json], time_ns: int) -> Decisions:
        lot = str(data["lot"])
        self._lots.pop(lot, None)
        self._lots[lot] = data
        while len(self._lots) > _LOTS:
            del self._lots[next(iter(self._lots))]
        self._sequence += 1
        told = Event(calender, _UID, self._sequence, "lot.porosity", time_ns, data)
        return Decisions(upward=[told])

    def snapshot(self) -> Snapshot:
        lots: list[Value] = [_flat(data) for data in self._lots.values()]
        return {"sequence": self._sequence, "lots": lots}

    def restore(self, snapshot: Snapshot) -> None:
        self._sequence = saved.whole(snapshot["sequence"])
        self._lots = {}
        for data in map(saved.fields, saved.items(snapshot["lots"])):
            self._lots[saved.text(data["lot"])] = {**_flat(data)}  # type: ignore[dict-item]


def _flat(data: Mapping[str, Json] | Snapshot) -> dict[str, Value]:
    return {k: v for k, v in data.items() if v is None or isinstance(v, bool | int | float | str)}
