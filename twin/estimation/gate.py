"""The sensor gate: no bad reading reaches a model.

Each signal of each asset is judged by itself (``signal_gate``), against its
``SignalSpec`` and the asset's own narrower ``Limits``. A gap refuses nothing: the reading
after it is taken, and ``at`` tells of the silence. The gate is pure: equal readings,
equal verdicts.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from twin.asset import Limits, SignalSpec
from twin.estimation.signal_gate import Reason, SignalGate, Verdict
from twin.frame import Reading
from twin.snapshot import Snapshot

__all__ = ["Gap", "Reason", "SensorGate", "SignalHealth", "Verdict"]

_SECOND_NS: Final = 1_000_000_000


@dataclass(frozen=True, slots=True)
class SignalHealth:
    """How one signal has fared. ``last_reason`` is that of the latest refusal,
    ``last_time_ns`` the source time of the latest accepted reading."""

    signal: str
    accepted: int
    quarantined: int
    last_reason: Reason | None
    last_time_ns: int | None


@dataclass(frozen=True, slots=True)
class Gap:
    """A signal has been silent since ``since_ns`` (the receiver's clock)."""

    asset: str
    signal: str
    since_ns: int


_ACCEPTED: Final = Verdict(True)


class SensorGate:
    """Judges the readings of any number of assets.

    A source time more than ``future_s`` seconds after the receiver's clock is refused.
    """

    def __init__(
        self,
        specs: Mapping[str, Sequence[SignalSpec]],
        limits: Mapping[str, Mapping[str, Limits]],
        future_s: float = 5.0,
    ) -> None:
        self._future_ns = round(future_s * _SECOND_NS)
        self._channels: dict[str, dict[str, SignalGate]] = {
            asset: {
                spec.name: SignalGate(spec, limits.get(asset, {}).get(spec.name, Limits()))
                for spec in signals
            }
            for asset, signals in specs.items()
        }

    def check(self, reading: Reading, received_ns: int) -> Verdict:
        """The verdict on one reading; takes it into account for those that follow."""
        signals = self._channels.get(reading.asset)
        channel = None if signals is None else signals.get(reading.signal)
        if channel is None:
            return Verdict(
                False,
                Reason.UNKNOWN_SIGNAL,
                f"{reading.asset!r} has no signal {reading.signal!r}",
            )
        channel.heard_ns = received_ns
        channel.silent = False
        verdict = channel.judge(reading, received_ns + self._future_ns)
        if verdict is None:
            channel.accepted += 1
            channel.time_ns = reading.time_ns
            return _ACCEPTED
        channel.quarantined += 1
        channel.last_reason = verdict.reason
        return verdict

    def at(self, now_ns: int) -> tuple[Gap, ...]:
        """Signals that have fallen silent for longer than they may; each told once."""
        gaps = []
        for asset, signals in self._channels.items():
            for signal, channel in signals.items():
                if channel.falls_silent(now_ns):
                    channel.silent = True
                    assert channel.heard_ns is not None
                    gaps.append(Gap(asset, signal, channel.heard_ns))
        return tuple(gaps)

    def health(self, asset: str) -> tuple[SignalHealth, ...]:
        """One entry for each signal of the asset, in the order of its kind."""
        return tuple(
            SignalHealth(name, c.accepted, c.quarantined, c.last_reason, c.time_ns)
            for name, c in self._channels[asset].items()
        )

    def snapshot(self) -> Snapshot:
        return {
            asset: {signal: channel.state() for signal, channel in signals.items()}
            for asset, signals in self._channels.items()
        }

    def restore(self, snapshot: Snapshot) -> None:
        """Go back to a snapshot; what it does not hold starts anew."""
        for asset, signals in self._channels.items():
            saved = snapshot.get(asset, {})
            assert isinstance(saved, dict)
            for name in signals.keys() & saved.keys():
                state = saved[name]
                assert isinstance(state, list)
                signals[name].set_state(state)
