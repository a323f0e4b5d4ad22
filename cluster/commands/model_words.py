"""What ``gigatwin models`` writes: lines for people, columns for a table."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from twin.learning.outcome import OutcomeModel
    from twin.learning.prediction import Prediction

_DIGITS: Final = 8
_LABEL: Final = "the group label (both know its other rows)"


def added_columns(found: Sequence["Prediction"], decimal: str) -> dict[str, list[str]]:
    """By name, a cell a row; numbers with the table's own decimal mark."""

    def number(value: float | None) -> str:
        return "" if value is None else f"{value:.{_DIGITS}g}".replace(".", decimal)

    return {
        "prediction": [number(row.prediction) for row in found],
        "lower": [number(row.lower) for row in found],
        "upper": [number(row.upper) for row in found],
        "flagged": ["" if row.flagged is None else str(row.flagged).lower() for row in found],
        "reason": [row.reason for row in found],
    }


def training_lines(model: "OutcomeModel", kind: str, version: int, folder: Path) -> Iterator[str]:
    yield f"{model.rows} rows in {len(model.groups)} groups by {model.group!r}, all held out whole"
    yield ""
    yield f"{'mean absolute error of ' + model.target:52}{'model':>10}{'baseline':>10}{'p':>9}"
    for found in model.comparisons:
        p = "-" if found.p is None else f"{found.p:.2g}"
        what = "beside " + (f"the {found.name}" if found.name != "group label" else _LABEL)
        yield (
            f"{what:52}{found.model.mean_absolute:10.4g}{found.baseline.mean_absolute:10.4g}{p:>9}"
        )
    yield ""
    used = model.residuals if model.skill else model.mean_residuals
    yield (
        f"{100 * used.confidence:.0f} % interval: ± {used.half_width:.4g}; "
        f"held out it covered {100 * model.covered:.1f} %"
    )
    if model.flags is not None and model.skill:
        flags = model.flags
        yield (
            f"below {flags.limit:g}: held out {flags.found} of {flags.below} found, {flags.false} "
            f"of {flags.good} good rows flagged (from probability {flags.threshold:g})"
        )
    yield model.why
    for note in model.notes:
        yield f"  {note}"
    yield f"{kind} {version} ({model.model.plan}): {folder}"
