"""Drying, as the electrode supervisor's section: estimates along each oven, one proposal.

oven.state ─▶ residual solvent, migration ─▶ out of limits for a while ─▶ one profile
           ─▶ approved, applied, air settled, web through ─▶ effect judged
"""

from collections.abc import Mapping
from typing import ClassVar, Final

from twin import settings
from twin.asset import AssetConfig, Event, Json
from twin.electrode.coating import model as coating_model
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.drying import telling
from twin.electrode.drying.effect import OvenEffect
from twin.electrode.drying.plan import Plan
from twin.electrode.drying.setup import ovens_of
from twin.electrode.drying.telling import Need
from twin.electrode.drying.watch import SECOND_NS, Laid, OvenWatch
from twin.electrode.drying.zone_state import ZoneState
from twin.electrode.section import Line, Section
from twin.estimation import saved
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Decisions
from twin.snapshot import Snapshot

_MASS_BALANCE_SD: Final = 0.03
"""Of a loading by mass balance alone: density, width and flow meter; chosen."""
_SETTLED_AFTER: Final = 5.0
_COMFORT: Final = 0.8
"""Part of a limit below which a proposal that nobody took up is withdrawn; chosen."""


class DryingSection(Section):
    types: ClassVar[tuple[str, ...]] = (telling.TYPE,)

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._watches: dict[str, OvenWatch] = {}
        self._plans: dict[str, Plan] = {}
        self._effects: dict[str, OvenEffect] = {}
        # By coater: solids [%] that a mixer tells, and their standard deviation.
        self._solids: dict[str, tuple[float, float]] = {}
        self._assets: dict[str, AssetConfig] = {}

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        setups = ovens_of(assets)
        for name, setup in setups.items():
            watch = self._watches.get(name)
            if watch is None or watch.setup.key != setup.key:
                self._watches[name], self._plans[name] = OvenWatch(setup), Plan()
                self._effects.pop(name, None)
            else:
                watch.describe(setup)
        for name in self._watches.keys() - setups.keys():
            del self._watches[name], self._plans[name]
            self._effects.pop(name, None)
        self._assets = dict(assets)

    def on_event(self, event: Event, asset: AssetConfig, line: Line) -> Decisions:
        if event.kind == "mixer.state":
            self._mixed(event, asset)
        elif event.kind == "oven.state":
            return self._zone_said(event, asset, line)
        return Decisions()

    def applied(self, found: Recommendation, now_ns: int, line: Line) -> Decisions:
        name, watch = self._oven_of(found)
        if watch is None or found.applied is None:
            return Decisions()
        history = line.coater_history(watch.setup.coater)
        speed = (history.speed if history else None) or 0.0
        settles = _SETTLED_AFTER * float(watch.setup.each("air_time_constant").max())
        wait_ns = round((settles + min(watch.transit_s(speed), 3600.0)) * SECOND_NS)
        self._effects[name] = OvenEffect(found.id, found.applied.time_ns + wait_ns)
        return Decisions()

    def rejected(self, found: Recommendation, now_ns: int) -> None:
        name, watch = self._oven_of(found)
        if watch is not None:
            self._plans[name].reject(watch.prediction)

    def at(self, now_ns: int, line: Line) -> Decisions:
        """Closes what can't be judged any more: the web stands, the oven is gone."""
        decisions = Decisions()
        judged = {effect.id: effect for effect in self._effects.values()}
        due = [r for r in self._desk.book.open() if r.type in self.types]
        for found in due:
            effect = judged.get(found.id)
            if found.state is not State.APPLIED:
                continue
            if effect is None or now_ns >= effect.ends_ns + 60 * SECOND_NS:
                reason = "drying could not be judged after the change: no oven data came"
                decisions.merge(self._desk.give_up(found, now_ns, reason))
                self._drop_effect(found.id)
        return decisions

    def kpis(self) -> Mapping[str, Json]:
        ovens: dict[str, Json] = {}
        for name, watch in self._watches.items():
            ovens[name] = {**telling.oven_kpis(watch), "says": self._plans[name].says}
        return {"ovens": ovens} if ovens else {}

    def snapshot(self) -> Snapshot:
        return {
            "ovens": {name: watch.snapshot() for name, watch in self._watches.items()},
            "plans": {name: plan.snapshot() for name, plan in self._plans.items()},
            "effects": {name: effect.snapshot() for name, effect in self._effects.items()},
            "solids": {coater: [*solids] for coater, solids in self._solids.items()},
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Ovens that the registry no longer has are left out."""
        plans = saved.fields(snapshot["plans"])
        for name, watch in saved.fields(snapshot["ovens"]).items():
            if name in self._watches:
                self._watches[name].restore(saved.fields(watch))
                self._plans[name] = Plan.restored(saved.fields(plans[name]))
        self._effects = {
            name: OvenEffect.restored(saved.fields(effect))
            for name, effect in saved.fields(snapshot["effects"]).items()
            if name in self._watches
        }
        self._solids = {}
        for coater, solids in saved.fields(snapshot["solids"]).items():
            value, sd = map(saved.number, saved.items(solids))
            self._solids[coater] = (value, sd)

    def _mixed(self, event: Event, mixer: AssetConfig) -> None:
        solids, sd = event.data.get("solids"), event.data.get("solids_sd")
        coater = mixer.parameters.get("coater", "")
        if isinstance(solids, int | float) and isinstance(sd, int | float) and coater:
            self._solids[str(coater)] = (float(solids), float(sd))

    def _zone_said(self, event: Event, zone: AssetConfig, line: Line) -> Decisions:
        name = zone.parent or zone.name
        watch = self._watches.get(name)
        if watch is None:
            return Decisions()
        watch.take(zone, ZoneState.of(event.time_ns, event.data))
        if watch.waits:
            return Decisions()
        history = line.coater_history(watch.setup.coater)
        laid = None if history is None else self._laid(watch, history, line)
        if history is None or laid is None:
            watch.forget()
            return Decisions()
        operation = watch.evaluate(event.time_ns, laid)
        if watch.prediction is None:
            return Decisions()
        need = _need(watch)
        effect = self._effects.get(name)
        if effect is not None:
            return self._judge(name, effect, need, event.time_ns)
        open_ = next((r for z in watch.setup.zones if (r := self._open_for(z.name))), None)
        if open_ is not None:
            return self._withdraw(open_, need, event.time_ns)
        plan = self._plans[name]
        if operation is None or not plan.is_due(event.time_ns, watch, need):
            return Decisions()
        proposed = plan.make(event, watch, need, operation, history)
        return Decisions() if proposed is None else self._desk.propose(proposed)

    def _judge(self, name: str, effect: OvenEffect, need: Need, time_ns: int) -> Decisions:
        watch, found = self._watches[name], self._desk.book.get(effect.id)
        verdict = effect.judge(found, watch, need, time_ns)
        if verdict is None:
            return Decisions()
        good, seen = verdict
        del self._effects[name]
        self._plans[name].rest(time_ns)
        return self._desk.close(found, good, seen, time_ns)

    def _withdraw(self, open_: Recommendation, need: Need, time_ns: int) -> Decisions:
        easy = (
            need.residual.upper < _COMFORT * need.residual_limit
            and need.migration.value < _COMFORT * need.migration_limit
        )
        if not easy:
            return Decisions()
        reason = "drying came back within its limits before anyone decided"
        return self._desk.withdraw(lambda r: r.id == open_.id, time_ns, reason)

    def _open_for(self, zone: str) -> Recommendation | None:
        return self._desk.open_for(zone, *self.types)

    def _laid(self, watch: OvenWatch, history: CoaterHistory, line: Line) -> Laid | None:
        coater = self._assets[watch.setup.coater]
        if history.speed is None:
            return None
        solids, solids_sd = self._solids.get(
            coater.name,
            (settings.number(coater, "slurry_solids"), watch.setup.number("solids_uncertainty")),
        )
        loading = line.loading(coater.name) or _by_mass_balance(coater, history, solids)
        if loading is None:
            return None
        return Laid(history.speed, *loading, solids, solids_sd)

    def _oven_of(self, found: Recommendation) -> tuple[str, OvenWatch | None]:
        zone = self._assets.get(found.asset)
        name = "" if zone is None else zone.parent or zone.name
        return name, self._watches.get(name)

    def _drop_effect(self, id: str) -> None:
        self._effects = {name: e for name, e in self._effects.items() if e.id != id}


def _need(watch: OvenWatch) -> Need:
    assert watch.prediction is not None
    return Need(
        watch.prediction.residual,
        watch.setup.number("residual_solvent_limit"),
        watch.prediction.migration,
        watch.setup.number("migration_limit"),
    )


def _by_mass_balance(
    coater: AssetConfig, history: CoaterHistory, solids: float
) -> tuple[float, float] | None:
    """Where no gauge says what is laid on the web."""
    flow, speed = history.setpoints.get("pump_flow"), history.speed
    if flow is None or flow.value <= 0 or not speed or speed <= 0:
        return None
    width = settings.number(coater, "coating_width")
    film = coating_model.wet_film_thickness(flow.value, width, speed)
    density = settings.number(coater, "slurry_density")
    loading = coating_model.dry_loading(film, density, solids)
    return loading, _MASS_BALANCE_SD * loading
