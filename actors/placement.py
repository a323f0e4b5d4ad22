"""Which actor hosts which asset: pure, so that it can be tested without Ray."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from asset_registry.record import AssetRecord
from twin.kinds import kind


@dataclass(frozen=True, slots=True)
class HostPlan:
    """One asset actor: its name, its kind and the assets it hosts, in order."""

    host: str
    kind: str
    assets: tuple[str, ...]

    @property
    def title(self) -> str:
        return kind(self.kind).title


def place(
    records: Iterable[AssetRecord],
    per_actor: Mapping[str, int],
    placed: Mapping[str, str],
) -> tuple[HostPlan, ...]:
    """A host for every live asset; an asset that has one (``placed``) keeps it.

    With one asset an actor the host bears the asset's name. A dense kind is hosted by
    the rack, its parent: ``rack7/cycler_channel#0`` takes the first ``per_actor`` of
    them, ``#1`` the next, and a place that a deleted asset leaves is filled again. (No
    asset's name has a ``#``, so no host of many is taken for a host of one.)
    """
    live = sorted((r for r in records if not r.is_deleted), key=lambda r: r.name)
    hosts: dict[str, list[str]] = {}
    kinds: dict[str, str] = {}
    waiting: list[AssetRecord] = []
    for record in live:
        kinds[record.name] = record.kind
        host = placed.get(record.name)
        if host is None:
            waiting.append(record)
        else:
            hosts.setdefault(host, []).append(record.name)
    for record in waiting:
        hosts.setdefault(_free_host(record, per_actor, hosts), []).append(record.name)
    return tuple(
        HostPlan(host, kinds[assets[0]], tuple(sorted(assets)))
        for host, assets in sorted(hosts.items())
    )


def _free_host(
    record: AssetRecord, per_actor: Mapping[str, int], hosts: Mapping[str, list[str]]
) -> str:
    room = per_actor.get(record.kind, 1)
    if room <= 1:
        return record.name
    rack = record.parent or "plant"
    number = 0
    while len(hosts.get(f"{rack}/{record.kind}#{number}", ())) >= room:
        number += 1
    return f"{rack}/{record.kind}#{number}"
