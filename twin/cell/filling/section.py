"""Filling and soaking: what each cell was given, and when its formation may begin.

cell.filled  ─▶ FILL, the cell's soak time ─▶ one recommendation a filler and electrode lot
lot.porosity ─▶ the soak of that lot's cells, anew
cell.wetted  ─▶ the curve of pore radius over porosity, calibrated
cell.started ─▶ before the 95 % quantile? said, and the cell is marked
"""

from collections import OrderedDict
from collections.abc import Mapping
from typing import ClassVar, Final

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.cell.cell_book import Cell, CellBook
from twin.cell.filling import soak_recommendation
from twin.cell.filling.soak_time import MODEL, SoakTime
from twin.cell.filling.wetting import Wetting
from twin.cell.section import CellLayer, Section, Soak
from twin.cell.steps import known, serial_of, step
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.genealogy import StepType
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot, Value

QUANTILE: Final = 0.95
_HOUR_NS: Final = 3_600_000_000_000
_UID: Final = "section:filling"
_SAID: Final = 200
_EARLY: Final = 20
_CHANGED: Final = 0.15
"""A soak time is said again when its quantile has moved by that share (chosen)."""
_FILLED: Final = {
    "dry_g": "dry_cell_mass [g]",
    "wet_g": "wet_cell_mass [g]",
    "electrolyte_g": "electrolyte_mass [g]",
    "volume_mL": "electrolyte_volume [mL]",
    "fill": "fill",
}
_COUNTERS: Final = ("filled", "filled_wrong", "fills_withheld", "started_early")


