"""One calender's section at its desk, with what came of it."""

from tests.unit.twin.coating_line import at
from twin.asset import AssetConfig, Event, Json
from twin.electrode.calendering.section import CalenderSection
from twin.electrode.coating.coater_history import CoaterHistory
from twin.electrode.section import Line
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, Step
from twin.plant.supervision import Command, Decisions

NAME = "line1/calender"


class CalenderedLine(Line):
    def __init__(self) -> None:
        self.history: CoaterHistory | None = None
        self.loadings: dict[str, tuple[float, float]] = {}

    def coater_history(self, coater: str) -> CoaterHistory | None:
        return self.history

    def loading(self, coater: str) -> tuple[float, float] | None:
        return None

    def lot_loading(self, lot: str) -> tuple[float, float] | None:
        return self.loadings.get(lot)


class SupervisedCalender:
    """One section at its desk, with what came of it."""

    def __init__(self, **parameters: float | str) -> None:
        self.config = AssetConfig(NAME, "uid", "calender", "line1", parameters)
        self.line = CalenderedLine()
        self.desk = Desk()
        self.section = CalenderSection(self.desk)
        self.section.assets_changed({NAME: self.config})
        self.done = Decisions()
        self.sequence = 0

    def tell(self, kind: str, seconds: float, **data: Json) -> None:
        self.sequence += 1
        event = Event(NAME, "uid", self.sequence, kind, at(seconds), data)
        self.done.merge(self.section.on_event(event, self.config, self.line))

    def state(self, seconds: float, porosity: float = 30.0, sd: float = 0.5, **data: Json) -> None:
        self.tell(
            "calender.state",
            seconds,
            **{
                "porosity": porosity,
                "porosity_sd": sd,
                "porosity_lower": porosity - 1.645 * sd,
                "porosity_upper": porosity + 1.645 * sd,
                "line_load": 120.0,
                "gap": 110.0,
                "thickness_out": 145.0,
                "lot": "E-1",
                "roll_set": "R-1",
                "web_length": seconds,
                "loading_assumed": 20.0,
                "loading_deviation": 0.0,
                "loading_deviation_sd": 1.0,
                "porosity_loading_covariance": -0.2,
                "porosity_per_load": -0.08,
                "porosity_per_load_sd": 0.01,
                "porosity_per_load_change": -1 / 120,
                "porosity_per_gap": 0.3,
                "porosity_per_gap_sd": 0.05,
                "wear": 1.0,
                "wear_sd": 1.0,
                **data,
            },
        )

    def command(self, command: Command, seconds: float) -> None:
        decisions, moved = self.desk.on_command(command, at(seconds))
        self.done.merge(decisions)
        if moved is not None and moved[1] is Step.REJECT:
            self.section.rejected(moved[0], at(seconds))
        if moved is not None and moved[1] is Step.REPORT_APPLIED:
            self.done.merge(self.section.applied(moved[0], at(seconds), self.line))

    def upward(self, kind: str) -> list[Event]:
        return [event for event in self.done.upward if event.kind == kind]

    @property
    def latest(self) -> Recommendation:
        return self.done.recommendations[-1]

    def proposed(self) -> list[Recommendation]:
        return [r for r in self.done.recommendations if r.revision == 1]
