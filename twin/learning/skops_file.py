"""Objects as skops bytes: never pickles, and the same object gives the same bytes.

skops names its parts by their addresses in memory, and a zip file bears times. Both are
replaced (parts are numbered in their order, times are 1980), so that a file's sha256 tells
whether two models are the same.
"""

import io
import re
import zipfile
from collections.abc import Collection
from typing import Any, Final

from twin.errors import InvalidInput

TRUSTED: Final = frozenset({"sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor"})
"""Types beyond skops' own list that our models are made of: the trees of a booster."""

_SCHEMA: Final = "schema.json"
_ADDRESS: Final = re.compile(r'("__id__": |"file": ")(\d+)')
_LONG_AGO: Final = (1980, 1, 1, 0, 0, 0)


def dumps(value: object) -> bytes:
    # Late: it imports much of scikit-learn.
    import skops.io  # type: ignore[import-untyped]

    return _renumbered(skops.io.dumps(value))


def types(data: bytes) -> list[str]:
    """The types in the file that skops would not build unasked."""
    import skops.io

    try:
        return sorted(skops.io.get_untrusted_types(data=data))
    except (ValueError, KeyError, TypeError, zipfile.BadZipFile, EOFError) as error:
        raise InvalidInput(f"this is no skops file: {error}") from error


def loads(data: bytes, trusted: Collection[str] = TRUSTED) -> Any:
    """The object. Raises InvalidInput where the bytes are no skops file, or hold a type
    that is not trusted: nothing of it is built then."""
    import skops.io

    foreign = [name for name in types(data) if name not in trusted]
    if foreign:
        raise InvalidInput(f"refused: it holds {', '.join(foreign)}, which no model of ours does")
    try:
        return skops.io.loads(data, trusted=types(data))
    except (ValueError, KeyError, TypeError, AttributeError, zipfile.BadZipFile) as error:
        raise InvalidInput(f"this skops file can't be read: {error}") from error


def _renumbered(data: bytes) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old:
        numbers: dict[str, int] = {}

        def number(match: re.Match[str]) -> str:
            return f"{match[1]}{numbers.setdefault(match[2], len(numbers) + 1)}"

        schema = _ADDRESS.sub(number, old.read(_SCHEMA).decode())
        parts = {name: old.read(name) for name in old.namelist() if name != _SCHEMA}
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as new:
        for name in sorted(parts, key=lambda name: numbers[name.partition(".")[0]]):
            stem, dot, ending = name.partition(".")
            new.writestr(_entry(f"{numbers[stem]}{dot}{ending}"), parts[name])
        new.writestr(_entry(_SCHEMA), schema)
    return out.getvalue()


def _entry(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name, _LONG_AGO)
    entry.compress_type = zipfile.ZIP_DEFLATED
    return entry
