"""Formation, as the cell supervisor's section: the bad cell leaves its channel early.

cell.diagnosed ─▶ one recommendation for that channel: slower | rest | divert | stop
cell.predicted, flagged ─▶ divert, where no diagnosis has led to anything yet
cell.withheld, a serial on two channels ─▶ nothing is said of the cell
applied ─▶ hours recovered
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from typing import ClassVar, Final

import numpy as np

from twin.asset import AssetConfig, Event, Json
from twin.cell.formation import foretold, outcomes, proposal
from twin.cell.formation.foretold import Foretold, Tally
from twin.cell.formation.proposal import DIVERSION, PROTOCOL, Found
from twin.cell.formation.settings import number
from twin.cell.section import CellLayer, Section
from twin.cell.steps import serial_of
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_HOUR_NS: Final = 3_600_000_000_000
_REMEMBERED: Final = 20_000
_KEPT_HOURS: Final = 500
_OUT_OF_ORDER: Final = 3
"""Readings refused for their time, from which the clock has stepped back; chosen."""


class FormationSection(Section):
    types: ClassVar[tuple[str, ...]] = (PROTOCOL, DIVERSION)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        # Cell on each channel, and when it was started; channel of each cell in formation.
        self._on: dict[str, tuple[str, int]] = {}
        self._proposed: OrderedDict[str, str] = OrderedDict()
        self._doubtful: OrderedDict[str, str] = OrderedDict()
        self._diagnosed: Counter[str] = Counter()
        self._withheld: Counter[str] = Counter()
        self._recovered = 0.0
        self._diverted = 0
        self._early: list[float] = []
        self._hours: dict[str, float] = {}
        self._tally = Tally()

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        channels = {n: a for n, a in assets.items() if a.kind == "cycler_channel"}
        self._hours = {name: number(asset, "protocol_hours") for name, asset in channels.items()}
        for gone in self._on.keys() - channels.keys():
            del self._on[gone]

    def on_event(self, event: Event, asset: AssetConfig, line: CellLayer) -> Decisions:
        if asset.kind != "cycler_channel":
            return Decisions()
        serial = serial_of(event)
        match event.kind:
            case "cell.started" if serial:
                return self._started(event, serial)
            case "cell.diagnosed":
                return self._found(event, asset, line)
            case outcomes.PREDICTED:
                return self._foretold(event, asset, line)
            case outcomes.UNPREDICTED:
                self._tally.unpredicted[str(event.data.get("reason"))] += 1
            case "cell.withheld":
                return self._withhold(serial, str(event.data.get("reason")), event.time_ns)
            case "cell.formed" if serial:
                return self._withdraw(serial, event.time_ns, "the cell has been formed")
            case "reading.quarantined":
                return self._refused(event)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: CellLayer) -> Decisions:
        decisions = self._desk.carried_out(found, now_ns)
        if found.type == DIVERSION and found.applied is not None:
            late = (found.applied.time_ns - found.created_ns) / _HOUR_NS
            self._recovered += max(0.0, found.predicted.value - late)
            self._diverted += 1
        return decisions

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        """A cell is diagnosed once: the same is not said again."""

    def at(self, now_ns: int, line: CellLayer) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        """``hours_recovered`` [h of channels] by cells diverted early, as it was reported;
        ``hours_saved_median`` [h] that the latest diagnoses offered; cells predicted and
        flagged early (``foretold.Tally``)."""
        return {
            "diagnosed": dict(self._diagnosed),
            "verdicts_withheld": dict(self._withheld),
            "diverted": self._diverted,
            "hours_recovered": self._recovered,
            "hours_saved_median": float(np.median(self._early)) if self._early else None,
            **self._tally.kpis(),
        }

    def _started(self, event: Event, serial: str) -> Decisions:
        before = self._on.get(event.asset)
        decisions = Decisions()
        if before is not None and before[0] != serial:
            decisions.merge(self._withdraw(before[0], event.time_ns, "the cell has left"))
        hours = self._hours.get(event.asset, 0.0)
        for channel, (other, since_ns) in list(self._on.items()):
            still_there = event.time_ns - since_ns < hours * _HOUR_NS
            if other == serial and channel != event.asset and still_there:
                decisions.merge(self._withhold(serial, "serial_twice", event.time_ns))
        self._on[event.asset] = (serial, event.time_ns)
        return decisions

    def _found(self, event: Event, channel: AssetConfig, line: CellLayer) -> Decisions:
        found = Found.of(event)
        if found is None or found.serial in self._doubtful:
            return Decisions()
        self._diagnosed[found.diagnosis] += 1
        self._early = [*self._early, found.hours_left][-_KEPT_HOURS:]
        what = proposal.action(found, line.unwetted(found.serial))
        if what is None:
            return Decisions()
        proposed = proposal.recommendation(event, found, what, channel, line)
        before = self._open(found.serial)
        _remember(self._proposed, found.serial, proposed.id)
        return self._desk.propose(proposed, before)

    def _foretold(self, event: Event, channel: AssetConfig, line: CellLayer) -> Decisions:
        found = Foretold.of(event)
        if found is None or found.serial in self._doubtful:
            return Decisions()
        self._tally.predicted += 1
        self._tally.flagged += found.flagged
        if not found.is_worth() or found.serial in self._proposed:
            return Decisions()
        self._tally.hours += found.hours_left
        proposed = foretold.recommendation(event, found, channel, line)
        _remember(self._proposed, found.serial, proposed.id)
        return self._desk.propose(proposed, None)

    def _open(self, serial: str) -> Recommendation | None:
        """The cell's recommendation that nobody has carried out yet."""
        wanted = self._proposed.get(serial)
        return next(self._desk.book.open(lambda r: r.id == wanted), None)

    def _withhold(self, serial: str, reason: str, time_ns: int) -> Decisions:
        if serial and serial in self._doubtful:
            return Decisions()
        self._withheld[reason] += 1
        if not serial:
            return Decisions()
        if reason not in ("no_reference", "other_protocol"):
            _remember(self._doubtful, serial, reason)
        return self._withdraw(serial, time_ns, f"the cell's verdict is withheld: {reason}")

    def _withdraw(self, serial: str, time_ns: int, reason: str) -> Decisions:
        wanted = self._proposed.get(serial)
        if wanted is None:
            return Decisions()
        return self._desk.withdraw(lambda r: r.id == wanted, time_ns, reason)

    def _refused(self, event: Event) -> Decisions:
        """The gate keeps readings of a clock that steps back from the channel's twin."""
        on = self._on.get(event.asset)
        count = event.data.get("count")
        many = isinstance(count, int) and count >= _OUT_OF_ORDER
        if on is None or event.data.get("reason") != "ORDER" or not many:
            return Decisions()
        return self._withhold(on[0], "clock_back", event.time_ns)

    def snapshot(self) -> Snapshot:
        return {
            "on": {channel: [*cell] for channel, cell in self._on.items()},
            "proposed": [[serial, id_] for serial, id_ in self._proposed.items()],
            "doubtful": [[serial, why] for serial, why in self._doubtful.items()],
            "diagnosed": dict(self._diagnosed),
            "withheld": dict(self._withheld),
            "recovered": self._recovered,
            "diverted": self._diverted,
            "early": [*self._early],
            "tally": self._tally.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._on = {}
        for channel, cell in saved.fields(snapshot["on"]).items():
            serial, since_ns = saved.items(cell)
            self._on[channel] = (saved.text(serial), saved.whole(since_ns))
        self._proposed = _pairs(snapshot, "proposed")
        self._doubtful = _pairs(snapshot, "doubtful")
        self._diagnosed = _counts(snapshot, "diagnosed")
        self._withheld = _counts(snapshot, "withheld")
        self._recovered = saved.number(snapshot["recovered"])
        self._diverted = saved.whole(snapshot["diverted"])
        self._early = [saved.number(h) for h in saved.items(snapshot["early"])]
        # Checkpoints of before there was a prediction have none.
        tally = snapshot.get("tally")
        self._tally = Tally() if tally is None else Tally.restored(saved.fields(tally))


def _remember(book: OrderedDict[str, str], serial: str, what: str) -> None:
    book.pop(serial, None)
    book[serial] = what
    while len(book) > _REMEMBERED:
        book.popitem(last=False)


def _pairs(snapshot: Snapshot, name: str) -> OrderedDict[str, str]:
    rows = map(saved.items, saved.items(snapshot[name]))
    return OrderedDict((saved.text(serial), saved.text(what)) for serial, what in rows)


def _counts(snapshot: Snapshot, name: str) -> Counter[str]:
    return Counter({k: saved.whole(n) for k, n in saved.fields(snapshot[name]).items()})
