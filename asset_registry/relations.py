"""What a record may not do to the others: bind their nodes, or stand above itself."""

from collections.abc import Iterable, Mapping, Sequence

from asset_registry.record import AssetRecord
from twin.errors import FieldViolation


def duplicates(records: Sequence[AssetRecord]) -> dict[int, list[FieldViolation]]:
    """Names that occur twice in a batch, by the index of the later one."""
    first: dict[str, int] = {}
    found: dict[int, list[FieldViolation]] = {}
    for i, record in enumerate(records):
        if first.setdefault(record.name, i) != i:
            fault = f"{record.name!r} stands in the batch already, as number {first[record.name]}"
            found.setdefault(i, []).append(FieldViolation("name", fault))
    return found


def node_conflicts(
    records: Sequence[AssetRecord], holders: Mapping[str, str]
) -> dict[int, list[FieldViolation]]:
    """Nodes that another asset binds already, or that are bound twice among the records.

    ``holders`` says which asset binds a node (by ``Source.key``) in the registry.
    """
    own = {record.name for record in records}
    held = {key: repr(name) for key, name in holders.items() if name not in own}
    found: dict[int, list[FieldViolation]] = {}
    for i, record in enumerate(records):
        for j, binding in enumerate(record.bindings):
            key = binding.source.key
            if not key:
                continue
            if key in held:
                fault = f"this node is bound already by {held[key]}; a node has one asset"
                found.setdefault(i, []).append(FieldViolation(f"bindings[{j}]", fault))
            held.setdefault(key, f"{record.name!r} (signal {binding.signal!r})")
    return found


def ancestors_wanted(records: Iterable[AssetRecord], known: Mapping[str, object]) -> set[str]:
    """Parents that are not among the known names yet."""
    return {record.parent for record in records if record.parent} - known.keys()


def parent_faults(
    record: AssetRecord, known: Mapping[str, AssetRecord | None]
) -> tuple[FieldViolation, ...]:
    """Faults of the record's parent. ``known`` holds the record and all its ancestors;
    None stands for a place that is no asset."""
    if not record.parent:
        return ()
    if record.parent == record.name:
        return (FieldViolation("parent", "an asset can't be its own parent"),)
    parent = known.get(record.parent)
    if parent is not None and parent.is_deleted:
        fault = f"asset {record.parent!r} is deleted; undelete it first or name another parent"
        return (FieldViolation("parent", fault),)
    way = [record.name]
    while parent is not None:
        if parent.name == record.name:
            circle = " → ".join([*way, record.name])
            return (FieldViolation("parent", f"the parents go round in a circle: {circle}"),)
        if parent.name in way:
            break
        way.append(parent.name)
        parent = known.get(parent.parent) if parent.parent else None
    return ()
