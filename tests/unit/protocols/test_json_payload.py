import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from protocols.mqtt.json_payload import JsonPayload
from protocols.mqtt.payload import Metric
from twin.errors import InvalidInput
from twin.quality import BAD, GOOD, UNCERTAIN_LAST_USABLE

EXACT_NS = 1_800_000_000_250_000_000


def metric(path: str, **content: object) -> Metric | None:
    return JsonPayload().decode("plant/filler", json.dumps(content).encode()).metric(path)


def value(path: str, **content: object) -> object:
    found = metric(path, **content)
    assert found is not None
    return found.value


def test_metrics_are_found_by_name_and_by_path() -> None:
    assert value("dry_cell_mass", dry_cell_mass=21.43) == 21.43
    assert value("scale.net", scale={"net": 21.43}) == 21.43
    assert value("scale.net", **{"scale.net": 1, "scale": {"net": 2}}) == 1


def test_a_metric_that_is_not_in_the_message_is_none() -> None:
    assert metric("mass", other=1) is None
    assert metric("a.b.c", a={"b": 1}) is None


@pytest.mark.parametrize(
    "time",
    ["2027-01-15T08:00:00.250Z", "2027-01-15T09:00:00.250+01:00", 1_800_000_000_250],
)
def test_all_metrics_of_a_message_have_its_time(time: object) -> None:
    for path in ("a", "b"):
        found = metric(path, time=time, a=1, b=2)
        assert found is not None
        assert found.time_ns == EXACT_NS


def test_a_message_without_a_time_gives_none() -> None:
    found = metric("a", a=1)
    assert found is not None
    assert found.time_ns is None


@pytest.mark.parametrize(
    ("time", "why"),
    [
        ("2027-01-15T08:00:00", "no zone"),
        ("yesterday", "Invalid isoformat"),
        (1_800_000_000, "neither ISO 8601 nor milliseconds"),
        (1_800_000_000_250_000, "neither ISO 8601 nor milliseconds"),
        (True, "no time"),
        ([], "neither ISO 8601 nor milliseconds"),
    ],
)
def test_a_time_that_could_mean_something_else_is_refused(time: object, why: str) -> None:
    with pytest.raises(InvalidInput, match=why):
        metric("a", time=time, a=1)


@pytest.mark.parametrize(
    ("quality", "code"),
    [(192, GOOD), (0, BAD), (500, UNCERTAIN_LAST_USABLE), (0x8031_0000, 0x8031_0000)],
)
def test_quality_is_sparkplugs_or_opc_uas(quality: int, code: int) -> None:
    found = metric("a", quality=quality, a=1)
    assert found is not None
    assert found.quality == code


@pytest.mark.parametrize("quality", [1, 64, -1, 1 << 32, "good", True, 192.5])
def test_any_other_quality_is_refused(quality: object) -> None:
    with pytest.raises(InvalidInput, match="quality"):
        metric("a", quality=quality, a=1)


@pytest.mark.parametrize("name", ["cell", "item"])
@pytest.mark.parametrize(("given_as", "piece"), [("A0017", "A0017"), (17, "17"), ("", None)])
def test_the_piece_stays_beside_the_value(name: str, given_as: object, piece: str | None) -> None:
    found = metric("mass", **{name: given_as, "mass": 21.4})
    assert found is not None
    assert found.piece == piece


@pytest.mark.parametrize("payload", [b"", b"{", b"[1]", b"12", b'{"a": NaN}', b"\xff\xfe{", b"\0"])
def test_what_is_no_json_object_is_refused_with_its_topic(payload: bytes) -> None:
    with pytest.raises(InvalidInput, match="payload on plant/filler"):
        JsonPayload().decode("plant/filler", payload)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=6,
)
messages = st.dictionaries(
    st.sampled_from(["time", "quality", "cell", "item", "a", "b"]), json_values
).map(lambda m: json.dumps(m).encode())


@settings(max_examples=50)
@given(st.binary() | messages)
def test_no_payload_does_worse_than_being_refused(payload: bytes) -> None:
    try:
        message = JsonPayload().decode("t", payload)
    except InvalidInput:
        return
    message.metric("a.b")
