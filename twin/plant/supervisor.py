"""The pure half of a supervisor: rules, and the intake that counts every event once.

    events ─▶ intake (repeats dropped, old incarnations refused) ─▶ rules ─▶ decisions

What was decided stays in ``pending``, which is part of the snapshot, until the shell has
carried it out: the shell saves the snapshot, carries out, and only then acknowledges the
events. A repeated event adds nothing, so a shell that failed in between simply tries again.

What goes down to another layer waits in ``downward``, also part of the snapshot, until that
layer has acknowledged it. It is not sent while the plant's supervisor is deciding: that layer
may at the same time be waiting for the plant to take what goes up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import takewhile
from typing import Final

from twin.asset import AssetConfig, Event, Json
from twin.errors import Fenced
from twin.plant.decisions_codec import (
    from_snapshot,
    pack_downward,
    to_snapshot,
    unpack_downward,
)
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Command, Decisions, EventIntake, HandedOn, LayerRules
from twin.snapshot import dumps, loads

_WAITING: Final = 10_000
"""Events for a layer that does not answer: of more, the oldest go (months of lots)."""


class SupervisorCore:
    """One supervisor: a layer's or the plant's."""

    def __init__(self, rules: LayerRules) -> None:
        self._rules = rules
        self._intake = EventIntake()
        self._incarnations: dict[str, int] = {}
        self._upward = 0
        self.pending = Decisions()
        self._downward: list[HandedOn] = []

    @property
    def layer(self) -> str:
        return self._rules.layer

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._rules.assets_changed(assets)

    def take(self, host: str, incarnation: int, events: Sequence[Event], now_ns: int) -> int:
        """Handle what a host reports; returns how many events were new.

        Raises Fenced where a newer incarnation of the host has reported before.
        """
        newest = self._incarnations.get(host, 0)
        if incarnation < newest:
            raise Fenced(
                f"{host}: incarnation {newest} has taken over from {incarnation}; "
                "its events are not taken"
            )
        self._incarnations[host] = incarnation
        new = [event for event in events if self._intake.is_new(event)]
        for event in new:
            if event.kind == "reading.quarantined":
                self.pending.refused.append(event)
            self._decide(self._rules.on_event(event))
        return len(new)

    def command(self, command: Command, now_ns: int) -> Recommendation | None:
        """Carry out a person's or the MES's command; returns the recommendation after it."""
        decisions = self._rules.on_command(command, now_ns)
        self._decide(decisions)
        return next((r for r in reversed(decisions.recommendations) if r.id == command.id), None)

    def downward(self, most: int) -> tuple[str, tuple[Event, ...]] | None:
        """What goes next, to which layer: as much as stands together, up to ``most``."""
        if not self._downward:
            return None
        layer = self._downward[0].layer
        together = takewhile(lambda handed: handed.layer == layer, self._downward[:most])
        return layer, tuple(handed.event for handed in together)

    def went_down(self, events: Sequence[Event]) -> None:
        """That layer has taken them."""
        gone = {event.id for event in events}
        self._downward = [h for h in self._downward if h.event.id not in gone]

    def at(self, now_ns: int) -> None:
        self._decide(self._rules.at(now_ns))

    def kpis(self) -> Mapping[str, Json]:
        return {**self._rules.kpis(), "repeated_events": self._intake.repeats}

    def snapshot(self) -> bytes:
        return dumps(
            {
                "rules": self._rules.snapshot(),
                "intake": self._intake.snapshot(),
                "incarnations": dict(self._incarnations),
                "upward": self._upward,
                "pending": to_snapshot(self.pending),
                "downward": pack_downward(self._downward),
            }
        )

    def restore(self, data: bytes) -> None:
        saved = loads(data)
        rules, intake, incarnations = saved["rules"], saved["intake"], saved["incarnations"]
        assert isinstance(rules, dict)
        assert isinstance(intake, dict)
        assert isinstance(incarnations, dict)
        pending = saved["pending"]
        assert isinstance(pending, dict)
        self._rules.restore(rules)
        self._intake.restore(intake)
        self._incarnations = {host: int(str(n)) for host, n in incarnations.items()}
        self._upward = int(str(saved["upward"]))
        self.pending = from_snapshot(pending)
        self._downward = unpack_downward(saved.get("downward", []))

    def _decide(self, decisions: Decisions) -> None:
        """Every recommendation that moved and every piece graded is told upwards, too."""
        for recommendation in decisions.recommendations:
            self._tell(
                "recommendation.changed",
                recommendation.asset,
                recommendation.updated_ns or recommendation.created_ns,
                {
                    "id": recommendation.id,
                    "revision": recommendation.revision,
                    "type": recommendation.type,
                    "state": recommendation.state.value,
                    "lot": recommendation.lot,
                    "created_ns": recommendation.created_ns,
                    "updated_ns": recommendation.updated_ns,
                },
                decisions,
            )
        for step in decisions.steps:
            self._tell(
                f"step.{step.type.value}",
                step.station,
                step.time_ns,
                {"id": step.id, "outputs": list(step.outputs), "measured": dict(step.measured)},
                decisions,
            )
        self._downward = [*self._downward, *decisions.downward][-_WAITING:]
        self.pending.merge(replace(decisions, downward=[]))

    def _tell(
        self,
        kind: str,
        asset: str,
        time_ns: int,
        data: Mapping[str, Json],
        decisions: Decisions,
    ) -> None:
        self._upward += 1
        decisions.upward.append(
            Event(asset, f"supervisor:{self.layer}", self._upward, kind, time_ns, data)
        )
