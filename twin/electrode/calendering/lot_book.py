"""Porosity of the latest lots, and the events that hand it on to the layers above."""

import math
from collections.abc import Mapping
from typing import Final

from twin.asset import Event, Json
from twin.electrode.calendering.calender_state import number, text
from twin.electrode.calendering.lot_porosity import LotPorosity, interval
from twin.estimation import saved
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot, Value

_LOTS: Final = 200
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
}

Loading = tuple[float, float] | None


class LotBook:
    """Every event upwards has a number of its own, counted here."""

    def __init__(self) -> None:
        self._lots: dict[str, dict[str, Json]] = {}
        self._sequence = 0

    def tell(
        self, calender: str, lot: LotPorosity, loading: Loading, time_ns: int, final: bool
    ) -> Decisions:
        """``lot.porosity``, and for a lot that has ended a step of its genealogy."""
        lot.told_ns = time_ns
        data = {**lot.data(loading, final), "calender": calender}
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

    def sampled(self, event: Event) -> Decisions:
        """A late laboratory sample of a lot that has ended: its porosity moves as the
        estimator's did."""
        known = self._lots.get(text(event.data, "lot"))
        before, after = number(event.data, "porosity_before"), number(event.data, "porosity")
        sd_before = number(event.data, "porosity_before_sd")
        sd_after = number(event.data, "porosity_sd")
        if known is None or not known["final"] or not event.data.get("used"):
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

    def pass_on(self, kind: str, event: Event, data: Mapping[str, Json]) -> Decisions:
        self._sequence += 1
        told = Event(event.asset, _UID, self._sequence, kind, event.time_ns, data)
        return Decisions(upward=[told])

    def kpis(self) -> dict[str, Json]:
        names = ("porosity", "porosity_sd", "lower", "upper", "from_m", "to_m", "final")
        return {lot: {name: data[name] for name in names} for lot, data in self._lots.items()}

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
