"""What a running plant refuses to register: nothing of it is half there afterwards."""

from dataclasses import replace

import pytest

from asset_registry.record import AssetRecord, Binding, OpcUaSource, PushSource
from tests.plant_samples import bound_to, coater, filler
from tests.plants import Client, pid_of
from twin.errors import InvalidAsset

pytestmark = [pytest.mark.integration, pytest.mark.timeout(240)]

GOOD = filler("bad/good")
SPEED = OpcUaSource("opc.tcp://127.0.0.1:1", "ns=2;s=bad.speed")


def _renamed(record: AssetRecord, **fields: object) -> AssetRecord:
    return replace(record, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("bad", "field"),
    [
        (_renamed(filler("bad/Filler !")), "asset_id"),
        (_renamed(filler("bad/kind"), kind="teleporter"), "kind"),
        (
            _renamed(filler("bad/unit"), bindings=(Binding("dry_cell_mass", PushSource(), "mm"),)),
            "bindings[0].unit",
        ),
        (
            _renamed(filler("bad/signal"), bindings=(Binding("colour", PushSource(), "g"),)),
            "bindings[0].signal",
        ),
        (bound_to(coater("bad/second"), "line_speed", SPEED), "bindings[0]"),
        (_renamed(filler("bad/own"), parent="bad/own"), "parent"),
    ],
    ids=["malformed name", "kind", "unit", "signal", "second binding of a node", "own parent"],
)
async def test_a_bad_asset_is_refused_by_field_and_nothing_is_half_registered(
    client: Client, bad: AssetRecord, field: str
) -> None:
    first = bound_to(coater("bad/first"), "line_speed", SPEED)
    if not await _exists(client, first.name):
        await client.registry.create(first)

    with pytest.raises(InvalidAsset) as alone:
        await client.registry.create(bad)
    assert any(v.field.endswith(field) or field in v.field for v in alone.value.violations)
    with pytest.raises(InvalidAsset):
        await client.registry.batch_create([GOOD, bad])

    assert not await _exists(client, bad.name)
    assert not await _exists(client, GOOD.name)
    assert pid_of(GOOD.name) == 0


async def test_a_cycle_of_parents_is_refused(client: Client) -> None:
    line, machine = filler("cycle"), replace(filler("cycle/machine"), parent="cycle")
    await client.registry.batch_create([replace(line, parent=""), machine])
    with pytest.raises(InvalidAsset) as refused:
        await client.registry.update(replace(line, parent="cycle/machine"), ["parent"])
    assert [v.field for v in refused.value.violations] == ["asset.parent"]
    assert (await client.registry.get("cycle")).parent == ""


async def _exists(client: Client, name: str) -> bool:
    return any(record.name == name for record in await client.registry.list(show_deleted=True))
