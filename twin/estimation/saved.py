"""Reading typed values back out of a snapshot."""

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput
from twin.snapshot import Snapshot, Value


def number(value: Value) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise InvalidInput(f"the snapshot has {value!r} where a number was")
    return float(value)


def whole(value: Value) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise InvalidInput(f"the snapshot has {value!r} where a whole number was")
    return value


def text(value: Value) -> str:
    if not isinstance(value, str):
        raise InvalidInput(f"the snapshot has {value!r} where a text was")
    return value


def number_or_none(value: Value) -> float | None:
    return None if value is None else number(value)


def whole_or_none(value: Value) -> int | None:
    return None if value is None else whole(value)


def array(value: Value) -> npt.NDArray[np.float64]:
    if not isinstance(value, np.ndarray):
        raise InvalidInput(f"the snapshot has {value!r} where an array was")
    return value.astype(np.float64)


def items(value: Value) -> list[Value]:
    if not isinstance(value, list):
        raise InvalidInput(f"the snapshot has {value!r} where a list was")
    return list(value)


def fields(value: Value) -> Snapshot:
    if not isinstance(value, dict):
        raise InvalidInput(f"the snapshot has {value!r} where an object was")
    return dict(value)
