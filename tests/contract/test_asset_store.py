"""The promise of an asset store, kept by the fake in memory and by real servers."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, replace
from uuid import uuid4

import pytest
from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from asset_registry.codec import encode, etag_of
from asset_registry.memory_store import MemoryAssetStore
from asset_registry.record import (
    AssetRecord,
    AssetState,
    Binding,
    Calibration,
    Iso23247,
    MqttSource,
    PushSource,
    Quantity,
)
from asset_registry.redis_store import RedisAssetStore
from asset_registry.store import (
    AssetStore,
    ChangeKind,
    Commit,
    Query,
    Remembered,
    Write,
)
from tests.registry_samples import bound, opcua, oven, scale
from tests.servers import RedisServer, start_redis
from twin.errors import TooOld, Unavailable
from twin.ports import START

pytestmark = pytest.mark.integration

MakeStore = Callable[[int], AssetStore]


@dataclass(frozen=True)
class Backend:
    """``server`` is None for the store in memory; ``decodes``: the client gives text, not
    bytes."""

    server: RedisServer | None
    decodes: bool = False


@pytest.fixture(
    scope="module",
    params=[
        pytest.param((None, False), id="memory"),
        pytest.param(("valkey", False), id="valkey"),
        pytest.param(("valkey", True), id="valkey-text"),
        pytest.param(("redis-server", False), id="redis", marks=pytest.mark.needs_redis_server),
    ],
)
def backend(request: pytest.FixtureRequest) -> Iterator[Backend]:
    binary, decodes = request.param
    if binary is None:
        yield Backend(None)
        return
    with start_redis(binary) as running:
        yield Backend(running, decodes)


@pytest.fixture
async def make_store(backend: Backend) -> AsyncIterator[MakeStore]:
    """Stores of one plant of this test's own, with a feed of that length."""
    if backend.server is None:
        yield lambda length: MemoryAssetStore(feed_length=length)
        return
    client = Redis.from_url(backend.server.url, decode_responses=backend.decodes)
    plant = uuid4().hex
    yield lambda length: RedisAssetStore(client, plant, feed_length=length)
    await client.aclose()


@pytest.fixture
def store(make_store: MakeStore) -> AssetStore:
    return make_store(100_000)


def made(record: AssetRecord, uid: str = "u1") -> AssetRecord:
    record = replace(record, uid=uid, created_ns=1, updated_ns=1)
    return replace(record, etag=etag_of(record))


def creation(*records: AssetRecord) -> Commit:
    return Commit(tuple(Write(ChangeKind.CREATED, None, record) for record in records))


def change(before: AssetRecord, **fields: object) -> Write:
    after = replace(before, **fields)  # type: ignore[arg-type]
    return Write(ChangeKind.UPDATED, before, replace(after, etag=etag_of(after)))


def deletion(before: AssetRecord) -> Write:
    write = change(before, deleted_ns=5)
    return replace(write, kind=ChangeKind.DELETED)


async def names(store: AssetStore, **query: object) -> list[str]:
    return [record.name for record in await store.page(Query(**query))]  # type: ignore[arg-type]


async def test_a_record_comes_back_as_it_was_stored(store: AssetStore) -> None:
    full = AssetRecord(
        name="line1/scale",
        kind="scale",
        display_name="Waage µ",
        parent="line1",
        bindings=(
            Binding("mass", opcua("scale"), unit="kg", scale=1e-3, minimum=-0.1, maximum=0.3),
            Binding("temperature", MqttSource("mqtt://b:1883", "a/b", "t.air"), unit="degC"),
            Binding("lot", PushSource()),
        ),
        parameters={"width": Quantity(0.1 + 0.2, "mm"), "mode": "static"},
        calibration=Calibration(1_700_000_000_123_456_789, 30.5),
        zone="cell",
        iso23247=Iso23247("user entity", "equipment"),
    )
    assert await store.commit(creation(made(full))) is None
    (found,) = await store.get(["line1/scale"])
    assert found == replace(
        made(full), state=AssetState.PENDING, state_reason="waiting for its actor"
    )


async def test_an_unknown_name_has_no_record(store: AssetStore) -> None:
    await store.commit(creation(made(scale("a"))))
    found = await store.get(["b", "a"])
    assert [record and record.name for record in found] == [None, "a"]
    assert await store.get([]) == ()


