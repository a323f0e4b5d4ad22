"""The twins of one hosting actor, with everything that stands before and behind them.

    frame ─▶ seen before? ─▶ gate ─▶ cohort ─▶ outbox ─▶ supervisor
                              └─▶ quarantine ──┘

Pure: its whole state goes into one snapshot, and equal frames give equal snapshots.
"""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin.asset import AssetConfig, Effects, Event, Figure, Json
from twin.errors import NotFound
from twin.estimation.gate import SensorGate, SignalHealth, Verdict
from twin.estimation.quarantine import QuarantineLog
from twin.event_codec import pack, unpack
from twin.frame import Frame, Reading
from twin.kinds import Kind
from twin.snapshot import Snapshot, dumps, loads

_BY_ASSET: Final = ("uids", "sequences", "gate", "quarantine", "cohort")
"""Sections of a snapshot that hold something for each asset, by its name."""

_SECOND_NS: Final = 1_000_000_000
_PRODUCERS_REMEMBERED: Final = 64


@dataclass(frozen=True, slots=True)
class HostCounts:
    """``readings`` handled in all, of which ``quarantined`` were refused by the gate.
    ``repeats`` counts frames dropped because they had come before; ``strays`` readings of
    assets that this host does not hold (any more)."""

    frames: int
    readings: int
    quarantined: int
    repeats: int
    strays: int


