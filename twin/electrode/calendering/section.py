"""The calendering part of the electrode supervisor.

calender.state ─▶ porosity of the lot ─▶ lot.porosity, to the cells made from it
               ├▶ outside its window  ─▶ one recommendation: line load (or gap)
               └▶ rolls worn          ─▶ one recommendation: new rolls
calender.rolls_changed, .formulation_changed, .recalibrated ─▶ process.changed
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.electrode.calendering import proposal
from twin.electrode.calendering.calender_state import CalenderState, text
from twin.electrode.calendering.lot_book import LotBook
from twin.electrode.calendering.nip_effect import NipEffect
from twin.electrode.calendering.watch import CalenderWatch
from twin.electrode.section import Line, Section
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Effect, Interval, Recommendation, State
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_ROLLS_WITHIN_NS: Final = 8 * 3600 * _SECOND_NS
"""Rolls reported as replaced must be seen to have changed within a shift."""
_WHAT: Final = {
    "calender.rolls_changed": "rolls",
    "calender.formulation_changed": "formulation",
    "calender.recalibrated": "calender physics",
}


class CalenderSection(Section):
    types: ClassVar[tuple[str, ...]] = (proposal.LINE_LOAD, proposal.ROLLS)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._calenders: dict[str, AssetConfig] = {}
        self._watches: dict[str, CalenderWatch] = {}
        self._book = LotBook()

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        found = {name: asset for name, asset in assets.items() if asset.kind == "calender"}
        for name, asset in self._calenders.items():
            if name not in found or found[name].uid != asset.uid:
                self._watches.pop(name, None)
        self._calenders = found

    def on_event(self, event: Event, asset: AssetConfig, line: Line) -> Decisions:
        if asset.kind != "calender":
            return Decisions()
        if event.kind == "calender.sample":
            watch = self._watches.setdefault(asset.name, CalenderWatch())
            return self._book.sampled(watch, event, asset, line)
        if event.kind in _WHAT:
            data = {**event.data, "what": _WHAT[event.kind], "cause": event.kind}
            decisions = self._book.pass_on("process.changed", event, data)
            if event.kind == "calender.rolls_changed":
                decisions.merge(self._rolls_changed(event))
            return decisions
        state = CalenderState.of(event) if event.kind == "calender.state" else None
        if state is None:
            return Decisions()
        watch = self._watches.setdefault(asset.name, CalenderWatch())
        decisions = self._book.gather(watch, asset, state, line)
        decisions.merge(self._measure(watch, asset, state))
        decisions.merge(self._consider(watch, asset, state, event))
        decisions.merge(self._consider_rolls(watch, asset, state, event))
        return decisions

    def applied(self, found: Recommendation, now_ns: int, line: Line) -> Decisions:
        watch = self._watches.setdefault(found.asset, CalenderWatch())
        calender, applied = self._calenders.get(found.asset), found.applied
        if found.type == proposal.ROLLS:
            seen = watch.rolls_ns > found.created_ns
            return self._replaced(found, watch.rolls_ns, "", now_ns) if seen else Decisions()
        if calender is not None and applied is not None:
            settling, window = (
                round(settings.number(calender, name) * _SECOND_NS)
                for name in ("settling_time", "effect_window")
            )
            watch.effect = NipEffect(applied.time_ns + settling, window)
            watch.effect_of = found.id
        return Decisions()

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        calender = self._calenders.get(found.asset)
        if calender is None or found.type != proposal.LINE_LOAD:
            return
        target = settings.number(calender, "porosity_target")
        watch = self._watches.setdefault(found.asset, CalenderWatch())
        watch.rejected = found.evidence[0].summary.value - target

    def at(self, now_ns: int, line: Line) -> Decisions:
        decisions = Decisions()
        for found in [*self._desk.book.open(lambda r: r.type in self.types)]:
            if found.state is not State.APPLIED:
                continue
            watch = self._watches.get(found.asset)
            if found.type == proposal.ROLLS:
                overdue = now_ns >= (found.updated_ns or 0) + _ROLLS_WITHIN_NS
                reason = "no other rolls were seen on the calender"
            else:
                effect = None if watch is None or watch.effect_of != found.id else watch.effect
                overdue = effect is None or now_ns >= effect.overdue_ns
                reason = "the porosity could not be measured after the change"
            if overdue:
                decisions.merge(self._desk.give_up(found, now_ns, reason))
        return decisions

    def kpis(self) -> Mapping[str, Json]:
        changed = {name: watch.rolls_ns for name, watch in self._watches.items() if watch.rolls_ns}
        return {
            "porosity_by_lot": self._book.kpis(),
            **({"rolls_changed_ns": changed} if changed else {}),
        }

    def _consider(
        self, watch: CalenderWatch, calender: AssetConfig, state: CalenderState, event: Event
    ) -> Decisions:
        target = settings.number(calender, "porosity_target")
        limit = settings.number(calender, "porosity_limit")
        sure = settings.number(calender, "porosity_probability")
        outside = proposal.probability_outside(state, target, limit)
        if outside <= 1 - sure:
            watch.rejected = None
        if outside <= 0.5:
            watch.sees_outside(state, False)
            return self._desk.withdraw(
                lambda r: r.asset == calender.name and r.type == proposal.LINE_LOAD,
                state.time_ns,
                "the porosity came back within its limits before anyone decided",
            )
        if outside < sure or not watch.sees_outside(state, True):
            return Decisions()
        deviation = state.porosity - target
        present = self._desk.open_for(calender.name, proposal.LINE_LOAD)
        if present is not None:
            answered = present.evidence[0].summary.value - target
            outdated = abs(deviation - answered) > limit / 2 + state.sd
            if present.state is not State.PROPOSED or not outdated:
                return Decisions()
        elif watch.was_rejected(deviation, limit):
            return Decisions()
        turned = proposal.turn(calender, state)
        if turned is None:
            return Decisions()
        proposed = proposal.recommendation(
            event.id, calender, state, turned, watch.since_ns, watch.outside
        )
        return self._desk.propose(proposed, present)

    def _consider_rolls(
        self, watch: CalenderWatch, calender: AssetConfig, state: CalenderState, event: Event
    ) -> Decisions:
        """Once for each set of rolls."""
        rolls = state.text("roll_set")
        worn = proposal.wear_is_over(calender, state)
        if worn is None or watch.worn == rolls:
            return Decisions()
        watch.worn = rolls
        return self._desk.propose(proposal.roll_replacement(event.id, calender, state, *worn))

    def _measure(
        self, watch: CalenderWatch, calender: AssetConfig, state: CalenderState
    ) -> Decisions:
        found = self._desk.open_for(calender.name, proposal.LINE_LOAD)
        if watch.effect is None or found is None or found.id != watch.effect_of:
            return Decisions()
        if not watch.effect.take(state, found.changes[0].signal):
            return Decisions()
        target = settings.number(calender, "porosity_target")
        good, effect = watch.effect.judged(
            found, target, settings.number(calender, "porosity_limit")
        )
        watch.effect = None
        return self._desk.close(found, good, effect, state.time_ns)

    def _rolls_changed(self, event: Event) -> Decisions:
        watch = self._watches.setdefault(event.asset, CalenderWatch())
        watch.rolls_ns, watch.worn = event.time_ns, None
        watch.lots.rolls_changed()
        found = self._desk.open_for(event.asset, proposal.ROLLS)
        if found is not None and found.state is State.APPLIED:
            words = f"{text(event.data, 'before')} replaced by {text(event.data, 'after')}"
            return self._replaced(found, event.time_ns, words, event.time_ns)
        return self._desk.withdraw(
            lambda r: r.asset == event.asset and r.type == proposal.ROLLS,
            event.time_ns,
            "the rolls have been replaced",
        )

    def _replaced(self, found: Recommendation, rolls_ns: int, words: str, now_ns: int) -> Decisions:
        seen = found.predicted
        measured = Interval(seen.quantity, seen.value, seen.lower, seen.upper, seen.unit)
        verdict = words or "other rolls have been mounted"
        return self._desk.close(
            found, True, Effect(measured, 1, rolls_ns, rolls_ns, verdict), now_ns
        )

    def snapshot(self) -> Snapshot:
        return {
            "watches": {name: watch.snapshot() for name, watch in self._watches.items()},
            "book": self._book.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._watches = {
            name: CalenderWatch.restored(saved.fields(watch))
            for name, watch in saved.fields(snapshot["watches"]).items()
        }
        self._book.restore(saved.fields(snapshot["book"]))
