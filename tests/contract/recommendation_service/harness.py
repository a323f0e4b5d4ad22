"""What the tests of RecommendationService share: a desk, a server, requests."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

import grpc

from protocols.grpc.recommendation_service import RecommendationService
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc
from stores.live.feed import RecommendationFeed
from stores.records.store import SqlRecords
from twin.errors import GigatwinError, InvalidInput
from twin.plant.recommendation import Applied, Recommendation, Step, advance
from twin.plant.supervision import Approve, Command, Reject, ReportApplied

PLANT = "plants/demo"
Code = grpc.StatusCode
State = pb.Recommendation.State


@dataclass
class Desk:
    """A supervisor that keeps to the life cycle, strictly, and writes down what it decides."""

    records: SqlRecords
    feed: RecommendationFeed
    commands: list[tuple[str, Command]] = field(default_factory=list)
    fails: GigatwinError | None = None
    before: Callable[[], None] = lambda: None
    now_ns: int = 1_700_000_100_000_000_000

    async def command(self, layer: str, command: Command) -> Recommendation:
        self.before()
        self.commands.append((layer, command))
        if self.fails is not None:
            raise self.fails
        moved = self._decide(self.records.recommendation(command.id), command)
        await self.propose(moved)
        return moved

    async def propose(self, *recommendations: Recommendation) -> None:
        await asyncio.to_thread(self.records.save_recommendations, recommendations)
        for one in recommendations:
            await self.feed.publish(one)

    def _decide(self, found: Recommendation, command: Command) -> Recommendation:
        self.now_ns += 1
        match command:
            case Approve(by=by, reason=reason):
                return advance(found, Step.APPROVE, self.now_ns, by, reason)
            case Reject(by=by, reason=reason):
                return advance(found, Step.REJECT, self.now_ns, by, reason)
            case ReportApplied(by=by, value=value, applied_ns=applied_ns):
                change = found.changes[0]
                if not change.lower_limit <= value <= change.upper_limit:
                    raise InvalidInput(f"{value:g} m/min is outside its limits")
                moved = advance(found, Step.REPORT_APPLIED, self.now_ns, by)
                return replace(moved, applied=Applied(applied_ns, value, by))


class Gateway:
    """A server on loopback and a stub that calls it; can be restarted, with its memory lost."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self.stub: Any = None

    async def start(self) -> None:
        desk = self._desk
        self._server = grpc.aio.server()
        service = RecommendationService("demo", desk.records, desk.feed, desk)
        pb_grpc.add_RecommendationServiceServicer_to_server(service, self._server)
        port = self._server.add_insecure_port("127.0.0.1:0")
        await self._server.start()
        self._channel = grpc.aio.insecure_channel(f"127.0.0.1:{port}")
        self.stub = pb_grpc.RecommendationServiceStub(self._channel)

    async def stop(self) -> None:
        await self._channel.close()
        await self._server.stop(None)

    async def restart(self) -> None:
        await self.stop()
        await self.start()


def named(id: str) -> str:
    return f"{PLANT}/recommendations/{id}"


def getting(id: str) -> pb.GetRecommendationRequest:
    return pb.GetRecommendationRequest(name=named(id))


def approval(
    id: str = "r1", by: str = "operator", **fields: Any
) -> pb.ApproveRecommendationRequest:
    return pb.ApproveRecommendationRequest(name=named(id), decided_by=by, **fields)


def rejection(
    id: str = "r1", by: str = "operator", reason: str = "end of the lot", **fields: Any
) -> pb.RejectRecommendationRequest:
    return pb.RejectRecommendationRequest(name=named(id), decided_by=by, reason=reason, **fields)


def application(
    id: str = "r1", by: str = "mes", value: float = 41.2, **fields: Any
) -> pb.ReportAppliedRequest:
    return pb.ReportAppliedRequest(name=named(id), applied_by=by, value=value, **fields)
