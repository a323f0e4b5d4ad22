"""Metres coated and metres out of tolerance, by electrode lot."""

from typing import Final

from twin.asset import Json
from twin.estimation import saved
from twin.snapshot import Snapshot

_LOTS_REMEMBERED: Final = 200


class LotLedger:
    """Of several gauges on one web the one that saw the most out of tolerance counts."""

    def __init__(self) -> None:
        self._coated: dict[str, float] = {}
        self._outside: dict[str, dict[str, float]] = {}

    def coated(self, lot: str, metres: float) -> None:
        if not lot or metres <= 0:
            return
        self._coated[lot] = self._coated.get(lot, 0.0) + metres
        while len(self._coated) > _LOTS_REMEMBERED:
            oldest = next(iter(self._coated))
            del self._coated[oldest]
            self._outside.pop(oldest, None)

    def outside(self, lot: str, gauge: str, metres: float) -> None:
        if not lot or metres <= 0:
            return
        seen = self._outside.setdefault(lot, {})
        seen[gauge] = seen.get(gauge, 0.0) + metres

    def kpis(self) -> dict[str, Json]:
        return {
            "metres_coated": dict(self._coated),
            "metres_out_of_tolerance": {
                lot: max(gauges.values()) for lot, gauges in self._outside.items()
            },
        }

    def snapshot(self) -> Snapshot:
        return {
            "coated": [[lot, metres] for lot, metres in self._coated.items()],
            "outside": {lot: dict(gauges) for lot, gauges in self._outside.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._coated = {
            saved.text(lot): saved.number(metres)
            for lot, metres in map(saved.items, saved.items(snapshot["coated"]))
        }
        self._outside = {
            lot: {gauge: saved.number(metres) for gauge, metres in saved.fields(gauges).items()}
            for lot, gauges in saved.fields(snapshot["outside"]).items()
        }
