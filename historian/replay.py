"""The past once more: archived frames through hosted twins."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from historian.frames import ArchivedFrame
from twin.asset import Event
from twin.frame import Frame


class Host(Protocol):
    """What is needed of a ``twin.host.TwinHost``: the twins behind one stream."""

    def handle(self, frame: Frame, /) -> object: ...

    @property
    def outbox(self) -> Sequence[Event]: ...

    def acknowledge(self, count: int) -> None: ...


@dataclass(frozen=True, slots=True)
class ReplayResult:
    """``readings`` went through the hosts; ``unhosted`` had none for their stream.

    ``received`` is the first and the last clock of the frames, ns; None without frames.
    """

    events: tuple[Event, ...]
    frames: int
    readings: int
    unhosted: int
    received: tuple[int, int] | None


def replay_archive(frames: Iterable[ArchivedFrame], hosts: Mapping[str, Host]) -> ReplayResult:
    """Give each host, by its stream, the frames it once got, in their order of arrival.

    Same frames, same state: hosts end as those ended that lived through it.
    """
    events: list[Event] = []
    count = readings = unhosted = 0
    first: int | None = None
    last = 0
    for archived in frames:
        host = hosts.get(archived.stream)
        if host is None:
            unhosted += len(archived.frame)
            continue
        host.handle(archived.frame)
        said = tuple(host.outbox)
        host.acknowledge(len(said))
        events.extend(said)
        count += 1
        readings += len(archived.frame)
        first = archived.frame.received_ns if first is None else first
        last = archived.frame.received_ns
    received = None if first is None else (first, last)
    return ReplayResult(tuple(events), count, readings, unhosted, received)