async def test_a_taken_name_stops_the_whole_batch(store: AssetStore) -> None:
    await store.commit(creation(made(scale("a"), "u1")))
    again = creation(made(scale("b"), "u2"), made(scale("a", node="other"), "u3"))
    assert "a" in (await store.commit(again) or "")
    assert await names(store) == ["a"]
    assert await store.holders([opcua("b").key]) == {}
    assert len(await store.changes(START)) == 1


async def test_a_record_that_changed_since_it_was_read_is_not_overwritten(
    store: AssetStore,
) -> None:
    first = made(scale("a"))
    await store.commit(creation(first))
    mine, theirs = change(first, zone="mine"), change(first, zone="theirs")
    assert await store.commit(Commit((theirs,))) is None
    assert await store.commit(Commit((mine,))) is not None
    (found,) = await store.get(["a"])
    assert found is not None
    assert found.zone == "theirs"


async def test_a_guard_that_fails_stops_the_commit(store: AssetStore) -> None:
    first = made(scale("a"))
    await store.commit(creation(first))
    new = creation(made(scale("b"), "u2"))
    assert await store.commit(replace(new, guards={"a": "stale"})) is not None
    assert await store.commit(replace(new, guards={"a": ""})) is not None
    assert await store.commit(replace(new, guards={"nowhere": "x"})) is not None
    assert await store.commit(replace(new, guards={"a": first.etag, "nowhere": ""})) is None


async def test_a_node_has_one_holder(store: AssetStore) -> None:
    await store.commit(creation(made(scale("a", node="shared"))))
    assert "shared" in (await store.commit(creation(made(scale("b", node="shared")))) or "")
    assert await store.holders([opcua("shared").key, "x"]) == {opcua("shared").key: "a"}


async def test_one_batch_may_not_bind_a_node_twice(store: AssetStore) -> None:
    batch = creation(made(scale("a", node="shared")), made(scale("b", node="shared"), "u2"))
    assert await store.commit(batch) is not None
    assert await names(store) == []


async def test_one_batch_may_swap_nodes(store: AssetStore) -> None:
    a, b = made(scale("a", node="1"), "u1"), made(scale("b", node="2"), "u2")
    await store.commit(creation(a, b))
    swap = Commit((change(a, bindings=b.bindings), change(b, bindings=a.bindings)))
    assert await store.commit(swap) is None
    keys = [opcua("1").key, opcua("2").key]
    assert await store.holders(keys) == {keys[0]: "b", keys[1]: "a"}


async def test_a_node_given_up_is_free_again(store: AssetStore) -> None:
    a = made(scale("a", node="1"))
    await store.commit(creation(a))
    await store.commit(Commit((change(a, bindings=(Binding("mass", PushSource()),)),)))
    assert await store.commit(creation(made(scale("b", node="1")))) is None


async def test_a_deleted_asset_keeps_its_record_but_neither_nodes_nor_its_place(
    store: AssetStore,
) -> None:
    a = made(scale("line1/a", parent="line1"))
    await store.commit(creation(a))
    assert await store.commit(Commit((deletion(a),))) is None
    (found,) = await store.get(["line1/a"])
    assert found is not None
    assert (found.state, found.bindings) == (AssetState.DELETED, a.bindings)
    assert await names(store) == []
    assert await names(store, show_deleted=True) == ["line1/a"]
    assert await names(store, show_deleted=True, kind="scale", place="line1") == ["line1/a"]
    assert await store.children("line1") == ()
    assert await store.commit(creation(made(scale("b", node="line1/a")))) is None


async def test_undeleting_takes_the_nodes_again_if_they_are_free(store: AssetStore) -> None:
    a = made(scale("a", node="1"))
    gone = deletion(a)
    await store.commit(creation(a))
    await store.commit(Commit((gone,)))
    back = Write(ChangeKind.UNDELETED, gone.after, a)
    b = made(scale("b", node="1"), "u2")
    await store.commit(creation(b))
    assert await store.commit(Commit((back,))) is not None
    await store.commit(Commit((deletion(b),)))
    assert await store.commit(Commit((back,))) is None
    assert await names(store) == ["a"]
    assert await store.holders([opcua("1").key]) == {opcua("1").key: "a"}


async def test_a_parent_of_live_assets_is_not_deleted(store: AssetStore) -> None:
    parent, child = made(oven("oven")), made(oven("oven/zone", parent="oven"), "u2")
    await store.commit(creation(parent, child))
    assert await store.children("oven") == ("oven/zone",)
    assert await store.commit(Commit((deletion(parent),))) is not None
    await store.commit(Commit((deletion(child),)))
    assert await store.commit(Commit((deletion(parent),))) is None


