"""Porosity of the electrode lots that cells are made of, as the electrode layer tells it.

Each telling of a lot takes the place of the one before: it is of the whole lot.
"""

from collections import OrderedDict
from typing import Final

from twin.asset import Event
from twin.cell.section import Porosity
from twin.estimation import saved
from twin.snapshot import Snapshot, Value

_LOTS: Final = 500


class LotBook:
    def __init__(self) -> None:
        self._lots: OrderedDict[str, Porosity] = OrderedDict()

    def take(self, event: Event) -> str:
        """Of a ``lot.porosity``; returns the lot, or nothing where the event tells none."""
        lot = event.data.get("lot")
        names = ("porosity", "porosity_sd", "lower", "upper")
        told = [event.data.get(name) for name in names]
        numbers = [float(v) for v in told if isinstance(v, int | float)]
        if not isinstance(lot, str) or not lot or len(numbers) != len(names) or numbers[1] <= 0:
            return ""
        self._lots.pop(lot, None)
        self._lots[lot] = Porosity(*numbers)
        while len(self._lots) > _LOTS:
            self._lots.popitem(last=False)
        return lot

    def __len__(self) -> int:
        return len(self._lots)

    def porosity(self, lot: str) -> Porosity | None:
        return self._lots.get(lot)

    def snapshot(self) -> Snapshot:
        lots: dict[str, Value] = {lot: [*porosity] for lot, porosity in self._lots.items()}
        return {"lots": lots}

    def restore(self, snapshot: Snapshot) -> None:
        self._lots = OrderedDict(
            (lot, Porosity(*map(saved.number, saved.items(row))))
            for lot, row in saved.fields(snapshot["lots"]).items()
        )
