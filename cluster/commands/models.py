"""``gigatwin models``: models learned from labelled tables, and what they say of others."""

import math
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

import click

from cluster.commands import model_table, short_models
from cluster.commands.model_files import folder_of, given, load, names, of_file
from cluster.commands.model_words import added_columns, training_lines
from cluster.commands.options import as_json, data_dir
from cluster.console import Progress, write_json

_OUTCOME: Final = "formation-outcome"
_KINDS: Final = (_OUTCOME, short_models.KIND)

_kind = click.argument("kind", type=click.Choice(_KINDS))
_table = click.option(
    "--table",
    "table_file",
    required=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="CSV (comma, semicolon or tab) or Parquet, a row a cell or jellyroll.",
)
_models = click.option(
    "--models",
    "models_dir",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where models are kept. [default: models in the data folder]",
)


@click.group("models")
def command() -> None:
    """Models learned from labelled tables."""


command.add_command(model_table.command)


@command.command("train")
@_kind
@_table
@click.option("--target", required=True, metavar="COL", help="What is to be predicted.")
@click.option(
    "--group", required=True, metavar="COL", help="Lot, run or protocol: held out as a whole."
)
@click.option(
    "--features", required=True, multiple=True, metavar="COL,…", help="What is known early."
)
@click.option(
    "--label", "labels", multiple=True, metavar="COL",
    help="A further label whose mean the model must beat, as the protocol's.",
)  # fmt: skip
@click.option("--below", type=float, metavar="LIMIT", help="Rows that will lie below are flagged.")
@click.option(
    "--false-flags", type=click.FloatRange(0, 0.5), default=0.01, show_default=True,
    help="Share of good rows that may be flagged.",
)  # fmt: skip
@click.option(
    "--confidence", type=click.FloatRange(0.5, 0.99), default=0.9, show_default=True,
    help="Of the intervals.",
)  # fmt: skip
@click.option(
    "--hour", type=click.FloatRange(0), help="Of the protocol, at which the features are known."
)
@click.option("--protocol-hours", type=click.FloatRange(0), help="Its length: what a flag saves.")
@click.option("--allow", multiple=True, metavar="COL,…", help="Features that may look like it.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True)
@_models
@data_dir
@as_json
def train(
    kind: str,
    table_file: Path,
    target: str,
    group: str,
    features: tuple[str, ...],
    labels: tuple[str, ...],
    below: float | None,
    false_flags: float,
    confidence: float,
    hour: float | None,
    protocol_hours: float | None,
    allow: tuple[str, ...],
    seed: int,
    models_dir: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Learn from a labelled table; say "no skill" where nothing is learned.

    formation-outcome: what a cell will be, for the channels' parameter outcome_model.
    jellyroll-short: 1 where a jellyroll was short-circuited, for a winding head's short_model.
    Scored with whole groups left out, beside what needs no model.
    """
    # Late: SciPy and scikit-learn, which --help does without.
    from protocols.files.feature_table import read_feature_table
    from twin.learning import outcome, saved, skops_file
    from twin.learning.leakage import refuse_named
    from twin.learning.table import labelled

    if below is not None and not math.isfinite(below):
        raise click.BadParameter(f"{below} is no number", param_hint="--below")
    if (hour is None) != (protocol_hours is None) or (hour or 0) > (protocol_hours or 0):
        raise click.UsageError("--hour and --protocol-hours go together, the first the smaller")
    table = read_feature_table(table_file)
    target, group = table.name(target), table.name(group)
    named = names(table, features)
    allowed = names(table, allow)
    refuse_named(named, target, group)
    further = [name for name in names(table, labels) if name not in (*named, target, group)]
    ready = labelled(
        [table.column(name) for name in named],
        table.column(target),
        table.texts(group),
        [table.texts(name) for name in further],
        table.whole(),
    )
    folder = folder_of(models_dir, data_dir)
    if kind == short_models.KIND:
        short_models.refuse_options(
            below=below is not None, hour=hour is not None, allow=allow, label=labels
        )
        short_models.train(ready, seed, table_file.name, folder, as_json)
        return
    settings = outcome.Settings(
        below=below, confidence=confidence, false_flags=false_flags, seed=seed, allow=allowed
    )
    with Progress() as progress:
        progress(f"learning from {len(ready.target)} rows, whole groups left out")
        model = outcome.train(ready, settings)
        data = saved.dumps(model)
    card = saved.card(model)
    record = {
        "created": datetime.now(UTC).isoformat(timespec="seconds"),
        "table": table_file.name,
        "settings": {"below": below, "confidence": confidence, "false_flags": false_flags,
                     "seed": seed, "allow": allowed},
        "hour": hour,
        "hours_left": None if protocol_hours is None or hour is None else protocol_hours - hour,
        "types": skops_file.types(data),
        **card,
    }  # fmt: skip
    version, path = folder.save(kind, data, record)
    if as_json:
        write_json({"kind": kind, "version": version, "folder": str(path), **record})
        return
    for line in training_lines(model, kind, version, path):
        click.echo(line)


@command.command("predict")
@_kind
@_table
@click.option(
    "--out", "out_file", required=True, type=click.Path(dir_okay=False, path_type=Path),
    help="The table with what is predicted, lower, upper and reason.",
)  # fmt: skip
@click.option("--version", type=click.IntRange(1), help="Of the model. [default: the newest]")
@_models
@data_dir
@as_json
def predict(
    kind: str,
    table_file: Path,
    out_file: Path,
    version: int | None,
    models_dir: Path | None,
    data_dir: Path | None,
    as_json: bool,
) -> None:
    """Predict each row of a table, with its interval, a flag and the reason."""
    from protocols.files.feature_table import read_feature_table, write_with
    from twin.learning import saved
    from twin.learning.prediction import predict as predict_rows

    if out_file.resolve() == table_file.resolve():
        raise click.UsageError("--out would write over the table itself: name another file")
    table = read_feature_table(table_file)
    record, data, path = load(folder_of(models_dir, data_dir), kind, version)
    if kind == short_models.KIND:
        short_models.predict(table, data, path, record["version"], out_file, as_json)
        return
    with of_file(path):
        model = saved.loads(data)
    left = record.get("hours_left")
    found = predict_rows(model, given(table, model), left)
    write_with(out_file, table, added_columns(found, table.decimal()))
    counts = {
        "rows": len(found),
        "predicted": sum(row.prediction is not None for row in found),
        "flagged": sum(row.flagged is True for row in found),
        "hours_saved": sum(row.hours_saved or 0.0 for row in found) if left else None,
    }
    if as_json:
        write_json(
            {
                "kind": kind,
                "version": record["version"],
                "skill": model.skill,
                "verdict": model.why,
                "target": model.target,
                "out": str(out_file),
                **counts,
            }
        )
        return
    click.echo(f"{kind} {record['version']}: {model.why}")
    click.echo(
        f"{counts['rows']} rows, {counts['predicted']} predicted, {counts['flagged']} flagged: "
        f"{out_file}"
    )
