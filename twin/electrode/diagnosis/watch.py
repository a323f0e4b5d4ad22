"""Watches one coater: is its loading leaving its ordinary course, why, and where to?

learning ─ordinary─▶ watching ──a cause has moved──▶ episode ──calm again──▶ watching
"""

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product
from typing import Final

import numpy as np

from twin.electrode.coating.model import Feed
from twin.electrode.diagnosis import detection
from twin.electrode.diagnosis.attribution import attribute
from twin.electrode.diagnosis.blocks import Block, Blocks
from twin.electrode.diagnosis.course import Course
from twin.electrode.diagnosis.ordinary import Deviation, Ordinary
from twin.electrode.diagnosis.signatures import CAUSES, GAUGE
from twin.estimation import saved
from twin.estimation.kalman import Array
from twin.snapshot import Snapshot, Value

MODEL: Final = "loading-cause-comparison/1"
_WINDOWS_S: Final = (60.0, 120.0, 300.0)
_SUSPECT: Final = 0.1
_FAULT_SD: Final = 3.0
"""How large a suspected cause may be, in per cent of the loading (chosen: a whole tolerance)."""


_EXPLAINED_S: Final = 60.0
_FAR_SIGMAS: Final = 10.0
_LEAST_SIZE: Final = 0.3


@dataclass(frozen=True, slots=True)
class WatchSettings:
    """``learning_s`` before anything is said, ``guard_s`` by which learning lags behind (so
    that a slow drift is not learned), ``remembered_s`` the memory of what is ordinary."""

    feed: Feed
    block_s: float = 20.0
    learning_s: float = 1200.0
    guard_s: float = 1200.0
    remembered_s: float = 14400.0
    false_alarms: float = 0.3


@dataclass(frozen=True, slots=True)
class Moved:
    """An observable as it stands against what is ordinary: change [%] and in sigmas."""

    observable: str
    change: float
    sigmas: float


@dataclass(slots=True)
class Episode:
    """Something is wrong: since when, why (name to probability), and what speaks for it."""

    from_ns: int
    to_ns: int
    causes: dict[str, float]
    evidence: tuple[Moved, ...]
    z: float
    blocks: int = 0
    calm: int = 0
    announced: bool = False
    told: bool = False
    """Whether a person has been sent to the gauge that is in doubt."""


