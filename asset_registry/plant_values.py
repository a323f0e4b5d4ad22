"""Values of a plant file: quantities, sources, calibrations."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Final

from yaml.nodes import Node, ScalarNode, SequenceNode

from asset_registry import yaml_reader as y
from asset_registry.record import (
    Calibration,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
    Source,
)
from asset_registry.yaml_reader import Problems
from twin.errors import UnitMismatch
from twin.units import convert, unit

_FORMS: Final[Mapping[str, tuple[str, ...]]] = {
    "opcua": ("endpoint", "node id"),
    "mqtt": ("broker", "topic", "metric"),
}
_BOOL: Final = "tag:yaml.org,2002:bool"


def parse_quantity(text: str) -> Quantity | None:
    """``600 mm``, ``2 %``, ``5`` (unit 1); None for a text that is no number.

    Raises UnitMismatch where a number is followed by an unknown unit.
    """
    head, _, tail = text.strip().partition(" ")
    if not y.NUMBER.fullmatch(head):
        return None
    value, name = float(head), tail.strip() or "1"
    unit(name)
    return Quantity(value, name)


def quantity_or_text(node: Node, field: str, problems: Problems) -> Quantity | str | None:
    """A parameter's value. In quotes it is a text, whatever it looks like."""
    if not isinstance(node, ScalarNode) or not node.value or node.tag == _BOOL:
        why = f"is {y.form_of(node)}; write a number with its unit (600 mm) or a text in quotes"
        problems.note(node, field, why)
        return None
    if node.style in ("'", '"'):
        return str(node.value)
    try:
        quantity = parse_quantity(node.value)
    except UnitMismatch as error:
        problems.note(node, field, f"{error}; put a text that begins with a number in quotes")
        return None
    if quantity is not None:
        return quantity
    return y.text(node, field, problems)


def source(
    node: Node,
    found: Mapping[str, Node],
    field: str,
    problems: Problems,
    endpoints: Mapping[str, str],
) -> Source:
    """The one source of a binding; ``PushSource`` stands in for what was refused."""
    given = [key for key in ("opcua", "mqtt", "push") if key in found]
    if len(given) != 1:
        say = "give one of opcua: [endpoint, node id], mqtt: [broker, topic, metric], push: true"
        problems.note(node, field, f"has {' and '.join(given) or 'no source'}; {say}")
        return PushSource()
    if given == ["push"]:
        if not y.is_true(found["push"]):
            problems.note(found["push"], f"{field}.push", "write 'push: true' or leave it out")
        return PushSource()
    (kind,) = given
    parts = found[kind]
    form = _FORMS[kind]
    if not isinstance(parts, SequenceNode) or len(parts.value) != len(form):
        problems.note(parts, f"{field}.{kind}", f"write it as [{', '.join(form)}]")
        return PushSource()
    words = [y.text(part, f"{field}.{kind}", problems) for part in parts.value]
    address = words[0] if "://" in words[0] else endpoints.get(words[0])
    if address is None:
        known = ", ".join(endpoints) or "none"
        why = f"unknown endpoint {words[0]!r}; endpoints are {known}"
        problems.note(parts, f"{field}.{kind}", why)
        return PushSource()
    return OpcUaSource(address, words[1]) if kind == "opcua" else MqttSource(address, *words[1:])


def calibration(node: Node, field: str, problems: Problems) -> Calibration:
    """``{last: 2026-09-01, interval: 90 d}``; a day begins at midnight UTC."""
    found = y.known_entries(node, field, problems, ("last", "interval"), ())
    last = _time(found["last"], f"{field}.last", problems) if "last" in found else None
    days = _days(found["interval"], f"{field}.interval", problems) if "interval" in found else None
    return Calibration(last, days)


def _time(node: Node, field: str, problems: Problems) -> int | None:
    word = node.value if isinstance(node, ScalarNode) else ""
    try:
        if len(word) == 10:
            day = date.fromisoformat(word)
            moment = datetime(day.year, day.month, day.day, tzinfo=UTC)
        else:
            moment = datetime.fromisoformat(word)
    except ValueError:
        problems.note(node, field, f"is {y.form_of(node)}, not a date like 2026-09-01")
        return None
    if moment.tzinfo is None:
        problems.note(node, field, f"{word!r} has no time zone; write 2026-09-01T08:00:00Z")
        return None
    whole = int(moment.replace(microsecond=0).timestamp())
    return whole * 1_000_000_000 + moment.microsecond * 1_000


def _days(node: Node, field: str, problems: Problems) -> float | None:
    word = node.value if isinstance(node, ScalarNode) else ""
    try:
        quantity = parse_quantity(word)
        if quantity is not None and quantity.unit != "1":
            return convert(quantity.value, quantity.unit, "d")
        why = f"is {y.form_of(node)}, not a time with its unit like 90 d"
    except UnitMismatch as error:
        why = str(error)
    problems.note(node, field, why)
    return None