class FillingSection(Section):
    types: ClassVar[tuple[str, ...]] = (soak_recommendation.TYPE,)

    def __init__(self, desk: Desk, book: CellBook) -> None:
        self._desk, self._book = desk, book
        self._counts = dict.fromkeys(_COUNTERS, 0)
        self._fillers: dict[str, AssetConfig] = {}
        self._wetting = Wetting()
        self._scales: dict[str, tuple[str, ...]] = {}
        # By filler and lot: the quantile [h] that was said last.
        self._said: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._early: OrderedDict[str, float] = OrderedDict()
        self._sequence = 0

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._fillers = {n: a for n, a in assets.items() if a.kind == "electrolyte_filler"}

    def on_event(self, event: Event, asset: AssetConfig, line: CellLayer) -> Decisions:
        serial = serial_of(event)
        match event.kind:
            case "cell.filled" if serial:
                return self._filled(event, serial, line)
            case "cell.wetted" if serial:
                self._measured(event, serial, line)
            case "cell.started" if serial:
                return self._started(event, serial, event.time_ns, line)
            case "scale.health":
                faults = event.data.get("faults")
                told = faults if isinstance(faults, list | tuple) else ()
                self._scales[event.asset] = tuple(map(str, told))
            case "lot.porosity":
                return self._told(str(event.data.get("lot")), event, line)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: CellLayer) -> Decisions:
        return self._desk.carried_out(found, now_ns)

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """It is said again only when the quantile has moved: it stands in what was said."""

    def at(self, now_ns: int, line: CellLayer) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        """``soak_hours``: the 95 % quantile said last, by electrode lot; ``early``: the latest
        cells whose formation began before it, with their probability of being unwetted."""
        return {
            **self._counts,
            "soak_hours": {lot or "unknown": hours for (_, lot), hours in self._said.items()},
            "early": dict(self._early),
            "wettings_measured": self._wetting.measured,
            "scale_faults": {name: list(f) for name, f in self._scales.items() if f},
        }

    def _filled(self, event: Event, serial: str, line: CellLayer) -> Decisions:
        self._counts["filled"] += 1
        fill, electrolyte = event.data.get("fill"), event.data.get("electrolyte_g")
        self._counts["filled_wrong"] += fill in ("under", "over")
        self._counts["fills_withheld"] += fill is None
        cell = self._book.of(serial)
        cell.stations["fill"] = event.asset
        cell.electrolyte = float(electrolyte) if isinstance(electrolyte, int | float) else None
        decisions = Decisions(steps=[step(event, StepType.FILL, serial, known(event, _FILLED))])
        filler = self._fillers.get(event.asset)
        if filler is None:
            return decisions
        self._wetting.warm(filler.name, event.data.get("temperature_degC"))
        lot = self._lot(cell, filler)
        soak = self._soak(filler, lot, line)
        self._set(cell, event.time_ns, soak)
        decisions.merge(self._tell("cell.soaking", event, self._data(serial, lot, cell, line)))
        decisions.merge(self._recommend(event, filler, lot, soak, line))
        return decisions

    def _told(self, lot: str, event: Event, line: CellLayer) -> Decisions:
        """The electrode layer knows more of a lot: its cells that still soak are reckoned
        anew; those in formation keep what was known when it began."""
        decisions = Decisions()
        concerned: dict[str, SoakTime] = {}
        for _, cell in self._book.of_lot(lot):
            filler = self._fillers.get(cell.stations.get("fill", ""))
            if filler is None or cell.soak is None or cell.unwetted is not None:
                continue
            if self._lot(cell, filler) != lot:
                continue
            if filler.name not in concerned:
                concerned[filler.name] = self._soak(filler, lot, line)
            self._set(cell, cell.soak.filled_ns, concerned[filler.name])
        for name, soak in concerned.items():
            decisions.merge(self._recommend(event, self._fillers[name], lot, soak, line))
        return decisions

    def _measured(self, event: Event, serial: str, line: CellLayer) -> None:
        """Only a cell whose lot's porosity is known teaches anything of the curve."""
        filler, cell = self._fillers.get(event.asset), self._book.get(serial)
        hours = event.data.get("hours")
        if filler is None or cell is None or not isinstance(hours, int | float) or hours <= 0:
            return
        porosity = line.lot_porosity(self._lot(cell, filler))
        if porosity is not None:
            self._wetting.learn(filler, porosity, float(hours))

    def _started(self, event: Event, serial: str, start_ns: int, line: CellLayer) -> Decisions:
        cell = self._book.get(serial)
        if cell is None or cell.soak is None or cell.unwetted is not None:
            return Decisions()
        filler = self._fillers.get(cell.stations.get("fill", ""))
        if filler is None:
            return Decisions()
        lot = self._lot(cell, filler)
        hours = (start_ns - cell.soak.filled_ns) / _HOUR_NS
        cell.unwetted = 1 - self._soak(filler, lot, line).probability(hours)
        if start_ns >= cell.soak.wetted_ns:
            return Decisions()
        self._counts["started_early"] += 1
        self._early[serial] = cell.unwetted
        while len(self._early) > _EARLY:
            self._early.popitem(last=False)
        data = {
            **self._data(serial, lot, cell, line),
            "risk": "wetting",
            "elapsed_h": hours,
            "unwetted_probability": cell.unwetted,
        }
        return self._tell("cell.at_risk", event, data)

    def _recommend(
        self, event: Event, filler: AssetConfig, lot: str, soak: SoakTime, line: CellLayer
    ) -> Decisions:
        planned = settings.number(filler, "planned_soak")
        if not lot and not planned:
            # No lot to soak otherwise than the rest, and no plan to correct.
            return Decisions()
        quantile = soak.quantile(QUANTILE)
        before = self._said.get((filler.name, lot))
        if before is not None and abs(quantile / before - 1) < _CHANGED:
            return Decisions()
        self._said[filler.name, lot] = quantile
        while len(self._said) > _SAID:
            self._said.popitem(last=False)
        mine = soak_recommendation.TYPE
        present = next(
            self._desk.book.open(
                lambda r: r.type == mine and r.asset == filler.name and r.lot == lot
            ),
            None,
        )
        porosity = line.lot_porosity(lot)
        proposed = soak_recommendation.propose(event, filler, lot, soak, porosity, planned)
        if present is not None and present.applied is not None:
            return Decisions()
        if proposed is None:
            return self._desk.withdraw(
                lambda r: r is present, event.time_ns, "what is planned is right by now"
            )
        return self._desk.propose(proposed, present)

    def _soak(self, filler: AssetConfig, lot: str, line: CellLayer) -> SoakTime:
        return self._wetting.soak(filler, line.lot_porosity(lot))

    def _lot(self, cell: Cell, filler: AssetConfig) -> str:
        """Of the electrode that wets last; empty where it is not known."""
        electrode = settings.text(filler, "wetting_electrode")
        return cell.lots.get(electrode) or cell.lots.get("electrode") or ""

    def _set(self, cell: Cell, filled_ns: int, soak: SoakTime) -> None:
        median, quantile = soak.quantile(0.5), soak.quantile(QUANTILE)
        cell.soak = Soak(filled_ns, filled_ns + round(quantile * _HOUR_NS), median, quantile)

    def _data(self, serial: str, lot: str, cell: Cell, line: CellLayer) -> dict[str, Json]:
        assert cell.soak is not None
        porosity = line.lot_porosity(lot)
        return {
            "serial": serial,
            "lot": lot or None,
            "porosity": None if porosity is None else porosity.value,
            "porosity_sd": None if porosity is None else porosity.sd,
            "filled_ns": cell.soak.filled_ns,
            "earliest_start_ns": cell.soak.wetted_ns,
            "soak_median_h": cell.soak.median,
            "soak_95_h": cell.soak.quantile,
            "model": MODEL,
        }

    def _tell(self, kind: str, event: Event, data: Mapping[str, Json]) -> Decisions:
        self._sequence += 1
        told = Event(event.asset, _UID, self._sequence, kind, event.time_ns, data)
        return Decisions(upward=[told])

    def snapshot(self) -> Snapshot:
        said: list[Value] = [[filler, lot, hours] for (filler, lot), hours in self._said.items()]
        return {
            "counts": dict(self._counts),
            "wetting": self._wetting.snapshot(),
            "scales": {name: list(faults) for name, faults in self._scales.items()},
            "said": said,
            "early": dict(self._early),
            "sequence": self._sequence,
        }

    def restore(self, snapshot: Snapshot) -> None:
        counts = saved.fields(snapshot["counts"])
        self._counts = {name: saved.whole(counts.get(name, 0)) for name in _COUNTERS}
        self._wetting.restore(saved.fields(snapshot["wetting"]))
        self._scales = {
            name: tuple(map(saved.text, saved.items(faults)))
            for name, faults in saved.fields(snapshot["scales"]).items()
        }
        self._said = OrderedDict(
            ((saved.text(filler), saved.text(lot)), saved.number(hours))
            for filler, lot, hours in map(saved.items, saved.items(snapshot["said"]))
        )
        self._early = OrderedDict(
            (serial, saved.number(p)) for serial, p in saved.fields(snapshot["early"]).items()
        )
        self._sequence = saved.whole(snapshot["sequence"])
