"""The form in which every benchmark reports."""

import operator
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

_SIGNS: Final[Mapping[str, Callable[[float, float], bool]]] = MappingProxyType(
    {"<=": operator.le, ">=": operator.ge, "==": operator.eq}
)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of numbers. ``target`` reads ``<= 150``, ``>= 3`` or ``== 0``;
    None for a figure that is only told. ``reference`` is a peer's figure from the same run. A
    ``value`` of None could not be measured, and passes no target."""

    what: str
    value: float | None
    unit: str
    target: str | None = None
    reference: float | None = None

    @property
    def passes(self) -> bool:
        if self.target is None:
            return True
        if self.value is None:
            return False
        sign, bound = self.target.split()
        return _SIGNS[sign](self.value, float(bound))


@dataclass(frozen=True, slots=True)
class Report:
    name: str
    seconds: float
    rows: Sequence[Row]
    more: Mapping[str, object]

    @property
    def passes(self) -> bool:
        return all(row.passes for row in self.rows)

    def document(self) -> dict[str, object]:
        return {
            "name": self.name,
            "machine": machine(),
            "seconds": round(self.seconds, 2),
            "rows": [
                {
                    "what": row.what,
                    "value": row.value,
                    "unit": row.unit,
                    "reference": row.reference,
                    "target": row.target,
                    "pass": row.passes,
                }
                for row in self.rows
            ],
            **self.more,
        }

    def lines(self) -> list[str]:
        return [
            f"{'ok  ' if row.passes else 'MISS'}  {row.what}: {_shown(row.value)} {row.unit}"
            + (f"  (must be {row.target})" if row.target else "")
            for row in self.rows
        ]


def _shown(value: float | None) -> str:
    return "not measured" if value is None else f"{value:g}"


def machine() -> str:
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )
