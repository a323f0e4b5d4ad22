"""Every error that gigatwin raises on purpose, as one visible tree.

    GigatwinError
    ├── InvalidInput            the caller's fault: what was given can't be used
    │   ├── UnitMismatch        a unit that does not fit the quantity
    │   ├── InvalidAsset        an asset record, with a violation for each field
    │   ├── InvalidRequest      a request's arguments, with a violation for each field
    │   ├── InvalidFrame        bytes or columns that are no frame
    │   └── InvalidFile         a file named with its line and the reason
    ├── NotFound                a name that nothing bears
    ├── AlreadyExists           a name or a node that something else bears
    ├── StaleEtag               the record changed since it was read
    ├── TooOld                  a position in a feed from which nothing is kept any more
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

    def __reduce__(self) -> tuple[object, ...]:
        """Errors travel between actors whole, whatever their constructor takes."""
        return _rebuilt, (type(self), self.args, self.__dict__)


def _rebuilt(
    cls: type[GigatwinError], args: tuple[object, ...], attributes: dict[str, object]
) -> GigatwinError:
    error = cls.__new__(cls)
    error.args = args
    error.__dict__.update(attributes)
    return error


@dataclass(frozen=True, slots=True)
class FieldViolation:
    """One thing wrong with one field, addressed as ``bindings[2].unit``."""

    field: str
    description: str


class InvalidInput(GigatwinError):
    reason = "INVALID_INPUT"
    violations: tuple[FieldViolation, ...] = ()


class UnitMismatch(InvalidInput):
    reason = "UNIT_MISMATCH"


class InvalidAsset(InvalidInput):
    """An asset record that is refused whole, with everything that is wrong with it."""

    reason = "INVALID_ASSET"

    def __init__(self, asset: str, violations: tuple[FieldViolation, ...]) -> None:
        self.asset = asset
        self.violations = violations
        listed = "; ".join(f"{v.field}: {v.description}" for v in violations)
        super().__init__(f"asset {asset!r} is refused: {listed}")


class InvalidRequest(InvalidInput):
    """Arguments that a request can't have, with everything that is wrong with them."""

    reason = "INVALID_REQUEST"

    def __init__(self, *violations: FieldViolation) -> None:
        self.violations = violations
        super().__init__("; ".join(f"{v.field}: {v.description}" for v in violations))


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


class TooOld(GigatwinError):
    reason = "TOO_OLD"


class IllegalTransition(GigatwinError):
    reason = "ILLEGAL_TRANSITION"


class Fenced(GigatwinError):
    reason = "FENCED"


class Unavailable(GigatwinError):
    reason = "UNAVAILABLE"


class InvalidConfiguration(GigatwinError):
    reason = "INVALID_CONFIGURATION"
