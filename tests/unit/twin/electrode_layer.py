"""The electrode layer's rules, fed with events as twins would tell them."""

from tests.unit.twin.coating_line import COATER, GAUGE, at, coater, gauge
from twin.asset import Event, Json
from twin.electrode.supervisor import ElectrodeRules
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Approve, Decisions, Reject, ReportApplied


class Layer:
    """The rules, fed with events as twins would tell them."""

    def __init__(self, **of_coater: float | str) -> None:
        self.rules = ElectrodeRules()
        self.assets = {c.name: c for c in (coater(**of_coater), gauge())}
        self.rules.assets_changed(self.assets)
        self.latest: dict[str, Recommendation] = {}
        self.sequence = 0

    def tell(self, asset: str, kind: str, seconds: float, **data: Json) -> Decisions:
        self.sequence += 1
        uid = self.assets[asset].uid
        event = Event(asset, uid, self.sequence, kind, at(seconds), data)
        return self._kept(self.rules.on_event(event))

    def state(self, seconds: float = 0.0, **data: Json) -> Decisions:
        known: dict[str, Json] = {
            "line_speed": 40.0,
            "line_speed_sd": 0.01,
            "slot_die_gap": 300.0,
            "slot_die_gap_sd": 0.2,
            "web_length": 1000.0,
            "lot": "E-7",
            "lot_start_m": 900.0,
        }
        return self.tell(COATER, "coater.state", seconds, **{**known, **data})

    def excursion(self, deviation: float = 3.0, seconds: float = 1.0) -> Decisions:
        return self.tell(
            GAUGE,
            "gauge.excursion",
            seconds,
            deviation_pct=deviation,
            deviation_sd_pct=0.2,
            probability=0.999,
            n=3,
            from_ns=at(seconds - 0.2),
            to_ns=at(seconds),
            deciding_ns=at(seconds),
            model="test/1",
        )

    def recovered(self, seconds: float) -> Decisions:
        return self.tell(GAUGE, "gauge.recovered", seconds)

    def loading(self, deviation: float, from_s: float, to_s: float, sd: float = 0.1) -> Decisions:
        return self.tell(
            GAUGE,
            "gauge.loading",
            to_s,
            deviation_pct=deviation,
            deviation_sd_pct=sd,
            level_pct=deviation,
            level_sd_pct=0.15,
            n=10,
            from_ns=at(from_s),
            to_ns=at(to_s),
        )

    def loadings(self, deviation: float, from_s: int, to_s: int) -> None:
        for second in range(from_s, to_s):
            self.loading(deviation, second, second + 0.9)

    def at(self, seconds: float) -> Decisions:
        return self._kept(self.rules.at(at(seconds)))

    def approve(self, found: Recommendation, seconds: float = 5.0) -> Recommendation:
        return self._one(self.rules.on_command(Approve(found.id, "operator"), at(seconds)))

    def reject(self, found: Recommendation, seconds: float = 5.0) -> Recommendation:
        command = Reject(found.id, "operator", "the lot ends")
        return self._one(self.rules.on_command(command, at(seconds)))

    def apply(self, found: Recommendation, value: float, seconds: float = 6.0) -> Decisions:
        command = ReportApplied(found.id, "mes", value, at(seconds))
        return self._kept(self.rules.on_command(command, at(seconds)))

    def proposed(self, deviation: float = 3.0) -> Recommendation:
        self.state()
        return self._one(self.excursion(deviation))

    def applied(self) -> Recommendation:
        found = self.approve(self.proposed())
        self.apply(found, found.changes[0].to_value)
        return self.latest[found.id]

    def again(self, id: str) -> Recommendation:
        return self.latest[id]

    def _one(self, decisions: Decisions) -> Recommendation:
        (found,) = self._kept(decisions).recommendations
        return found

    def _kept(self, decisions: Decisions) -> Decisions:
        for found in decisions.recommendations:
            self.latest[found.id] = found
        return decisions
