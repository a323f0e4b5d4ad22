"""What is known of each coater's line: its history, its watch, its gauges, what they see."""

from collections.abc import Iterator, Mapping

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.coating import drift
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.coater_watch import CoaterWatch
from twin.electrode.coating.gauge_excursion import GaugeExcursion
from twin.electrode.diagnosis.watch import Episode
from twin.estimation import saved
from twin.snapshot import Snapshot

_SURE = 0.5


class CoatingLines:
    """Histories and watches by coater, excursions by gauge; who belongs to whom."""

    def __init__(self) -> None:
        self.assets: dict[str, AssetConfig] = {}
        self.coaters: dict[str, CoaterHistory] = {}
        self.watches: dict[str, CoaterWatch] = {}
        self.excursions: dict[str, GaugeExcursion] = {}
        # Of a snapshot, by coater, until the coater is heard of.
        self._resting: dict[str, Snapshot] = {}

    def changed(self, assets: Mapping[str, AssetConfig]) -> list[str]:
        """The registry's assets as they are now; the names of those that are gone."""
        gone = []
        for name, asset in self.assets.items():
            if name not in assets or assets[name].uid != asset.uid:
                gone.append(name)
                self.coaters.pop(name, None)
                self.excursions.pop(name, None)
                self._forget(name)
            elif asset.parameters != assets[name].parameters:
                # Other limits, another formulation: what was ordinary is learned anew.
                self._forget(name)
        self.assets = dict(assets)
        return gone

    def _forget(self, coater: str) -> None:
        self.watches.pop(coater, None)
        self._resting.pop(coater, None)

    def watch(self, coater: AssetConfig) -> CoaterWatch:
        if coater.name not in self.watches:
            self.watches[coater.name] = watch = CoaterWatch(coater)
            if coater.name in self._resting:
                watch.restore(self._resting.pop(coater.name))
        return self.watches[coater.name]

    def coater_of(self, asset: AssetConfig) -> AssetConfig | None:
        coater = self.assets.get(settings.text(asset, "coater") or asset.parent)
        return coater if coater is not None and coater.kind == "coater" else None

    def coater_name(self, asset: str) -> str:
        found = self.assets.get(asset)
        coater = None if found is None else self.coater_of(found)
        return "" if coater is None else coater.name

    def gauges_of(self, coater: str) -> Iterator[AssetConfig]:
        for asset in self.assets.values():
            if asset.kind == "coating_gauge" and self.coater_name(asset.name) == coater:
                yield asset

    def in_excursion(self, coater: str) -> list[AssetConfig]:
        """Gauges of the coater that see an excursion now."""
        names = [name for name in self.excursions if name in self.assets]
        return [self.assets[name] for name in names if self.coater_name(name) == coater]

    def causes(self, coater: AssetConfig) -> Mapping[str, float]:
        watch = self.watch(coater).watch
        return watch.fresh() if watch.episode is None else watch.episode.causes

    def told(self, coater: AssetConfig, causes: Mapping[str, float]) -> drift.Told:
        """Those causes in words, with what speaks for them."""
        watch = self.watch(coater).watch
        evidence = watch.episode.evidence if watch.episode is not None else ()
        return drift.told(causes, evidence)

    def in_doubt(self, gauge: AssetConfig, coater: AssetConfig) -> bool:
        """Whether the gauge itself is likelier wrong than not."""
        episode = self.watch(coater).watch.episode
        return episode is not None and episode.causes.get(f"gauge:{gauge.name}", 0.0) >= _SURE

    def measuring(self, coater: AssetConfig) -> AssetConfig | None:
        """The gauge nearest to the die that is not in doubt."""
        gauges = [g for g in self.gauges_of(coater.name) if not self.in_doubt(g, coater)]
        return min(gauges, key=lambda g: settings.number(g, "distance_from_die"), default=None)

    def episode(self, coater: str) -> Episode | None:
        """What goes on there, if something does."""
        watch = self.watches.get(coater)
        return None if watch is None else watch.watch.episode

    def loading(self, coater: str) -> tuple[float, float] | None:
        """Loading that the coater lays now [mg/cm2], and its standard deviation."""
        watch, history = self.watches.get(coater), self.coaters.get(coater)
        gauge = next(self.gauges_of(coater), None)
        if watch is None or history is None or gauge is None:
            return None
        level = drift.level_at(watch, history.time_ns)
        if level is None:
            return None
        target = settings.number(gauge, "target_loading")
        return target * (1 + level.value / 100), target * level.sd / 100

    def snapshot(self) -> Snapshot:
        return {
            "coaters": {name: history.snapshot() for name, history in self.coaters.items()},
            "watches": {
                **self._resting,
                **{name: watch.snapshot() for name, watch in self.watches.items()},
            },
            "excursions": [
                [name, excursion.snapshot()] for name, excursion in self.excursions.items()
            ],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.coaters = {
            name: CoaterHistory.restored(saved.fields(history))
            for name, history in saved.fields(snapshot["coaters"]).items()
        }
        self.watches = {}
        self._resting = {
            name: saved.fields(watch) for name, watch in saved.fields(snapshot["watches"]).items()
        }
        self.excursions = {
            saved.text(name): GaugeExcursion.restored(saved.fields(excursion))
            for name, excursion in map(saved.items, saved.items(snapshot["excursions"]))
        }
