"""Reading back of a snapshot what ``estimation.saved`` has no word for."""

from twin.estimation import saved
from twin.snapshot import Value


def text_or_none(value: Value) -> str | None:
    return None if value is None else saved.text(value)
