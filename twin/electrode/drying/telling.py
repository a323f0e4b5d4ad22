"""What the drying section tells people: figures of an oven, and a recommendation in words."""

from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import blake2b
from typing import Final

from twin.asset import Event, Json
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.drying import film, migration, optimise
from twin.electrode.drying.optimise import Profile
from twin.electrode.drying.prediction import CONFIDENCE, Estimate, Prediction
from twin.electrode.drying.watch import OvenWatch
from twin.estimation.kalman import Array
from twin.plant import filing
from twin.plant.recommendation import Change, Evidence, Interval, Recommendation

TYPE: Final = "oven_profile"
_MODEL: Final = f"{film.MODEL}, {migration.MODEL}, {optimise.MODEL}"


@dataclass(frozen=True, slots=True)
class Need:
    """What asks for another profile."""

    residual: Estimate
    residual_limit: float
    migration: Estimate
    migration_limit: float

    @property
    def too_wet(self) -> bool:
        return self.residual.upper > self.residual_limit

    @property
    def too_fast(self) -> bool:
        return self.migration.value > self.migration_limit

    def words(self) -> str:
        found = []
        if self.too_wet:
            found.append(
                f"Residual solvent is {self.residual.value:.2g} % of the dry mass and may be "
                f"{self.residual.upper:.2g} %; the limit is {self.residual_limit:g} %"
            )
        if self.too_fast:
            found.append(
                f"The migration index is {self.migration.value:.2g} ({self.migration.lower:.2g} "
                f"to {self.migration.upper:.2g}); the limit is {self.migration_limit:g}"
            )
        return "; ".join(found)


def profile_recommendation(
    cause: Event,
    watch: OvenWatch,
    need: Need,
    history: CoaterHistory,
    present: Array,
    profile: Profile,
) -> Recommendation:
    """New set points: the first zone that changes stands for the oven."""
    changes = tuple(_changes(watch, present, profile))
    after = profile.predicted
    steps = ", ".join(
        f"{change.asset.removeprefix(watch.setup.name + '/')} {change.from_value:g} to "
        f"{change.to_value:g}"
        for change in changes
    )
    reason = f"{need.words()}. {_after(after)}"
    faults = [name for name, state in watch.states.items() if state.fault]
    if faults:
        reason += f". The air of {', '.join(faults)} does not follow its set point: see to it"
    if profile.stopped_by:
        reason += f". More is not allowed: {'; '.join(profile.stopped_by)}"
    return _written(
        cause, watch, need, history, changes, f"Set oven [degC]: {steps}", reason, after
    )


def advice(
    cause: Event,
    watch: OvenWatch,
    need: Need,
    history: CoaterHistory,
    profile: Profile,
    slower: tuple[float, Prediction] | None,
) -> Recommendation:
    """No allowed profile dries the film: a person must change something else. ``slower``
    is a line speed [m/min] at which the present profile would do, and what it would do."""
    reason = (
        f"{need.words()}. No allowed oven profile dries the film: "
        f"{'; '.join(profile.stopped_by)}; the driest leaves up to "
        f"{profile.predicted.residual.upper:.2g} %"
    )
    if slower is None:
        return _written(
            *(cause, watch, need, history, ()),
            "The oven cannot dry this film within its limits",
            reason,
            profile.predicted,
        )
    speed, after = slower
    title = f"The oven cannot dry this film at this speed: {speed:g} m/min would do"
    reason += f". With the present profile at {speed:g} m/min: {_after(after)}"
    return _written(cause, watch, need, history, (), title, reason, after)


def interval(quantity: str, found: Estimate, unit: str) -> Interval:
    return Interval(quantity, found.value, found.lower, found.upper, unit, CONFIDENCE)


def oven_kpis(watch: OvenWatch) -> dict[str, Json]:
    """Figures along the oven; lists are a value with its 95 % interval."""
    if watch.waits or watch.prediction is None:
        return {"waits": watch.waits or "the web stands, or what is laid on it is not known"}
    found = watch.prediction
    zones: dict[str, Json] = {}
    for i, zone in enumerate(watch.setup.zones):
        h, h_sd = watch.belief.factor(i)
        state = watch.states[zone.name]
        zones[zone.name] = {
            "film_temperature_degC": float(found.film_degc[i]),
            "film_temperature_sd_K": float(found.film_sd_k[i]),
            "web_temperature_degC": state.web,
            "drying_rate_g_m2_s": float(found.rate_g_m2s[i]),
            "solvent_left_g_m2": float(found.left_g_m2[i]),
            "h_factor": h,
            "h_factor_sd": h_sd,
            "heater_fault": state.fault,
            "air_deviation_K": state.deviation,
        }
    residual, migrated = found.residual, found.migration
    return {
        "residual_solvent_pct": [residual.value, residual.lower, residual.upper],
        "migration_index": [migrated.value, migrated.lower, migrated.upper],
        "zones": zones,
    }


def _changes(watch: OvenWatch, present: Array, profile: Profile) -> Iterator[Change]:
    lower, upper = watch.setup.each("air_setpoint_min"), watch.setup.each("air_setpoint_max")
    for i, zone in enumerate(watch.setup.zones):
        from_, to = float(present[i]), float(profile.setpoints_degc[i])
        if from_ != to:
            limits = float(lower[i]), float(upper[i])
            yield Change("air_setpoint", from_, to, "degC", *limits, asset=zone.name)


def _after(found: Prediction) -> str:
    return (
        f"Then {found.residual.value:.2g} % ({found.residual.lower:.2g} to "
        f"{found.residual.upper:.2g} %) are left, and the migration index is "
        f"{found.migration.value:.2g} ({found.migration.lower:.2g} to {found.migration.upper:.2g})"
    )


def _written(
    cause: Event,
    watch: OvenWatch,
    need: Need,
    history: CoaterHistory,
    changes: tuple[Change, ...],
    title: str,
    reason: str,
    after: Prediction,
) -> Recommendation:
    setup, time_ns = watch.setup, cause.time_ns
    from_ns = min(state.time_ns for state in watch.states.values())
    evidence = (
        (interval("residual_solvent", need.residual, "%"), "residual_solvent"),
        (interval("migration_index", need.migration, "1"), "migration_index"),
        (interval("predicted_migration_index", after.migration, "1"), "migration_index"),
    )
    last = setup.zones[-1].name
    return Recommendation(
        id=f"ov-{blake2b(cause.id.encode(), digest_size=8).hexdigest()}",
        layer="electrode",
        asset=changes[0].asset if changes else setup.zones[0].name,
        source=last,
        type=TYPE,
        title=title,
        reason=reason,
        changes=changes,
        predicted=interval("residual_solvent", after.residual, "%"),
        evidence=tuple(
            Evidence(last, signal, from_ns, time_ns, len(watch.states), summary, _MODEL)
            for summary, signal in evidence
        ),
        lot=history.lot_at(time_ns, setup.exit_m),
        lot_from_m=history.metres_at(time_ns, setup.exit_m),
        created_ns=time_ns,
        expires_ns=time_ns + filing.LIVES_NS,
        updated_ns=time_ns,
    )
