"""Checks records against the kinds, each other, and what the registry holds."""

from collections.abc import Mapping, Sequence

from asset_registry.record import AssetRecord
from asset_registry.relations import (
    ancestors_wanted,
    duplicates,
    node_conflicts,
    parent_faults,
)
from asset_registry.store import AssetStore
from asset_registry.validation import KindOf, violations
from twin.errors import FieldViolation, InvalidAsset


async def checked(
    store: AssetStore, kind_of: KindOf, records: Sequence[AssetRecord], *, single: bool
) -> dict[str, str]:
    """The etags on which the approval rests: of every ancestor, "" for a mere place.

    Raises InvalidAsset with all that is wrong; in a batch (not ``single``) fields begin
    with ``assets[i].``.
    """
    known = await _ancestors(store, records)
    keys = [b.source.key for record in records for b in record.bindings if b.source.key]
    holders = await store.holders(keys)
    faults = judged(records, kind_of, known, holders)
    if faults:
        found = tuple(
            v if single else FieldViolation(f"assets[{i}].{v.field}", v.description)
            for i, listed in sorted(faults.items())
            for v in listed
        )
        names = [records[i].name for i in sorted(faults)]
        more = f" and {len(names) - 1} more" if len(names) > 1 else ""
        raise InvalidAsset(names[0] + more, found)
    own = {record.name for record in records}
    return {
        name: record.etag if record else "" for name, record in known.items() if name not in own
    }


def judged(
    records: Sequence[AssetRecord],
    kind_of: KindOf,
    known: Mapping[str, AssetRecord | None],
    holders: Mapping[str, str],
) -> dict[int, list[FieldViolation]]:
    """All that is wrong, by the index of the record."""
    # Of two records with one name the first counts; the second is refused anyway.
    family = dict(known) | {record.name: record for record in reversed(records)}
    faults: dict[int, list[FieldViolation]] = {}
    for i, record in enumerate(records):
        found = [*violations(record, kind_of), *parent_faults(record, family)]
        if found:
            faults[i] = found
    for relation in (duplicates(records), node_conflicts(records, holders)):
        for i, found in relation.items():
            faults.setdefault(i, []).extend(found)
    return faults


async def _ancestors(
    store: AssetStore, records: Sequence[AssetRecord]
) -> dict[str, AssetRecord | None]:
    known: dict[str, AssetRecord | None] = {record.name: record for record in records}
    found: Sequence[AssetRecord] = records
    while wanted := sorted(ancestors_wanted(found, known)):
        read = await store.get(wanted)
        known.update(zip(wanted, read, strict=True))
        found = [record for record in read if record is not None]
    return known
