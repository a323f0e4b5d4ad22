"""A source and a session in memory, held to the same contract as the real ones."""

from collections.abc import Callable, Sequence

from protocols.edge.bound_signal import BoundSignal
from protocols.edge.convert import to_reading
from protocols.edge.delivery import Delivery, Put
from protocols.edge.session import SessionStatus, StatusChanged
from protocols.edge.status_board import StatusBoard
from twin.quality import GOOD


class FakeSource:
    """A PLC or broker that tests switch on and off. Keys are ``source.key`` of a binding."""

    def __init__(self, keys: Sequence[str] = (), *, reachable: bool = True) -> None:
        self.keys = set(keys)
        self.reachable = reachable
        self.sessions: list[FakeSession] = []

    def emit(self, key: str, value: object, time_ns: int, quality: int = GOOD) -> None:
        for session in self.sessions:
            session.receive(key, value, time_ns, quality)

    def switch(self, reachable: bool) -> None:
        self.reachable = reachable
        for session in self.sessions:
            session.look()

    def add(self, key: str) -> None:
        self.keys.add(key)
        for session in self.sessions:
            session.look()


class FakeSession:
    """Implements ``EdgeSession`` on a FakeSource."""

    def __init__(
        self,
        source: FakeSource,
        put: Put,
        status_changed: StatusChanged,
        *,
        clock: Callable[[], int],
        address: str = "fake://source",
    ) -> None:
        self._source = source
        self._put = put
        self._address = address
        self._board = StatusBoard(status_changed, clock)
        self._bound: tuple[BoundSignal, ...] = ()
        self._started = False
        self.acknowledged = 0

    async def start(self) -> None:
        self._started = True
        self._source.sessions.append(self)
        self.look()

    async def stop(self) -> None:
        self._started = False
        self._source.sessions.remove(self)

    async def configure(self, bound: Sequence[BoundSignal]) -> None:
        self._bound = tuple(bound)
        self._board.configure(bound, "not started")
        if self._started:
            self.look()

    def status(self) -> SessionStatus:
        connected = self._started and self._source.reachable
        return SessionStatus(
            self._address,
            connected,
            "" if connected else f"cannot reach {self._address}",
            self._board.bindings(),
            {"acknowledged": self.acknowledged},
        )

    def look(self) -> None:
        if not self._source.reachable:
            self._board.all_failed(f"cannot reach {self._address}: switched off")
            return
        known = [b for b in self._bound if b.source.key in self._source.keys]
        self._board.connected(known)
        for bound in self._bound:
            if bound not in known:
                self._board.failed([bound], f"{bound.source.key} does not exist")

    def receive(self, key: str, value: object, time_ns: int, quality: int) -> None:
        if not self._source.reachable:
            return
        for bound in self._bound:
            if bound.source.key == key:
                reading, complaint = to_reading(bound, value, time_ns, quality)
                self._board.reading(bound, complaint)
                Delivery([(bound.stream, reading)], self._acknowledge).offer(self._put)

    def _acknowledge(self) -> None:
        self.acknowledged += 1
