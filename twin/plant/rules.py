"""The plant's rules in their first form: what all layers together came to.

First-pass yield is taken over graded pieces: those that passed at their first grading.
Adoption is what people did with the recommendations (article: track adoption, not
deployment).

What a layer tells twice (its supervisor restarted, a person pressed twice) counts once.
"""

from collections import Counter, OrderedDict
from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from twin.asset import AssetConfig, Event, Json
from twin.errors import NotFound
from twin.plant.first_pass import FirstPass
from twin.plant.genealogy import BELOW_GRADE
from twin.plant.recommendation import State
from twin.plant.supervision import Command, Decisions, HandedOn, LayerRules
from twin.snapshot import Snapshot

_REMEMBERED: Final = 10_000
_HANDED_ON: Final[Mapping[str, str]] = MappingProxyType({"lot.porosity": "cell"})
"""What one layer tells and another one needs."""


class PlantRules(LayerRules):
    layer = "plant"

    def __init__(self) -> None:
        self._assets = 0
        # By recommendation, the latest: its newest revision, and the state that it is in.
        self._states: OrderedDict[str, tuple[int, str]] = OrderedDict()
        self._reached: Counter[str] = Counter()
        self._first_pass = FirstPass()

    def assets_changed(self, assets: Mapping[str, AssetConfig]) -> None:
        self._assets = len(assets)

    def on_event(self, event: Event) -> Decisions:
        if event.kind == "recommendation.changed":
            self._move(event)
        elif event.kind == "step.grade":
            self._grade(event)
        layer = _HANDED_ON.get(event.kind)
        return Decisions(downward=[HandedOn(layer, event)] if layer else [])

    def on_command(self, command: Command, now_ns: int) -> Decisions:
        raise NotFound(f"the plant's supervisor holds no recommendation {command.id!r}")

    def at(self, now_ns: int) -> Decisions:
        return Decisions()

    def kpis(self) -> Mapping[str, Json]:
        decided = self._reached[State.APPROVED] + self._reached[State.REJECTED]
        return {
            "assets": self._assets,
            "graded": self._first_pass.graded,
            "first_pass_yield": self._first_pass.fraction,
            "recommendations": dict(Counter(state for _, state in self._states.values())),
            "acceptance": self._reached[State.APPROVED] / decided if decided else None,
            "effective": self._reached[State.EFFECTIVE],
            "ineffective": self._reached[State.INEFFECTIVE],
        }

    def snapshot(self) -> Snapshot:
        return {
            "states": [[id_, *moved] for id_, moved in self._states.items()],
            "reached": dict(self._reached),
            "first_pass": self._first_pass.snapshot(),
        }

    def restore(self, snapshot: Snapshot) -> None:
        states, reached = snapshot["states"], snapshot["reached"]
        first_pass = snapshot["first_pass"]
        assert isinstance(states, list)
        assert isinstance(reached, dict)
        assert isinstance(first_pass, dict)
        self._states = OrderedDict()
        for moved in states:
            assert isinstance(moved, list)
            id_, revision, state = moved
            self._states[str(id_)] = (int(str(revision)), str(state))
        self._reached = Counter({state: int(str(n)) for state, n in reached.items()})
        self._first_pass.restore(first_pass)

    def _move(self, event: Event) -> None:
        id_, state = str(event.data["id"]), str(event.data["state"])
        revision = event.data["revision"]
        assert isinstance(revision, int)
        known, _ = self._states.get(id_, (0, ""))
        if revision > known:
            self._states[id_] = (revision, state)
            while len(self._states) > _REMEMBERED:
                self._states.popitem(last=False)
            self._reached[state] += 1

    def _grade(self, event: Event) -> None:
        """The first grading of a piece counts; a later one is a re-test."""
        outputs, measured = event.data["outputs"], event.data["measured"]
        assert isinstance(outputs, list)
        assert isinstance(measured, Mapping)
        if "grade" not in measured:
            return
        for piece in outputs:
            self._first_pass.grade(str(piece), measured.get("grade") != BELOW_GRADE)
