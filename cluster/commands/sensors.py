"""``gigatwin sensors``: what a sensor is worth."""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Final

import click

from cluster.console import write_json
from twin.units import affine

if TYPE_CHECKING:
    from protocols.files.gauge_study import StudyTable
    from twin.estimation.gauge_rr import Component, Study

_TOLERANCE: Final = re.compile(r"\s*([-+.\deE]+)\s*(.*?)\s*")


@click.group("sensors")
def command() -> None:
    """What a sensor is worth."""


@command.command("rr")
@click.argument("file", required=False, type=click.Path(path_type=Path))
@click.option("--part", metavar="COLUMN", help="Which part was measured. [default: by its name]")
@click.option("--operator", metavar="COLUMN", help="Who measured; an inline gauge has none.")
@click.option("--trial", metavar="COLUMN", help="Which repetition; tells rows that come twice.")
@click.option("--value", metavar="COLUMN", help="What was measured, in its unit: value [um].")
@click.option("--unit", help="Unit of the values, where their header has none.")
@click.option(
    "--tolerance", metavar="WIDTH", help='Whole width of the tolerance, as "4 um" or plain 4.'
)
@click.option(
    "--signed/--not-signed",
    default=None,
    help="Values are deviations: zero and below are meant. [default: where a whole part is]",
)
@click.option(
    "--pool-above",
    type=click.FloatRange(0, 1),
    default=0.25,
    show_default=True,
    help="p from which the interaction is pooled; 1 keeps it.",
)
@click.option(
    "--json",
    "json_file",
    is_flag=False,
    flag_value="-",
    metavar="[FILE]",
    help="One JSON document into FILE, or on standard output.",
)
def rr(
    file: Path | None,
    part: str | None,
    operator: str | None,
    trial: str | None,
    value: str | None,
    unit: str | None,
    tolerance: str | None,
    signed: bool | None,
    pool_above: float,
    json_file: str | None,
) -> None:
    """Gauge R&R study of FILE: a table with a row for each measurement.

    Every operator has measured every part equally often (AIAG, crossed, by ANOVA). Exit
    code 1 where the gauge is rejected: GRR above 30 % of the total variation, or of the
    tolerance.
    """
    if file is None and json_file not in (None, "-"):
        # `--json FILE`: the only file named is the study.
        assert json_file is not None
        file, json_file = Path(json_file), "-"
    if file is None:
        raise click.UsageError("name the FILE with the measurements")
    # Late: SciPy, which --help does without.
    from protocols.files.gauge_study import read_gauge_study
    from twin.estimation.gauge_rr import Verdict, study

    given = {"part": part, "operator": operator, "trial": trial, "value": value}
    table = read_gauge_study(file, {role: name for role, name in given.items() if name}, signed)
    unit = _unit(unit, table.unit)
    width = None if tolerance is None else _width(tolerance, unit)
    found = study(table.measurements, width, pool_above, signed=table.signed)
    if json_file is not None:
        if json_file != "-" and Path(json_file).resolve() == file.resolve():
            raise click.UsageError("--json would write over the study itself: name another file")
        write_json(
            _document(file, table, found, unit), None if json_file == "-" else Path(json_file)
        )
    if json_file != "-":
        for line in _lines(table, found, unit):
            click.echo(line)
    raise SystemExit(1 if found.verdict is Verdict.REJECT else 0)


def _unit(given: str | None, header: str | None) -> str | None:
    if given and header and given != header:
        raise click.BadParameter(f"the header says {header!r}", param_hint="--unit")
    return given or header


def _width(tolerance: str, unit: str | None) -> float:
    """The tolerance in the unit of the values. A width has no zero point to shift."""
    match = _TOLERANCE.fullmatch(tolerance)
    try:
        width = float(match[1]) if match else math.nan
    except ValueError:
        width = math.nan
    if match is None or not (math.isfinite(width) and width > 0):
        raise click.BadParameter(
            f'{tolerance!r} is no width: give a number above 0, as "4 um"',
            param_hint="--tolerance",
        )
    if match[2] and match[2] != unit:
        if unit is None:
            raise click.BadParameter(
                f"in {match[2]!r}, and the values have no unit: give theirs with --unit",
                param_hint="--tolerance",
            )
        width *= affine(match[2], unit)[0]
    return width


def _document(
    file: Path, table: "StudyTable", found: "Study", unit: str | None
) -> dict[str, object]:
    return {
        "file": str(file),
        "columns": dict(table.columns),
        "unit": unit,
        "signed": table.signed,
        "parts": found.parts,
        "operators": found.operators,
        "trials": found.trials,
        "verdict": str(found.verdict),
        "grr_percent": found.components["GRR"].percent,
        "grr_percent_of_tolerance": found.components["GRR"].percent_of_tolerance,
        "distinct_categories": found.distinct_categories,
        "tolerance": found.tolerance,
        "confidence": found.confidence,
        "interaction_pooled": found.pooled,
        "anova": [
            {
                "source": line.source,
                "df": line.df,
                "ss": line.ss,
                "ms": line.ms,
                "f": line.f if line.f is not None and math.isfinite(line.f) else None,
                "p": line.p,
            }
            for line in found.anova
        ],
        "components": {
            symbol: _component(component) for symbol, component in found.components.items()
        },
        "notes": list(found.notes),
    }


def _component(component: "Component") -> dict[str, object]:
    return {
        "name": component.name,
        "variance": component.variance,
        "sd": component.sd,
        "sd_interval": list(component.sd_interval),
        "contribution": component.contribution,
        "percent": component.percent,
        "percent_interval": component.percent_interval and list(component.percent_interval),
        "percent_of_tolerance": component.percent_of_tolerance,
    }


def _lines(table: "StudyTable", found: "Study", unit: str | None) -> Iterator[str]:
    what = table.columns["value"] + (f", in {unit}" if unit and not table.unit else "")
    operators = f"{found.operators} operators × " if found.operators > 1 else ""
    yield f"{what}: {found.parts} parts × {operators}{found.trials} trials"
    if table.signed:
        yield "values are taken as deviations: zero and below are meant"
    interval = f"{100 * found.confidence:.0f} % interval"
    tolerance = "% of tolerance" if found.tolerance else ""
    yield ""
    yield f"{'':20}{'sd':>11}  {interval:<23}{'% of total':>11}{tolerance:>16}"
    for symbol, c in found.components.items():
        low, high = c.sd_interval
        of_tolerance = "" if c.percent_of_tolerance is None else f"{c.percent_of_tolerance:16.1f}"
        span = f"{low:.5g} to {high:.5g}"
        yield f"{symbol:4}{c.name:16}{c.sd:11.5g}  {span:<23}{c.percent:11.1f}{of_tolerance}"
    yield ""
    gauge = found.components["GRR"]
    judged = f"GRR {gauge.percent:.1f} % of the total variation"
    if gauge.percent_of_tolerance is not None:
        judged += f", {gauge.percent_of_tolerance:.1f} % of the tolerance"
    if found.distinct_categories is not None:
        judged += f"; {found.distinct_categories} distinct categories"
    yield f"{found.verdict}: {judged}"
    for note in found.notes:
        yield f"  {note}"
