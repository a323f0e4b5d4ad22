"""The electrode supervisor's drying section: one proposal, judged honestly."""

from copy import deepcopy
from functools import cache

import pytest

from tests.unit.twin.coating_line import COATER, at
from tests.unit.twin.drying_oven import ZONES, DryingLine
from twin.asset import AssetConfig, Event, Json
from twin.electrode.drying.section import DryingSection
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Reject, ReportApplied
from twin.snapshot import dumps, loads

WET = [80.0, 90.0, 95.0, 95.0]
DRY = [95.0, 105.0, 115.0, 115.0]


def _figures(line: DryingLine) -> dict[str, Json]:
    ovens = line.section.kpis()["ovens"]
    assert isinstance(ovens, dict)
    found = ovens["line1/oven"]
    assert isinstance(found, dict)
    return found


def _residual(line: DryingLine) -> list[float]:
    found = _figures(line)["residual_solvent_pct"]
    assert isinstance(found, list)
    return [float(str(one)) for one in found]


def _proposed(setpoints: list[float], **more: object) -> tuple[DryingLine, Recommendation]:
    line = DryingLine(list(setpoints), **more)  # type: ignore[arg-type]
    line.run(900)
    assert len(line.proposals()) == 1
    return line, line.proposals()[0]


@cache
def _wet_once() -> DryingLine:
    return _proposed(WET)[0]


def _wet() -> tuple[DryingLine, Recommendation]:
    line = deepcopy(_wet_once())
    return line, line.proposals()[0]


def _apply(line: DryingLine, found: Recommendation) -> None:
    line.command(Approve(found.id, "operator"))
    value = found.changes[0].to_value if found.changes else 0.0
    line.command(ReportApplied(found.id, "mes", value, at(line.now)))


def test_a_dry_film_asks_for_nothing_and_is_shown_along_the_oven() -> None:
    line = DryingLine(DRY)
    line.run(600)
    assert line.seen == []
    value, lower, upper = _residual(line)
    assert lower < value < upper < 0.5
    zones = _figures(line)["zones"]
    assert isinstance(zones, dict)
    left = [zone["solvent_left_g_m2"] for zone in zones.values()]
    assert left == sorted(left, reverse=True)
    assert len(left) == ZONES


def test_a_wet_film_leads_to_one_proposal_for_several_zones() -> None:
    _, found = _wet()
    assert found.type == "oven_profile"
    assert len(found.changes) > 1
    assert found.asset == found.changes[0].asset
    assert all(change.asset.startswith("line1/oven/zone") for change in found.changes)
    assert all(c.lower_limit <= c.to_value <= c.upper_limit for c in found.changes)
    assert found.predicted.quantity == "residual_solvent"
    assert "migration index" in found.reason
    assert {e.signal for e in found.evidence} == {"residual_solvent", "migration_index"}
    assert found.lot == "E-7"


def test_an_applied_profile_that_dries_the_film_is_effective() -> None:
    line, found = _wet()
    line.write(found)
    _apply(line, found)
    line.run(900)
    closed = line.desk.book.get(found.id)
    assert closed.state is State.EFFECTIVE
    assert closed.effect is not None
    assert closed.effect.measured.value <= 0.5
    assert "no sensor reads the solvent" in closed.effect.verdict


def test_a_profile_that_nobody_wrote_is_ineffective_and_says_so() -> None:
    line, found = _wet()
    _apply(line, found)
    line.run(1200)
    closed = line.desk.book.get(found.id)
    assert closed.state is State.INEFFECTIVE
    assert closed.effect is not None
    assert "the set point of line1/oven/zone1 is 80.0, not" in closed.effect.verdict


def test_a_rejected_profile_does_not_come_back_unless_it_got_worse() -> None:
    line, found = _wet()
    line.command(Reject(found.id, "operator", "not before the lot ends"))
    line.run(1200, every=60.0)
    assert len(line.proposals()) == 1
    line.speed = 55.0
    line.run(600)
    assert len(line.proposals()) == 2


def test_a_film_that_got_dry_by_itself_withdraws_the_proposal() -> None:
    line, found = _wet()
    line.setpoints = list(DRY)
    line.run(120)
    assert line.desk.book.get(found.id).state is State.EXPIRED
    assert len(line.proposals()) == 1


def test_where_no_profile_dries_it_a_person_is_told_what_stops_it() -> None:
    _, found = _proposed([85.0] * ZONES, parameters={"air_setpoint_max": 85.0})
    assert found.changes == ()
    assert found.asset == "line1/oven/zone1"
    assert "may not be set above 85 degC" in found.reason
    assert "m/min would do" in found.title


def test_a_step_that_is_not_enough_is_proposed_as_such() -> None:
    _, found = _proposed([70.0, 80.0, 85.0, 85.0], parameters={"setpoint_step_max": 10.0})
    assert found.changes
    assert "More is not allowed: zone1" in found.reason


def test_a_zone_whose_heater_fails_is_left_alone_and_named() -> None:
    _, found = _proposed([80.0, 95.0, 105.0, 80.0], sags={2: 25.0})
    assert "line1/oven/zone3" not in [change.asset for change in found.changes]
    assert "the air of line1/oven/zone3 does not follow its set point" in found.reason.lower()


def test_while_the_air_is_on_its_way_it_waits() -> None:
    line = DryingLine(list(WET))
    moving = {"air_temperature": 85.0, "air_setpoint": 95.0, "fault": False}
    for _ in range(60):
        line.now += 10.0
        for zone in ("zone1", "zone2", "zone3", "zone4"):
            line.say(zone, moving)
    assert line.seen == []
    assert "waits for the air of line1/oven/zone1" in str(_figures(line)["says"])


