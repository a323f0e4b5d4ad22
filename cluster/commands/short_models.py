"""``gigatwin models … jellyroll-short``: short circuits of jellyrolls, for winding heads.

What is kept is the file that a winding head's parameter ``short_model`` names.
"""

from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cluster.commands.model_files import of_file
from cluster.console import Progress, write_json
from stores.model_folder import MODEL, ModelFolder
from twin.errors import InvalidInput

if TYPE_CHECKING:
    from protocols.files.feature_table import FeatureTable
    from twin.cell.winding.geometry import Risk
    from twin.learning.classifier import CalibratedClassifier
    from twin.learning.table import LabelledTable

KIND: Final = "jellyroll-short"
_DIGITS: Final = 6


def train(
    ready: "LabelledTable", seed: int, table: str, folder: ModelFolder, as_json: bool
) -> None:
    """Learns, keeps and says. Raises InvalidInput as ``winding.training`` does."""
    from twin.cell.winding import training
    from twin.learning import skops_file

    with Progress() as progress:
        progress(f"learning from {len(ready.target)} jellyrolls, whole groups left out")
        model = training.train(ready, seed)
        data = model.dumps()
    record = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "table": table,
        "settings": {"seed": seed},
        "types": skops_file.types(data),
        **model.card(),
        "target": ready.target.name,
        "group": ready.group.name,
        "training": {"sha256": ready.fingerprint()},
        "notes": list(ready.notes),
    }
    version, path = folder.save(KIND, data, record)
    file = path / MODEL
    if as_json:
        write_json({"kind": KIND, "version": version, "file": str(file), **record})
        return
    for line in training_lines(model, record, version, file):
        click.echo(line)


def predict(
    table: "FeatureTable", data: bytes, path: Path, version: int, out_file: Path, as_json: bool
) -> None:
    """Writes the table with the risks beside it."""
    from protocols.files.feature_table import write_with
    from twin.learning.classifier import loads

    with of_file(path):
        model = loads(data)
    found = risks(table, model)
    write_with(out_file, table, added_columns(found, table.decimal()))
    told = sum(risk is not None for risk in found)
    if as_json:
        write_json(
            {
                "kind": KIND,
                "version": version,
                "skill": model.skill,
                "out": str(out_file),
                "rows": len(found),
                "predicted": told,
            }
        )
        return
    skill = "beats the share alone" if model.skill else "no skill: the share alone"
    click.echo(f"{KIND} {version}: {skill}")
    click.echo(f"{len(found)} rows, {told} predicted: {out_file}")


def training_lines(
    model: "CalibratedClassifier", record: dict[str, Any], version: int, file: Path
) -> Iterator[str]:
    yield (
        f"{model.rows} jellyrolls in {model.groups} groups by {record['group']!r}, all held out "
        f"whole; {100 * model.share:.2g} % short-circuited"
    )
    yield ""
    yield f"{'':24}{'model':>10}{'share alone':>14}"
    yield f"{'Brier score, held out':24}{model.brier:10.4g}{model.brier_of_share:14.4g}"
    yield ""
    yield "reliability, of rows that neither trees nor calibration had seen"
    yield f"{'predicted':>12}{'happened':>12}{'90 % interval':>22}{'jellyrolls':>12}"
    for at in model.curve:
        interval = f"{100 * at.lower:.2f} to {100 * at.upper:.2f} %"
        yield f"{100 * at.predicted:10.2f} %{100 * at.happened:10.2f} %{interval:>22}{at.rows:12}"
    yield ""
    yield (
        "beats the share alone"
        if model.skill
        else "no skill: does not beat the share alone, which is what every jellyroll is told"
    )
    for note in record["notes"]:
        yield f"  {note}"
    yield f"{KIND} {version} ({record['plan']}), for the parameter short_model: {file}"


def risks(table: "FeatureTable", model: "CalibratedClassifier") -> list["Risk | None"]:
    """Of each row; None where the model says nothing of such a jellyroll."""
    from twin.cell.winding.trained import TrainedModel

    columns = [table.numbers(name, name) for name in model.features]
    asked = TrainedModel(model, KIND)
    found = []
    for row in zip(*(column.values for column in columns), strict=True):
        given = {name: float(v) for name, v in zip(model.features, row, strict=True) if v == v}
        found.append(asked.risk(given))
    return found


def added_columns(found: Sequence["Risk | None"], decimal: str) -> dict[str, list[str]]:
    """By name, a cell a row; numbers with the table's own decimal mark."""

    def number(risk: "Risk | None", of: str) -> str:
        return "" if risk is None else f"{getattr(risk, of):.{_DIGITS}g}".replace(".", decimal)

    columns = ("probability", "lower", "upper")
    why = "a feature is missing, or far from what the model was trained on"
    return {
        **{name: [number(risk, name) for risk in found] for name in columns},
        "reason": ["" if risk is not None else why for risk in found],
    }


def refuse_options(**given: object) -> None:
    """Options of other kinds of models. Raises InvalidInput."""
    foreign = [name for name, value in given.items() if value]
    if foreign:
        named = ", ".join("--" + name.replace("_", "-") for name in foreign)
        raise InvalidInput(f"{named}: not for {KIND}; a winding head's thresholds do that")
