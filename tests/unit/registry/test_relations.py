"""What a record may not do to the others."""

from dataclasses import replace

import pytest

from asset_registry.record import AssetRecord, Binding, PushSource
from asset_registry.relations import duplicates, node_conflicts, parent_faults
from tests.registry_samples import bound, opcua, oven, scale


def family(*records: AssetRecord) -> dict[str, AssetRecord | None]:
    return {record.name: record for record in records}


def test_a_place_and_another_asset_may_be_a_parent() -> None:
    assert parent_faults(oven("a", parent="line1"), {"line1": None}) == ()
    assert parent_faults(oven("a", parent="b"), family(oven("a"), oven("b"))) == ()


def test_an_asset_is_not_its_own_parent() -> None:
    (fault,) = parent_faults(oven("a", parent="a"), family(oven("a", parent="a")))
    assert fault.field == "parent"


@pytest.mark.parametrize("length", [2, 3, 50])
def test_a_circle_of_parents_is_spelled_out(length: int) -> None:
    names = [f"a{i}" for i in range(length)]
    ring = [oven(name, parent=names[(i + 1) % length]) for i, name in enumerate(names)]
    for record in ring:
        (fault,) = parent_faults(record, family(*ring))
        assert fault.description.count("→") == length


def test_one_above_a_circle_is_not_blamed_for_it() -> None:
    ring = family(oven("a", parent="b"), oven("b", parent="a"))
    outside = oven("c", parent="a")
    assert parent_faults(outside, ring | family(outside)) == ()


def test_a_deleted_asset_is_no_parent() -> None:
    gone = replace(oven("b"), deleted_ns=1)
    (fault,) = parent_faults(oven("a", parent="b"), family(gone))
    assert "is deleted" in fault.description


def test_a_name_stands_once_in_a_batch() -> None:
    found = duplicates([oven("a"), oven("b"), oven("a")])
    assert list(found) == [2]
    assert found[2][0].field == "name"


def test_a_node_bound_by_another_asset_names_the_holder() -> None:
    found = node_conflicts([scale("a", node="n")], {opcua("n").key: "b"})
    assert found[0][0].field == "bindings[0]"
    assert "'b'" in found[0][0].description


def test_an_asset_keeps_its_own_nodes() -> None:
    assert node_conflicts([scale("a", node="n")], {opcua("n").key: "a"}) == {}


def test_a_node_bound_twice_by_one_asset_is_refused() -> None:
    twice = bound(
        scale("a"),
        Binding("mass", opcua("n"), unit="g"),
        Binding("temperature", opcua("n"), unit="degC"),
    )
    (fault,) = node_conflicts([twice], {})[0]
    assert fault.field == "bindings[1]"
    assert "signal 'mass'" in fault.description


def test_any_number_of_signals_may_be_pushed() -> None:
    pushed = bound(scale("a"), Binding("mass", PushSource()), Binding("lot", PushSource()))
    assert node_conflicts([pushed, replace(pushed, name="b")], {}) == {}
