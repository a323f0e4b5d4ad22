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
from protocols.grpc.recommendation_messages import applied_at, etag, to_message
from protocols.grpc.recommendation_requests import (
    check_position,
    cursor,
    repeats,
    require,
    states_of,
)
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as pb_grpc
from twin.errors import FieldViolation, IllegalTransition, InvalidRequest, StaleEtag
from twin.plant.recommendation import Recommendation, State
from twin.plant.supervision import Approve, Command, Reject, ReportApplied
from twin.ports import RecommendationQuery, Records

Context: TypeAlias = "grpc.aio.ServicerContext[Any, Any]"

CommandRequest: TypeAlias = (
    pb.ApproveRecommendationRequest | pb.RejectRecommendationRequest | pb.ReportAppliedRequest
)
_Content: TypeAlias = tuple[str, bytes]

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
    """A command that comes twice is carried out once.

    The answers to the latest request ids are kept in memory. Where that is gone (the
    gateway was restarted) or no id was given, the recommendation itself tells: a command
    that the same person has already given, word for word, changes nothing and is answered
    with the recommendation as it is now.
    """

    def __init__(self, plant: str, records: Records, feed: Feed, desk: Desk) -> None:
        self._plant = plant
        self._records = records
        self._feed = feed
        self._desk = desk
        self._answered: OrderedDict[str, tuple[_Content, pb.Recommendation]] = OrderedDict()

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
            states=states_of(request.states),
            asset=asset_of(request.asset, self._plant, field="asset") if request.asset else "",
            limit=size + 1,
            after=cursor(after),
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
            check_position(position)
            await self._feed.check(position)
        else:
            position = await self._feed.newest()
            for current in await self._open():
                # Without a token: whoever resumed there would miss the rest of them.
                yield self._change(current, "")
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
        require(decided_by=request.decided_by)
        id_ = recommendation_of(request.name, self._plant)
        command = Approve(id_, request.decided_by, request.reason)
        moved = await self._command(request, command, etag_wanted=request.etag)
        return pb.ApproveRecommendationResponse(recommendation=moved)

    @mapped
    async def RejectRecommendation(
        self,
        request: pb.RejectRecommendationRequest,
        context: Context,
    ) -> pb.RejectRecommendationResponse:
        require(decided_by=request.decided_by, reason=request.reason)
        id_ = recommendation_of(request.name, self._plant)
        command = Reject(id_, request.decided_by, request.reason)
        moved = await self._command(request, command, etag_wanted=request.etag)
        return pb.RejectRecommendationResponse(recommendation=moved)

    @mapped
    async def ReportApplied(
        self,
        request: pb.ReportAppliedRequest,
        context: Context,
    ) -> pb.ReportAppliedResponse:
        require(applied_by=request.applied_by)
        id_ = recommendation_of(request.name, self._plant)
        timed = request.HasField("apply_time")
        at = applied_at(request.apply_time) if timed else time.time_ns()
        command = ReportApplied(id_, request.applied_by, request.value, at)
        moved = await self._command(request, command, timed=timed)
        return pb.ReportAppliedResponse(recommendation=moved)

    async def _command(
        self,
        request: CommandRequest,
        command: Command,
        *,
        etag_wanted: str = "",
        timed: bool = True,
    ) -> pb.Recommendation:
        """The same request_id gets the same answer; with another content it is refused."""
        # With the type: an approval and a rejection may be the same bytes.
        content = (type(request).__name__, request.SerializeToString(deterministic=True))
        answered = self._answered.get(request.request_id) if request.request_id else None
        if answered is not None:
            if answered[0] != content:
                raise InvalidRequest(
                    FieldViolation("request_id", "was used before with another content")
                )
            return answered[1]
        moved = to_message(
            self._plant, await self._carried_out(request.name, command, etag_wanted, timed)
        )
        if request.request_id:
            self._answered[request.request_id] = (content, moved)
            while len(self._answered) > _ANSWERS_KEPT:
                self._answered.popitem(last=False)
        return moved

    async def _carried_out(
        self, name: str, command: Command, etag_wanted: str, timed: bool
    ) -> Recommendation:
        before = await self._find(name)
        if repeats(command, before, timed):
            return before
        if etag_wanted and etag_wanted != etag(before):
            raise StaleEtag(
                f"recommendation {before.id!r} has etag {etag(before)!r} now, not "
                f"{etag_wanted!r}: read it again"
            )
        try:
            return await self._desk.command(before.layer, command)
        except IllegalTransition:
            # The same call, sent twice, may have got there first.
            now = await self._find(name)
            if repeats(command, now, timed):
                return now
            raise

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
