"""Resource names: ``plants/{plant}``, ``plants/{plant}/assets/{asset}``, and so on.

The ``…_of`` functions raise InvalidRequest for a malformed name, addressed by the field
it came in, and NotFound for another plant than this server's.
"""

import re
from typing import Final

from twin.errors import FieldViolation, InvalidRequest, NotFound

_PLANT: Final = r"[a-z0-9][a-z0-9._-]*"
_PARENT: Final = re.compile(rf"plants/({_PLANT})")
_CHILD: Final = re.compile(rf"plants/({_PLANT})/([a-z]+)/(\S+)")


def plant_name(plant: str) -> str:
    return f"plants/{plant}"


def asset_name(plant: str, asset: str) -> str:
    return f"plants/{plant}/assets/{asset}"


def recommendation_name(plant: str, recommendation: str) -> str:
    return f"plants/{plant}/recommendations/{recommendation}"


def check_plant(parent: str, plant: str, *, field: str = "parent") -> None:
    """``parent`` is ``plants/{plant}`` of this very plant."""
    found = _PARENT.fullmatch(parent)
    if found is None:
        raise _malformed(field, parent, "plants/{plant}")
    _check_served(found[1], plant)


def asset_of(name: str, plant: str, *, field: str = "name") -> str:
    return _child_of(name, plant, "assets", "asset", field)


def recommendation_of(name: str, plant: str, *, field: str = "name") -> str:
    return _child_of(name, plant, "recommendations", "id", field)


def _child_of(name: str, plant: str, collection: str, id: str, field: str) -> str:
    found = _CHILD.fullmatch(name)
    if found is None or found[2] != collection:
        raise _malformed(field, name, f"plants/{{plant}}/{collection}/{{{id}}}")
    _check_served(found[1], plant)
    return found[3]


def _malformed(field: str, name: str, form: str) -> InvalidRequest:
    return InvalidRequest(FieldViolation(field, f"{name!r} is not of the form {form!r}"))


def _check_served(named: str, plant: str) -> None:
    if named != plant:
        raise NotFound(f"there is no plant {named!r} here; this server serves {plant!r}")
