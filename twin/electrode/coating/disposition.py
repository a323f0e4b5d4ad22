"""Metres coated and metres out of tolerance, by electrode lot; coat again, or scrap.

A length out of tolerance is decided on when its lot has passed the gauge: one
recommendation a lot, which names each range of metres. A length that is off by no more
than ``rework_limit`` can be stripped and coated again; more than that is scrap.
"""

from dataclasses import dataclass
from typing import ClassVar, Final

from twin import settings
from twin.asset import AssetConfig, Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.coating.effect import Loading
from twin.estimation import saved
from twin.plant import filing
from twin.plant.desk import Desk
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation import Effect, Evidence, Interval, Recommendation
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot, Value

_LOTS_REMEMBERED: Final = 200
_MINUTE_NS: Final = 60_000_000_000
_JOINED_M: Final = 10.0
"""Ranges less than that apart are one: nobody cuts out ten metres (chosen)."""


@dataclass(slots=True)
class _Range:
    """Metres of the web at the die, and the worst deviation [%] in them."""

    from_m: float
    to_m: float
    worst: float
    from_ns: int
    to_ns: int
    readings: int
    gauge: str


@dataclass(slots=True)
class _Lot:
    coated: float = 0.0
    slurry: tuple[str, ...] = ()
    # Sum of the weights, and of weighted deviations [%] from the target [mg/cm2].
    weight: float = 0.0
    deviation: float = 0.0
    target: float = 0.0
    recorded: bool = False


