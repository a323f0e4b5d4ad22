"""The pure half of a supervisor: every event once, nothing forgotten before it is written."""

from collections.abc import Mapping
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twin.asset import AssetConfig, Event, Json
from twin.errors import Fenced, IllegalTransition, NotFound
from twin.plant.genealogy import ProcessStep, StepType
from twin.plant.recommendation import Interval, Recommendation, State, Step, advance
from twin.plant.recommendation_codec import decode, encode
from twin.plant.supervision import Approve, Command, Decisions, EventIntake, LayerRules
from twin.plant.supervisor import SupervisorCore
from twin.snapshot import Snapshot

HOST = "line1/gauge"


class Rules(LayerRules):
    """Proposes on ``alarm``, records a step on ``made``, counts all it is shown."""

    layer = "electrode"

    def __init__(self) -> None:
        self.assets: Mapping[str, AssetConfig] = {}
        self.shown: list[str] = []
        self.held: dict[str, Recommendation] = {}

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self.assets = assets

    def on_event(self, event: Event) -> Decisions:
        self.shown.append(event.id)
        if event.kind == "alarm":
            proposed = recommendation(event)
            self.held[proposed.id] = proposed
            return Decisions([proposed])
        if event.kind == "made":
            return Decisions(steps=[step(event)])
        return Decisions()

    def on_command(self, command: Command, now_ns: int) -> Decisions:
        if command.id not in self.held:
            raise NotFound(command.id)
        moved = advance(self.held[command.id], Step.APPROVE, now_ns, command.by)
        self.held[command.id] = moved
        return Decisions([moved])

    def at(self, now_ns: int) -> Decisions:
        due = [r for r in self.held.values() if r.state.is_open and now_ns >= r.expires_ns]
        moved = [advance(r, Step.EXPIRE, now_ns, "gigatwin") for r in due]
        self.held.update({r.id: r for r in moved})
        return Decisions(moved)

    def kpis(self) -> Mapping[str, Json]:
        return {"shown": len(self.shown)}

    def snapshot(self) -> Snapshot:
        return {
            "shown": list(self.shown),
            "held": {id: encode(r) for id, r in self.held.items()},  # type: ignore[dict-item]
        }

    def restore(self, snapshot: Snapshot) -> None:
        shown, held = snapshot["shown"], snapshot["held"]
        assert isinstance(shown, list)
        assert isinstance(held, dict)
        self.shown = [str(id) for id in shown]
        self.held = {id: decode(r) for id, r in held.items()}  # type: ignore[arg-type]


def recommendation(event: Event) -> Recommendation:
    return Recommendation(
        id=f"r:{event.id}",
        layer="electrode",
        asset="line1/coater",
        source=event.asset,
        type="test",
        title="",
        reason="",
        changes=(),
        predicted=Interval("areal_loading", 20.0, 19.0, 21.0, "mg/cm2"),
        evidence=(),
        lot="E-1",
        created_ns=event.time_ns,
        expires_ns=event.time_ns + 100,
    )


def step(event: Event) -> ProcessStep:
    id = f"{event.id}:stack"
    return ProcessStep(id, StepType.STACK, event.asset, event.time_ns, ("a",), ("b",), {"m [g]": 1})


def event(sequence: int, kind: str = "news", uid: str = "g1") -> Event:
    return Event(HOST, uid, sequence, kind, 1_000 + sequence, {})


def core() -> tuple[SupervisorCore, Rules]:
    rules = Rules()
    return SupervisorCore(rules), rules


def test_an_event_that_comes_twice_is_shown_to_the_rules_once() -> None:
    made, rules = core()
    assert made.take(HOST, 1, [event(1), event(2), event(2)], 0) == 2
    assert made.take(HOST, 1, [event(1), event(2), event(3)], 0) == 1
    assert rules.shown == [event(n).id for n in (1, 2, 3)]
    assert made.kpis() == {"shown": 3, "repeated_events": 3}


def test_each_twin_counts_for_itself() -> None:
    made, rules = core()
    made.take(HOST, 1, [event(7), event(1, uid="another")], 0)
    assert len(rules.shown) == 2


def test_an_older_incarnation_of_a_host_is_fenced_off() -> None:
    made, rules = core()
    made.take(HOST, 2, [event(1)], 0)
    with pytest.raises(Fenced, match="incarnation 2 has taken over from 1"):
        made.take(HOST, 1, [event(2)], 0)
    assert made.take("another host", 1, [event(1, uid="h1")], 0) == 1
    assert made.take(HOST, 2, [event(2)], 0) == 1
    assert len(rules.shown) == 3


def test_a_new_incarnation_that_repeats_the_old_one_s_events_adds_nothing() -> None:
    made, rules = core()
    made.take(HOST, 1, [event(1), event(2)], 0)
    made.take(HOST, 2, [event(1), event(2), event(3)], 0)
    assert len(rules.shown) == 3


def test_what_was_decided_waits_until_it_is_written() -> None:
    made, _ = core()
    made.take(HOST, 1, [event(1, "alarm")], 0)
    made.take(HOST, 1, [event(1, "alarm")], 0)
    made.take(HOST, 1, [event(2, "made")], 0)
    assert [r.id for r in made.pending.recommendations] == [f"r:{event(1, 'alarm').id}"]
    assert [s.id for s in made.pending.steps] == [step(event(2, "made")).id]

    made.pending = Decisions()
    made.take(HOST, 1, [event(1, "alarm"), event(2, "made")], 0)

    assert made.pending == Decisions()


