"""What the cell supervisor proposes for a channel, and the hours that it recovers."""

from dataclasses import replace

import pytest

from tests.unit.twin.cell_layer import CHANNEL, HOUR, event, formed, started
from twin.asset import AssetConfig, Event, Json
from twin.cell.formation.section import FormationSection
from twin.cell.section import Porosity, Soak
from twin.plant.desk import Desk
from twin.plant.recommendation import Recommendation, State, Step
from twin.plant.supervision import Approve, Decisions, ReportApplied
from twin.snapshot import dumps, loads

OTHER = replace(CHANNEL, name="r1/channel-2", uid="c2")


class Layer:
    """What the rest of the layer knows."""

    def __init__(self, unwetted: float | None = None) -> None:
        self._unwetted = unwetted

    def lot_porosity(self, lot: str) -> Porosity | None:
        return None

    def electrode_lots(self, serial: str) -> dict[str, str]:
        return {"anode": "A-7", "cathode": "C-3"}

    def jellyrolls(self, serial: str) -> tuple[str, ...]:
        return ()

    def station(self, serial: str, step: str) -> str:
        return ""

    def electrolyte(self, serial: str) -> float | None:
        return None

    def soak(self, serial: str) -> Soak | None:
        return None

    def unwetted(self, serial: str) -> float | None:
        return self._unwetted


class Formation:
    def __init__(self, layer: Layer | None = None) -> None:
        self.desk = Desk("the cell layer")
        self.section = FormationSection(self.desk)
        self.section.assets_changed({a.name: a for a in (CHANNEL, OTHER)})
        self.layer = layer or Layer()

    def on(self, said: Event, asset: AssetConfig = CHANNEL) -> Decisions:
        return self.section.on_event(said, asset, self.layer)

    def apply(self, found: Recommendation, hour: float) -> Decisions:
        now = round(hour * HOUR)
        self.desk.on_command(Approve(found.id, "meg"), now)
        _, moved = self.desk.on_command(ReportApplied(found.id, "mes", 0.5, now), now)
        assert moved is not None
        assert moved[1] is Step.REPORT_APPLIED
        return self.section.applied(moved[0], now, self.layer)


def found(diagnosis: str, hour: float = 3.0, serial: str = "a", **more: Json) -> Event:
    data: dict[str, Json] = {
        "serial": serial,
        "diagnosis": diagnosis,
        "probability": 0.97,
        "probabilities": {"good": 0.0, diagnosis: 0.97, "unusual": 0.03},
        "evidence": {
            "charge1.ohmic#4": {"value": 0.06, "lower": 0.03, "upper": 0.04, "unit": "Ohm"}
        },
        "elapsed_h": hour,
        "hours_left": 48.0 - hour,
        "current_A": 1.0,
        "soc": 0.62,
        "time_ns": round(hour * HOUR),
        **more,
    }
    return event(CHANNEL, "cell.diagnosed", round(hour * HOUR), data)


@pytest.mark.parametrize(
    ("diagnosis", "type_", "says"),
    [
        ("micro_short", "cell_diversion", "short-circuit test"),
        ("low_lithium_inventory", "cell_diversion", "will not make grade"),
        ("high_polarisation", "cell_diversion", "welds"),
        ("unusual", "formation_protocol", "Stop"),
        ("lithium_plating", "formation_protocol", "0.50 A instead of 1.00 A above 62 %"),
    ],
)
def test_each_diagnosis_leads_to_one_recommendation(diagnosis: str, type_: str, says: str) -> None:
    (proposed,) = Formation().on(found(diagnosis)).recommendations

    assert proposed.type == type_
    assert says in proposed.title
    assert (proposed.asset, proposed.lot, proposed.state) == (CHANNEL.name, "A-7", State.PROPOSED)
    assert (proposed.predicted.quantity, proposed.predicted.value) == ("hours_saved", 45.0)
    assert proposed.predicted.lower <= 45.0 <= proposed.predicted.upper
    (evidence,) = proposed.evidence
    assert (evidence.summary.value, evidence.summary.upper) == (0.06, 0.04)
    assert proposed.causes[0].name == diagnosis


def test_a_plating_charge_is_slowed_within_its_limits() -> None:
    (proposed,) = Formation().on(found("lithium_plating")).recommendations

    (change,) = proposed.changes
    assert (change.from_value, change.to_value, change.unit) == (1.0, 0.5, "A")
    assert change.lower_limit <= change.to_value <= change.upper_limit


