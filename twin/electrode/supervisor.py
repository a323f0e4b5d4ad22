"""The electrode layer's rules: from a coating-weight excursion to a correction that worked.

gauge.excursion ─▶ one recommendation a coater ─▶ approved, applied ─▶ effect measured
gauge.recovered ─▶ a proposal that nobody has taken up is withdrawn
"""

from collections.abc import Iterator, Mapping
from typing import Final

from twin.asset import AssetConfig, Event, Json
from twin.electrode import settings, writing
from twin.electrode.coater_history import CoaterHistory
from twin.electrode.corrections import Corrections
from twin.electrode.effect import Loading
from twin.electrode.gauge_excursion import GaugeExcursion, number, whole
from twin.electrode.lot_ledger import LotLedger
from twin.electrode.proposal import Deviation, propose
from twin.estimation import saved
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Command, Decisions, LayerRules
from twin.snapshot import Snapshot

_MINUTE_NS: Final = 60_000_000_000


class ElectrodeRules(LayerRules):
    layer = "electrode"

    def __init__(self) -> None:
        self._assets: dict[str, AssetConfig] = {}
        self._coaters: dict[str, CoaterHistory] = {}
        self._excursions: dict[str, GaugeExcursion] = {}
        # By coater: the deviation [%] whose correction a person has rejected.
        self._rejected: dict[str, tuple[str, float]] = {}
        self._corrections = Corrections()
        self._ledger = LotLedger()

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        for name, asset in self._assets.items():
            if name not in assets or assets[name].uid != asset.uid:
                self._coaters.pop(name, None)
                self._excursions.pop(name, None)
                self._rejected.pop(name, None)
        self._assets = dict(assets)

    def on_event(self, event: Event) -> Decisions:
        asset = self._assets.get(event.asset)
        if asset is None or asset.uid != event.uid:
            return Decisions()
        match event.kind:
            case "coater.state":
                return self._coater_state(event)
            case "gauge.loading":
                return self._loading(event, asset)
            case "gauge.excursion":
                self._excursions[event.asset] = GaugeExcursion.of(event.data)
                return self._consider(asset, event)
            case "gauge.recovered":
                return self._recovered(event, asset)
        return Decisions()

    def on_command(self, command: Command, now_ns: int) -> Decisions:
        decisions, rejected = self._corrections.on_command(
            command, now_ns, self._coaters, self._assets
        )
        if rejected is not None:
            gauge = self._assets.get(rejected.source)
            if gauge is not None:
                self._rejected[rejected.asset] = (gauge.name, _deviation(rejected, gauge))
        return decisions

    def at(self, now_ns: int) -> Decisions:
        return self._corrections.at(now_ns, self._coaters)

    def kpis(self) -> Mapping[str, Json]:
        return {**self._ledger.kpis(), "recommendations": self._corrections.book.counts()}

    def _coater_state(self, event: Event) -> Decisions:
        history = self._coaters.setdefault(event.asset, CoaterHistory())
        metres = history.take(event.time_ns, event.data)
        self._ledger.coated(history.lot, metres)
        decisions = Decisions()
        for gauge in self._gauges_of(event.asset):
            decisions.merge(self._consider(gauge, event))
        return decisions

    def _loading(self, event: Event, gauge: AssetConfig) -> Decisions:
        self._count_metres(event, gauge)
        coater = self._coater_of(gauge)
        loading = Loading(
            whole(event.data["from_ns"]),
            whole(event.data["to_ns"]),
            whole(event.data["n"]),
            number(event.data["deviation_pct"]),
            number(event.data["deviation_sd_pct"]),
        )
        decisions = self._corrections.measured(loading, gauge, self._coaters, event.time_ns)
        excursion = self._excursions.get(gauge.name)
        if excursion is not None and coater is not None:
            excursion.goes_on(event.data)
            decisions.merge(self._consider(gauge, event))
        return decisions

    def _recovered(self, event: Event, gauge: AssetConfig) -> Decisions:
        self._excursions.pop(gauge.name, None)
        self._rejected = {
            coater: (source, deviation)
            for coater, (source, deviation) in self._rejected.items()
            if source != gauge.name
        }
        return self._corrections.withdraw(gauge.name, event.time_ns)

    def _consider(self, gauge: AssetConfig, event: Event) -> Decisions:
        """Propose a correction where one is due; ``event`` is the cause."""
        excursion, coater = self._excursions.get(gauge.name), self._coater_of(gauge)
        if excursion is None or coater is None or coater.name not in self._coaters:
            return Decisions()
        # It may be on its way back and not have been declared recovered yet.
        if abs(excursion.deviation) <= settings.number(gauge, "excursion_limit"):
            return Decisions()
        present = self._corrections.open_for(coater.name)
        if present is not None and not self._outdated(present, gauge, excursion, event):
            return Decisions()
        if present is None and self._was_rejected(coater, gauge, excursion):
            return Decisions()
        history = self._coaters[coater.name]
        target = settings.number(gauge, "target_loading")
        proposal = propose(coater, history, Deviation(excursion.deviation, excursion.sd, target))
        if proposal is None:
            return Decisions()
        proposed = writing.recommendation(
            event.id, event.time_ns, coater, gauge, history, excursion, proposal
        )
        return self._corrections.propose(proposed, present)

    def _outdated(
        self, present: Recommendation, gauge: AssetConfig, excursion: GaugeExcursion, event: Event
    ) -> bool:
        """Whether what was proposed answers another deviation than there is now."""
        if present.state is not State.PROPOSED:
            return False
        if present.source != gauge.name and event.kind != "gauge.excursion":
            return False
        limit = settings.number(gauge, "excursion_limit")
        source = self._assets.get(present.source, gauge)
        changed = abs(excursion.deviation - _deviation(present, source))
        return changed > limit / 2 + 2 * excursion.sd

    def _was_rejected(
        self, coater: AssetConfig, gauge: AssetConfig, excursion: GaugeExcursion
    ) -> bool:
        """A person has said no to this: not again, unless it got worse by a whole limit."""
        if coater.name not in self._rejected:
            return False
        _, rejected = self._rejected[coater.name]
        limit = settings.number(gauge, "excursion_limit")
        worse = abs(excursion.deviation) - abs(rejected)
        return excursion.deviation * rejected > 0 and worse < limit

    def _count_metres(self, event: Event, gauge: AssetConfig) -> None:
        coater = self._coater_of(gauge)
        history = None if coater is None else self._coaters.get(coater.name)
        limit = settings.number(gauge, "excursion_limit")
        if history is None or abs(number(event.data["deviation_pct"])) <= limit:
            return
        from_ns, to_ns = whole(event.data["from_ns"]), whole(event.data["to_ns"])
        metres = (history.speed or 0.0) * (to_ns - from_ns) / _MINUTE_NS
        distance = settings.number(gauge, "distance_from_die")
        self._ledger.outside(history.lot_at(to_ns, distance), gauge.name, metres)

    def _coater_of(self, gauge: AssetConfig) -> AssetConfig | None:
        coater = self._assets.get(settings.text(gauge, "coater") or gauge.parent)
        return coater if coater is not None and coater.kind == "coater" else None

    def _gauges_of(self, coater: str) -> Iterator[AssetConfig]:
        for name in [*self._excursions]:
            gauge = self._assets.get(name)
            found = None if gauge is None else self._coater_of(gauge)
            if gauge is not None and found is not None and found.name == coater:
                yield gauge

    def snapshot(self) -> Snapshot:
        return {
            "coaters": {name: history.snapshot() for name, history in self._coaters.items()},
            "excursions": [
                [name, excursion.snapshot()] for name, excursion in self._excursions.items()
            ],
            "rejected": {name: [*rejected] for name, rejected in self._rejected.items()},
            "corrections": self._corrections.snapshot(),
            "ledger": self._ledger.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._coaters = {
            name: CoaterHistory.restored(saved.fields(history))
            for name, history in saved.fields(snapshot["coaters"]).items()
        }
        self._excursions = {
            saved.text(name): GaugeExcursion.restored(saved.fields(excursion))
            for name, excursion in map(saved.items, saved.items(snapshot["excursions"]))
        }
        self._rejected = {}
        for name, rejected in saved.fields(snapshot["rejected"]).items():
            gauge, deviation = saved.items(rejected)
            self._rejected[name] = (saved.text(gauge), saved.number(deviation))
        self._corrections.restore(saved.fields(snapshot["corrections"]))
        self._ledger.restore(saved.fields(snapshot["ledger"]))


def _deviation(found: Recommendation, gauge: AssetConfig) -> float:
    """The deviation [%] that a recommendation answers."""
    target = settings.number(gauge, "target_loading")
    return 100 * (found.evidence[0].summary.value / target - 1)
