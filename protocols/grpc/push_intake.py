"""Pushed batches: validated whole, put on the backbone, acknowledged, stored once."""

import asyncio
import hashlib
import math
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol

from protocols.grpc.names import asset_of
from protocols.grpc.times import is_time, nanoseconds
from protocols.grpc.v1 import telemetry_service_pb2 as pb
from twin.errors import InvalidRequest, NotFound
from twin.frame import Frame, Reading, by_stream
from twin.kinds import Kind
from twin.ports import Backbone

LARGEST_BATCH: Final = 10_000
_ERRORS_SHOWN: Final = 100
_BATCHES_REMEMBERED: Final = 1_024
_PRODUCERS_REMEMBERED: Final = 256
_LONGEST_NAME: Final = 200


@dataclass(frozen=True, slots=True)
class Addressee:
    """Where an asset's readings go. ``stream`` is empty while nothing hosts the asset
    (it is deleted, or not placed yet); ``bound`` are its signals that come from OPC UA or
    MQTT."""

    kind: Kind
    stream: str
    bound: frozenset[str] = frozenset()


class PushTarget(Protocol):
    async def resolve(self, asset: str) -> Addressee:
        """Raises NotFound for a name that no asset bears or bore, Unavailable."""
        ...


@dataclass(frozen=True, slots=True)
class _Place:
    stream: str
    asset: str
    is_text: bool


@dataclass(slots=True)
class _Producer:
    """``digests`` of the batches stored lately, by sequence."""

    last: int = 0
    digests: OrderedDict[int, bytes] = field(default_factory=OrderedDict)
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class PushIntake:
    """Takes one batch after another.

    Frames carry the client's own producer and sequence, so hosts and archive recognise a
    batch that is sent again after this process was restarted; what is remembered here
    saves the way, and tells a repeat from a sequence that is used a second time.
    """

    def __init__(
        self, plant: str, backbone: Backbone, target: PushTarget, clock: Callable[[], int]
    ) -> None:
        self._plant = plant
        self._backbone = backbone
        self._target = target
        self._clock = clock
        self._producers: OrderedDict[str, _Producer] = OrderedDict()

    async def take(self, batch: pb.PushReadingsRequest) -> pb.PushReadingsResponse:
        """The answer to one batch. Raises Unavailable: it is to be sent again."""
        wrong = _header_errors(batch)
        if wrong:
            return _refused(batch, wrong)
        producer = self._producer(batch.producer)
        async with producer.lock:
            digest = hashlib.blake2b(batch.SerializeToString(), digest_size=16).digest()
            if batch.sequence <= producer.last:
                return _answer_again(batch, producer, digest)
            places, wrong = await self._places(batch)
            readings, errors = _readings(batch, places)
            if wrong or errors:
                return _refused(batch, [*wrong, *errors])
            await self._append(batch, readings, places)
            producer.last = batch.sequence
            producer.digests[batch.sequence] = digest
            if len(producer.digests) > _BATCHES_REMEMBERED:
                producer.digests.popitem(last=False)
        return pb.PushReadingsResponse(sequence=batch.sequence, accepted=len(readings))

    def _producer(self, name: str) -> _Producer:
        producer = self._producers.setdefault(name, _Producer())
        self._producers.move_to_end(name)
        if len(self._producers) > _PRODUCERS_REMEMBERED:
            self._producers.popitem(last=False)
        return producer

    async def _places(
        self, batch: pb.PushReadingsRequest
    ) -> tuple[dict[tuple[str, str], _Place], list[str]]:
        """Where each (asset, signal) of the batch goes, and why others go nowhere."""
        places: dict[tuple[str, str], _Place] = {}
        errors: list[str] = []
        first_at: dict[str, dict[str, int]] = {}
        for at, reading in enumerate(batch.readings):
            first_at.setdefault(reading.asset, {}).setdefault(reading.signal, at)
        for name, signals in first_at.items():
            try:
                asset = asset_of(name, self._plant, field="asset")
                addressee = await self._target.resolve(asset)
            except (InvalidRequest, NotFound) as error:
                errors.append(f"readings[{min(signals.values())}].asset: {error}")
                continue
            for signal, at in signals.items():
                why = _why_not(asset, signal, addressee)
                if why:
                    errors.append(f"readings[{at}].{why}")
                    continue
                spec = addressee.kind.signal(signal)
                is_text = spec is not None and spec.is_text
                places[name, signal] = _Place(addressee.stream, asset, is_text)
        return places, errors

    async def _append(
        self,
        batch: pb.PushReadingsRequest,
        readings: list[Reading],
        places: Mapping[tuple[str, str], _Place],
    ) -> None:
        streams = {place.asset: place.stream for place in places.values()}
        received_ns = self._clock()
        for stream, rows in by_stream(readings, streams).items():
            frame = Frame.of(f"push:{batch.producer}", batch.sequence, received_ns, rows)
            await self._backbone.append(stream, frame.to_bytes())


