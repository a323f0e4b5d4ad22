"""What makes a record acceptable: each fault is found, named by its field, and explained.

Fields are addressed as in the proto: ``bindings[2].opcua.node_id``, ``parameters.width``.
"""

import math
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Final

from asset_registry import addresses
from asset_registry.record import AssetRecord, Binding, Quantity
from twin import iso23247
from twin.asset import ParameterSpec, SignalSpec
from twin.errors import FieldViolation, NotFound, UnitMismatch
from twin.kinds import Kind
from twin.units import affine, convert

KindOf = Callable[[str], Kind]

NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]*(/[a-z0-9][a-z0-9._-]*)*")
_LONGEST_NAME: Final = 200
_LONGEST_TEXT: Final = 1_000
Faults = Iterator[FieldViolation]


def normalised(record: AssetRecord) -> AssetRecord:
    """The record as it is stored: published entity names, one spelling of each address."""
    about = record.iso23247
    try:
        entity = iso23247.entity(about.entity).value if about.entity else ""
    except ValueError:
        entity = about.entity
    return replace(
        record,
        bindings=tuple(
            replace(binding, source=addresses.normalised(binding.source))
            for binding in record.bindings
        ),
        iso23247=replace(about, entity=entity, ome_type=about.ome_type.strip().lower()),
    )


def violations(record: AssetRecord, kind_of: KindOf) -> tuple[FieldViolation, ...]:
    """All that is wrong with the record by itself; relations.py looks at its neighbours."""
    found = [*_name(record), *_texts(record), *_calibration(record), *_iso23247(record)]
    for i, binding in enumerate(record.bindings):
        for part, fault in addresses.violations_of(binding.source):
            found.append(FieldViolation(f"bindings[{i}].{part}", fault))
        found += _numbers(i, binding)
    try:
        kind = kind_of(record.kind)
    except NotFound as error:
        return (*found, FieldViolation("kind", str(error)))
    return (*found, *_bindings(record, kind), *_parameters(record, kind))


def is_name(text: str) -> bool:
    return len(text) <= _LONGEST_NAME and NAME.fullmatch(text) is not None


def _name(record: AssetRecord) -> Faults:
    rule = (
        "write it in small letters, digits, '.', '_' and '-', with '/' between its parts, "
        f"at most {_LONGEST_NAME} characters, like 'line1/coater/gauge-top'"
    )
    if not is_name(record.name):
        yield FieldViolation("name", f"{record.name!r} is no name of an asset; {rule}")
    if record.parent and not is_name(record.parent):
        yield FieldViolation("parent", f"{record.parent!r} is no place and no asset; {rule}")


def _texts(record: AssetRecord) -> Faults:
    for field, text in (("display_name", record.display_name), ("zone", record.zone)):
        if len(text) > _LONGEST_TEXT:
            yield FieldViolation(field, f"is longer than {_LONGEST_TEXT} characters")


def _calibration(record: AssetRecord) -> Faults:
    interval = record.calibration.interval_days
    if interval is not None and not (math.isfinite(interval) and interval > 0):
        yield FieldViolation(
            "calibration.interval_days", f"is {interval}; give a number of days above 0"
        )


def _iso23247(record: AssetRecord) -> Faults:
    about = record.iso23247
    if about.ome_type and about.ome_type.strip().lower() not in iso23247.OME_TYPES:
        known = ", ".join(iso23247.OME_TYPES)
        yield FieldViolation(
            "iso23247.ome_type", f"unknown type {about.ome_type!r}; types are {known}"
        )
    if about.entity:
        try:
            iso23247.entity(about.entity)
        except ValueError:
            known = ", ".join(iso23247.Entity)
            yield FieldViolation(
                "iso23247.entity", f"unknown entity {about.entity!r}; entities are {known}"
            )


def _numbers(i: int, binding: Binding) -> Faults:
    if not math.isfinite(binding.scale) or binding.scale == 0:
        yield FieldViolation(
            f"bindings[{i}].scale", f"is {binding.scale}; give a finite number other than 0"
        )
    for bound in ("minimum", "maximum"):
        value = getattr(binding, bound)
        if value is not None and not math.isfinite(value):
            yield FieldViolation(f"bindings[{i}].{bound}", f"is {value}; give a finite number")
    low, high = binding.minimum, binding.maximum
    if low is not None and high is not None and low > high:
        yield FieldViolation(f"bindings[{i}].minimum", f"{low:g} is above the maximum, {high:g}")


