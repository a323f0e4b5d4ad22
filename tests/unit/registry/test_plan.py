"""The plan: what a file would change, in plain words."""

from dataclasses import replace

import pytest

from asset_registry.plan import plan
from asset_registry.record import Binding, Calibration, Iso23247, MqttSource, Quantity
from tests.registry_samples import bound, opcua, oven, scale
from twin.errors import InvalidAsset


def test_a_new_asset_is_created() -> None:
    made = plan([scale("a")], [])
    assert made.create == (scale("a"),)
    assert made.lines() == (
        "create a (scale, 1 signals)",
        "1 to create, 0 to update, 0 to undelete, 0 unchanged",
    )


def test_an_equal_asset_is_unchanged() -> None:
    present = replace(scale("a"), uid="u", etag="e", created_ns=5, updated_ns=6)
    made = plan([scale("a")], [present])
    assert made.unchanged == (present,)
    assert made.is_empty


def test_the_order_of_bindings_is_no_change() -> None:
    mass, air = Binding("mass", opcua("m"), unit="g"), Binding("temperature", opcua("t"), unit="K")
    assert plan([bound(scale("a"), mass, air)], [bound(scale("a"), air, mass)]).is_empty


def test_another_spelling_of_the_same_node_is_no_change() -> None:
    spelled = replace(opcua("m"), endpoint="opc.tcp://PLC:4840/")
    wanted = bound(scale("a"), Binding("mass", spelled, unit="g"))
    assert plan([wanted], [scale("a", node="m")]).is_empty


@pytest.mark.parametrize(
    ("change", "line", "field"),
    [
        ({"zone": "z"}, "zone: set to z", "zone"),
        ({"display_name": ""}, "display_name: Scale is taken away", "display_name"),
        ({"parent": "line2"}, "parent: line1 → line2", "parent"),
        (
            {"parameters": {"width": Quantity(12.5, "cm")}},
            "parameters.width: 120 mm → 12.5 cm",
            "parameters",
        ),
        ({"parameters": {"width": "wide"}}, "parameters.width: 120 mm → 'wide'", "parameters"),
        (
            {"calibration": Calibration(None, 30.0)},
            "calibration.interval: set to 30.0 d",
            "calibration",
        ),
        ({"calibration": Calibration(5, None)}, "calibration.last: set to 5 ns", "calibration"),
        ({"iso23247": Iso23247("", "process")}, "iso23247.ome_type: set to process", "iso23247"),
        (
            {"bindings": (Binding("mass", opcua("a"), "kg", 0.5, 0.0, 2.5),)},
            "bindings.mass: opc.tcp://plc:4840 ns=2;s=a in g → "
            "opc.tcp://plc:4840 ns=2;s=a in kg scale 0.5 min 0 max 2.5",
            "bindings",
        ),
        (
            {"bindings": (Binding("mass", MqttSource("mqtt://b:1", "t", "m"), unit="g"),)},
            "bindings.mass: opc.tcp://plc:4840 ns=2;s=a in g → mqtt://b:1 t m in g",
            "bindings",
        ),
    ],
)
def test_each_difference_is_told(change: dict[str, object], line: str, field: str) -> None:
    made = plan([replace(scale("a"), **change)], [scale("a")])  # type: ignore[arg-type]
    assert made.lines()[:2] == ("update a", f"    {line}")
    assert made.update[0].fields == {field}


def test_a_deleted_asset_is_undeleted() -> None:
    made = plan([scale("a")], [replace(scale("a"), deleted_ns=5)])
    assert made.update[0].undelete
    assert made.lines() == (
        "undelete a",
        "0 to create, 0 to update, 1 to undelete, 0 unchanged",
    )


def test_what_is_not_in_the_file_stays_and_deleted_ones_are_not_spoken_of() -> None:
    made = plan([], [oven("a"), replace(oven("b"), deleted_ns=5)])
    assert made.is_empty
    assert made.lines()[0] == "leave a: it is registered but not in the file"
    assert made.not_in_file == (oven("a"),)


def test_a_kind_cannot_change() -> None:
    with pytest.raises(InvalidAsset, match="a kind can't change"):
        plan([oven("a")], [scale("a")])
