"""Web whose loading no setpoint answers for: laid before a change, or while the line settled.

A gauge sees the web some time after it was coated. What it says of web from before the
latest change asks for that change once more; what it says of web from a stop, a web break
or a splice is over when the line runs again.
"""

from typing import Final

from twin import settings
from twin.asset import AssetConfig
from twin.estimation import saved
from twin.snapshot import Snapshot

_SECOND_NS: Final = 1_000_000_000
_STANDING: Final = 1.0
"""Below this line speed [m/min] the web stands, or threads up."""
_SETTLES_NS: Final = 60 * _SECOND_NS
"""After a restart: the bead, the drive and the slurry in the die (chosen)."""
_COURSE_SETTLES_S: Final = 60.0
_COURSE_SETTLES_BLOCKS: Final = 8
"""How much web the course of the loading must have seen to have followed a step, which it
does not believe at first (chosen)."""
_TOO_LARGE_NS: Final = 30 * _SECOND_NS
"""How long an excursion must be correctable again before it is believed (chosen: a few
passes of the gauge; its level comes down from a splice through all sizes)."""


class Interruptions:
    """By coater: whether it stands, when it has settled, when a setpoint was changed last.
    By gauge: when it last saw what no setpoint corrects. All times are source times."""

    def __init__(self) -> None:
        self._standing: set[str] = set()
        self._settled_ns: dict[str, int] = {}
        # When, and the slower of the speeds before and after [m/min].
        self._changed: dict[str, tuple[int, float]] = {}
        self._too_large_ns: dict[str, int] = {}
        # When a correction was applied that the course of the loading had not asked for.
        self._answered_ns: dict[str, int] = {}

    def ran(self, coater: str, time_ns: int, speed: float) -> None:
        """The line speed [m/min] at that time."""
        if speed < _STANDING:
            self._standing.add(coater)
        elif coater in self._standing:
            self._standing.discard(coater)
            self._settled_ns[coater] = time_ns + _SETTLES_NS

    def changed(self, coater: str, time_ns: int, slowest: float) -> None:
        """A setpoint was changed: by the MES, or by hand."""
        if time_ns >= self._changed.get(coater, (0, 0.0))[0]:
            self._changed[coater] = (time_ns, slowest)

    def answered(self, coater: str, time_ns: int) -> None:
        """An excursion was corrected: a step that the course, which waits for the slowest
        gauge, does not know of yet. It would ask for the correction to be taken back."""
        self._answered_ns[coater] = time_ns

    def course_lags(self, coater: str, until_ns: int, block_s: float) -> bool:
        """Whether the course of the loading, known ``until_ns`` by blocks of that length,
        lacks what was answered."""
        settles_s = max(_COURSE_SETTLES_S, _COURSE_SETTLES_BLOCKS * block_s)
        answered_ns = self._answered_ns.get(coater)
        return answered_ns is not None and until_ns < answered_ns + round(settles_s * _SECOND_NS)

    def too_large(self, coater: AssetConfig, gauge: AssetConfig, deviation: float, ns: int) -> bool:
        """Whether this deviation [%], or one a moment before, is beyond what a setpoint
        corrects: a splice, bare foil, a pump that has stopped."""
        if abs(deviation) > settings.number(coater, "largest_correction"):
            self._too_large_ns[gauge.name] = ns
            return True
        last = self._too_large_ns.get(gauge.name)
        return last is not None and ns < last + _TOO_LARGE_NS

    def holds(self, coater: str, gauge: AssetConfig, speed: float, seen_ns: int) -> bool:
        """Whether what the gauge saw up to ``seen_ns``, at this speed [m/min], says nothing
        of how the line coats now."""
        if coater in self._standing or speed < _STANDING:
            return True
        metres = settings.number(gauge, "distance_from_die")
        if seen_ns - _transport_ns(metres, speed) < self._settled_ns.get(coater, 0):
            return True
        if coater not in self._changed:
            return False
        changed_ns, slowest = self._changed[coater]
        # The gauge's level is the new web's only when it has looked at a window of it.
        seconds = sum(settings.number(gauge, name) for name in ("settling_time", "effect_window_s"))
        transport_ns = _transport_ns(metres, max(_STANDING, min(speed, slowest)))
        return seen_ns - transport_ns - round(seconds * _SECOND_NS) < changed_ns

    def forget(self, asset: str) -> None:
        """It is no more in the registry."""
        self._standing.discard(asset)
        for by_asset in (
            *(self._settled_ns, self._changed, self._too_large_ns),
            self._answered_ns,
        ):
            by_asset.pop(asset, None)

    def snapshot(self) -> Snapshot:
        return {
            "standing": [*sorted(self._standing)],
            "settled_ns": dict(self._settled_ns),
            "changed": {coater: [*changed] for coater, changed in self._changed.items()},
            "too_large_ns": dict(self._too_large_ns),
            "answered_ns": dict(self._answered_ns),
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._standing = {saved.text(name) for name in saved.items(snapshot["standing"])}
        self._settled_ns = _times(saved.fields(snapshot["settled_ns"]))
        self._changed = {}
        for coater, changed in saved.fields(snapshot["changed"]).items():
            time_ns, slowest = saved.items(changed)
            self._changed[coater] = (saved.whole(time_ns), saved.number(slowest))
        self._too_large_ns = _times(saved.fields(snapshot["too_large_ns"]))
        self._answered_ns = _times(saved.fields(snapshot["answered_ns"]))


def _transport_ns(metres: float, speed: float) -> int:
    return round(60 * metres / speed * _SECOND_NS)


def _times(of: Snapshot) -> dict[str, int]:
    return {name: saved.whole(time_ns) for name, time_ns in of.items()}
