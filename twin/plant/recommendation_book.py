"""The recommendations of a supervisor: the open ones, and the latest that are closed."""

import json
from collections.abc import Callable, Iterator
from typing import Final

from twin.asset import Json
from twin.errors import NotFound
from twin.estimation import saved
from twin.plant.recommendation import Recommendation, State
from twin.plant.recommendation_codec import decode, encode
from twin.snapshot import Snapshot

_CLOSED_REMEMBERED: Final = 200


class RecommendationBook:
    """Closed ones stay for a while, so that a command sent twice finds its answer."""

    def __init__(self, of: str) -> None:
        self._of = of
        self._all: dict[str, Recommendation] = {}
        self._forgotten: dict[str, int] = {}

    def get(self, id: str) -> Recommendation:
        """Raises NotFound."""
        try:
            return self._all[id]
        except KeyError:
            raise NotFound(f"{self._of} has no recommendation {id!r}") from None

    def put(self, recommendation: Recommendation) -> Recommendation:
        """Keep the latest revision; the one that moved last stands last."""
        self._all.pop(recommendation.id, None)
        self._all[recommendation.id] = recommendation
        self._forget()
        return recommendation

    def __contains__(self, id: str) -> bool:
        return id in self._all

    def open(
        self, wanted: Callable[[Recommendation], bool] = lambda _: True
    ) -> Iterator[Recommendation]:
        """Open ones, in order of their latest move; the book may change meanwhile."""
        yield from [r for r in self._all.values() if r.state.is_open and wanted(r)]

    def counts(self) -> dict[str, Json]:
        """How many there have been in each state, now or when they were closed."""
        counts = {state.value: self._forgotten.get(state.value, 0) for state in State}
        for recommendation in self._all.values():
            counts[recommendation.state.value] += 1
        return dict(counts)

    def snapshot(self) -> Snapshot:
        return {
            "all": [json.dumps(encode(found)) for found in self._all.values()],
            "forgotten": dict(self._forgotten),
        }

    def restore(self, snapshot: Snapshot) -> None:
        records = map(saved.text, saved.items(snapshot["all"]))
        kept = [decode(json.loads(record)) for record in records]
        self._all = {recommendation.id: recommendation for recommendation in kept}
        self._forgotten = {
            state: saved.whole(count)
            for state, count in saved.fields(snapshot["forgotten"]).items()
        }

    def _forget(self) -> None:
        closed = [r for r in self._all.values() if not r.state.is_open]
        for recommendation in closed[: max(0, len(closed) - _CLOSED_REMEMBERED)]:
            del self._all[recommendation.id]
            state = recommendation.state.value
            self._forgotten[state] = self._forgotten.get(state, 0) + 1
