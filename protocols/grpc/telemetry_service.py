"""TelemetryService: readings pushed in, and readings of the past handed out."""

import asyncio
import heapq
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from itertools import chain, islice
from typing import Final

import grpc
from google.protobuf.timestamp_pb2 import Timestamp

from historian.ledger import Ledger
from historian.query import FIRST_NS, LAST_NS, Archive, View
from protocols.grpc.errors import mapped
from protocols.grpc.names import asset_of
from protocols.grpc.push_intake import Addressee, PushIntake, PushTarget
from protocols.grpc.times import nanoseconds, timestamp
from protocols.grpc.v1 import telemetry_service_pb2 as pb
from protocols.grpc.v1 import telemetry_service_pb2_grpc as pb_grpc
from twin.errors import FieldViolation, InvalidFrame, InvalidRequest, Unavailable
from twin.frame import Frame, Reading
from twin.kinds import Kind
from twin.ports import Backbone, order

__all__ = ["Addressee", "PushTarget", "TelemetryService"]

_ROWS: Final = 1_000
_FRAMES: Final = 256
_ATTEMPTS: Final = 5


class TelemetryService(pb_grpc.TelemetryServiceServicer):
    """``archive`` reads the folder that the archiver writes; what the archiver has not
    yet written is read from the backbone. ``clock`` stamps pushed frames, ns since 1970."""

    def __init__(
        self,
        plant: str,
        backbone: Backbone,
        archive: Archive,
        target: PushTarget,
        clock: Callable[[], int] = time.time_ns,
    ) -> None:
        self._plant = plant
        self._backbone = backbone
        self._archive = archive
        self._target = target
        self._intake = PushIntake(plant, backbone, target, clock)

    @mapped
    async def PushReadings(
        self,
        request_iterator: AsyncIterator[pb.PushReadingsRequest],
        context: "grpc.aio.ServicerContext[pb.PushReadingsRequest, pb.PushReadingsResponse]",
    ) -> AsyncIterator[pb.PushReadingsResponse]:
        async for batch in request_iterator:
            yield await self._intake.take(batch)

    @mapped
    async def QueryReadings(
        self,
        request: pb.QueryReadingsRequest,
        context: "grpc.aio.ServicerContext[pb.QueryReadingsRequest, pb.QueryReadingsResponse]",
    ) -> AsyncIterator[pb.QueryReadingsResponse]:
        asset = asset_of(request.asset, self._plant, field="asset")
        addressee = await self._target.resolve(asset)
        question = _question(asset, addressee.kind, request)
        view, tail = await self._past(addressee.stream, question)
        answers = _answers(request.asset, question, view, tail)
        while (answer := await asyncio.to_thread(next, answers, None)) is not None:
            yield answer

    async def _past(self, stream: str, question: "_Question") -> tuple[View, list[Reading]]:
        """What is archived, and exactly what follows on the backbone.

        If the archiver has written meanwhile, the backbone may have been trimmed of
        what this view lacks: look again.
        """
        for _ in range(_ATTEMPTS):
            view = await asyncio.to_thread(self._archive.view)
            ledger = view.ledger.only([stream])
            reached = ledger.position(stream)
            tail = await self._tail(stream, ledger, question) if stream else []
            now = await asyncio.to_thread(self._archive.view)
            if now.ledger.position(stream) == reached:
                return view, tail
        raise Unavailable("the archive moves faster than it can be read; ask again")

    async def _tail(self, stream: str, ledger: Ledger, question: "_Question") -> list[Reading]:
        """The stream's readings after the ledger's position up to now."""
        end = order(await self._backbone.last_id(stream))
        found: list[Reading] = []
        while order(ledger.position(stream)) < end:
            entries = await self._backbone.read({stream: ledger.position(stream)}, count=_FRAMES)
            if not entries:
                break
            for entry in entries:
                try:
                    frame = Frame.from_bytes(entry.data)
                except InvalidFrame:
                    ledger.skip(entry)  # as the archiver does, which also says so
                    continue
                if ledger.take(entry, frame) and question.asset in frame.assets:
                    found += [r for r in frame.readings() if question.wants(r)]
        found.sort(key=_order)
        return found


@dataclass(frozen=True, slots=True)
class _Question:
    asset: str
    signals: tuple[str, ...]
    start_ns: int
    end_ns: int
    limit: int

    def wants(self, reading: Reading) -> bool:
        return (
            reading.asset == self.asset
            and (not self.signals or reading.signal in self.signals)
            and self.start_ns <= reading.time_ns < self.end_ns
        )


def _question(asset: str, kind: Kind, request: pb.QueryReadingsRequest) -> _Question:
    start = _held(request.start_time) if request.HasField("start_time") else FIRST_NS
    end = _held(request.end_time) if request.HasField("end_time") else LAST_NS
    wrong = [
        FieldViolation(f"signals[{at}]", f"a {kind.name} has no signal {signal!r}")
        for at, signal in enumerate(request.signals)
        if kind.signal(signal) is None
    ]
    if start >= end:
        wrong.append(FieldViolation("end_time", "must be later than start_time"))
    if request.limit < 0:
        wrong.append(FieldViolation("limit", "must not be negative; 0 means no limit"))
    if wrong:
        raise InvalidRequest(*wrong)
    return _Question(asset, tuple(request.signals), start, end, request.limit)


def _held(given: Timestamp) -> int:
    """Held to what fits 64 bits: 1677 to 2262."""
    return max(FIRST_NS, min(LAST_NS, nanoseconds(given)))


def _order(reading: Reading) -> tuple[str, int]:
    return reading.signal, reading.time_ns


def _answers(
    name: str, question: _Question, view: View, tail: list[Reading]
) -> Iterator[pb.QueryReadingsResponse]:
    archived = view.readings(
        question.asset, question.signals, question.start_ns, question.end_ns, question.limit
    )
    readings: Iterator[Reading] = chain.from_iterable(archived)
    if tail:
        readings = heapq.merge(readings, tail, key=_order)
    if question.limit:
        readings = islice(readings, question.limit)
    while rows := list(islice(readings, _ROWS)):
        yield pb.QueryReadingsResponse(readings=[_message(name, row) for row in rows])


def _message(name: str, reading: Reading) -> pb.Reading:
    return pb.Reading(
        asset=name,
        signal=reading.signal,
        time=timestamp(reading.time_ns),
        value=reading.value,
        quality=reading.quality,
        text=reading.text or "",
    )