def test_a_cell_that_was_not_wetted_rests() -> None:
    formation = Formation(Layer(unwetted=0.6))

    (proposed,) = formation.on(found("high_polarisation")).recommendations

    assert proposed.type == "formation_protocol"
    assert "rest for 6 h" in proposed.title


def test_near_its_end_a_protocol_is_not_stopped() -> None:
    assert Formation().on(found("micro_short", hour=47.5)).recommendations == []


def test_a_later_diagnosis_takes_the_first_one_s_place() -> None:
    formation = Formation()
    (first,) = formation.on(found("unusual")).recommendations

    old, new = formation.on(found("micro_short", hour=5.0)).recommendations

    assert (old.id, old.state) == (first.id, State.SUPERSEDED)
    assert [r.id for r in formation.desk.book.open()] == [new.id]


def test_a_diverted_cell_gives_its_hours_back() -> None:
    formation = Formation()
    (proposed,) = formation.on(found("micro_short")).recommendations

    (closed,) = formation.apply(proposed, hour=4.0).recommendations

    kpis = formation.section.kpis()
    assert closed.state is State.EFFECTIVE
    assert kpis["diverted"] == 1
    assert kpis["hours_recovered"] == pytest.approx(44.0)
    assert kpis["hours_saved_median"] == 45.0
    assert kpis["diagnosed"] == {"micro_short": 1}


def test_a_slower_charge_recovers_no_hours() -> None:
    formation = Formation()
    (proposed,) = formation.on(found("lithium_plating")).recommendations

    formation.apply(proposed, hour=4.0)

    assert formation.section.kpis()["hours_recovered"] == 0.0


@pytest.mark.parametrize("last", [formed("a", 0.45, 50 * HOUR), started("b", 50 * HOUR)])
def test_nothing_stays_proposed_for_a_cell_that_has_left(last: Event) -> None:
    formation = Formation()
    formation.on(started("a", 1))
    formation.on(found("unusual"))

    (gone,) = formation.on(last).recommendations

    assert gone.state is State.EXPIRED


def test_a_serial_on_two_channels_is_doubted() -> None:
    formation = Formation()
    formation.on(started("a", 1))
    formation.on(event(OTHER, "cell.started", 2, {"serial": "a"}), OTHER)

    assert formation.on(found("micro_short")).recommendations == []
    assert formation.section.kpis()["verdicts_withheld"] == {"serial_twice": 1}


def test_the_same_serial_on_another_channel_after_the_protocol_is_not() -> None:
    formation = Formation()
    formation.on(started("a", 1))
    formation.on(event(OTHER, "cell.started", 60 * HOUR, {"serial": "a"}), OTHER)

    assert formation.section.kpis()["verdicts_withheld"] == {}


def test_a_withheld_verdict_takes_the_proposal_back() -> None:
    formation = Formation()
    formation.on(found("unusual"))
    data: dict[str, Json] = {"serial": "a", "reason": "swapped"}

    (gone,) = formation.on(event(CHANNEL, "cell.withheld", 9 * HOUR, data)).recommendations

    assert gone.state is State.EXPIRED
    assert formation.section.kpis()["verdicts_withheld"] == {"swapped": 1}


@pytest.mark.parametrize(("count", "told"), [(1, {}), (3, {"clock_back": 1})])
def test_readings_refused_for_their_time_withhold_the_verdict(
    count: int, told: dict[str, int]
) -> None:
    formation = Formation()
    formation.on(started("a", 1))
    data: dict[str, Json] = {"signal": "voltage", "reason": "ORDER", "count": count}

    formation.on(event(CHANNEL, "reading.quarantined", HOUR, data))

    assert formation.section.kpis()["verdicts_withheld"] == told


@pytest.mark.parametrize(
    "spoiled",
    [
        {"serial": None},
        {"serial": ""},
        {"diagnosis": "bad mood"},
        {"probability": "high"},
        {"hours_left": None},
    ],
)
def test_an_event_that_is_not_as_it_should_be_proposes_nothing(spoiled: dict[str, Json]) -> None:
    said = found("micro_short")
    said = event(CHANNEL, said.kind, said.time_ns, {**said.data, **spoiled})

    assert Formation().on(said).recommendations == []


def test_restored_it_goes_on_as_before() -> None:
    formation = Formation()
    formation.on(started("a", 1))
    (proposed,) = formation.on(found("micro_short")).recommendations
    formation.apply(proposed, hour=4.0)
    formation.on(found("unusual", serial="b"))
    saved = dumps(formation.section.snapshot())

    again = Formation()
    again.section.restore(loads(saved))

    assert dumps(again.section.snapshot()) == saved
    assert again.section.kpis() == formation.section.kpis()
