from protocols.mqtt.client import Arrived
from protocols.mqtt.unacknowledged import InFlight, Unacknowledged


class Broker:
    def __init__(self) -> None:
        self.acknowledged: list[int] = []

    def acknowledge(self, mid: int, qos: int) -> None:
        self.acknowledged.append(mid)


def message(connection: int, mid: int, payload: bytes = b"1", dup: bool = False) -> Arrived:
    return Arrived(connection, mid, 1, dup, "t", payload)


def new(arrived: InFlight | None) -> InFlight:
    assert arrived is not None
    return arrived


async def test_a_stored_message_is_acknowledged_on_its_connection() -> None:
    broker = Broker()
    messages = Unacknowledged(broker.acknowledge)
    first = new(messages.arrive(message(1, 10)))

    messages.stored(first, connection=1)

    assert broker.acknowledged == [10]


async def test_a_message_stored_after_its_connection_broke_is_acknowledged_when_repeated() -> None:
    broker = Broker()
    messages = Unacknowledged(broker.acknowledge)
    first = new(messages.arrive(message(1, 10)))
    messages.stored(first, connection=2)
    assert broker.acknowledged == []

    assert messages.arrive(message(2, 77, dup=True)) is None

    assert broker.acknowledged == [77]


async def test_a_message_repeated_before_it_is_stored_is_acknowledged_under_its_new_number() -> (
    None
):
    broker = Broker()
    messages = Unacknowledged(broker.acknowledge)
    first = new(messages.arrive(message(1, 10)))

    assert messages.arrive(message(2, 77, dup=True)) is None
    messages.stored(first, connection=2)

    assert broker.acknowledged == [77]


async def test_equal_messages_that_are_not_repeated_are_two() -> None:
    messages = Unacknowledged(Broker().acknowledge)

    assert messages.arrive(message(1, 10)) is not None
    assert messages.arrive(message(1, 11)) is not None
    assert messages.arrive(message(2, 12)) is not None


async def test_a_repetition_of_what_an_earlier_process_had_is_new_to_this_one() -> None:
    messages = Unacknowledged(Broker().acknowledge)

    assert messages.arrive(message(1, 10, dup=True)) is not None


async def test_a_message_of_qos_0_is_never_acknowledged() -> None:
    broker = Broker()
    messages = Unacknowledged(broker.acknowledge)
    arrived = new(messages.arrive(Arrived(1, 0, 0, False, "t", b"1")))

    messages.stored(arrived, connection=1)
    await messages.all_stored()

    assert broker.acknowledged == []


async def test_what_no_later_connection_repeats_is_forgotten() -> None:
    broker = Broker()
    messages = Unacknowledged(broker.acknowledge)
    first = new(messages.arrive(message(1, 10)))
    messages.stored(first, connection=0)

    messages.forget(before=1)
    assert messages.arrive(message(2, 11, dup=True)) is None
    messages.stored(new(messages.arrive(message(2, 12, b"2"))), connection=0)
    messages.forget(before=3)

    assert messages.arrive(message(4, 13, b"2", dup=True)) is not None
