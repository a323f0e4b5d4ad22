"""Use of the formation racks, and how many cells come out of them."""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final

from twin.asset import Json
from twin.estimation import saved
from twin.snapshot import Snapshot, Value

_HOUR_NS: Final = 3_600_000_000_000
_DAY: Final = 24


def rack_of(channel: str) -> str:
    """Channels stand in the rack that their name begins with."""
    return channel.rpartition("/")[0] or channel


class RackUse:
    """A channel is busy from when a cell is started on it until that cell is formed, or
    another one is started there. Hours are those of the events' own time."""

    def __init__(self) -> None:
        self._since: dict[str, int] = {}
        self._busy: Counter[str] = Counter()
        self._first_ns: int | None = None
        self._latest_ns = 0
        # Cells formed, by the hour, of the latest day.
        self._formed: dict[int, int] = {}

    def started(self, channel: str, time_ns: int) -> None:
        self._end(channel, time_ns)
        self._since[channel] = time_ns
        self._clock(time_ns)

    def formed(self, channel: str, time_ns: int) -> None:
        self._end(channel, time_ns)
        self._clock(time_ns)
        hour = time_ns // _HOUR_NS
        self._formed[hour] = self._formed.get(hour, 0) + 1
        newest = self._latest_ns // _HOUR_NS
        self._formed = {at: n for at, n in self._formed.items() if at > newest - _DAY}

    def left(self, channel: str, time_ns: int) -> None:
        """Its cell has been taken off: diverted, or no longer there."""
        self._end(channel, time_ns)
        self._clock(time_ns)

    def keep_only(self, channels: Iterable[str]) -> None:
        wanted = set(channels)
        self._since = {name: at for name, at in self._since.items() if name in wanted}

    def kpis(self, channels: Iterable[str]) -> dict[str, Json]:
        """``racks``: channels, those busy now, and the share of all channel hours that were
        busy (0..1; null while no time has passed). ``formed_per_day``: of the latest day."""
        count = Counter(rack_of(name) for name in channels)
        now = Counter(rack_of(name) for name in self._since)
        running: Counter[str] = Counter()
        for name, since in self._since.items():
            running[rack_of(name)] += max(0, self._latest_ns - since)
        passed = 0 if self._first_ns is None else self._latest_ns - self._first_ns
        racks: dict[str, Json] = {
            rack: {
                "channels": n,
                "busy": now[rack],
                "use": (self._busy[rack] + running[rack]) / (n * passed) if passed else None,
            }
            for rack, n in count.items()
        }
        return {"formed_per_day": sum(self._formed.values()), "racks": racks}

    def _end(self, channel: str, time_ns: int) -> None:
        since = self._since.pop(channel, None)
        if since is not None:
            self._busy[rack_of(channel)] += max(0, time_ns - since)

    def _clock(self, time_ns: int) -> None:
        self._first_ns = time_ns if self._first_ns is None else self._first_ns
        self._latest_ns = max(self._latest_ns, time_ns)

    def snapshot(self) -> Snapshot:
        return {
            "since": dict(self._since),
            "busy": dict(self._busy),
            "first_ns": self._first_ns,
            "latest_ns": self._latest_ns,
            "formed": [[hour, n] for hour, n in self._formed.items()],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._since = _whole(saved.fields(snapshot["since"]))
        self._busy = Counter(_whole(saved.fields(snapshot["busy"])))
        self._first_ns = saved.whole_or_none(snapshot["first_ns"])
        self._latest_ns = saved.whole(snapshot["latest_ns"])
        rows = map(saved.items, saved.items(snapshot["formed"]))
        self._formed = {saved.whole(hour): saved.whole(n) for hour, n in rows}


def _whole(fields: Mapping[str, Value]) -> dict[str, int]:
    return {name: saved.whole(value) for name, value in fields.items()}