def _header_errors(batch: pb.PushReadingsRequest) -> list[str]:
    errors = []
    if not batch.producer or len(batch.producer) > _LONGEST_NAME:
        errors.append(f"producer: a name of 1 to {_LONGEST_NAME} characters is needed")
    if batch.sequence < 1:
        errors.append(f"sequence: counts up from 1; {batch.sequence} is none")
    if len(batch.readings) > LARGEST_BATCH:
        errors.append(
            f"readings: {len(batch.readings)} in one batch, where {LARGEST_BATCH} are allowed; "
            "send several batches"
        )
    return errors


def _why_not(asset: str, signal: str, addressee: Addressee) -> str:
    """Why readings of a signal can't be pushed, with the field; empty where they can."""
    if not addressee.stream:
        return f"asset: {asset!r} has no actor: it is deleted, or was created this moment"
    if addressee.kind.signal(signal) is None:
        known = ", ".join(s.name for s in addressee.kind.signals)
        return f"signal: a {addressee.kind.name} has no signal {signal!r}; it has {known}"
    if signal in addressee.bound:
        return (
            f"signal: {signal!r} of {asset!r} is bound to another source; "
            "bind it to push to send it here"
        )
    return ""


def _readings(
    batch: pb.PushReadingsRequest, places: Mapping[tuple[str, str], _Place]
) -> tuple[list[Reading], list[str]]:
    readings: list[Reading] = []
    errors: list[str] = []
    for at, given in enumerate(batch.readings):
        place = places.get((given.asset, given.signal))
        if place is None:
            continue
        value, text, time = given.value, given.text, given.time
        if not given.HasField("time"):
            errors.append(f"readings[{at}].time: is missing; give the source's time")
        elif not is_time(time):
            errors.append(f"readings[{at}].time: is not between 1970 and 2262")
        elif place.is_text and not text:
            errors.append(f"readings[{at}].text: is missing; {given.signal!r} is a text signal")
        elif not place.is_text and not math.isfinite(value):
            errors.append(f"readings[{at}].value: {value} is no measurement")
        else:
            readings.append(
                Reading(
                    place.asset,
                    given.signal,
                    nanoseconds(time),
                    math.nan if place.is_text else value,
                    given.quality,
                    text or None,
                )
            )
    return readings, errors


def _answer_again(
    batch: pb.PushReadingsRequest, producer: _Producer, digest: bytes
) -> pb.PushReadingsResponse:
    """The batch's sequence is not new: a repeat is acknowledged, anything else refused."""
    stored = producer.digests.get(batch.sequence)
    if stored == digest:
        return pb.PushReadingsResponse(sequence=batch.sequence, accepted=len(batch.readings))
    why = "was not among them" if stored is None else "stands for other readings"
    return _refused(
        batch,
        [
            f"sequence: batches up to {producer.last} of {batch.producer!r} are stored, and "
            f"{batch.sequence} {why}; count up, or start anew under another producer"
        ],
    )


def _refused(batch: pb.PushReadingsRequest, errors: list[str]) -> pb.PushReadingsResponse:
    shown = errors[:_ERRORS_SHOWN]
    if len(errors) > len(shown):
        shown.append(f"and {len(errors) - len(shown)} more")
    return pb.PushReadingsResponse(sequence=batch.sequence, errors=shown)
