"""Values read back from a snapshot, with the types that they were written with."""

from twin.snapshot import Value


def numbers(value: Value) -> list[float]:
    return [number(item) for item in items(value)]


def items(value: Value) -> list[Value]:
    assert isinstance(value, list)
    return value


def number(value: Value) -> float:
    assert isinstance(value, int | float)
    return float(value)


def optional(value: Value) -> float | None:
    return None if value is None else number(value)


def integer(value: Value) -> int:
    assert isinstance(value, int)
    return value


def text(value: Value) -> str:
    assert isinstance(value, str)
    return value