class LineWatch:
    """Fed with ``Blocks``; tells an ``Episode`` when one begins and while it goes on."""

    def __init__(self, settings: WatchSettings) -> None:
        self._settings = settings
        self.blocks = Blocks(settings.block_s)
        self.ordinary = Ordinary(settings.feed, settings.block_s, settings.remembered_s, _WINDOWS_S)
        self._history: deque[Block] = deque(maxlen=round(_WINDOWS_S[-1] / settings.block_s) + 1)
        self._waiting: deque[Block] = deque()
        self.course = Course()
        self.episode: Episode | None = None

    @property
    def has_learned(self) -> bool:
        """Whether the line has been seen for long enough to judge it."""
        return self.ordinary.known_s >= self._settings.learning_s

    def step(self, now_ns: int) -> Iterator[Episode | None]:
        """Once for each block that is complete now: the episode that is on, if one is."""
        for block in self.blocks.closed(now_ns):
            self._take(block)
            early = self.blocks.early(now_ns)
            if self.episode is None and self.has_learned:
                self._look(early)
            yield self.episode

    def interrupted(self, now_ns: int) -> None:
        """The web stands or is broken: what comes after it has settled is looked at anew."""
        self.blocks.restart(now_ns)
        self._history.clear()
        self.course.clear()

    def accept(self) -> None:
        """What is now is ordinary from here on."""
        self.episode = None
        self.ordinary.restart()
        self._waiting.clear()
        self._history.clear()
        self.course.clear()

    def fresh(self) -> dict[str, float]:
        """Causes by what has been heard up to this moment; empty where nothing is known."""
        values = self.blocks.fresh()
        deviation = self.ordinary.deviation(
            self.blocks.names, values, np.where(np.isfinite(values), 0.25, 0.0), _WINDOWS_S[0]
        )
        if not deviation.places:
            return {}
        return attribute(deviation.value, deviation.covariance, deviation.found)

    def _take(self, block: Block) -> None:
        names = self.blocks.names
        self._history.append(block)
        self.ordinary.observe(names, block.values)
        self._follow(block)
        if self.episode is None:
            self._learn(block)
        else:
            self.episode.blocks += 1
            self._look_again(block)

    def _learn(self, block: Block) -> None:
        """At first at once, later with the guard's delay."""
        names, settings = self.blocks.names, self._settings
        self._waiting.append(block)
        guard = settings.guard_s / settings.block_s
        if self.ordinary.known_s < settings.learning_s:
            guard = 0
        while len(self._waiting) > guard:
            self.ordinary.learn(names, _padded(self._waiting.popleft().values, len(names)))

    def _look(self, early: list[Block]) -> None:
        """At what is complete, and at what only the quick sensors have spoken of."""
        settings = self._settings
        gauges = sum(name.startswith(f"{GAUGE}:") for name in self.blocks.names)
        limit = detection.limit(settings.false_alarms, len(CAUSES) + gauges, _WINDOWS_S)
        seen = [([*self._history], []), ([*self._history, *early], self.blocks.slow())]
        for window_s, (blocks, without) in product(_WINDOWS_S, seen if early else seen[:1]):
            deviation = self._over(window_s, blocks, without)
            loud = None if deviation is None else detection.loudest(deviation)
            if deviation is None or loud is None or abs(loud.z) < limit:
                continue
            self._waiting.clear()
            middle = self.blocks.middle_ns(blocks[-1].number)
            self.episode = Episode(middle - round(window_s * 1e9), middle, {}, (), loud.z)
            self._explain(self.episode, deviation)
            return

    def _look_again(self, block: Block) -> None:
        assert self.episode is not None
        if self.blocks.middle_ns(block.number) <= self.episode.to_ns:
            # Quick sensors told of it by web that this block lies before.
            return
        # What has just moved is seen in the latest minutes; later on more of them say more.
        long = self.episode.blocks * self._settings.block_s >= 2 * _WINDOWS_S[-1]
        window_s = _WINDOWS_S[-1] if long else _WINDOWS_S[1]
        deviation = self._over(window_s, [*self._history], [])
        if deviation is None or not deviation.places:
            return
        self.episode.to_ns = self.blocks.middle_ns(block.number)
        if self.episode.blocks * self._settings.block_s % _EXPLAINED_S < self._settings.block_s:
            self._explain(self.episode, deviation)

    def _explain(self, episode: Episode, deviation: Deviation) -> None:
        chances = attribute(deviation.value, deviation.covariance, deviation.found)
        episode.causes = dict(sorted(chances.items(), key=lambda item: -item[1]))
        sd = np.sqrt(np.diagonal(deviation.covariance))
        episode.evidence = tuple(
            Moved(self.blocks.names[i], float(change), float(change / width))
            for i, change, width in zip(deviation.places, deviation.value, sd, strict=True)
        )

    def _over(self, window_s: float, blocks: list[Block], without: list[int]) -> Deviation | None:
        """What the latest blocks of a window say; None while there are too few."""
        count = max(1, round(window_s / self._settings.block_s))
        if len(blocks) < count:
            return None
        size = len(self.blocks.names)
        rows = np.array([_padded(block.values, size) for block in blocks[-count:]])
        rows[:, without] = np.nan
        _blank_spikes(rows, self.ordinary.noise_of(size))
        counts = np.isfinite(rows).sum(0)
        sums = np.where(np.isfinite(rows), rows, 0.0).sum(0)
        means = np.divide(sums, counts, out=np.full(size, np.nan), where=counts > 0)
        return self.ordinary.deviation(self.blocks.names, means, counts.astype(float), window_s)

    def _follow(self, block: Block) -> None:
        """The web's loading by this block, from all that speaks of it."""
        names = self.blocks.names
        counts = np.isfinite(block.values).astype(float)
        deviation = self.ordinary.deviation(names, block.values, counts, _WINDOWS_S[0])
        if not deviation.places:
            return
        found = deviation.found
        causes = self.episode.causes if self.episode is not None else {}
        suspected = np.array([causes.get(name, 0.0) >= _SUSPECT for name in found.names])
        variance = self.ordinary.strays(found)
        extra = np.where(suspected, _FAULT_SD**2, 0.0)
        # The covariance holds what strays ordinarily; what is suspected comes on top, and
        # what is not known of its signature, in proportion to its size.
        covariance = deviation.covariance + (found.mean * extra) @ found.mean.T
        size2 = self.course.latest**2 + _LEAST_SIZE**2
        unsure = np.square(found.sd) @ np.where(suspected, size2, 0.0)
        covariance[np.diag_indices(len(unsure))] += unsure
        on_web = np.array([name in CAUSES for name in found.names])
        prior = np.where(on_web, variance + extra, 0.0)
        load = found.mean @ prior
        solved = np.linalg.solve(covariance, np.column_stack([deviation.value, load]))
        level = float(load @ solved[:, 0])
        left = float(prior.sum() - load @ solved[:, 1])
        self.course.add(self.blocks.middle_ns(block.number), level, math.sqrt(max(left, 1e-6)))

    @property
    def standing(self) -> float | None:
        """Where the gauge next to the die, by which people set the line, ordinarily stands
        against the target [%]; None if not known."""
        for name in self.blocks.nearest():
            mean = self.ordinary.mean_of(name) if name.startswith(f"{GAUGE}:") else None
            if mean is not None:
                return mean
        return None

    def snapshot(self) -> Snapshot:
        episode = self.episode
        return {
            "blocks": self.blocks.snapshot(),
            "ordinary": self.ordinary.snapshot(),
            "history": _saved_blocks(self._history, len(self.blocks.names)),
            "waiting": _saved_blocks(self._waiting, len(self.blocks.names)),
            "course": self.course.snapshot(),
            "episode": None
            if episode is None
            else {
                "from_ns": episode.from_ns,
                "to_ns": episode.to_ns,
                "causes": [[name, chance] for name, chance in episode.causes.items()],
                "evidence": [[m.observable, m.change, m.sigmas] for m in episode.evidence],
                "z": episode.z,
                "blocks": episode.blocks,
                "calm": episode.calm,
                "announced": episode.announced,
                "told": episode.told,
            },
        }

    def restore(self, snapshot: Snapshot) -> None:
        self.blocks.restore(saved.fields(snapshot["blocks"]))
        self.ordinary.restore(saved.fields(snapshot["ordinary"]))
        self._history.clear()
        self._history.extend(_blocks(saved.fields(snapshot["history"])))
        self._waiting = deque(_blocks(saved.fields(snapshot["waiting"])))
        self.course.restore(saved.fields(snapshot["course"]))
        self.episode = None
        if snapshot["episode"] is not None:
            of = saved.fields(snapshot["episode"])
            self.episode = Episode(
                saved.whole(of["from_ns"]),
                saved.whole(of["to_ns"]),
                {
                    saved.text(name): saved.number(chance)
                    for name, chance in map(saved.items, saved.items(of["causes"]))
                },
                tuple(
                    Moved(saved.text(name), saved.number(change), saved.number(sigmas))
                    for name, change, sigmas in map(saved.items, saved.items(of["evidence"]))
                ),
                saved.number(of["z"]),
                saved.whole(of["blocks"]),
                saved.whole(of["calm"]),
                bool(of["announced"]),
                bool(of["told"]),
            )


