"""Page sizes and page tokens (AIP-158), alike for every List method.

A token holds where the next page begins and a digest of that and of the request's
arguments: with other arguments, or altered, it is refused. The page size may change.
"""

import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping
from hashlib import sha256
from typing import Final

from twin.errors import FieldViolation, InvalidRequest

DEFAULT_SIZE: Final = 100
LARGEST_SIZE: Final = 1_000
_DIGEST: Final = 9


def page_size(requested: int) -> int:
    """0 means 100, more than 1000 is coerced down. Raises InvalidRequest below 0."""
    if requested < 0:
        raise InvalidRequest(FieldViolation("page_size", f"is {requested}; give 0 or more"))
    return min(requested or DEFAULT_SIZE, LARGEST_SIZE)


def write_token(position: str, arguments: Mapping[str, object]) -> str:
    """An opaque token for a position. ``arguments`` are JSON values."""
    raw = _digest(position, arguments) + position.encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def read_token(token: str, arguments: Mapping[str, object]) -> str:
    """The position; "" for no token.

    Raises InvalidRequest where the token was made for other arguments, or by nobody.
    """
    if not token:
        return ""
    refused = InvalidRequest(
        FieldViolation(
            "page_token",
            "was not given out for these arguments; repeat those of the first page, or "
            "leave the token empty to begin anew",
        )
    )
    try:
        raw = urlsafe_b64decode(token + "=" * (-len(token) % 4))
        position = raw[_DIGEST:].decode()
    except ValueError:
        raise refused from None
    if token != write_token(position, arguments):
        raise refused
    return position


def _digest(position: str, arguments: Mapping[str, object]) -> bytes:
    content = json.dumps([position, arguments], sort_keys=True)
    return sha256(content.encode()).digest()[:_DIGEST]
