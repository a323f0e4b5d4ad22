"""What a plant file would change in the registry, before anything is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from asset_registry.record import (
    AssetRecord,
    Binding,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
)
from asset_registry.validation import normalised
from twin.errors import FieldViolation, InvalidAsset


@dataclass(frozen=True, slots=True)
class Difference:
    """``field`` as in ``bindings.mass`` or ``parameters.width``; "" means not set."""

    field: str
    present: str
    wanted: str

    def __str__(self) -> str:
        if not self.present:
            return f"{self.field}: set to {self.wanted}"
        if not self.wanted:
            return f"{self.field}: {self.present} is taken away"
        return f"{self.field}: {self.present} → {self.wanted}"


@dataclass(frozen=True, slots=True)
class Update:
    present: AssetRecord
    wanted: AssetRecord
    differences: tuple[Difference, ...]

    @property
    def undelete(self) -> bool:
        return self.present.is_deleted

    @property
    def fields(self) -> frozenset[str]:
        """Fields for an update mask."""
        return frozenset(d.field.partition(".")[0] for d in self.differences)


@dataclass(frozen=True, slots=True)
class Plan:
    """``not_in_file`` are live assets that the file does not name; they stay."""

    create: tuple[AssetRecord, ...]
    update: tuple[Update, ...]
    unchanged: tuple[AssetRecord, ...]
    not_in_file: tuple[AssetRecord, ...]

    @property
    def is_empty(self) -> bool:
        return not self.create and not self.update

    def lines(self) -> tuple[str, ...]:
        """The plan in plain words, one line for each change and a sum at the end."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        for record in self.create:
            yield f"create {record.name} ({record.kind}, {len(record.bindings)} signals)"
        for update in self.update:
            yield f"{'undelete' if update.undelete else 'update'} {update.wanted.name}"
            for difference in update.differences:
                yield f"    {difference}"
        for record in self.not_in_file:
            yield f"leave {record.name}: it is registered but not in the file"
        undelete = sum(update.undelete for update in self.update)
        yield (
            f"{len(self.create)} to create, {len(self.update) - undelete} to update, "
            f"{undelete} to undelete, {len(self.unchanged)} unchanged"
        )


def plan(wanted: Sequence[AssetRecord], existing: Sequence[AssetRecord]) -> Plan:
    """``existing`` holds the plant's records, deleted ones too.

    Raises InvalidAsset where an asset would have to become another kind.
    """
    present = {record.name: record for record in existing}
    create, update, unchanged = [], [], []
    for record in map(normalised, wanted):
        known = present.pop(record.name, None)
        if known is None:
            create.append(record)
            continue
        if known.kind != record.kind:
            fault = f"is {known.kind!r} in the registry; a kind can't change: use another name"
            raise InvalidAsset(record.name, (FieldViolation("kind", fault),))
        differences = tuple(_differences(known, record))
        if differences or known.is_deleted:
            update.append(Update(known, record, differences))
        else:
            unchanged.append(known)
    left = tuple(record for record in present.values() if not record.is_deleted)
    return Plan(tuple(create), tuple(update), tuple(unchanged), left)


def _differences(present: AssetRecord, wanted: AssetRecord) -> Iterator[Difference]:
    before, after = _words(present), _words(wanted)
    for field in dict.fromkeys([*after, *before]):
        if before.get(field, "") != after.get(field, ""):
            yield Difference(field, before.get(field, ""), after.get(field, ""))


def _words(record: AssetRecord) -> dict[str, str]:
    """What integrators set, field by field, exact to the bit."""
    calibration, about = record.calibration, record.iso23247
    return {
        "display_name": record.display_name,
        "parent": record.parent,
        **{f"bindings.{b.signal}": _binding(b) for b in record.bindings},
        **{f"parameters.{name}": _value(value) for name, value in record.parameters.items()},
        "calibration.last": "" if calibration.last_ns is None else f"{calibration.last_ns} ns",
        "calibration.interval": (
            "" if calibration.interval_days is None else f"{calibration.interval_days!r} d"
        ),
        "zone": record.zone,
        "iso23247.entity": about.entity,
        "iso23247.ome_type": about.ome_type,
    }


def _value(value: Quantity | str) -> str:
    return repr(value) if isinstance(value, str) else f"{_number(value.value)} {value.unit}"


def _binding(binding: Binding) -> str:
    match binding.source:
        case OpcUaSource(endpoint, node_id):
            words = [endpoint, node_id]
        case MqttSource(broker, topic, metric):
            words = [broker, topic, metric]
        case PushSource():
            words = ["push"]
    numbers: Mapping[str, float | None] = {
        "scale": None if binding.scale == 1 else binding.scale,
        "min": binding.minimum,
        "max": binding.maximum,
    }
    if binding.unit:
        words.append(f"in {binding.unit}")
    words += [f"{name} {_number(n)}" for name, n in numbers.items() if n is not None]
    return " ".join(words)


def _number(value: float) -> str:
    return repr(int(value)) if value == int(value) and abs(value) < 1e15 else repr(value)