async def test_children_are_those_of_this_name_only(store: AssetStore) -> None:
    await store.commit(
        creation(*(made(oven(f"z{i}", parent=p)) for i, p in enumerate(["a", "a-b", "a/b", "ab"])))
    )
    assert await store.children("a") == ("z0",)


async def test_pages_follow_the_names_through_every_filter(store: AssetStore) -> None:
    records = [made(oven(f"line{i % 2}/z{i:02}"), f"u{i}") for i in range(20)]
    records += [made(scale(f"s{i}", parent=f"line{i}/lab"), f"v{i}") for i in range(2)]
    await store.commit(creation(*records))
    everything = sorted(record.name for record in records)
    assert await names(store) == everything
    assert await names(store, limit=5) == everything[:5]
    assert await names(store, limit=5, after=everything[4]) == everything[5:10]
    assert await names(store, kind="scale") == ["s0", "s1"]
    assert await names(store, place="line1/lab") == ["s1"]
    assert await names(store, place="line1", limit=3) == ["line1/z01", "line1/z03", "line1/z05"]
    assert await names(store, place="line1", kind="scale") == ["s1"]
    assert await names(store, place="line") == []
    assert await names(store, kind="sca") == []


async def test_a_page_with_deleted_assets_stays_in_order(store: AssetStore) -> None:
    records = [made(oven(name), name) for name in ("a.b", "a-b", "a/b", "a_b", "a0")]
    await store.commit(creation(*records))
    await store.commit(Commit(tuple(deletion(record) for record in records[::2])))
    in_order = sorted(record.name for record in records)
    assert await names(store, show_deleted=True) == in_order
    assert await names(store, show_deleted=True, limit=2, after=in_order[1]) == in_order[2:4]


async def test_an_asset_moves_with_its_parent_in_the_index(store: AssetStore) -> None:
    a = made(scale("a", parent="line1"))
    await store.commit(creation(a))
    await store.commit(Commit((change(a, parent="line2"),)))
    assert await names(store, place="line1") == []
    assert await names(store, place="line2") == ["a"]
    assert await store.children("line2") == ("a",)


async def test_a_request_id_is_remembered_with_its_answer(store: AssetStore) -> None:
    a = made(scale("a"))
    answer = replace(a, state=AssetState.NO_DATA, state_reason="away")
    remembered = Remembered("r1", "print", (answer,))
    assert await store.remembered("r1") is None
    assert await store.commit(replace(creation(a), remember=remembered)) is None
    assert await store.remembered("r1") == remembered
    again = replace(creation(made(scale("b"), "u2")), remember=remembered)
    assert "request id" in (await store.commit(again) or "")
    assert await names(store) == ["a"]


async def test_a_state_is_joined_and_only_its_change_is_told(store: AssetStore) -> None:
    await store.commit(creation(made(scale("a"))))
    created = await store.position()
    await store.set_status("a", AssetState.LIVE, "")
    await store.set_status("a", AssetState.LIVE, "")
    await store.set_status("a", AssetState.NO_DATA, "plc:4840 refuses connections")
    (found,) = await store.get(["a"])
    (listed,) = await store.page(Query())
    assert found == listed
    assert found is not None
    assert (found.state, found.state_reason) == (
        AssetState.NO_DATA,
        "plc:4840 refuses connections",
    )
    told = await store.changes(created)
    assert [(c.kind, c.name, c.uid) for c in told] == [(ChangeKind.STATUS, "a", "u1")] * 2


async def test_the_state_of_an_unknown_or_deleted_asset_is_passed_over(store: AssetStore) -> None:
    a = made(scale("a"))
    gone = deletion(a)
    await store.commit(creation(a))
    await store.set_status("a", AssetState.LIVE, "")
    await store.commit(Commit((gone,)))
    await store.set_statuses({"a": (AssetState.NO_DATA, "late"), "b": (AssetState.LIVE, "")})
    (found,) = await store.get(["a"])
    assert found is not None
    assert found.state is AssetState.DELETED
    await store.commit(Commit((Write(ChangeKind.UNDELETED, gone.after, a),)))
    (found,) = await store.get(["a"])
    assert found is not None
    assert found.state is AssetState.PENDING