class TwinHost:
    """1..N twins of one kind."""

    def __init__(self, kind: Kind, assets: Sequence[AssetConfig]) -> None:
        self.kind = kind
        self._assets = {asset.name: asset for asset in assets}
        self._per_item = {signal.name for signal in kind.signals if signal.per_item}
        self._cohort = kind.host(tuple(assets))
        self._gate = SensorGate(
            {asset.name: kind.signals for asset in assets},
            {asset.name: asset.limits for asset in assets},
        )
        self._quarantine = QuarantineLog()
        self._sequences: dict[str, int] = {}
        self._producers: dict[str, int] = {}
        self._outbox: deque[Event] = deque()
        # By section: what is known of assets that are not hosted now (deleted ones).
        self._resting: dict[str, Snapshot] = {section: {} for section in _BY_ASSET}
        self._clock_ns = 0
        self._frames = self._readings = self._quarantined = self._repeats = self._strays = 0

    @property
    def assets(self) -> Mapping[str, AssetConfig]:
        return self._assets

    @property
    def outbox(self) -> Sequence[Event]:
        """Events that no supervisor has acknowledged, oldest first."""
        return self._outbox

    @property
    def counts(self) -> HostCounts:
        return HostCounts(
            self._frames, self._readings, self._quarantined, self._repeats, self._strays
        )

    def handle(self, frame: Frame) -> Sequence[Event]:
        """Take one frame; what the twins have to say is returned, and put in the outbox."""
        if frame.sequence <= self._producers.get(frame.producer, 0):
            self._repeats += 1
            return ()
        self._remember(frame.producer, frame.sequence)
        self._frames += 1
        effects = Effects(self._sequences)
        received_ns = frame.received_ns
        known = [reading for reading in frame.readings() if reading.asset in self._assets]
        accepted = [reading for reading in known if self._pass(reading, received_ns, effects)]
        self._readings += len(frame)
        self._strays += len(frame) - len(known)
        self._quarantined += len(known) - len(accepted)
        self._cohort.step_all(accepted, effects)
        self._move_clock(frame.received_ns, effects)
        self._outbox.extend(effects.events)
        return effects.events

    def acknowledge(self, count: int) -> None:
        """The supervisor has taken the first ``count`` events of the outbox."""
        for _ in range(count):
            self._outbox.popleft()

    def figures(self, asset: str) -> tuple[Figure, ...]:
        self._known(asset)
        return self._cohort.figures(asset)

    def health(self, asset: str) -> tuple[SignalHealth, ...]:
        self._known(asset)
        return self._gate.health(asset)

    @property
    def clock_ns(self) -> int:
        return self._clock_ns

    def state(self) -> bytes:
        """What the twins know: all but the events that are on their way."""
        return dumps(self._state())

    def snapshot(self) -> bytes:
        return dumps({**self._state(), "outbox": [pack(event) for event in self._outbox]})

    def restore(self, data: bytes) -> None:
        """Go back to a snapshot. Twins that it does not hold start anew, and so do those
        whose name belonged to another asset (another ``uid``) then. What it holds of
        assets that are not hosted now rests, and is there when they come back."""
        saved = loads(data)
        resting = _object(saved["resting"])
        known = {
            section: {**_object(resting[section]), **_object(saved[section])}
            for section in _BY_ASSET
        }
        mine = {
            name
            for name, uid in known["uids"].items()
            if name in self._assets and uid == self._assets[name].uid
        }
        self._resting = {
            section: {name: of for name, of in states.items() if name not in self._assets}
            for section, states in known.items()
        }
        counts = saved["counts"]
        assert isinstance(counts, list)
        self._frames, self._readings, self._quarantined, self._repeats, self._strays = (
            int(str(n)) for n in counts
        )
        self._clock_ns = int(str(saved["clock_ns"]))
        producers = saved["producers"]
        assert isinstance(producers, list)
        self._producers = {str(name): int(str(n)) for name, n in producers}  # type: ignore[misc, str-unpack]
        self._sequences = _numbers(_only(mine, known["sequences"]))
        self._gate.restore(_only(mine, known["gate"]))
        self._quarantine.restore(_only(mine, known["quarantine"]))
        self._cohort.restore(_only(mine, known["cohort"]))
        outbox = saved["outbox"]
        assert isinstance(outbox, list)
        self._outbox = deque(unpack(_object(event)) for event in outbox)

    def _state(self) -> Snapshot:
        return {
            "kind": self.kind.name,
            "clock_ns": self._clock_ns,
            "counts": [
                self._frames,
                self._readings,
                self._quarantined,
                self._repeats,
                self._strays,
            ],
            "uids": {name: asset.uid for name, asset in self._assets.items()},
            # In their order, which says who is forgotten first.
            "producers": [[name, last] for name, last in self._producers.items()],
            "sequences": dict(self._sequences),
            "gate": self._gate.snapshot(),
            "quarantine": self._quarantine.snapshot(),
            "cohort": self._cohort.snapshot(),
            "resting": {section: dict(states) for section, states in self._resting.items()},
        }

    def _pass(self, reading: Reading, received_ns: int, effects: Effects) -> bool:
        verdict: Verdict = self._gate.check(reading, received_ns)
        data: Mapping[str, Json] | None
        if verdict.accepted:
            data = self._quarantine.accepted(reading)
        else:
            data = self._quarantine.note(reading, verdict, reading.signal in self._per_item)
        if data is not None:
            effects.emit(self._assets[reading.asset], "reading.quarantined", reading.time_ns, data)
        return verdict.accepted

    def _move_clock(self, received_ns: int, effects: Effects) -> None:
        """Whole seconds only, so that how readings were cut into frames matters little."""
        if received_ns // _SECOND_NS <= self._clock_ns // _SECOND_NS:
            return
        self._clock_ns = received_ns // _SECOND_NS * _SECOND_NS
        for gap in self._gate.at(self._clock_ns):
            effects.emit(
                self._assets[gap.asset],
                "signal.gap",
                self._clock_ns,
                {"signal": gap.signal, "since_ns": gap.since_ns},
            )
        self._cohort.at(self._clock_ns, effects)

    def _remember(self, producer: str, sequence: int) -> None:
        """Only the latest producers are kept: a producer has a new name at each boot."""
        self._producers.pop(producer, None)
        self._producers[producer] = sequence
        while len(self._producers) > _PRODUCERS_REMEMBERED:
            del self._producers[next(iter(self._producers))]

    def _known(self, asset: str) -> None:
        if asset not in self._assets:
            raise NotFound(f"asset {asset!r} is not held by this host")


def _object(value: object) -> Snapshot:
    assert isinstance(value, dict)
    return value


def _only(assets: set[str], by_asset: Snapshot) -> Snapshot:
    return {name: of for name, of in by_asset.items() if name in assets}


def _numbers(value: object) -> dict[str, int]:
    return {name: int(str(n)) for name, n in _object(value).items()}
