"""First-pass yield: each piece counts as it was graded first."""

from collections import OrderedDict
from typing import Final

from twin.snapshot import Snapshot

_REMEMBERED: Final = 20_000


class FirstPass:
    """Counts pieces and those that passed at their first grading.

    Of the pieces themselves only the latest 20,000 are remembered, so that the state
    stays small: a re-test that comes later than that counts as a piece of its own.
    """

    def __init__(self) -> None:
        self.graded = 0
        self.passed = 0
        self._known: OrderedDict[str, None] = OrderedDict()

    @property
    def fraction(self) -> float | None:
        """Passed of graded (0..1); None while nothing is graded."""
        return self.passed / self.graded if self.graded else None

    def grade(self, piece: str, passed: bool) -> None:
        """A later grading of the same piece is a re-test and changes nothing."""
        if piece in self._known:
            return
        self._known[piece] = None
        self.graded += 1
        self.passed += passed
        while len(self._known) > _REMEMBERED:
            self._known.popitem(last=False)

    def snapshot(self) -> Snapshot:
        return {"graded": self.graded, "passed": self.passed, "known": list(self._known)}

    def restore(self, snapshot: Snapshot) -> None:
        graded, passed, known = snapshot["graded"], snapshot["passed"], snapshot["known"]
        assert isinstance(graded, int)
        assert isinstance(passed, int)
        assert isinstance(known, list)
        self.graded, self.passed = graded, passed
        self._known = OrderedDict((str(piece), None) for piece in known)