@pytest.mark.parametrize(("h_factor", "seconds"), [(0.8, 5400.0), (1.25, 2700.0)])
def test_film_temperatures_teach_the_heat_transfer(h_factor: float, seconds: float) -> None:
    line = DryingLine([90.0, 100.0, 105.0, 105.0], h_factor=h_factor)
    line.run(60)
    before = _residual(line)
    line.run(seconds, every=50.0)
    zones = _figures(line)["zones"]
    assert isinstance(zones, dict)
    factors = [zone["h_factor"] for zone in zones.values()]
    assert all(abs(one - h_factor) < abs(1 - h_factor) + 0.02 for one in factors)
    assert min(abs(one - h_factor) for one in factors) < 0.5 * abs(1 - h_factor)
    if h_factor > 1:
        assert _residual(line)[2] < 0.5 * before[2]


def test_without_web_temperatures_it_stays_as_wide_as_it_was() -> None:
    line = DryingLine(list(DRY), web_read=False)
    line.run(60)
    before = _residual(line)
    line.run(3600, every=300.0)
    assert _residual(line) == pytest.approx(before, rel=1e-6)


def test_steady_running_is_evaluated_seldom() -> None:
    line, before = DryingLine(list(DRY)), []
    line.run(60)
    watch = line.section._watches["line1/oven"]
    for _ in range(60):
        line.run(10, every=10.0)
        before.append(watch.evaluated_ns)
    assert len(set(before)) <= 3


@pytest.mark.parametrize(
    ("parameters", "said"),
    [
        ({"length": 0.0}, "set 'length' of line1/oven/zone1"),
        ({"coater": "line9/coater"}, "set 'coater' of line1/oven/zone1: line9/coater"),
        ({"solvent": "acetone"}, "set 'solvent' of line1/oven/zone1"),
    ],
)
def test_what_is_missing_is_said_and_nothing_estimated(
    parameters: dict[str, float | str], said: str
) -> None:
    line = DryingLine(list(WET), parameters=parameters)
    line.run(300)
    assert line.seen == []
    assert str(_figures(line)["waits"]).startswith(said)


def test_a_standing_web_or_an_unknown_film_is_not_estimated() -> None:
    line = DryingLine(list(WET))
    line.speed = 0.0
    line.run(300)
    assert "the web stands" in str(_figures(line)["waits"])
    line.speed, line.known_loading = 40.0, None
    line.run(300)
    assert "what is laid on it is not known" in str(_figures(line)["waits"])
    assert line.seen == []


def test_another_formulation_opens_what_was_learned_of_its_vapour() -> None:
    line = DryingLine(list(DRY))
    line.run(1800, every=50.0)
    watch = line.section._watches["line1/oven"]
    learned, heat = watch.belief.covariance[-1, -1], watch.belief.covariance[0, 0]
    line.assets.update(
        {c.name: c for c in DryingLine(parameters={"formulation": "b@2"}).assets.values()}
    )
    line.section.assets_changed(line.assets)
    assert watch.belief.covariance[-1, -1] > learned
    assert watch.belief.covariance[0, 0] == heat


def test_restored_it_goes_on_to_the_bit() -> None:
    """In the middle of a measurement, with a proposal behind it."""
    line, found = _wet()
    line.write(found)
    _apply(line, found)
    line.run(120)
    section, desk = line.section.snapshot(), line.desk.snapshot()
    copy = DryingLine(list(line.setpoints))
    copy.now, copy._sequence = line.now, line._sequence
    copy.desk.restore(loads(dumps(desk)))
    copy.section.restore(loads(dumps(section)))
    assert dumps(copy.section.snapshot()) == dumps(section)
    assert copy.section.kpis() == line.section.kpis()
    for one in (line, copy):
        one.run(900)
    assert dumps(copy.section.snapshot()) == dumps(line.section.snapshot())
    assert dumps(copy.desk.snapshot()) == dumps(line.desk.snapshot())
    assert copy.desk.book.get(found.id).state is State.EFFECTIVE


def test_an_applied_profile_of_an_oven_that_is_gone_does_not_stay_open() -> None:
    line, found = _wet()
    _apply(line, found)
    gone = {n: c for n, c in line.assets.items() if c.kind != "oven_zone"}
    line.section.assets_changed(gone)
    line.keep(line.section.at(at(line.now + 1), line))
    assert line.desk.book.get(found.id).state is State.INEFFECTIVE
    assert isinstance(line.section, DryingSection)


def test_a_bound_that_is_only_wide_waits_until_the_oven_has_been_learned() -> None:
    """The estimate is dry; the interval's end is not, as long as nothing is learned."""
    line = DryingLine([85.0, 95.0, 100.0, 100.0], h_factor=1.2)
    line.run(600)
    value, _, upper = _residual(line)
    assert value < 0.5 < upper
    assert "learns the oven's heat transfer" in str(_figures(line)["says"])
    assert line.seen == []


def test_a_mixer_tells_the_solids() -> None:
    line = DryingLine(list(DRY))
    line.run(60)
    before = _residual(line)[0]
    mixer = AssetConfig("line1/mixer", "uid-mixer", "slurry_mixer", "line1", {"coater": COATER})
    mixed: dict[str, Json] = {"solids": 55.0, "solids_sd": 0.2}
    event = Event(mixer.name, mixer.uid, 1, "mixer.state", at(line.now), mixed)
    line.keep(line.section.on_event(event, mixer, line))
    line.run(120)
    assert _residual(line)[0] > before


def test_vapour_in_the_exhaust_slows_drying() -> None:
    line = DryingLine(list(DRY), web_read=False)
    line.run(60)
    before = _residual(line)[0]
    line.exhaust_pct = 2.0
    line.run(600)
    assert _residual(line)[0] > 2 * before
