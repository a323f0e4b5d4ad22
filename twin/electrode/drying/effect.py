"""What a new oven profile did. There is no sensor of residual solvent: judged are the air,
the film's temperatures where they are read, and what the model makes of them."""

from dataclasses import dataclass
from typing import Final

from twin.electrode.drying.prediction import Z95
from twin.electrode.drying.telling import Need, interval
from twin.electrode.drying.watch import SECOND_NS, OvenWatch
from twin.estimation import saved
from twin.plant.recommendation import Effect, Recommendation
from twin.snapshot import Snapshot

_GOOD_IN_A_ROW: Final = 2
_PATIENCE_NS: Final = 600 * SECOND_NS
_EVERY_NS: Final = 30 * SECOND_NS
# A set point counts as written within this [K].
_WRITTEN_K: Final = 0.6


@dataclass(slots=True)
class OvenEffect:
    """Begins when the air should have settled and the web has passed the whole oven."""

    id: str
    begins_ns: int
    judged_ns: int = 0
    good: int = 0

    @property
    def ends_ns(self) -> int:
        return self.begins_ns + _PATIENCE_NS

    def judge(
        self, found: Recommendation, watch: OvenWatch, need: Need, time_ns: int
    ) -> tuple[bool, Effect] | None:
        """None while there is no verdict."""
        if time_ns < max(self.begins_ns, self.judged_ns + _EVERY_NS):
            return None
        if watch.prediction is None:
            return None
        self.judged_ns = time_ns
        wrong, checked = _shortfalls(found, watch, need, time_ns)
        self.good = 0 if wrong else self.good + 1
        if self.good < _GOOD_IN_A_ROW and time_ns < self.ends_ns:
            return None
        good = self.good >= _GOOD_IN_A_ROW
        residual = need.residual
        verdict = (
            f"by the model {residual.value:.2g} % ({residual.lower:.2g} to {residual.upper:.2g} "
            f"%) of residual solvent, limit {need.residual_limit:g} %; migration index "
            f"{need.migration.value:.2g}; no sensor reads the solvent: air of the changed zones "
            f"and film temperature of {checked} of {len(watch.setup.zones)} zones checked"
        )
        if wrong:
            verdict = f"{'; '.join(wrong)}; {verdict}"
        measured = interval("residual_solvent", residual, "%")
        return good, Effect(measured, checked, self.begins_ns, time_ns, verdict)

    def snapshot(self) -> Snapshot:
        return {
            "id": self.id,
            "begins_ns": self.begins_ns,
            "judged_ns": self.judged_ns,
            "good": self.good,
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "OvenEffect":
        return cls(
            saved.text(snapshot["id"]),
            saved.whole(snapshot["begins_ns"]),
            saved.whole(snapshot["judged_ns"]),
            saved.whole(snapshot["good"]),
        )


def _shortfalls(
    found: Recommendation, watch: OvenWatch, need: Need, time_ns: int
) -> tuple[list[str], int]:
    """What is not as predicted, and how many film temperatures were there to see."""
    wrong = []
    for i, change in enumerate(found.changes):
        state = watch.states.get(change.asset)
        if state is None:
            continue
        to = found.applied.value if i == 0 and found.applied is not None else change.to_value
        if state.setpoint is None or abs(state.setpoint - to) > _WRITTEN_K:
            wrong.append(f"the set point of {change.asset} is {state.setpoint}, not {to:g} degC")
    late = {*watch.unsettled(), *(name for name, state in watch.states.items() if state.fault)}
    changed = [change.asset for change in found.changes]
    wrong += [
        f"the air of {name} has not reached its set point" for name in changed if name in late
    ]
    assert watch.prediction is not None
    films = watch.film_readings(time_ns)
    for zone, off, sd in films:
        width = Z95 * (sd * sd + float(watch.prediction.film_sd_k[zone]) ** 2) ** 0.5
        if abs(off) > width:
            side = "warmer" if off > 0 else "colder"
            name = watch.setup.zones[zone].name
            wrong.append(f"the film in {name} is {abs(off):.1f} K {side} than predicted")
    whole = found.predicted.upper <= need.residual_limit
    wetter = need.residual.value if whole else need.residual.upper
    most = need.residual_limit if whole else 1.2 * found.predicted.upper
    if wetter > most:
        wrong.append(f"the model still finds {wetter:.2g} % of solvent, more than {most:.2g} %")
    if need.migration.value > max(need.migration_limit, 1.1 * _predicted_migration(found)):
        wrong.append(f"the migration index is still {need.migration.value:.2g}")
    return wrong, len(films)


def _predicted_migration(found: Recommendation) -> float:
    quantity = "predicted_migration_index"
    return next((e.summary.value for e in found.evidence if e.summary.quantity == quantity), 0.0)