class Dispositions:
    """Of several gauges on one web the one nearest to the die that is not in doubt counts."""

    TYPE: ClassVar[str] = "lot_disposition"

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._lots: dict[str, _Lot] = {}
        self._ranges: dict[str, list[_Range]] = {}
        self._outside: dict[str, dict[str, float]] = {}
        # By coater: the lot at its gauge.
        self._at_gauge: dict[str, str] = {}

    def coated(self, lot: str, metres: float, slurry: str = "") -> None:
        """``slurry``: the slurry lot at the die; empty where it is not known."""
        if not lot or metres <= 0:
            return
        into = self._lot(lot)
        into.coated += metres
        if slurry and slurry not in into.slurry:
            into.slurry += (slurry,)

    def measured(
        self, coater: AssetConfig, gauge: AssetConfig, history: CoaterHistory, loading: Loading
    ) -> Decisions:
        """A loading that is not in doubt. A lot is decided on when the next is at the gauge."""
        distance = settings.number(gauge, "distance_from_die")
        lot = history.lot_at(loading.to_ns, distance)
        if not lot:
            return Decisions()
        passed = self._at_gauge.get(gauge.name)
        self._at_gauge[gauge.name] = lot
        into = self._lot(lot)
        weight = 1 / loading.sd**2
        into.weight += weight
        into.deviation += weight * loading.deviation
        into.target = settings.number(gauge, "target_loading")
        if abs(loading.deviation) > settings.number(gauge, "excursion_limit"):
            self._out(lot, gauge, history, loading, distance)
        decisions = Decisions()
        if passed and passed != lot:
            of = self._lots.get(passed)
            first = of is not None and not of.recorded
            decisions.steps += self._recorded(passed, coater, loading.to_ns)
            if first and self._ranges.get(passed):
                decisions.merge(self._decide(passed, coater, gauge, loading.to_ns))
            self._ranges.pop(passed, None)
        return decisions

    def carried_out(self, found: Recommendation, now_ns: int) -> Decisions:
        """It is taken at the word of who reports it: nothing is left to measure."""
        effect = Effect(found.predicted, 0, now_ns, now_ns, "carried out, as reported")
        return self._desk.close(found, True, effect, now_ns)

    def loading(self, lot: str) -> tuple[float, float] | None:
        """Mean loading of a lot [mg/cm2] and its standard deviation; None if never measured."""
        found = self._lots.get(lot)
        if found is None or found.weight == 0:
            return None
        mean = found.deviation / found.weight
        return found.target * (1 + mean / 100), found.target * found.weight**-0.5 / 100

    def kpis(self) -> dict[str, Json]:
        outside = {lot: max(gauges.values()) for lot, gauges in self._outside.items()}
        return {
            "metres_coated": {lot: of.coated for lot, of in self._lots.items() if of.coated},
            "metres_out_of_tolerance": dict(outside),
            "yield_by_lot": {
                lot: max(0.0, 1 - outside.get(lot, 0.0) / of.coated)
                for lot, of in self._lots.items()
                if of.coated
            },
        }

    def _recorded(self, lot: str, coater: AssetConfig, time_ns: int) -> list[ProcessStep]:
        """The lot has been coated: of which slurry, how much, how well. Told once."""
        of = self._lots.get(lot)
        if of is None or of.recorded or not of.coated:
            return []
        of.recorded = True
        outside = max(self._outside.get(lot, {}).values(), default=0.0)
        measured: dict[str, float | str] = {
            "web_length [m]": of.coated,
            "out_of_tolerance [m]": outside,
        }
        loading = self.loading(lot)
        if loading is not None:
            measured["areal_loading [mg/cm2]"] = loading[0]
        id = filing.id_of("coat", f"{coater.uid}:{lot}")
        return [ProcessStep(id, StepType.COAT, coater.name, time_ns, of.slurry, (lot,), measured)]

    def _out(
        self,
        lot: str,
        gauge: AssetConfig,
        history: CoaterHistory,
        loading: Loading,
        distance: float,
    ) -> None:
        metres = (history.speed or 0.0) * (loading.to_ns - loading.from_ns) / _MINUTE_NS
        end = history.metres_at(loading.to_ns, distance)
        ranges = self._ranges.setdefault(lot, []) if end is not None else []
        last = next((r for r in reversed(ranges) if r.gauge == gauge.name), None)
        if end is not None and last is not None and end > last.to_m - _JOINED_M:
            # Web that stops or slows down under the gauge is seen twice, and is there once.
            metres = min(metres, end - last.to_m)
        if metres <= 0:
            return
        seen = self._outside.setdefault(lot, {})
        seen[gauge.name] = seen.get(gauge.name, 0.0) + metres
        if end is None:
            return
        if last is not None and end - metres - last.to_m <= _JOINED_M:
            last.to_m, last.to_ns = max(last.to_m, end), loading.to_ns
            last.readings += loading.readings
            last.worst = max(last.worst, loading.deviation, key=abs)
            return
        ranges.append(
            _Range(
                max(0.0, end - metres),
                end,
                loading.deviation,
                loading.from_ns,
                loading.to_ns,
                loading.readings,
                gauge.name,
            )
        )

    def _decide(self, lot: str, coater: AssetConfig, gauge: AssetConfig, now_ns: int) -> Decisions:
        ranges = [r for r in self._ranges.pop(lot) if r.gauge == gauge.name]
        if not ranges:
            return Decisions()
        limit = settings.number(coater, "rework_limit")
        scrap = [r for r in ranges if abs(r.worst) > limit]
        again = [r for r in ranges if abs(r.worst) <= limit]
        parts = [
            f"{verb} {sum(r.to_m - r.from_m for r in of):.0f} m"
            for verb, of in (("scrap", scrap), ("coat again", again))
            if of
        ]
        title = f"{', '.join(parts)} of lot {lot}"
        said = "; ".join(
            f"metre {r.from_m:.0f} to {r.to_m:.0f} up to {r.worst:+.1f} %" for r in ranges
        )
        metres = sum(r.to_m - r.from_m for r in ranges)
        coated = self._lots[lot].coated
        share = Interval("lot_yield", 100 * max(0.0, 1 - metres / coated), 0.0, 100.0, "%")
        if not coated:
            share = Interval("lot_yield", 0.0, 0.0, 100.0, "%")
        proposed = Recommendation(
            id=filing.id_of("ld", f"{coater.uid}:{lot}:{ranges[0].from_ns}"),
            layer="electrode",
            asset=coater.name,
            source=gauge.name,
            type=self.TYPE,
            title=title[0].upper() + title[1:],
            reason=f"Out of tolerance: {said}; beyond {limit:g} % it is scrap",
            changes=(),
            predicted=share,
            evidence=tuple(_evidence(r) for r in ranges),
            lot=lot,
            lot_from_m=ranges[0].from_m,
            created_ns=now_ns,
            expires_ns=now_ns + filing.SHIFT_NS,
            updated_ns=now_ns,
        )
        return self._desk.propose(proposed)

    def _lot(self, lot: str) -> _Lot:
        if lot not in self._lots:
            self._lots[lot] = _Lot()
            while len(self._lots) > _LOTS_REMEMBERED:
                oldest = next(iter(self._lots))
                del self._lots[oldest]
                self._outside.pop(oldest, None)
                self._ranges.pop(oldest, None)
        return self._lots[lot]

    def snapshot(self) -> Snapshot:
        return {
            "lots": [
                [
                    lot,
                    list[Value](of.slurry),
                    [of.coated, of.weight, of.deviation, of.target],
                    of.recorded,
                ]
                for lot, of in self._lots.items()
            ],
            "outside": {lot: dict(gauges) for lot, gauges in self._outside.items()},
            "ranges": {
                lot: [
                    [r.from_m, r.to_m, r.worst, r.from_ns, r.to_ns, r.readings, r.gauge]
                    for r in ranges
                ]
                for lot, ranges in self._ranges.items()
            },
            "at_gauge": dict(self._at_gauge),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._lots = {}
        for lot, slurry, numbers, recorded in map(saved.items, saved.items(snapshot["lots"])):
            coated, weight, deviation, target = map(saved.number, saved.items(numbers))
            names = tuple(map(saved.text, saved.items(slurry)))
            self._lots[saved.text(lot)] = _Lot(
                coated, names, weight, deviation, target, bool(recorded)
            )
        self._outside = {
            lot: {gauge: saved.number(metres) for gauge, metres in saved.fields(gauges).items()}
            for lot, gauges in saved.fields(snapshot["outside"]).items()
        }
        self._ranges = {
            lot: [
                _Range(
                    saved.number(row[0]),
                    saved.number(row[1]),
                    saved.number(row[2]),
                    saved.whole(row[3]),
                    saved.whole(row[4]),
                    saved.whole(row[5]),
                    saved.text(row[6]),
                )
                for row in map(saved.items, saved.items(ranges))
            ]
            for lot, ranges in saved.fields(snapshot["ranges"]).items()
        }
        self._at_gauge = {
            gauge: saved.text(lot) for gauge, lot in saved.fields(snapshot["at_gauge"]).items()
        }


def _evidence(found: _Range) -> Evidence:
    worst = Interval("areal_loading_deviation", found.worst, found.worst, found.worst, "%")
    return Evidence(
        found.gauge,
        "areal_loading",
        found.from_ns,
        found.to_ns,
        found.readings,
        worst,
        "lot-disposition/1",
    )
