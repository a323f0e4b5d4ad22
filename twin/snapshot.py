"""State as bytes: equal states give equal bytes, and the bytes give the state back.

JSON with sorted keys; floats are written with the shortest text that reads back to the
same bits; arrays carry dtype, shape and raw little-endian bytes.
"""

import base64
import json
from collections.abc import Mapping
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from twin.errors import InvalidInput

Value: TypeAlias = (
    "None | bool | int | float | str | npt.NDArray[np.generic] | list[Value] | dict[str, Value]"
)
Snapshot: TypeAlias = dict[str, Value]

_ARRAY = "__array__"


def dumps(snapshot: Mapping[str, Value]) -> bytes:
    return json.dumps(
        snapshot, default=_encode, sort_keys=True, separators=(",", ":"), ensure_ascii=False
    ).encode()


def loads(data: bytes) -> Snapshot:
    """Raises InvalidInput where the bytes are no snapshot."""
    try:
        decoded = json.loads(data, object_hook=_decode)
    except ValueError as error:
        raise InvalidInput(f"these bytes are no snapshot: {error}") from error
    if not isinstance(decoded, dict):
        raise InvalidInput("these bytes are no snapshot: not an object")
    return decoded


def _encode(value: object) -> object:
    if isinstance(value, np.ndarray):
        packed = np.ascontiguousarray(value)
        return {
            _ARRAY: base64.b64encode(packed.tobytes()).decode(),
            "dtype": packed.dtype.newbyteorder("<").str,
            "shape": list(packed.shape),
        }
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, tuple):
        return list(value)
    raise TypeError(f"a snapshot can't hold {type(value).__name__}")


def _decode(value: dict[str, object]) -> object:
    if _ARRAY not in value:
        return value
    raw = base64.b64decode(str(value[_ARRAY]))
    shape = value["shape"]
    assert isinstance(shape, list)
    return np.frombuffer(raw, dtype=str(value["dtype"])).reshape(shape).copy()
