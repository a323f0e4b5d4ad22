"""One oven as the supervisor watches it: zones' states in, estimates along the web out."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from twin import settings
from twin.asset import AssetConfig
from twin.electrode.drying.belief import Belief, FilmTemperature
from twin.electrode.drying.film import Oven
from twin.electrode.drying.prediction import (
    Operation,
    Prediction,
    predict,
    restored_prediction,
    saved_prediction,
)
from twin.electrode.drying.setup import OvenSetup
from twin.electrode.drying.zone_state import ZoneState
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot

SECOND_NS: Final = 1_000_000_000
_EVERY_NS: Final = 30 * SECOND_NS
"""Not more often while nothing but readings change."""
_AT_ONCE_NS: Final = 5 * SECOND_NS
"""After a set point or the speed has changed."""
_AT_LEAST_NS: Final = 300 * SECOND_NS
_LEARNS_NS: Final = 1800 * SECOND_NS
"""From the first film temperatures on, until an interval's end is worth acting on; chosen."""
_STALE_NS: Final = 60 * SECOND_NS
_STANDING: Final = 0.1
"""Below this line speed [m/min] the web stands, and nothing is said of it."""
# What a change must exceed to be worth an evaluation: air [K], and parts of the others.
_AIR_K: Final = 1.5
_PARTS: Final = 0.01
_SETPOINT_K: Final = 0.2


@dataclass(frozen=True, slots=True)
class Laid:
    """What is laid on the web: speed [m/min], dry loading [mg/cm2], solids [%]."""

    speed: float
    loading: float
    loading_sd: float
    solids: float
    solids_sd: float


