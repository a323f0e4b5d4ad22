"""What an edge asks of a session with a source, whatever the protocol."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from protocols.edge.bound_signal import BoundSignal


class StatusChanged(Protocol):
    """Called when what is known of an asset's source changes."""

    def __call__(self, asset: str, has_data: bool, reason: str, /) -> None:
        """``has_data``: at least one signal has delivered since the source was reached.
        ``reason`` says what is wrong, also with single signals of an asset that has data;
        empty when all is well."""
        ...


@dataclass(frozen=True, slots=True)
class BindingStatus:
    """How one binding does. ``reason`` is empty when all is well with it.

    ``connected``: the source has accepted the subscription. ``last_reading_ns`` is the
    edge's clock at the last reading. ``refused`` counts values that were no good.
    """

    asset: str
    signal: str
    connected: bool
    reason: str
    last_reading_ns: int | None
    readings: int
    refused: int


@dataclass(frozen=True, slots=True)
class SessionStatus:
    """``counts`` are the protocol's own, by name (``overflows``, ``malformed``, ...)."""

    address: str
    connected: bool
    reason: str
    bindings: tuple[BindingStatus, ...]
    counts: Mapping[str, int] = field(default_factory=dict)


class EdgeSession(Protocol):
    """One connection to one endpoint, kept up for as long as it is started.

    No method raises because the source is away, refuses or talks nonsense: that is
    what ``status`` and the status callback are for. All run in one event loop.
    """

    async def start(self) -> None: ...

    async def stop(self) -> None: ...

    async def configure(self, bound: Sequence[BoundSignal]) -> None:
        """Make this the whole list. What is in it already goes on undisturbed."""
        ...

    def status(self) -> SessionStatus: ...