async def test_changes_come_in_order_from_any_position(store: AssetStore) -> None:
    assert await store.position() == START
    assert await store.changes(START) == ()
    a = made(scale("a"))
    await store.commit(creation(a, made(scale("b"), "u2")))
    middle = await store.position()
    await store.commit(Commit((deletion(a),)))
    all_changes = await store.changes(START)
    assert [(c.kind, c.name, c.uid) for c in all_changes] == [
        (ChangeKind.CREATED, "a", "u1"),
        (ChangeKind.CREATED, "b", "u2"),
        (ChangeKind.DELETED, "a", "u1"),
    ]
    assert await store.changes(middle) == all_changes[2:]
    assert await store.changes(START, count=1) == all_changes[:1]
    assert await store.position() == all_changes[-1].id


async def test_a_reader_wakes_at_the_next_change(store: AssetStore, backend: Backend) -> None:
    waiting = asyncio.create_task(store.changes(START, block_ms=20_000))
    if backend.server is None:
        await asyncio.sleep(0)  # in memory, it has come to its waiting
    else:
        await backend.server.until_waiting()
    assert not waiting.done()
    await store.commit(creation(made(scale("a"))))
    async with asyncio.timeout(5):
        assert [change.name for change in await waiting] == ["a"]


async def test_a_reader_gives_up_when_its_time_is_over(store: AssetStore) -> None:
    async with asyncio.timeout(5):
        assert await store.changes(START, block_ms=1) == ()


async def test_a_position_that_was_trimmed_away_is_too_old(make_store: MakeStore) -> None:
    store = make_store(10)
    await store.commit(creation(made(scale("a"))))
    old = await store.position()
    for i in range(250):
        await store.set_status("a", AssetState.NO_DATA, f"reason {i}")
    with pytest.raises(TooOld):
        await store.changes(old)
    with pytest.raises(TooOld):
        await store.changes(START)
    assert await store.changes(await store.position()) == ()


async def test_a_position_from_another_feed_is_too_old(store: AssetStore) -> None:
    with pytest.raises(TooOld):
        await store.changes("9999999999999-0")
    await store.commit(creation(made(scale("a"))))
    with pytest.raises(TooOld):
        await store.changes("9999999999999-0")


async def test_of_rivals_for_one_node_exactly_one_wins(store: AssetStore) -> None:
    rivals = [creation(made(scale(f"s{i}", node="one"), f"u{i}")) for i in range(20)]
    outcomes = await asyncio.gather(*(store.commit(rival) for rival in rivals))
    assert outcomes.count(None) == 1
    assert len(await names(store)) == 1


@pytest.fixture
def lone_server() -> Iterator[RedisServer]:
    with start_redis() as running:
        yield running


async def test_a_commit_sent_again_by_the_client_counts_once(lone_server: RedisServer) -> None:
    """The client library repeats a command whose answer was lost."""
    client = Redis.from_url(lone_server.url)
    store = RedisAssetStore(client, "demo")
    commit = creation(made(scale("a")), made(scale("b"), "u2"))
    assert await store.commit(commit) is None
    assert await store.commit(commit) is None
    assert len(await store.changes(START)) == 2
    await client.aclose()


async def test_a_server_that_is_away_is_unavailable_and_keeps_its_records(
    lone_server: RedisServer,
) -> None:
    client = Redis.from_url(lone_server.url, retry=Retry(NoBackoff(), 0))
    store = RedisAssetStore(client, "demo")
    a = made(scale("a"))
    await store.commit(creation(a))
    lone_server.stop()
    for call in (
        store.get(["a"]),
        store.page(Query()),
        store.commit(creation(made(scale("b")))),
        store.holders(["x"]),
        store.children("a"),
        store.remembered("r"),
        store.set_status("a", AssetState.LIVE, ""),
        store.position(),
        store.changes(START, block_ms=100),
    ):
        with pytest.raises(Unavailable):
            await call
    lone_server.start()
    (found,) = await store.get(["a"])
    assert found is not None
    assert encode(found) == encode(a)
    await client.aclose()


async def test_everything_of_a_plant_shares_one_hash_tag(lone_server: RedisServer) -> None:
    """So that a cluster keeps it on one node, where a script may touch all of it."""
    client = Redis.from_url(lone_server.url, decode_responses=True)
    store = RedisAssetStore(client, "demo")
    commit = creation(made(oven("a")), made(bound(oven("b", parent="a"), *scale().bindings)))
    await store.commit(replace(commit, remember=Remembered("r", "f", ())))
    await store.set_status("a", AssetState.LIVE, "")
    keys = {key async for key in client.scan_iter()}
    assert len(keys) == 7
    assert all(key.startswith("gt:{demo}:") for key in keys)
    await client.aclose()
