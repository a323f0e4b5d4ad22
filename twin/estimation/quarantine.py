"""What is said of readings that the gate has refused.

A refused weighing is told by itself. Of a continuous signal at 10 Hz a refused reading
opens a run: told once at its onset, and once at its end with the number of readings.
"""

import math
from dataclasses import asdict, dataclass, field

from twin.asset import Json
from twin.estimation.gate import Verdict
from twin.frame import Reading
from twin.snapshot import Snapshot


@dataclass(slots=True)
class _Run:
    """Readings refused in a row; ``value``, ``reason`` and so on are the first one's."""

    signal: str
    value: float | None
    quality: int
    reason: str
    detail: str
    text: str | None
    from_ns: int
    to_ns: int
    count: int = 1
    reasons: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, reading: Reading, verdict: Verdict) -> "_Run":
        assert verdict.reason is not None
        return cls(
            signal=reading.signal,
            value=reading.value if math.isfinite(reading.value) else None,
            quality=reading.quality,
            reason=verdict.reason.value,
            detail=verdict.detail,
            text=reading.text,
            from_ns=reading.time_ns,
            to_ns=reading.time_ns,
            reasons={verdict.reason.value: 1},
        )

    def goes_on(self, reading: Reading, verdict: Verdict) -> None:
        assert verdict.reason is not None
        self.count += 1
        self.to_ns = max(self.to_ns, reading.time_ns)
        self.reasons[verdict.reason.value] = self.reasons.get(verdict.reason.value, 0) + 1

    def told(self, phase: str) -> dict[str, Json]:
        return {"phase": phase, **asdict(self)}


class QuarantineLog:
    """Makes the data of ``reading.quarantined`` events.

    ``phase`` is ``item`` (a reading of one piece), ``onset`` (the first of a run, count 1)
    or ``end`` (the whole run: ``count`` readings, that of the onset among them, and how
    many for each of the ``reasons``). A run of one has no ``end``.
    """

    def __init__(self) -> None:
        self._runs: dict[str, dict[str, _Run]] = {}

    def note(self, reading: Reading, verdict: Verdict, per_item: bool) -> dict[str, Json] | None:
        """A reading has been refused. Returns the data of an event, or None."""
        if per_item:
            return _Run.of(reading, verdict).told("item")
        runs = self._runs.setdefault(reading.asset, {})
        run = runs.get(reading.signal)
        if run is None:
            run = runs[reading.signal] = _Run.of(reading, verdict)
            return run.told("onset")
        run.goes_on(reading, verdict)
        return None

    def accepted(self, reading: Reading) -> dict[str, Json] | None:
        """A reading has been accepted. Returns the data of an event where a run ends."""
        runs = self._runs.get(reading.asset)
        run = None if runs is None else runs.pop(reading.signal, None)
        return None if run is None or run.count == 1 else run.told("end")

    def snapshot(self) -> Snapshot:
        return {
            asset: {signal: asdict(run) for signal, run in runs.items()}
            for asset, runs in self._runs.items()
            if runs
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._runs = {}
        for asset, runs in snapshot.items():
            assert isinstance(runs, dict)
            for signal, run in runs.items():
                assert isinstance(run, dict)
                restored = _Run(**run)  # type: ignore[arg-type]
                restored.reasons = dict(restored.reasons)
                self._runs.setdefault(asset, {})[signal] = restored
