import asyncio

from asset_registry.record import OpcUaSource
from protocols.edge.bound_signal import BoundSignal
from protocols.edge.status_board import StatusBoard
from tests.edge_probe import NOW_NS, Probe, clock


def bound(signal: str, node: str = "", asset: str = "gauge") -> BoundSignal:
    return BoundSignal(asset, signal, "host", OpcUaSource("opc.tcp://plc", node or signal))


A, B = bound("a"), bound("b")


async def told(probe: Probe) -> list[tuple[str, bool, str]]:
    await asyncio.sleep(0)  # the board tells in the next turn of the loop
    history, probe.history = probe.history, []
    return history


async def test_changes_of_one_turn_are_told_as_one() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)

    board.configure([A, B], "connecting")
    board.connected([A, B])
    board.reading(A)
    board.reading(B)

    assert await told(probe) == [("gauge", True, "")]


async def test_what_has_not_changed_is_not_told_again() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)
    board.configure([A], "connecting")
    assert await told(probe) == [("gauge", False, "connecting")]

    board.all_failed("connecting")
    board.configure([A], "connecting")

    assert await told(probe) == []


async def test_an_asset_has_data_after_its_first_value_not_before() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)
    board.configure([A], "connecting")
    board.connected([A])
    assert await told(probe) == [("gauge", False, "waiting for the first value")]

    board.reading(A)
    assert await told(probe) == [("gauge", True, "")]
    board.all_failed("lost")
    board.connected([A])
    assert await told(probe) == [("gauge", False, "waiting for the first value")]


async def test_one_failing_signal_is_named_while_the_others_have_data() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)
    board.configure([A, B], "connecting")
    board.connected([A])
    board.reading(A)

    board.failed([B], "BadNodeIdUnknown")

    assert await told(probe) == [("gauge", True, "b: BadNodeIdUnknown")]


async def test_a_complaint_about_a_value_goes_with_the_next_good_one() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)
    board.configure([A, B], "connecting")
    board.connected([A, B])
    board.reading(A)
    board.reading(B, "the value is odd")
    assert await told(probe) == [("gauge", True, "b: the value is odd")]

    board.reading(B)

    assert await told(probe) == [("gauge", True, "")]
    assert [(b.readings, b.refused) for b in board.bindings()] == [(1, 0), (2, 1)]
    assert board.bindings()[0].last_reading_ns == NOW_NS


async def test_a_binding_that_is_kept_keeps_what_is_known_of_it() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)
    board.configure([A, B], "connecting")
    board.connected([A, B])
    board.reading(A)

    board.configure([A, bound("b", node="another")], "subscribing")

    assert [(b.connected, b.readings) for b in board.bindings()] == [(True, 1), (False, 0)]


async def test_an_asset_that_is_gone_is_not_told_of() -> None:
    probe = Probe()
    board = StatusBoard(probe.status_changed, clock)
    board.configure([A, bound("x", asset="other")], "connecting")
    await told(probe)

    board.configure([A], "connecting")
    board.all_failed("lost")
    board.reading(bound("x", asset="other"))

    assert await told(probe) == [("gauge", False, "lost")]
