"""The form in which every benchmark reports."""

import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

_BETTER_BELOW: Final = "<="


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table of numbers. ``target`` reads ``<= 150`` or ``== 0``; None for a
    figure that is only told. ``reference`` is a peer's figure from the same run."""

    what: str
    value: float
    unit: str
    target: str | None = None
    reference: float | None = None

    @property
    def passes(self) -> bool:
        if self.target is None:
            return True
        sign, bound = self.target.split()
        if sign == _BETTER_BELOW:
            return self.value <= float(bound)
        if sign == ">=":
            return self.value >= float(bound)
        return self.value == float(bound)


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
            f"{'ok  ' if row.passes else 'MISS'}  {row.what}: {row.value:g} {row.unit}"
            + (f"  (must be {row.target})" if row.target else "")
            for row in self.rows
        ]


def machine() -> str:
    return (
        f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores, "
        f"Python {platform.python_version()}"
    )
