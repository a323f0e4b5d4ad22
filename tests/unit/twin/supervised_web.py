"""A coated web and the electrode layer's rules that hear all of it."""

from copy import deepcopy
from functools import cache

from tests.unit.twin.coated_web import TICK_S, CoatedWeb, Course, gauge_exit
from tests.unit.twin.coating_line import COATER, at, coater, gauge
from tests.unit.twin.electrode_layer import Layer
from twin.asset import AssetConfig, Event
from twin.electrode.supervisor import ElectrodeRules
from twin.plant.genealogy import ProcessStep
from twin.plant.recommendation import Recommendation
from twin.snapshot import dumps, loads

LEARNED_S = 480.0
_COATER: dict[str, float | str] = {
    "feed": "pressure",
    "watch_block": 20.0,
    "watch_learning": 300.0,
    "least_correction": 0.5,
}


class SupervisedWeb(Layer):
    def __init__(self, web: CoatedWeb, **of_coater: float | str) -> None:
        super().__init__()
        self.web = web
        self.upward: list[Event] = []
        self.steps: list[ProcessStep] = []
        assets: list[AssetConfig] = [coater(**{**_COATER, **of_coater})]
        assets += [g for g in (gauge(), gauge_exit()) if g.name in web.gauges]
        self.assets = {asset.name: asset for asset in assets}
        self.rules = ElectrodeRules()
        self.rules.assets_changed(self.assets)

    @property
    def now(self) -> float:
        return self.web.now

    def run(self, seconds: float) -> list[Recommendation]:
        """All that was decided on meanwhile, in order."""
        decided = []
        for told in self.web.run(seconds):
            decisions = self.tell(told.asset, told.kind, told.seconds, **told.data)
            self.upward += decisions.upward
            self.steps += decisions.steps
            decided += decisions.recommendations
        decided += self.at(self.now).recommendations
        return decided

    def until_decided(self, at_most: float = 900.0) -> Recommendation:
        """Runs until something is decided; the last of it."""
        end = self.now + at_most
        while self.now < end:
            if decided := self.run(TICK_S):
                return decided[-1]
        raise AssertionError(f"nothing within {at_most} s")

    def carry_out(self, found: Recommendation) -> Recommendation:
        """A person approves; the MES writes and reports."""
        found = self.approve(found, self.now)
        value = found.changes[0].to_value if found.changes else 0.0
        for change in found.changes[:1]:
            if change.signal == "line_speed":
                self.web.speed = value
            else:
                self.web.gap = value
        self.apply(found, value, self.now)
        return self.again(found.id)

    def restarted(self) -> None:
        """The rules go on elsewhere."""
        snapshot = loads(dumps(self.rules.snapshot()))
        self.rules = ElectrodeRules()
        self.rules.assets_changed(self.assets)
        self.rules.restore(snapshot)

    def deviation(self) -> float:
        """What the rules say of the web now [%]."""
        loading = self.rules.loading(COATER)
        assert loading is not None
        return 100 * (loading[0] / 20.0 - 1)

    def time_ns(self) -> int:
        return at(self.now)


@cache
def _learned(bound: bool) -> tuple[CoatedWeb, bytes]:
    web = CoatedWeb(bound=bound)
    line = SupervisedWeb(web)
    assert line.run(LEARNED_S) == []
    return web, dumps(line.rules.snapshot())


def learned(
    faults: dict[str, Course] | None = None, bound: bool = True, **of_coater: float | str
) -> SupervisedWeb:
    """A line that has been seen for eight minutes, nothing wrong; ``faults`` begin now."""
    web, snapshot = _learned(bound)
    line = SupervisedWeb(deepcopy(web), **of_coater)
    line.web.faults = faults or {}
    line.rules.restore(loads(snapshot))
    line.sequence = 100_000
    return line
