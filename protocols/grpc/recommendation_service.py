"""RecommendationService: what the twin proposes, streamed; what people decide, passed on."""

import asyncio
import time
from collections import OrderedDict
from collections.abc import AsyncIterator, Sequence
from typing import Any, Final, Protocol, TypeAlias

import grpc

from protocols.grpc.errors import mapped
from protocols.grpc.names import asset_of, check_plant, recommendation_of
from protocols.grpc.paging import page_size, read_token, write_token
from protocols.grpc.recommendation_messages import (
    etag,
    nanoseconds,
    state,
    to_message,
)
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc
from twin.errors import FieldViolation, InvalidRequest, StaleEtag
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Command, Reject, ReportApplied
from twin.ports import RecommendationQuery, Records

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

_OPEN: Final = tuple(s for s in State if s.is_open)
_ALL: Final = 1_000
_ANSWERS_KEPT: Final = 10_000
_WATCH_BLOCK_MS: Final = 2_000


class Feed(Protocol):
    """Changes of recommendations, in order."""

    async def newest(self) -> str: ...

    async def check(self, position: str) -> None: ...

    async def after(self, position: str, block_ms: int) -> Sequence[tuple[str, Recommendation]]: ...


class Desk(Protocol):
    """Passes a command to the supervisor of the layer that made the recommendation."""

    async def command(self, layer: str, command: Command) -> Recommendation: ...


class RecommendationService(pb_grpc.RecommendationServiceServicer):
    def __init__(self, plant: str, records: Records, feed: Feed, desk: Desk) -> None:
        self._plant = plant
        self._records = records
        self._feed = feed
        self._desk = desk
        self._answered: OrderedDict[str, tuple[bytes, pb.Recommendation]] = OrderedDict()

    @mapped
    async def GetRecommendation(
        self,
        request: pb.GetRecommendationRequest,
        context: Context,
    ) -> pb.GetRecommendationResponse:
        found = await self._find(request.name)
        return pb.GetRecommendationResponse(recommendation=to_message(self._plant, found))

    @mapped
    async def ListRecommendations(
        self,
        request: pb.ListRecommendationsRequest,
        context: Context,
    ) -> pb.ListRecommendationsResponse:
        check_plant(request.parent, self._plant)
        size = page_size(request.page_size)
        arguments = {"states": sorted(request.states), "asset": request.asset}
        after = read_token(request.page_token, arguments)
        query = RecommendationQuery(
            states=tuple(s for number in request.states if (s := state(number)) is not None),
            asset=asset_of(request.asset, self._plant) if request.asset else "",
            limit=size + 1,
            after=_cursor(after),
        )
        found = list(await asyncio.to_thread(self._records.recommendations, query))
        page, more = found[:size], len(found) > size
        token = write_token(f"{page[-1].created_ns}/{page[-1].id}", arguments) if more else ""
        return pb.ListRecommendationsResponse(
            recommendations=[to_message(self._plant, r) for r in page], next_page_token=token
        )

    @mapped
    async def WatchRecommendations(
        self,
        request: pb.WatchRecommendationsRequest,
        context: Context,
    ) -> AsyncIterator[pb.WatchRecommendationsResponse]:
        check_plant(request.parent, self._plant)
        position = request.resume_token
        if position:
            await self._feed.check(position)
        else:
            position = await self._feed.newest()
            for current in await self._open():
                yield self._change(current, position)
            yield pb.WatchRecommendationsResponse(synced=True, resume_token=position)
        while True:
            for at, changed in await self._feed.after(position, _WATCH_BLOCK_MS):
                yield self._change(changed, at)
                position = at

    @mapped
    async def ApproveRecommendation(
        self,
        request: pb.ApproveRecommendationRequest,
        context: Context,
    ) -> pb.ApproveRecommendationResponse:
        _require(decided_by=request.decided_by)
        id_ = recommendation_of(request.name, self._plant)
        command = Approve(id_, request.decided_by, request.reason)
        moved = await self._command(request, command, request.etag)
        return pb.ApproveRecommendationResponse(recommendation=moved)

    @mapped
    async def RejectRecommendation(
        self,
        request: pb.RejectRecommendationRequest,
        context: Context,
    ) -> pb.RejectRecommendationResponse:
        _require(decided_by=request.decided_by, reason=request.reason)
        id_ = recommendation_of(request.name, self._plant)
        command = Reject(id_, request.decided_by, request.reason)
        moved = await self._command(request, command, request.etag)
        return pb.RejectRecommendationResponse(recommendation=moved)

    @mapped
    async def ReportApplied(
        self,
        request: pb.ReportAppliedRequest,
        context: Context,
    ) -> pb.ReportAppliedResponse:
        _require(applied_by=request.applied_by)
        id_ = recommendation_of(request.name, self._plant)
        at = nanoseconds(request.apply_time) if request.HasField("apply_time") else time.time_ns()
        command = ReportApplied(id_, request.applied_by, request.value, at)
        moved = await self._command(request, command, "")
        return pb.ReportAppliedResponse(recommendation=moved)

    async def _command(
        self,
        request: "pb.ApproveRecommendationRequest | pb.RejectRecommendationRequest | pb.ReportAppliedRequest",
        command: Command,
        wanted_etag: str,
    ) -> pb.Recommendation:
        """The same request_id gets the same answer; with another content it is refused."""
        content = request.SerializeToString(deterministic=True)
        answered = self._answered.get(request.request_id) if request.request_id else None
        if answered is not None:
            if answered[0] != content:
                raise InvalidRequest(
                    FieldViolation("request_id", "was used before with another content")
                )
            return answered[1]
        before = await self._find(request.name)
        if wanted_etag and wanted_etag != etag(before):
            raise StaleEtag(
                f"recommendation {before.id!r} has etag {etag(before)!r} now, not "
                f"{wanted_etag!r}: read it again"
            )
        moved = to_message(self._plant, await self._desk.command(before.layer, command))
        if request.request_id:
            self._answered[request.request_id] = (content, moved)
            while len(self._answered) > _ANSWERS_KEPT:
                self._answered.popitem(last=False)
        return moved

    async def _find(self, name: str) -> Recommendation:
        id_ = recommendation_of(name, self._plant)
        return await asyncio.to_thread(self._records.recommendation, id_)

    async def _open(self) -> list[Recommendation]:
        """Every open recommendation, oldest first, page by page."""
        found: list[Recommendation] = []
        after: tuple[int, str] | None = None
        while True:
            query = RecommendationQuery(states=_OPEN, limit=_ALL, after=after)
            page = await asyncio.to_thread(self._records.recommendations, query)
            found += page
            if len(page) < _ALL:
                return found[::-1]
            after = (page[-1].created_ns, page[-1].id)

    def _change(
        self, recommendation: Recommendation, position: str
    ) -> pb.WatchRecommendationsResponse:
        return pb.WatchRecommendationsResponse(
            recommendation=to_message(self._plant, recommendation), resume_token=position
        )


def _cursor(token: str) -> tuple[int, str] | None:
    if not token:
        return None
    created, _, id_ = token.partition("/")
    return int(created), id_


def _require(**fields: str) -> None:
    missing = [FieldViolation(name, "is required") for name, given in fields.items() if not given]
    if missing:
        raise InvalidRequest(*missing)
