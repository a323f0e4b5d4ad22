"""The peers on the same signals: charts on the gauge's mean, pass by pass.

Each is set up as it would be on a line: centred on the first two hours of the shift, in
units of the standard deviation of passes while nothing is wrong. Passes are not
independent (the line strays slowly), so the textbook's limits alarm far too often; each
peer is therefore also given the limit at which, with hindsight on the very shifts that
count, it alarms no more often than the twin. That favours the peers.
"""

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np
import numpy.typing as npt

from cluster.bench.electrode.play import Played
from twin.estimation.charts import Cusum, Ewma, Shewhart, chart

Array = npt.NDArray[np.float64]

_LEARNED_S: Final = 7200.0
_QUIET_S: Final = 1800.0
"""After an alarm a peer starts anew and is silent while people look after it."""
SCALES: Final = np.geomspace(0.5, 60.0, 80)


class Peer(NamedTuple):
    """A chart by its textbook limit, and that limit scaled."""

    name: str
    limit: float

    def design(self, scale: float) -> Shewhart | Cusum | Ewma:
        if self.name == "Shewhart":
            return Shewhart(self.limit * scale)
        if self.name == "CUSUM":
            return Cusum(0.5, self.limit * scale)
        return Ewma(0.1, self.limit * scale)


PEERS: Final = (Peer("Shewhart", 3.0), Peer("CUSUM", 5.0), Peer("EWMA", 2.814))


def pooled_sd(calm: Sequence[Played]) -> float:
    """Standard deviation of a pass around its shift's centre while nothing is wrong."""
    left = [played.passes - _centre(played) for played in calm]
    return float(np.sqrt(np.mean(np.square(np.concatenate(left)))))


def alarms(peer: Peer, scale: float, played: Played, sd: float, from_s: float) -> list[int]:
    """Passes at which it alarms, from ``from_s`` on."""
    found: list[int] = []
    it = chart(peer.design(scale), _centre(played), sd)
    quiet_until = from_s
    for i, (at, value) in enumerate(zip(played.pass_seconds, played.passes, strict=True)):
        if at <= quiet_until:
            continue
        if it.take(float(value)) is not None:
            found.append(i)
            it.reset()
            quiet_until = at + _QUIET_S
    return found


def per_shift(peer: Peer, scale: float, calm: Sequence[Played], sd: float) -> float:
    """False alarms in a shift of which nothing is wrong."""
    return sum(len(alarms(peer, scale, p, sd, _LEARNED_S)) for p in calm) / len(calm)


def matched(peer: Peer, calm: Sequence[Played], sd: float, rate: float) -> float:
    """The least scale of its limit at which it alarms no more often than ``rate``."""
    for scale in SCALES:
        if per_shift(peer, float(scale), calm, sd) <= rate:
            return float(scale)
    return float(SCALES[-1])


def metres_to_alarm(peer: Peer, scale: float, played: Played, sd: float) -> float:
    """From the onset; infinite where it never alarms in the shift."""
    for i in alarms(peer, scale, played, sd, _LEARNED_S):
        if played.pass_seconds[i] > played.plan.onset_s:
            return float(played.pass_metres[i]) - played.onset_metre
    return float("inf")


def _centre(played: Played) -> float:
    return float(played.passes[played.pass_seconds <= _LEARNED_S].mean())
