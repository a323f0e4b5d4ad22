"""What is told of the demonstration while it runs, and of each recommendation at its end."""

import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

import grpc
from rich.markup import escape

from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc

_State = pb.Recommendation.State


@dataclass(slots=True)
class Story:
    """Recommendations by name, as they last were; ``first_approved_s`` counts from the
    start of the command."""

    started: float
    say: Callable[[str], None]
    recommendations: dict[str, pb.Recommendation] = field(default_factory=dict)
    first_approved_s: float | None = None
    noticed: dict[str, str] = field(default_factory=dict)

    async def follow(self, gateway: str, plant: str) -> None:
        """Watches until it is cancelled."""
        async with grpc.aio.insecure_channel(gateway) as channel:
            stub = pb_grpc.RecommendationServiceStub(channel)
            request = pb.WatchRecommendationsRequest(parent=f"plants/{plant}")
            async for change in stub.WatchRecommendations(request):
                if not change.synced:
                    self.take(change.recommendation)

    def notice(self, noticed: Mapping[str, str]) -> None:
        """What the twins found beside the recommendations, by key; each is told once."""
        for key, sentence in noticed.items():
            if key not in self.noticed:
                self.noticed[key] = sentence
                self.say(f"[bold]NOTICED[/bold] {escape(sentence)}")

    def take(self, recommendation: pb.Recommendation) -> None:
        """It is new, or has changed."""
        self.recommendations[recommendation.name] = recommendation
        state = state_of(recommendation)
        if state == "APPLIED" and self.first_approved_s is None:
            self.first_approved_s = time.monotonic() - self.started
        first, *more = told(recommendation)
        self.say(f"[bold]{state}[/bold] {escape(first)}")
        for line in more:
            self.say(f"{' ' * len(state)} {escape(line)}")

    def documents(self) -> list[dict[str, object]]:
        return [document(r) for r in self.recommendations.values()]


def state_of(recommendation: pb.Recommendation) -> str:
    return _State.Name(recommendation.state).removeprefix("STATE_")


def told(recommendation: pb.Recommendation) -> list[str]:
    """What a person is told when a recommendation has changed."""
    match state_of(recommendation):
        case "PROPOSED":
            lines = [f"{recommendation.title}: {recommendation.reason}"]
            if recommendation.causes:
                # The evidence is one and the same for all of them.
                lines.append(f"{_causes(recommendation)}; {recommendation.causes[0].reason}")
            if not recommendation.changes:
                lines.append("nothing to write: a person must see to it")
            return lines
        case "APPROVED":
            return [f"approved by {recommendation.decided_by}"]
        case "APPLIED":
            written = ", ".join(_written(recommendation))
            return [f"the MES has written {written}" if written else "reported as carried out"]
        case _:
            last = recommendation.history[-1].reason if recommendation.history else ""
            return [recommendation.effect.verdict or f"{recommendation.title}: {last}"]


def _written(recommendation: pb.Recommendation) -> Iterator[str]:
    for change in recommendation.changes:
        asset = _asset(change.asset or recommendation.asset)
        yield f"{asset}.{change.signal} {change.to_value:g} {change.unit}"


def _causes(recommendation: pb.Recommendation) -> str:
    return "likely cause: " + ", ".join(
        f"{cause.name.replace('_', ' ')} {cause.probability:.0%}" for cause in recommendation.causes
    )


def document(recommendation: pb.Recommendation) -> dict[str, object]:
    """``signal``, ``from``, ``to`` and ``unit`` are those of the first change; null where
    there is none."""
    first = recommendation.changes[0] if recommendation.changes else None
    return {
        "id": recommendation.name.rpartition("/")[2],
        "type": recommendation.type,
        "state": state_of(recommendation),
        "asset": _asset(recommendation.asset),
        "title": recommendation.title,
        "reason": recommendation.reason,
        "signal": first and first.signal,
        "from": first and first.from_value,
        "to": first and first.to_value,
        "unit": first and first.unit,
        "changes": [
            {
                "asset": _asset(change.asset or recommendation.asset),
                "signal": change.signal,
                "from": change.from_value,
                "to": change.to_value,
                "unit": change.unit,
            }
            for change in recommendation.changes
        ],
        "causes": [
            {"name": cause.name, "probability": cause.probability, "reason": cause.reason}
            for cause in recommendation.causes
        ],
        "lot": recommendation.lot,
        "effect": _effect(recommendation),
    }


def _effect(recommendation: pb.Recommendation) -> dict[str, object] | None:
    if not recommendation.HasField("effect"):
        return None
    measured = recommendation.effect.measured
    return {
        "quantity": measured.quantity,
        "value": measured.value,
        "lower": measured.lower,
        "upper": measured.upper,
        "unit": measured.unit,
        "readings": recommendation.effect.readings,
        "verdict": recommendation.effect.verdict,
    }


def _asset(name: str) -> str:
    return name.partition("/assets/")[2]
