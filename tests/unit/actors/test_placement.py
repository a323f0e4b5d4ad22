"""Which actor hosts which asset."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from actors.placement import HostPlan, place
from asset_registry.record import AssetRecord


def gauge(name: str) -> AssetRecord:
    return AssetRecord(name, "coating_gauge", parent="line1/coater")


def channel(number: int, rack: str = "rack7") -> AssetRecord:
    return AssetRecord(f"{rack}/channel-{number:02}", "cycler_channel", parent=rack)


def deleted(record: AssetRecord) -> AssetRecord:
    return replace(record, deleted_ns=1)


def hosted(plans: tuple[HostPlan, ...]) -> dict[str, tuple[str, ...]]:
    return {plan.host: tuple(a.rpartition("-")[2] for a in plan.assets) for plan in plans}


def placements(plans: tuple[HostPlan, ...]) -> dict[str, str]:
    return {asset: plan.host for plan in plans for asset in plan.assets}


def test_with_one_asset_an_actor_the_host_bears_the_asset_s_name() -> None:
    (plan,) = place([gauge("line1/coater/gauge-top")], {}, {})
    assert plan == HostPlan("line1/coater/gauge-top", "coating_gauge", ("line1/coater/gauge-top",))
    assert plan.title == "CoatingGauge"


def test_dense_kinds_are_hosted_by_their_rack() -> None:
    records = [*(channel(n) for n in range(5)), channel(0, "rack8")]
    assert hosted(place(records, {"cycler_channel": 2}, {})) == {
        "rack7/cycler_channel#0": ("00", "01"),
        "rack7/cycler_channel#1": ("02", "03"),
        "rack7/cycler_channel#2": ("04",),
        "rack8/cycler_channel#0": ("00",),
    }


def test_a_dense_kind_without_a_parent_is_hosted_by_the_plant() -> None:
    (plan,) = place([replace(channel(0), parent="")], {"cycler_channel": 2}, {})
    assert plan.host == "plant/cycler_channel#0"


def test_no_asset_s_name_is_taken_for_a_host_of_many() -> None:
    """An asset may be called what a rack's host could be called."""
    tricky = AssetRecord("rack7/cycler_channel-0", "oven_zone", parent="rack7")
    plans = place([tricky, channel(0)], {"cycler_channel": 2}, {})
    assert {plan.kind: len(plan.assets) for plan in plans} == {"oven_zone": 1, "cycler_channel": 1}


def test_deleted_assets_have_no_host() -> None:
    assert place([deleted(gauge("line1/g"))], {}, {"line1/g": "line1/g"}) == ()


def test_an_asset_keeps_its_host_when_others_come_before_it() -> None:
    first = place([channel(5), channel(6)], {"cycler_channel": 2}, {})
    records = [channel(n) for n in (1, 5, 6)]
    again = place(records, {"cycler_channel": 2}, placements(first))
    assert hosted(again) == {
        "rack7/cycler_channel#0": ("05", "06"),
        "rack7/cycler_channel#1": ("01",),
    }


def test_a_place_that_a_deleted_asset_leaves_is_filled_again() -> None:
    first = place([channel(n) for n in range(4)], {"cycler_channel": 2}, {})
    records = [channel(0), deleted(channel(1)), channel(2), channel(3), channel(9)]
    again = place(records, {"cycler_channel": 2}, placements(first))
    assert hosted(again)["rack7/cycler_channel#0"] == ("00", "09")


def test_a_host_keeps_what_it_has_when_fewer_are_allowed() -> None:
    first = place([channel(n) for n in range(4)], {"cycler_channel": 4}, {})
    again = place([channel(n) for n in range(5)], {"cycler_channel": 2}, placements(first))
    assert hosted(again) == {
        "rack7/cycler_channel#0": ("00", "01", "02", "03"),
        "rack7/cycler_channel#1": ("04",),
    }


_records = st.dictionaries(
    st.tuples(st.sampled_from(["rack1", "rack2"]), st.integers(0, 30)),
    st.tuples(st.sampled_from(["cycler_channel", "oven_zone"]), st.booleans()),
    max_size=25,
).map(
    lambda made: [
        replace(channel(number, rack), kind=kind, deleted_ns=1 if gone else None)
        for (rack, number), (kind, gone) in made.items()
    ]
)


@given(_records, _records, st.integers(0, 5))
def test_whatever_comes_and_goes_every_live_asset_has_one_host_and_stays_there(
    before: list[AssetRecord], after: list[AssetRecord], room: int
) -> None:
    per_actor = {"cycler_channel": room}
    kinds = {r.name: r.kind for r in before}
    # A name that is used again for another kind is placed anew by then.
    after = [r for r in after if kinds.get(r.name, r.kind) == r.kind]
    first = placements(place(before, per_actor, {}))

    plans = place(after, per_actor, first)

    live = {r.name: r.kind for r in after if not r.is_deleted}
    second = placements(plans)
    assert second.keys() == live.keys()
    assert len(second) == sum(len(plan.assets) for plan in plans)
    assert all(second[name] == first[name] for name in first.keys() & live.keys())
    assert all(len(plan.assets) <= max(room, 1) for plan in plans)
    assert all(live[asset] == plan.kind for plan in plans for asset in plan.assets)
    assert place(reversed(after), per_actor, first) == plans
    assert place(after, per_actor, second) == plans