def test_refused_readings_are_kept_for_the_record_and_shown_to_the_rules() -> None:
    made, rules = core()
    refused = event(1, "reading.quarantined")
    made.take(HOST, 1, [refused, event(2), refused], 0)
    assert made.pending.refused == [refused]
    assert len(rules.shown) == 2


def test_every_step_of_a_recommendation_s_life_is_told_upwards() -> None:
    made, _ = core()
    alarm = event(1, "alarm")
    made.take(HOST, 1, [alarm], now_ns=5)
    made.command(Approve(f"r:{alarm.id}", "operator"), now_ns=6)
    made.at(now_ns=2_000)

    told = made.pending.upward
    assert [(e.kind, e.asset, e.uid, e.sequence) for e in told] == [
        ("recommendation.changed", "line1/coater", "supervisor:electrode", n) for n in (1, 2, 3)
    ]
    assert [(e.data["state"], e.data["revision"]) for e in told] == [
        ("PROPOSED", 1),
        ("APPROVED", 2),
        ("EXPIRED", 3),
    ]
    assert [e.time_ns for e in told] == [alarm.time_ns, 6, 2_000]
    assert told[0].data == {
        "id": f"r:{alarm.id}",
        "revision": 1,
        "type": "test",
        "state": "PROPOSED",
        "lot": "E-1",
        "created_ns": alarm.time_ns,
        "updated_ns": 0,
    }


def test_every_process_step_is_told_upwards_with_what_was_measured() -> None:
    made, _ = core()
    made.take(HOST, 1, [event(1, "made")], 0)
    (told,) = made.pending.upward
    assert (told.kind, told.asset, told.time_ns) == ("step.stack", HOST, 1_001)
    assert told.data == {
        "id": step(event(1, "made")).id,
        "outputs": ["b"],
        "measured": {"m [g]": 1},
    }


def test_what_was_decided_and_not_carried_out_is_in_the_snapshot() -> None:
    first, _ = core()
    refused = event(3, "reading.quarantined")
    first.take(HOST, 1, [event(1, "alarm"), event(2, "made"), refused], 0)
    second, _ = core()
    second.restore(first.snapshot())
    assert second.pending == first.pending
    assert second.pending.refused == [refused]


def test_what_is_told_upwards_after_a_restart_is_counted_on() -> None:
    """Decisions are saved before they are told, so no number stands for two of them."""
    above = EventIntake()
    first, _ = core()
    first.take("h1", 1, [event(1, "alarm", "u1")], 0)
    saved = first.snapshot()
    assert all(above.is_new(e) for e in first.pending.upward)

    second, _ = core()
    second.restore(saved)
    assert not any(above.is_new(e) for e in second.pending.upward)
    second.pending = Decisions()
    second.take("h2", 1, [event(1, "alarm", "u2")], 0)
    assert all(above.is_new(e) for e in second.pending.upward)


def test_a_command_answers_with_the_recommendation_after_it() -> None:
    made, _ = core()
    alarm = event(1, "alarm")
    made.take(HOST, 1, [alarm], 0)
    moved = made.command(Approve(f"r:{alarm.id}", "operator"), 9)
    assert moved is not None
    assert (moved.state, moved.updated_ns) == (State.APPROVED, 9)


def test_a_command_that_is_refused_decides_nothing() -> None:
    made, _ = core()
    alarm = event(1, "alarm")
    made.take(HOST, 1, [alarm], 0)
    made.command(Approve(f"r:{alarm.id}", "operator"), 9)
    made.pending = Decisions()
    with pytest.raises(IllegalTransition):
        made.command(Approve(f"r:{alarm.id}", "another"), 10)
    with pytest.raises(NotFound):
        made.command(Approve("r:none", "operator"), 10)
    assert made.pending == Decisions()


def test_the_rules_are_told_of_the_assets() -> None:
    made, rules = core()
    assets = {HOST: AssetConfig(HOST, "g1", "coating_gauge")}
    made.assets_changed(assets)
    assert (rules.assets, made.layer) == (assets, "electrode")


_reports = st.lists(
    st.tuples(
        st.sampled_from(["h1", "h2"]),
        st.integers(1, 3),
        st.lists(
            st.builds(
                event,
                st.integers(1, 5),
                st.sampled_from(["news", "alarm", "made", "reading.quarantined"]),
                st.sampled_from(["u1", "u2"]),
            ),
            max_size=4,
        ),
    ),
    max_size=8,
)


@given(_reports, st.integers(0, 8))
def test_a_restored_supervisor_decides_as_one_that_never_stopped(
    reports: list[tuple[str, int, list[Event]]], cut: int
) -> None:
    def play(made: SupervisorCore, part: list[tuple[str, int, list[Event]]]) -> Decisions:
        made.pending = Decisions()
        for host, incarnation, events in part:
            try:
                made.take(host, incarnation, events, 7)
            except Fenced:
                continue
        return made.pending

    undisturbed, _ = core()
    play(undisturbed, reports[:cut])
    restored, _ = core()
    restored.restore(undisturbed.snapshot())

    assert play(restored, reports[cut:]) == play(undisturbed, reports[cut:])
    assert restored.snapshot() == undisturbed.snapshot()
    assert restored.kpis() == undisturbed.kpis()


def test_merged_decisions_are_no_one_s_alias() -> None:
    decided = Decisions([replace(recommendation(event(1)), id="r1")])
    pending = Decisions()
    pending.merge(decided)
    pending.merge(Decisions([replace(recommendation(event(1)), id="r2")]))
    assert len(decided.recommendations) == 1
