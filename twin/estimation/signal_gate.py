"""The gate of one signal.

    quality ▶ number ▶ clock (future, order) ▶ range ▶ flat line ▶ rate ▶ accepted

Two of the checks let go again. A *rate* that is too high is refused until three readings
in a row agree with each other on the new level: then the step was real, and the third
is taken. A *flat line* ends with the first other value.
"""

import math
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from twin.asset import Limits, SignalSpec
from twin.frame import Reading
from twin.quality import is_bad
from twin.snapshot import Value

_SECOND_NS: Final = 1_000_000_000
# Three in a row: one is a spike, two may be a spike that the source has sent twice.
_CONFIRMED_BY: Final = 3
# Noise over the jitter of a time stamp is no rate.
_RATE_OVER_AT_LEAST_S: Final = 0.1


class Reason(StrEnum):
    QUALITY = "QUALITY"
    NOT_A_NUMBER = "NOT_A_NUMBER"
    EMPTY = "EMPTY"
    FUTURE = "FUTURE"
    ORDER = "ORDER"
    RANGE = "RANGE"
    FLAT_LINE = "FLAT_LINE"
    RATE = "RATE"
    UNKNOWN_SIGNAL = "UNKNOWN_SIGNAL"


@dataclass(frozen=True, slots=True)
class Verdict:
    """``detail`` says in plain words why a reading is refused; empty when it is not."""

    accepted: bool
    reason: Reason | None = None
    detail: str = ""


class SignalGate:
    """One signal of one asset: what it must keep to, and what came before."""

    __slots__ = (
        "accepted",
        "continuous",
        "flat_count",
        "flat_value",
        "heard_ns",
        "is_text",
        "last_reason",
        "maximum",
        "minimum",
        "off_count",
        "off_ns",
        "off_value",
        "quarantined",
        "silent",
        "spec",
        "time_ns",
        "value",
    )

    def __init__(self, spec: SignalSpec, limits: Limits) -> None:
        self.spec = spec
        self.is_text = spec.is_text
        # What must be looked at reading by reading, and how it went on before.
        self.continuous = not spec.per_item and not (
            spec.flat_after is None and spec.max_rate is None
        )
        self.minimum = max(_given(-math.inf, spec.minimum, limits.minimum))
        self.maximum = min(_given(math.inf, spec.maximum, limits.maximum))
        self.accepted = 0
        self.quarantined = 0
        self.last_reason: Reason | None = None
        self.time_ns: int | None = None
        self.value: float | None = None
        self.heard_ns: int | None = None
        self.silent = False
        self.flat_value: float | None = None
        self.flat_count = 0
        # The latest reading refused for its rate, and how many before it agree with it.
        self.off_value: float | None = None
        self.off_ns = 0
        self.off_count = 0

    def judge(self, reading: Reading, latest_ns: int) -> Verdict | None:
        """None where the reading passes."""
        _, _, time_ns, value, quality, text = reading
        if is_bad(quality):
            return Verdict(
                False, Reason.QUALITY, f"the source calls it bad (status 0x{quality:08X})"
            )
        if self.is_text:
            if not text:
                return Verdict(False, Reason.EMPTY, "the text is empty")
        elif not math.isfinite(value):
            return Verdict(False, Reason.NOT_A_NUMBER, f"{value} is not a number")
        if time_ns > latest_ns or (self.time_ns is not None and time_ns <= self.time_ns):
            refused = self._clock(time_ns, latest_ns)
            if refused is not None:
                return refused
        if self.is_text:
            return None
        refused = self._range(value)
        if refused is None and self.continuous:
            refused = self._flat_line(value) or self._rate(time_ns, value)
        if refused is None:
            self.value = value
        return refused

    def falls_silent(self, now_ns: int) -> bool:
        limit = self.spec.gap_after_s
        if limit is None or self.silent or self.heard_ns is None:
            return False
        return now_ns - self.heard_ns > limit * _SECOND_NS

    def _clock(self, time_ns: int, latest_ns: int) -> Verdict | None:
        if time_ns > latest_ns:
            ahead = (time_ns - latest_ns) / _SECOND_NS
            return Verdict(
                False,
                Reason.FUTURE,
                f"its source time is {ahead:.3g} s further ahead of ours than clocks may differ",
            )
        if self.time_ns is None or time_ns > self.time_ns:
            return None
        if time_ns == self.time_ns:
            if self.spec.per_item:
                return None
            return Verdict(False, Reason.ORDER, "its source time is that of the reading before it")
        behind = (self.time_ns - time_ns) / _SECOND_NS
        return Verdict(
            False, Reason.ORDER, f"its source time is {behind:.3g} s before the last one's"
        )

    def _range(self, value: float) -> Verdict | None:
        spec = self.spec
        if spec.above is not None and value <= spec.above:
            said = f"{self._words(value)} is not above {self._words(spec.above)}"
        elif value < self.minimum:
            said = f"{self._words(value)} is under the limit of {self._words(self.minimum)}"
        elif value > self.maximum:
            said = f"{self._words(value)} is over the limit of {self._words(self.maximum)}"
        else:
            return None
        return Verdict(False, Reason.RANGE, said)

    def _flat_line(self, value: float) -> Verdict | None:
        after = self.spec.flat_after
        if after is None:
            return None
        self.flat_count = self.flat_count + 1 if value == self.flat_value else 1
        self.flat_value = value
        if self.flat_count < after:
            return None
        return Verdict(
            False,
            Reason.FLAT_LINE,
            f"exactly {self._words(value)} {self.flat_count} times in a row",
        )

    def _rate(self, time_ns: int, value: float) -> Verdict | None:
        limit = self.spec.max_rate
        if limit is None or self.value is None or self.time_ns is None:
            return None
        rate = _rate(value - self.value, time_ns - self.time_ns)
        if rate <= limit:
            self.off_value, self.off_count = None, 0
            return None
        agrees = (
            self.off_value is not None
            and _rate(value - self.off_value, time_ns - self.off_ns) <= limit
        )
        self.off_count = self.off_count + 1 if agrees else 1
        self.off_value, self.off_ns = value, time_ns
        if self.off_count >= _CONFIRMED_BY:
            self.off_value, self.off_count = None, 0
            return None
        unit = self.spec.unit
        return Verdict(
            False,
            Reason.RATE,
            f"from {self._words(self.value)} to {self._words(value)}: {rate:.4g} {unit}/s "
            f"is over the limit of {limit:.4g} {unit}/s",
        )

    def _words(self, value: float) -> str:
        return f"{value:.10g} {self.spec.unit}"

    def state(self) -> list[Value]:
        return [
            self.accepted,
            self.quarantined,
            None if self.last_reason is None else self.last_reason.value,
            self.time_ns,
            self.value,
            self.heard_ns,
            self.silent,
            self.flat_value,
            self.flat_count,
            self.off_value,
            self.off_ns,
            self.off_count,
        ]

    def set_state(self, state: list[Value]) -> None:
        (
            self.accepted,
            self.quarantined,
            reason,
            self.time_ns,
            self.value,
            self.heard_ns,
            self.silent,
            self.flat_value,
            self.flat_count,
            self.off_value,
            self.off_ns,
            self.off_count,
        ) = state  # type: ignore[assignment]
        self.last_reason = None if reason is None else Reason(str(reason))


def _given(*bounds: float | None) -> list[float]:
    return [bound for bound in bounds if bound is not None]


def _rate(difference: float, over_ns: int) -> float:
    return abs(difference) / max(over_ns / _SECOND_NS, _RATE_OVER_AT_LEAST_S)
