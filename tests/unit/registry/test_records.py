"""Records: as JSON, as messages, as configurations of twins."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from asset_registry.codec import decode, encode, etag_of
from asset_registry.config import config_of
from asset_registry.record import (
    AssetRecord,
    AssetState,
    Binding,
    Calibration,
    Iso23247,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
)
from protocols.grpc.asset_messages import received, to_message
from tests.registry_samples import bound, kind_of, opcua, scale
from twin.asset import Limits

finite = st.floats(allow_nan=False, allow_infinity=False)
words = st.text(max_size=8)
sources = st.one_of(
    st.builds(OpcUaSource, words, words),
    st.builds(MqttSource, words, words, words),
    st.just(PushSource()),
)
bindings = st.builds(
    Binding,
    words,
    sources,
    words,
    finite.filter(lambda x: x != 0),
    st.none() | finite,
    st.none() | finite,
)
times = st.integers(0, 4_000_000_000_000_000_000)
records = st.builds(
    AssetRecord,
    name=st.from_regex(r"[a-z]{1,5}(/[a-z]{1,5})?", fullmatch=True),
    kind=words,
    display_name=words,
    parent=words,
    bindings=st.lists(bindings, max_size=3).map(tuple),
    parameters=st.dictionaries(words, st.builds(Quantity, finite, words) | words, max_size=3),
    calibration=st.builds(
        Calibration, st.none() | times, st.none() | st.floats(0.1, 1e6, allow_nan=False)
    ),
    zone=words,
    iso23247=st.builds(Iso23247, words, words),
    uid=words,
    etag=words,
    created_ns=times,
    updated_ns=times,
    deleted_ns=st.none() | times,
    state=st.sampled_from(AssetState),
    state_reason=words,
)


@given(records)
def test_a_record_survives_its_store(record: AssetRecord) -> None:
    assert decode(encode(record, with_state=True)) == record


@given(records)
def test_a_record_survives_its_message(record: AssetRecord) -> None:
    assert received(to_message("demo", record)) == record


@given(records, st.randoms(use_true_random=False))
def test_an_etag_does_not_hang_on_the_order_of_things(record: AssetRecord, random: object) -> None:
    shuffled = list(record.bindings)
    random.shuffle(shuffled)  # type: ignore[attr-defined]
    parameters = dict(reversed(record.parameters.items()))
    other = replace(record, bindings=tuple(shuffled), parameters=parameters, updated_ns=0)
    assert etag_of(other) == etag_of(record)


@pytest.mark.parametrize(
    "change",
    [
        {"display_name": "x"},
        {"parent": "x"},
        {"bindings": ()},
        {"parameters": {"width": Quantity(12, "cm")}},
        {"calibration": Calibration(1, None)},
        {"zone": "x"},
        {"iso23247": Iso23247("", "process")},
        {"deleted_ns": 1},
        {"uid": "x"},
    ],
)
def test_an_etag_changes_with_what_matters(change: dict[str, object]) -> None:
    assert etag_of(replace(scale(), **change)) != etag_of(scale())  # type: ignore[arg-type]


def test_an_etag_does_not_change_with_the_live_state() -> None:
    assert etag_of(replace(scale(), state=AssetState.LIVE, updated_ns=5)) == etag_of(scale())


def test_a_twin_is_told_figures_in_its_kinds_units_with_defaults() -> None:
    record = replace(
        scale("line1/scale"), uid="u", parameters={"width": Quantity(12, "cm"), "mode": "fast"}
    )
    config = config_of(record, kind_of)
    assert (config.name, config.uid, config.kind, config.parent) == (
        "line1/scale",
        "u",
        "scale",
        "line1",
    )
    assert config.parameters == {"range": 300.0, "width": 120.0, "mode": "fast"}
    assert config.limits == {}


def test_limits_are_told_in_the_signals_unit() -> None:
    record = bound(
        scale(),
        Binding("mass", opcua("m"), unit="kg", minimum=0.25, maximum=0.5),
        Binding("temperature", opcua("t"), unit="K", maximum=300.0),
        Binding("lot", PushSource()),
    )
    limits = config_of(record, kind_of).limits
    assert limits["mass"] == Limits(250.0, 500.0)
    assert limits["temperature"].minimum is None
    assert limits["temperature"].maximum == pytest.approx(26.85)
    assert "lot" not in limits