class OvenWatch:
    """Pure. ``prediction`` is the latest estimate, ``waits`` what it waits for."""

    def __init__(self, setup: OvenSetup) -> None:
        self.setup = setup
        self.states: dict[str, ZoneState] = {}
        self.belief = Belief.prior(len(setup.zones))
        self.prediction: Prediction | None = None
        self.evaluated_ns: int | None = None
        self._formulation = setup.formulation
        self._inputs: Array | None = None
        self._learned_ns: int | None = None
        self._began_ns: int | None = None
        self._steady_ns = 0

    @property
    def waits(self) -> str:
        """What keeps drying from being estimated; empty where nothing does."""
        if self.setup.missing:
            return self.setup.missing
        unread = [
            zone.name
            for zone in self.setup.zones
            if zone.name not in self.states or self.states[zone.name].air is None
        ]
        return f"no air temperature of {', '.join(unread)}" if unread else ""

    def describe(self, setup: OvenSetup) -> None:
        """The registry has other words for the same zones. Another slurry: what was learned
        of its vapour is where to begin, not what to believe."""
        self.setup = setup
        if setup.formulation != self._formulation:
            self._formulation = setup.formulation
            widest = Belief.prior(len(setup.zones)).covariance[-1, -1]
            self.belief.covariance[-1, :-1] = self.belief.covariance[:-1, -1] = 0.0
            self.belief.covariance[-1, -1] = widest

    def forget(self) -> None:
        """The web stands, or nobody knows what is on it."""
        self.prediction = self._inputs = None

    def take(self, zone: AssetConfig, state: ZoneState) -> None:
        before = self.states.get(zone.name)
        self.states[zone.name] = state
        if before is None or before.setpoint != state.setpoint or before.fault != state.fault:
            self._steady_ns = state.time_ns

    def setpoints(self) -> tuple[Array, Array]:
        """[degC], and which of them can't be proposed: the zone has none, or it has lost
        hold of its air. Those count with the air as it is."""
        states = self._ordered()
        found = [state.air if state.setpoint is None else state.setpoint for state in states]
        fixed = [state.setpoint is None or state.fault for state in states]
        return np.array(found, float), np.array(fixed)

    def unsettled(self) -> list[str]:
        """Zones whose air is on its way to a new set point."""
        return [
            zone.name
            for zone, state in zip(self.setup.zones, self._ordered(), strict=True)
            if not state.fault and abs(state.deviation) > settings.number(zone, "air_tolerance")
        ]

    def oven(self) -> Oven:
        """As it is now: with the vapour that its exhausts read."""
        exhaust = {
            name: state.exhaust_pct
            for name, state in self.states.items()
            if state.exhaust_pct is not None
        }
        return self.setup.oven(exhaust)

    def is_learning(self, time_ns: int) -> bool:
        """Whether film temperatures will soon tell more than is known now."""
        if all(state.web is None for state in self.states.values()):
            return False
        return self._began_ns is None or time_ns - self._began_ns < _LEARNS_NS

    def evaluate(self, time_ns: int, laid: Laid) -> Operation | None:
        """The operation it was evaluated for, where it was due."""
        if self.waits or laid.speed < _STANDING:
            self.forget()
            return None
        inputs = self._input_array(laid)
        if not self._is_due(time_ns, inputs):
            return None
        operation = self._operation(laid)
        oven = self.oven()
        if self.evaluated_ns is not None:
            self.belief.age(max(time_ns - self.evaluated_ns, 0) / SECOND_NS)
        found = predict(oven, operation, self.belief)
        if self._learn(time_ns, found, laid.speed):
            found = predict(oven, operation, self.belief)
        self.prediction, self.evaluated_ns, self._inputs = found, time_ns, inputs
        return operation

    def transit_s(self, speed: float) -> float:
        """From the slot die to the oven's exit."""
        return 60 * self.setup.exit_m / max(speed, _STANDING)

    def film_readings(self, time_ns: int) -> list[FilmTemperature]:
        """Web temperatures at hand, less the predicted ones."""
        assert self.prediction is not None
        error = self.setup.number("film_temperature_error")
        return [
            FilmTemperature(
                i,
                state.web - float(self.prediction.film_degc[i]),
                float(np.hypot(error, state.web_sd or 0.0)),
            )
            for i, state in enumerate(self._ordered())
            if state.web is not None and time_ns - state.time_ns < _STALE_NS
        ]

    def snapshot(self) -> Snapshot:
        return {
            "key": [[name, uid] for name, uid in self.setup.key],
            "states": {name: state.snapshot() for name, state in self.states.items()},
            "belief": self.belief.snapshot(),
            "prediction": None if self.prediction is None else saved_prediction(self.prediction),
            "evaluated_ns": self.evaluated_ns,
            "formulation": self._formulation,
            "inputs": None if self._inputs is None else self._inputs.copy(),
            "learned_ns": self._learned_ns,
            "began_ns": self._began_ns,
            "steady_ns": self._steady_ns,
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Another oven than it was taken of: nothing is restored."""
        key = [[name, uid] for name, uid in self.setup.key]
        if snapshot["key"] != key:
            return
        self.states = {
            name: ZoneState.restored(saved.fields(state))
            for name, state in saved.fields(snapshot["states"]).items()
        }
        self.belief = Belief.restored(saved.fields(snapshot["belief"]))
        prediction, inputs = snapshot["prediction"], snapshot["inputs"]
        self.prediction = (
            None if prediction is None else restored_prediction(saved.fields(prediction))
        )
        self.evaluated_ns = saved.whole_or_none(snapshot["evaluated_ns"])
        self._formulation = saved.text(snapshot["formulation"])
        self._inputs = None if inputs is None else saved.array(inputs)
        self._learned_ns = saved.whole_or_none(snapshot["learned_ns"])
        self._began_ns = saved.whole_or_none(snapshot["began_ns"])
        self._steady_ns = saved.whole(snapshot["steady_ns"])
        self.describe(self.setup)

    def _ordered(self) -> list[ZoneState]:
        return [self.states[zone.name] for zone in self.setup.zones]

    def _operation(self, laid: Laid) -> Operation:
        return Operation(
            air_degc=np.array([state.air for state in self._ordered()], float),
            speed_m_min=laid.speed,
            loading_mg_cm2=laid.loading,
            loading_sd=laid.loading_sd,
            solids_pct=laid.solids,
            solids_sd=laid.solids_sd,
            bound_pct=self.setup.number("bound_solvent"),
            diffusivity_m2_s=self.setup.number("binder_diffusivity"),
        )

    def _input_array(self, laid: Laid) -> Array:
        """Speed and set points first, then loading, solids and air."""
        states = self._ordered()
        sets = [0.0 if state.setpoint is None else state.setpoint for state in states]
        airs = [state.air for state in states]
        return np.array([laid.speed, *sets, laid.loading, laid.solids, *airs], float)

    def _is_due(self, time_ns: int, inputs: Array) -> bool:
        before, told_ns = self._inputs, self.evaluated_ns
        if before is None or told_ns is None or len(before) != len(inputs):
            return True
        n = len(self.setup.zones)
        moved, passed = np.abs(inputs - before), time_ns - told_ns
        parts = moved[[0, n + 1, n + 2]] / np.maximum(np.abs(before[[0, n + 1, n + 2]]), 1e-9)
        if parts[0] > _PARTS:
            self._steady_ns = time_ns
        sets = bool(np.max(moved[1 : n + 1]) > _SETPOINT_K)
        if passed >= _AT_ONCE_NS and (sets or parts[0] > _PARTS):
            return True
        if passed >= _EVERY_NS and (parts.max() > _PARTS or moved[n + 3 :].max() > _AIR_K):
            return True
        return bool(passed >= _AT_LEAST_NS)

    def _learn(self, time_ns: int, found: Prediction, speed: float) -> bool:
        """From web temperatures, where the web in the oven has been dried as it is now."""
        settled_ns = self._steady_ns + round((60 + self.transit_s(speed)) * SECOND_NS)
        if time_ns < settled_ns:
            return False
        self.prediction = found
        read = self.film_readings(time_ns)
        if not read:
            return False
        # The first readings count whole: the prior is wide, and they owe nothing to others.
        since = np.inf if self._learned_ns is None else (time_ns - self._learned_ns) / SECOND_NS
        self.belief.learn(read, found.film_slopes, float(since))
        self._learned_ns = time_ns
        self._began_ns = time_ns if self._began_ns is None else self._began_ns
        return True