def _blank_spikes(rows: Array, noise: Array) -> None:
    """A block far from the one before it is believed when the next one confirms it: a
    splice or a fold is in one block. Blanks what is not, in place."""
    far = _FAR_SIGMAS * noise
    step = np.abs(np.diff(rows, axis=0)) > far
    back = np.abs(rows[2:] - rows[:-2]) <= far
    # Comparisons with what is missing are False.
    spikes = np.zeros(rows.shape, dtype=bool)
    spikes[1:-1] = step[:-1] & step[1:] & back
    if len(step):
        spikes[-1] = step[-1]
    rows[spikes] = np.nan


def _padded(values: Array, size: int) -> Array:
    """A block from before some observables were first heard of."""
    if len(values) == size:
        return values
    return np.concatenate([values, np.full(size - len(values), np.nan)])


def _saved_blocks(blocks: Iterable[Block], size: int) -> Value:
    """As one array: a row a block."""
    kept = [*blocks]
    rows = [_padded(block.values, size) for block in kept]
    return {
        "numbers": list[Value](block.number for block in kept),
        "values": np.array(rows).reshape(len(rows), size),
    }


def _blocks(snapshot: Snapshot) -> list[Block]:
    numbers = map(saved.whole, saved.items(snapshot["numbers"]))
    rows = saved.array(snapshot["values"])
    return [Block(number, row) for number, row in zip(numbers, rows, strict=True)]
