"""Keeps what is known of each binding, and tells of changes once per asset."""

import asyncio
from collections.abc import Callable, Iterable, Sequence

from protocols.edge.bound_signal import BoundSignal
from protocols.edge.session import BindingStatus, StatusChanged

NOTHING_YET = "waiting for the first value"
_MOST_REASONS = 4


class _Line:
    __slots__ = (
        "bound",
        "complaint",
        "connected",
        "heard",
        "hopeless",
        "last_ns",
        "readings",
        "refused",
        "why",
    )

    def __init__(self, bound: BoundSignal, why: str) -> None:
        self.bound = bound
        self.connected = False
        self.heard = False
        self.hopeless = ""
        self.why = why
        self.complaint = ""
        self.last_ns: int | None = None
        self.readings = 0
        self.refused = 0

    @property
    def trouble(self) -> str:
        return self.hopeless or (self.complaint if self.connected else self.why)


class StatusBoard:
    """Changes within one turn of the event loop are told as one."""

    def __init__(self, status_changed: StatusChanged, clock: Callable[[], int]) -> None:
        self._status_changed = status_changed
        self._clock = clock
        self._lines: dict[tuple[str, str], _Line] = {}
        self._by_asset: dict[str, list[_Line]] = {}
        self._told: dict[str, tuple[bool, str]] = {}
        self._dirty: set[str] = set()

    def configure(self, bound: Sequence[BoundSignal], why: str) -> None:
        """Make this the whole list; new bindings are not connected because of ``why``."""
        lines: dict[tuple[str, str], _Line] = {}
        for signal in bound:
            line = self._lines.get(signal.key)
            if line is None or line.bound.source != signal.source:
                line = _Line(signal, why)
            line.bound = signal
            line.hopeless = ""
            lines[signal.key] = line
        self._lines = lines
        self._by_asset = {}
        for line in lines.values():
            self._by_asset.setdefault(line.bound.asset, []).append(line)
        self._told = {a: told for a, told in self._told.items() if a in self._by_asset}
        for asset in self._by_asset:
            self._touch(asset)

    def connected(self, bound: Iterable[BoundSignal]) -> None:
        for line in self._of(bound):
            if not line.connected:
                line.connected, line.why = True, ""
                self._touch(line.bound.asset)

    def failed(self, bound: Iterable[BoundSignal], why: str) -> None:
        for line in self._of(bound):
            if not line.hopeless and (line.connected or line.why != why):
                line.connected, line.heard, line.complaint, line.why = False, False, "", why
                self._touch(line.bound.asset)

    def refuse(self, bound: Iterable[BoundSignal], why: str) -> None:
        """These can never be connected as they are configured."""
        for line in self._of(bound):
            line.hopeless = why
            self._touch(line.bound.asset)

    def all_failed(self, why: str) -> None:
        self.failed([line.bound for line in self._lines.values()], why)

    def reading(self, bound: BoundSignal, complaint: str = "") -> None:
        """A value came; ``complaint`` says what is wrong with it."""
        for line in self._of((bound,)):
            line.last_ns = self._clock()
            line.readings += 1
            line.refused += bool(complaint)
            if not line.heard or line.complaint != complaint:
                line.heard, line.complaint = True, complaint
                self._touch(bound.asset)

    def complain(self, bound: Iterable[BoundSignal], complaint: str) -> None:
        """Something came that gives no reading at all."""
        for line in self._of(bound):
            line.refused += 1
            if line.complaint != complaint:
                line.complaint = complaint
                self._touch(line.bound.asset)

    def is_connected(self, bound: BoundSignal) -> bool:
        return any(line.connected for line in self._of((bound,)))

    def bindings(self) -> tuple[BindingStatus, ...]:
        return tuple(
            BindingStatus(
                asset=line.bound.asset,
                signal=line.bound.signal,
                connected=line.connected,
                reason=line.trouble,
                last_reading_ns=line.last_ns,
                readings=line.readings,
                refused=line.refused,
            )
            for line in self._lines.values()
        )

    def _of(self, bound: Iterable[BoundSignal]) -> list[_Line]:
        return [self._lines[b.key] for b in bound if b.key in self._lines]

    def _touch(self, asset: str) -> None:
        if not self._dirty:
            asyncio.get_running_loop().call_soon(self._tell)
        self._dirty.add(asset)

    def _tell(self) -> None:
        dirty, self._dirty = self._dirty, set()
        for asset in sorted(dirty & self._by_asset.keys()):
            told = _summary(self._by_asset[asset])
            if self._told.get(asset) != told:
                self._told[asset] = told
                self._status_changed(asset, *told)


def _summary(lines: Sequence[_Line]) -> tuple[bool, str]:
    has_data = any(line.connected and line.heard for line in lines)
    troubled = [line for line in lines if line.trouble]
    if not troubled:
        return has_data, "" if has_data else NOTHING_YET
    reasons = {line.trouble for line in troubled}
    if len(reasons) == 1 and len(troubled) == len(lines):
        return has_data, reasons.pop()
    named = [f"{line.bound.signal}: {line.trouble}" for line in troubled[:_MOST_REASONS]]
    if len(troubled) > _MOST_REASONS:
        named.append(f"and {len(troubled) - _MOST_REASONS} more")
    return has_data, "; ".join(named)