def _bindings(record: AssetRecord, kind: Kind) -> Faults:
    bound: dict[str, int] = {}
    for i, binding in enumerate(record.bindings):
        field = f"bindings[{i}]"
        signal = kind.signal(binding.signal)
        if signal is None:
            known = ", ".join(s.name for s in kind.signals)
            fault = f"a {kind.name} has no signal {binding.signal!r}; its signals are {known}"
            yield FieldViolation(f"{field}.signal", fault)
            continue
        first = bound.setdefault(signal.name, i)
        if first != i:
            fault = f"signal {signal.name!r} is bound already by bindings[{first}]"
            yield FieldViolation(f"{field}.signal", fault)
        yield from (
            _text_signal(field, binding)
            if signal.unit is None
            else _unit(field, binding, signal, signal.unit)
        )
    for signal in kind.signals:
        if signal.required and signal.name not in bound:
            fault = f"signal {signal.name!r} is not bound; a {kind.name} can't do without it"
            yield FieldViolation("bindings", fault)


def _text_signal(field: str, binding: Binding) -> Faults:
    if binding.unit:
        fault = f"signal {binding.signal!r} is text and has no unit; leave it empty"
        yield FieldViolation(f"{field}.unit", fault)
    if binding.scale != 1:
        yield FieldViolation(f"{field}.scale", f"signal {binding.signal!r} is text: no scale")
    for bound in ("minimum", "maximum"):
        if getattr(binding, bound) is not None:
            fault = f"signal {binding.signal!r} is text: it has no {bound}"
            yield FieldViolation(f"{field}.{bound}", fault)


def _unit(field: str, binding: Binding, signal: SignalSpec, unit: str) -> Faults:
    if not binding.unit:
        fault = f"say the unit in which the source gives {signal.name!r} (the twin's is {unit!r})"
        yield FieldViolation(f"{field}.unit", fault)
        return
    try:
        affine(binding.unit, unit)
    except UnitMismatch as error:
        yield FieldViolation(f"{field}.unit", f"does not fit signal {signal.name!r}: {error}")
        return
    yield from _bounds(field, binding, signal, unit)


def _bounds(field: str, binding: Binding, signal: SignalSpec, unit: str) -> Faults:
    """Bounds that no plausible value could meet."""
    floor = signal.minimum if signal.minimum is not None else signal.above
    low, high = (
        None if bound is None else convert(bound, binding.unit, unit)
        for bound in (binding.minimum, binding.maximum)
    )
    if low is not None and signal.maximum is not None and low > signal.maximum:
        fault = f"{low:g} {unit} is above all that is plausible for {signal.name!r}"
        yield FieldViolation(f"{field}.minimum", f"{fault} (up to {signal.maximum:g} {unit})")
    if high is not None and floor is not None and high < floor:
        fault = f"{high:g} {unit} is below all that is plausible for {signal.name!r}"
        yield FieldViolation(f"{field}.maximum", f"{fault} (from {floor:g} {unit})")


def _parameters(record: AssetRecord, kind: Kind) -> Faults:
    for name, value in record.parameters.items():
        spec = kind.parameter(name)
        if spec is None:
            known = ", ".join(p.name for p in kind.parameters) or "none"
            fault = f"a {kind.name} has no such parameter; its parameters are {known}"
            yield FieldViolation(f"parameters.{name}", fault)
        elif fault := _parameter_fault(spec, value):
            yield FieldViolation(f"parameters.{name}", fault)
    for spec in kind.parameters:
        if spec.required and spec.name not in record.parameters:
            yield FieldViolation(
                f"parameters.{spec.name}",
                f"is missing; a {kind.name} can't do without it: {spec.description}",
            )


def _parameter_fault(spec: ParameterSpec, value: Quantity | str) -> str:
    if spec.unit is None:
        if isinstance(value, str):
            return "" if value else "is empty; it wants a text"
        return f"is the number {value.value:g}; it wants a text"
    if isinstance(value, str):
        return f"is the text {value!r}; it wants a number in {spec.unit!r}"
    if not math.isfinite(value.value):
        return f"is {value.value}; it wants a finite number"
    try:
        number = convert(value.value, value.unit, spec.unit)
    except UnitMismatch as error:
        return f"has a unit that does not fit: {error}"
    if spec.minimum is not None and number < spec.minimum and not _close(number, spec.minimum):
        return f"{number:g} {spec.unit} is below the least, {spec.minimum:g} {spec.unit}"
    if spec.maximum is not None and number > spec.maximum and not _close(number, spec.maximum):
        return f"{number:g} {spec.unit} is above the most, {spec.maximum:g} {spec.unit}"
    return ""


def _close(a: float, b: float) -> bool:
    """Apart by no more than a conversion of units may round."""
    return math.isclose(a, b, rel_tol=1e-12)
