"""Winding and stacking: what each cell is made of, and which jellyroll leaves the line.

jellyroll.wound ─▶ WIND; likely short-circuited ─▶ one recommendation: separate rack, teardown
cell.stacked    ─▶ STACK
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.cell.cell_book import CellBook, cell_of
from twin.cell.section import CellLayer, Section
from twin.cell.steps import known, serial_of, step
from twin.estimation import saved
from twin.plant import filing
from twin.plant.desk import Desk
from twin.plant.genealogy import StepType
from twin.plant.recommendation import Evidence, Interval, Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

ROUTING: Final = "jellyroll_routing"
_CONFIDENCE: Final = 0.90
_COUNTERS: Final = ("stacked", "wound", "jellyrolls_routed")
_WOUND: Final = {
    "probability": "short_probability [1]",
    "lower": "short_probability_lower [1]",
    "upper": "short_probability_upper [1]",
    "model": "model",
    "anode_lot": "anode_lot",
    "cathode_lot": "cathode_lot",
}
_STACKED: Final = {
    "electrodes_mass_g": "electrodes_mass [g]",
    "electrode_lot": "electrode_lot",
}


class WindingSection(Section):
    types: ClassVar[tuple[str, ...]] = (ROUTING,)

    def __init__(self, desk: Desk, book: CellBook) -> None:
        self._desk, self._book = desk, book
        self._counts = dict.fromkeys(_COUNTERS, 0)

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        """Nothing is kept by asset."""

    def on_event(self, event: Event, asset: AssetConfig, line: CellLayer) -> Decisions:
        serial = serial_of(event)
        if serial and event.kind == "jellyroll.wound":
            return self._wound(event, asset, serial)
        if serial and event.kind == "cell.stacked":
            return self._stacked(event, serial)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: CellLayer) -> Decisions:
        return self._desk.carried_out(found, now_ns)

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """A jellyroll is wound once, so its recommendation never comes again."""

    def at(self, now_ns: int, line: CellLayer) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        return dict(self._counts)

    def _stacked(self, event: Event, serial: str) -> Decisions:
        self._counts["stacked"] += 1
        cell = self._book.of(serial)
        cell.stations["stack"] = event.asset
        lot = event.data.get("electrode_lot")
        if isinstance(lot, str) and lot:
            cell.lots["electrode"] = lot
        electrodes = event.data.get("electrodes")
        pieces = electrodes if isinstance(electrodes, list | tuple) else ()
        inputs = tuple(str(piece) for piece in pieces)
        made = step(event, StepType.STACK, serial, known(event, _STACKED), inputs)
        return Decisions(steps=[made])

    def _wound(self, event: Event, head: AssetConfig, serial: str) -> Decisions:
        self._counts["wound"] += 1
        cell = self._book.of(cell_of(serial))
        cell.stations["wind"] = event.asset
        if serial not in cell.jellyrolls:
            cell.jellyrolls += (serial,)
        lots = {}
        for electrode in ("anode", "cathode"):
            lot = event.data.get(f"{electrode}_lot")
            if isinstance(lot, str) and lot:
                lots[electrode] = lot
        cell.lots.update(lots)
        evidence = _features(event)
        measured = known(event, _WOUND)
        measured.update({f"{name} [{unit}]": value for name, (value, unit) in evidence.items()})
        made = step(event, StepType.WIND, serial, measured, tuple(lots.values()))
        decisions = Decisions(steps=[made])
        if head.kind == "winding_head":
            decisions.merge(self._consider(event, head, serial, lots, evidence))
        return decisions

    def _consider(
        self,
        event: Event,
        head: AssetConfig,
        serial: str,
        lots: Mapping[str, str],
        evidence: Mapping[str, tuple[float, str]],
    ) -> Decisions:
        names = ("probability", "lower", "upper")
        numbers = [v for name in names if isinstance(v := event.data.get(name), int | float)]
        if len(numbers) < len(names):
            return Decisions()
        probability, lower, upper = map(float, numbers)
        threshold = settings.number(head, "short_threshold")
        teardown = settings.number(head, "teardown_threshold")
        if 100 * probability < threshold:
            return Decisions()
        self._counts["jellyrolls_routed"] += 1
        apart = 100 * probability >= teardown
        title = (
            f"Take jellyroll {serial} apart"
            if apart
            else f"Put jellyroll {serial} on the separate rack"
        )
        model = str(event.data.get("model"))
        proposed = Recommendation(
            id=filing.id_of("jr", event.id),
            layer="cell",
            asset=head.name,
            source=head.name,
            type=ROUTING,
            title=title,
            reason=(
                f"An internal short circuit has a probability of {100 * probability:.2g} % "
                f"({100 * lower:.2g} to {100 * upper:.2g} %); the limit is "
                f"{teardown if apart else threshold:g} %. By {model}"
            ),
            changes=(),
            predicted=Interval("short_probability", probability, lower, upper, "1", _CONFIDENCE),
            evidence=tuple(
                Evidence(
                    head.name,
                    name,
                    event.time_ns,
                    event.time_ns,
                    1,
                    Interval(name, value, value, value, unit),
                    model,
                )
                for name, (value, unit) in evidence.items()
            ),
            lot=lots.get("anode") or lots.get("cathode") or "",
            created_ns=event.time_ns,
            expires_ns=event.time_ns + filing.SHIFT_NS,
            updated_ns=event.time_ns,
        )
        return self._desk.propose(proposed)

    def snapshot(self) -> Snapshot:
        return {"counts": dict(self._counts)}

    def restore(self, snapshot: Snapshot) -> None:
        counts = saved.fields(snapshot["counts"])
        self._counts = {name: saved.whole(counts.get(name, 0)) for name in _COUNTERS}


def _features(event: Event) -> dict[str, tuple[float, str]]:
    """Value and unit by name."""
    told = event.data.get("evidence")
    found = {}
    for name, about in told.items() if isinstance(told, Mapping) else ():
        if isinstance(about, Mapping):
            value, unit = about.get("value"), about.get("unit")
            if isinstance(value, int | float) and isinstance(unit, str):
                found[name] = (float(value), unit)
    return found
