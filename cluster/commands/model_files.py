"""Where ``gigatwin models`` finds its models, and the columns of the tables that they read."""

import csv
import fnmatch
import io
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cluster import config
from stores.model_folder import MODEL, ModelFolder
from twin.errors import InvalidFile, InvalidInput

if TYPE_CHECKING:
    from protocols.files.feature_table import FeatureTable
    from twin.learning.columns import Column
    from twin.learning.outcome import OutcomeModel


def folder_of(models_dir: Path | None, data_dir: Path | None) -> ModelFolder:
    return ModelFolder(models_dir or config.load(data_dir=data_dir).data_dir / "models")


def load(folder: ModelFolder, kind: str, version: int | None) -> tuple[dict[str, Any], bytes, Path]:
    """Record, bytes and path of the model. Raises InvalidFile, NotFound."""
    from twin.learning import skops_file

    record, data = folder.load(kind, version)
    path = folder.root / kind / str(record["version"]) / MODEL
    with of_file(path):
        if skops_file.types(data) != record.get("types"):
            raise InvalidInput("refused: the types in it are not those of record.json")
    return record, data, path


@contextmanager
def of_file(path: Path) -> Iterator[None]:
    """What is wrong with the model is wrong with its file."""
    try:
        yield
    except InvalidInput as error:
        raise InvalidFile(str(path), None, str(error)) from error


def names(table: "FeatureTable", asked: Sequence[str]) -> list[str]:
    """Columns by name; a name with a comma in it is tried whole, then as CSV. A ``*`` stands
    for any text: all columns that fit."""
    found: list[str] = []
    for text in asked:
        if text in table.columns:
            found.append(text)
            continue
        parts = next(csv.reader(io.StringIO(text), skipinitialspace=True), [])
        for name in map(str.strip, parts):
            fitting = fnmatch.filter(table.columns, name) if "*" in name else []
            if name:
                found += fitting or [table.name(name)]
    return found


def given(table: "FeatureTable", model: "OutcomeModel") -> list["Column"]:
    """The model's features, of that table."""
    return [
        table.numbers(feature.name, feature.name)
        if feature.levels is None
        else table.texts(feature.name, feature.name)
        for feature in model.features
    ]
