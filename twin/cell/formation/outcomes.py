"""What becomes of a cell, predicted at an hour of its protocol from what is measured by then.

The model is what ``gigatwin models train formation-outcome`` keeps: its folder, or the file
in it, named by the parameter ``outcome_model`` and read when the first cell reaches its
hour. It is part of the twin's configuration as a figure is: the same file, the same
answers. Its digest is in every event. Where nothing can be predicted, that is said with
the reason, and no number stands for it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from twin.asset import AssetConfig, Json
from twin.cell.formation.decision import Decision
from twin.cell.formation.evidence import beside_envelope
from twin.cell.formation.grid import Floats, Ints
from twin.errors import GigatwinError, InvalidInput

if TYPE_CHECKING:
    from twin.learning.outcome import OutcomeModel
    from twin.learning.prediction import Prediction

PREDICTED: Final = "cell.predicted"
UNPREDICTED: Final = "cell.unpredicted"
_FILE: Final = "model.skops"
_RECORD: Final = "record.json"
_DIGEST: Final = 16
"""Hex digits of the file's sha256 that are told; ``record.json`` begins with the same."""
_UNITS: Final = {
    "ah": "Ah", "mah": "mAh", "wh": "Wh", "mohm": "mOhm", "ohm": "Ohm", "v": "V", "pct": "%",
}  # fmt: skip
"""Of a target, by the end of its column's name, as in ``discharge_ah``."""

Told = tuple[str, dict[str, Json]]
"""Kind of an event, and its data."""


@dataclass(frozen=True, slots=True)
class OutcomeFile:
    """``model`` is None where it was ``refused``, for that reason."""

    model: "OutcomeModel | None"
    name: str
    digest: str
    refused: str = ""


class Outcomes:
    """Of the channels of a cohort; ``asked`` (channels,): those that have a model."""

    def __init__(self, paths: Sequence[str]) -> None:
        self._paths = tuple(paths)
        self._files: dict[str, OutcomeFile] = {}
        self.asked: npt.NDArray[np.bool_] = np.array([path != "" for path in paths], dtype=np.bool_)

    @classmethod
    def of_assets(cls, assets: Sequence[AssetConfig]) -> "Outcomes | None":
        """None where no channel has a model."""
        paths = [str(asset.parameters.get("outcome_model", "")).strip() for asset in assets]
        return cls(paths) if any(paths) else None

    def of(
        self, rows: Ints, hours_left: Floats, decision: Decision | None, why_none: str
    ) -> list[Told]:
        """What is said of the cells on these rows, in order. ``why_none``: there is no
        ``decision``, and with it no feature."""
        found: dict[int, Told] = {}
        for path in dict.fromkeys(self._paths[row] for row in rows):
            at = [k for k, row in enumerate(rows) if self._paths[row] == path]
            if path not in self._files:
                self._files[path] = read(path)
            told = _of(self._files[path], rows[at], hours_left[at], decision, why_none)
            found.update(zip(at, told, strict=True))
        return [found[k] for k in range(len(rows))]


def read(path: str) -> OutcomeFile:
    """Never raises: what is wrong with the file is told in it."""
    # Late: SciPy, and scikit-learn for a model with trees.
    from twin.learning import saved

    file = Path(path)
    file = file / _FILE if file.is_dir() else file
    name = "/".join(file.parent.parts[-2:]) if file.name == _FILE else file.name
    digest = ""
    try:
        data = file.read_bytes()
        digest = sha256(data).hexdigest()
        _check(file.with_name(_RECORD), digest)
        return OutcomeFile(saved.loads(data), name, digest[:_DIGEST])
    except (GigatwinError, OSError) as error:
        why = error.strerror if isinstance(error, OSError) else error
        return OutcomeFile(None, name, digest[:_DIGEST], f"{path} can't be used: {why}")


def unit_of(target: str) -> str:
    """As the column's name tells it; empty where it tells none."""
    return _UNITS.get(target.rpartition("_")[2].lower(), "") if "_" in target else ""


def _check(record: Path, digest: str) -> None:
    """Raises InvalidInput where the model is not the one that its record tells of."""
    if not record.exists():
        return
    try:
        told = json.loads(record.read_text(encoding="utf-8"))
    except ValueError as error:
        raise InvalidInput(f"its {_RECORD} is damaged: {error}") from error
    if not isinstance(told, dict) or told.get("sha256") != digest:
        raise InvalidInput(f"its sha256 is not the one in {_RECORD}; train it again")


def _of(
    file: OutcomeFile, rows: Ints, hours_left: Floats, decision: Decision | None, why_none: str
) -> list[Told]:
    if file.model is None:
        return [_not(file, "unreadable_model", file.refused)] * len(rows)
    if not file.model.skill:
        return [_not(file, "no_skill", file.model.why)] * len(rows)
    if decision is None:
        return [_not(file, "no_reference", why_none)] * len(rows)
    places = {decision.reference.name(j): j for j in range(len(decision.reference.column))}
    wanted = [feature.name for feature in file.model.features]
    foreign = [name for name in wanted if name not in places]
    if foreign:
        return [_missing(file, foreign, "the channel does not measure")] * len(rows)
    at = np.array([places[name] for name in wanted])
    values = decision.value[np.ix_(at, rows)] + decision.reference.mean[at][:, None]
    return [
        _missing(
            file,
            [wanted[j] for j in np.flatnonzero(np.isnan(values[:, k]))],
            "not measured by then:",
        )
        if found.prediction is None
        else _told(file, found, int(row), float(left), decision, places)
        for k, (row, left, found) in enumerate(
            zip(rows, hours_left, _predicted(file.model, wanted, values), strict=True)
        )
    ]


def _predicted(model: "OutcomeModel", names: Sequence[str], values: Floats) -> "list[Prediction]":
    from twin.learning.columns import Column
    from twin.learning.prediction import predict

    columns = [Column(name, value) for name, value in zip(names, values, strict=True)]
    return predict(model, columns, explain_all=False)


def _told(
    file: OutcomeFile,
    found: "Prediction",
    row: int,
    hours_left: float,
    decision: Decision,
    places: dict[str, int],
) -> Told:
    assert file.model is not None
    limit = None if file.model.flags is None else file.model.flags.limit
    return PREDICTED, {
        "target": file.model.target,
        "unit": unit_of(file.model.target),
        "prediction": found.prediction,
        "lower": found.lower,
        "upper": found.upper,
        "confidence": file.model.residuals.confidence,
        "limit": limit,
        "probability_below": found.below,
        "flagged": found.flagged,
        "reason": found.reason,
        "hours_saved": hours_left if found.flagged else None,
        "hours_left": hours_left,
        "evidence": beside_envelope(decision, row, [places[name] for name in found.drivers]),
        "model": file.name,
        "digest": file.digest,
    }


def _missing(file: OutcomeFile, names: list[str], why: str) -> Told:
    shown = ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")
    kind, data = _not(file, "missing_features", f"{why} {shown}")
    return kind, {**data, "missing": list(names)}


def _not(file: OutcomeFile, reason: str, detail: str) -> Told:
    return UNPREDICTED, {
        "reason": reason,
        "detail": detail,
        "model": file.name,
        "digest": file.digest,
    }
