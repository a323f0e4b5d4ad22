"""What makes an asset record acceptable, and how each fault is named."""

from dataclasses import replace
from math import inf, nan

import pytest

from asset_registry.record import (
    AssetRecord,
    Binding,
    Calibration,
    Iso23247,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
)
from asset_registry.validation import normalised, violations
from tests.registry_samples import bound, kind_of, opcua, oven, scale

MASS = Binding("mass", opcua("scale"), unit="g")


def faults(record: AssetRecord) -> dict[str, str]:
    return {v.field: v.description for v in violations(record, kind_of)}


def with_binding(binding: Binding) -> AssetRecord:
    return bound(scale(), MASS, binding)


def with_parameter(name: str, value: Quantity | str) -> AssetRecord:
    return replace(scale(), parameters={**scale().parameters, name: value})


@pytest.mark.parametrize("name", ["a", "line1/coater/gauge-top", "0.x_y/z-1", "a" * 200])
def test_a_name_is_a_path_of_small_words(name: str) -> None:
    assert faults(replace(scale(), name=name)) == {}


@pytest.mark.parametrize(
    "name", ["", "A", "a b", "/a", "a/", "a//b", "-a", "a/.b", "ä", "a\n", "a" * 201]
)
def test_any_other_name_is_refused(name: str) -> None:
    assert list(faults(replace(scale(), name=name))) == ["name"]


def test_a_parent_is_a_path_or_nothing() -> None:
    assert faults(replace(scale(), parent="")) == {}
    assert list(faults(replace(scale(), parent="Line 1"))) == ["parent"]


def test_an_unknown_kind_lists_those_there_are() -> None:
    found = faults(replace(scale(), kind="robot"))
    assert found == {"kind": "unknown kind 'robot'; kinds are scale, oven"}


def test_all_faults_come_at_once() -> None:
    record = replace(
        scale(),
        name="Bad",
        parent="Worse",
        bindings=(replace(MASS, unit="mm", scale=0),),
        parameters={"width": Quantity(5, "mm"), "mode": Quantity(1, "1")},
        calibration=Calibration(interval_days=0),
        iso23247=Iso23247("nobody", "robot"),
    )
    assert set(faults(record)) == {
        "name",
        "parent",
        "bindings[0].unit",
        "bindings[0].scale",
        "parameters.width",
        "parameters.mode",
        "calibration.interval_days",
        "iso23247.entity",
        "iso23247.ome_type",
    }


def test_an_unknown_signal_lists_those_there_are() -> None:
    found = faults(with_binding(Binding("colour", PushSource())))
    assert "mass, temperature, lot" in found["bindings[1].signal"]


def test_a_signal_is_bound_once() -> None:
    found = faults(with_binding(replace(MASS, source=PushSource())))
    assert "bindings[0]" in found["bindings[1].signal"]


def test_a_required_signal_must_be_bound_and_others_need_not() -> None:
    record = bound(scale(), Binding("temperature", PushSource(), unit="degC"))
    assert list(faults(record)) == ["bindings"]
    assert "'mass'" in faults(record)["bindings"]
    assert faults(bound(oven("o"))) == {}


@pytest.mark.parametrize("unit", ["kg", "mg", "g"])
def test_a_unit_of_the_signals_dimension_fits(unit: str) -> None:
    assert faults(bound(scale(), replace(MASS, unit=unit))) == {}


@pytest.mark.parametrize("unit", ["mm", "degC", "stone", ""])
def test_any_other_unit_does_not(unit: str) -> None:
    assert list(faults(bound(scale(), replace(MASS, unit=unit)))) == ["bindings[0].unit"]


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"unit": "g"}, "unit"),
        ({"scale": 2.0}, "scale"),
        ({"minimum": 0.0}, "minimum"),
        ({"maximum": 1.0}, "maximum"),
    ],
)
def test_a_text_signal_has_no_numbers_about_it(change: dict[str, float | str], field: str) -> None:
    binding = replace(Binding("lot", PushSource()), **change)  # type: ignore[arg-type]
    assert list(faults(with_binding(binding))) == [f"bindings[1].{field}"]


@pytest.mark.parametrize("scale_", [0.0, nan, inf, -inf])
def test_a_scale_is_finite_and_not_zero(scale_: float) -> None:
    assert list(faults(bound(scale(), replace(MASS, scale=scale_)))) == ["bindings[0].scale"]


@pytest.mark.parametrize(
    ("minimum", "maximum", "field"),
    [
        (2.0, 1.0, "minimum"),
        (nan, None, "minimum"),
        (None, inf, "maximum"),
        (501.0, None, "minimum"),
        (None, -1.0, "maximum"),
    ],
)
def test_bounds_that_nothing_could_meet_are_refused(
    minimum: float | None, maximum: float | None, field: str
) -> None:
    record = bound(scale(), replace(MASS, minimum=minimum, maximum=maximum))
    assert list(faults(record)) == [f"bindings[0].{field}"]


