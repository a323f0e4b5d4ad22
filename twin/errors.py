"""Every error that gigatwin raises on purpose, as one visible tree.

    GigatwinError
    ├── InvalidInput            the caller's fault: what was given can't be used
    │   ├── UnitMismatch        a unit that does not fit the quantity
    │   ├── InvalidAsset        an asset record, with a violation for each field
    │   ├── InvalidFrame        bytes or columns that are no frame
    │   └── InvalidFile         a file named with its line and the reason
    ├── NotFound                a name that nothing bears
    ├── AlreadyExists           a name or a node that something else bears
    ├── StaleEtag               the record changed since it was read
    ├── IllegalTransition       a life-cycle step that the present state does not allow
    ├── Fenced                  a newer incarnation has taken over; this one must stop
    ├── Unavailable             a store or a peer is away; trying again later may work
    └── InvalidConfiguration    the installation's own settings can't work

Each message says what was wrong, where, and what to do.
"""

from dataclasses import dataclass


class GigatwinError(Exception):
    """Root of the tree. ``reason`` is a stable upper-case word for programs."""

    reason = "INTERNAL"


class InvalidInput(GigatwinError):
    reason = "INVALID_INPUT"


class UnitMismatch(InvalidInput):
    reason = "UNIT_MISMATCH"


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One thing wrong with one field, addressed as ``bindings[2].unit``."""

    field: str
    description: str


class InvalidAsset(InvalidInput):
    """An asset record that is refused whole, with everything that is wrong with it."""

    reason = "INVALID_ASSET"

    def __init__(self, asset: str, violations: tuple[FieldViolation, ...]) -> None:
        self.asset = asset
        self.violations = violations
        listed = "; ".join(f"{v.field}: {v.description}" for v in violations)
        super().__init__(f"asset {asset!r} is refused: {listed}")


class InvalidFrame(InvalidInput):
    reason = "INVALID_FRAME"


class InvalidFile(InvalidInput):
    """A file that can't be read, named with the line where reading stopped."""

    reason = "INVALID_FILE"

    def __init__(self, path: str, line: int | None, why: str) -> None:
        self.path = path
        self.line = line
        self.why = why
        where = path if line is None else f"{path}, line {line}"
        super().__init__(f"{where}: {why}")


class NotFound(GigatwinError):
    reason = "NOT_FOUND"


class AlreadyExists(GigatwinError):
    reason = "ALREADY_EXISTS"


class StaleEtag(GigatwinError):
    reason = "STALE_ETAG"


class IllegalTransition(GigatwinError):
    reason = "ILLEGAL_TRANSITION"


class Fenced(GigatwinError):
    reason = "FENCED"


class Unavailable(GigatwinError):
    reason = "UNAVAILABLE"


class InvalidConfiguration(GigatwinError):
    reason = "INVALID_CONFIGURATION"