def test_bounds_are_compared_in_the_kinds_unit() -> None:
    assert faults(bound(scale(), replace(MASS, unit="kg", minimum=0.4, maximum=0.5))) == {}
    assert list(faults(bound(scale(), replace(MASS, unit="kg", minimum=0.6)))) == [
        "bindings[0].minimum"
    ]


@pytest.mark.parametrize(
    "value",
    [
        Quantity(5, "mm"),
        Quantity(2, "m"),
        Quantity(1, "kg"),
        Quantity(1, "ell"),
        Quantity(nan, "mm"),
        "120 mm",
    ],
)
def test_a_parameter_keeps_to_its_unit_and_limits(value: Quantity | str) -> None:
    assert list(faults(with_parameter("width", value))) == ["parameters.width"]


@pytest.mark.parametrize("value", [Quantity(1, "cm"), Quantity(1000, "mm"), Quantity(1, "m")])
def test_the_limits_themselves_are_allowed_in_any_unit(value: Quantity) -> None:
    assert faults(with_parameter("width", value)) == {}


def test_a_parameter_without_default_is_required() -> None:
    found = faults(replace(scale(), parameters={}))
    assert "is missing" in found["parameters.width"]


def test_an_unknown_parameter_lists_those_there_are() -> None:
    found = faults(with_parameter("depth", Quantity(1, "mm")))
    assert "range, width, mode" in found["parameters.depth"]


@pytest.mark.parametrize("value", [Quantity(1, "1"), ""])
def test_a_text_parameter_is_a_text(value: Quantity | str) -> None:
    assert list(faults(with_parameter("mode", value))) == ["parameters.mode"]


@pytest.mark.parametrize(
    "endpoint",
    [
        "",
        "plc:4840",
        "http://plc:4840",
        "opc.tcp://plc",
        "opc.tcp://:4840",
        "opc.tcp://plc:0",
        "opc.tcp://plc:99999",
        "opc.tcp://plc:48x",
        "opc.tcp://plc :4840",
        "opc.tcp://[plc:4840",
        "opc.tcp://me:secret@plc:4840",
    ],
)
def test_a_malformed_endpoint_is_refused(endpoint: str) -> None:
    record = bound(scale(), replace(MASS, source=OpcUaSource(endpoint, "ns=2;s=x")))
    found = faults(record)
    assert list(found) == ["bindings[0].opcua.endpoint"]
    assert "secret" not in found["bindings[0].opcua.endpoint"]


@pytest.mark.parametrize(
    "node_id",
    [
        "i=84",
        "ns=2;s=line1.coater",
        "ns=2;s=a b;c=d",
        "ns=1;g=09087e75-8e5e-499b-954f-f2a9603db28a",
        "b=TQ==",
    ],
)
def test_a_node_id_has_one_of_four_forms(node_id: str) -> None:
    record = bound(scale(), replace(MASS, source=OpcUaSource("opc.tcp://plc:4840", node_id)))
    assert faults(record) == {}


@pytest.mark.parametrize("node_id", ["", "x", "ns=2", "ns=2;x=1", "ns=2;s=", "i=abc", "g=1"])
def test_any_other_node_id_is_refused(node_id: str) -> None:
    record = bound(scale(), replace(MASS, source=OpcUaSource("opc.tcp://plc:4840", node_id)))
    assert list(faults(record)) == ["bindings[0].opcua.node_id"]


@pytest.mark.parametrize(
    ("source", "field"),
    [
        (MqttSource("tcp://b:1883", "t", "m"), "broker"),
        (MqttSource("mqtt://b:1883", "", "m"), "topic"),
        (MqttSource("mqtt://b:1883", "a/+/b", "m"), "topic"),
        (MqttSource("mqtt://b:1883", "a/#", "m"), "topic"),
        (MqttSource("mqtt://b:1883", "t", ""), "metric"),
        (MqttSource("mqtt://b:1883", "t", "a..b"), "metric"),
    ],
)
def test_a_malformed_mqtt_source_is_refused(source: MqttSource, field: str) -> None:
    assert list(faults(bound(scale(), replace(MASS, source=source)))) == [
        f"bindings[0].mqtt.{field}"
    ]


def test_one_node_has_one_spelling() -> None:
    spellings = [
        OpcUaSource("opc.tcp://plc:4840/Line/", "ns=0;i=84"),
        OpcUaSource("OPC.TCP://PLC:4840/Line", "i=84"),
    ]
    records = [normalised(bound(scale(), replace(MASS, source=s))) for s in spellings]
    assert records[0] == records[1]
    assert records[0].bindings[0].source.key == "opcua|opc.tcp://plc:4840/Line|i=84"


def test_draft_names_of_entities_are_stored_as_published() -> None:
    draft = Iso23247("Data collection and device control entity", "Equipment")
    record = replace(scale(), iso23247=draft)
    assert faults(record) == {}
    assert normalised(record).iso23247 == Iso23247("device communication entity", "equipment")


@pytest.mark.parametrize("days", [0.0, -1.0, nan, inf])
def test_a_calibration_interval_is_above_zero(days: float) -> None:
    record = replace(scale(), calibration=Calibration(interval_days=days))
    assert list(faults(record)) == ["calibration.interval_days"]
