"""The report of a replay as people read it."""

from collections import Counter
from collections.abc import Iterator, Sequence

from protocols.files.report import Report
from twin.asset import Json


def lines(report: Report) -> Iterator[str]:
    """The lines of the report, without line ends; none is coloured."""
    runs = _objects(report["runs"])
    yield f"{report['cells']} cells in {len(runs)} formation runs"
    yield ""
    heads = ("run", "cells", "graded", "below", "first-pass yield", "note")
    rows = [
        (
            str(run["run"]),
            str(run["cells"]),
            str(run["tested"]),
            str(run["below_grade"]),
            _percent(run["first_pass_yield"]),
            str(run["note"]),
        )
        for run in runs
    ]
    yield from _table(heads, rows)
    for run in runs:
        yield from _exceptions(run)
    yield from _refused(report)


def _exceptions(run: Report) -> Iterator[str]:
    below, untested = _objects(run["below"]), _objects(run["untested"])
    if not below and not untested:
        return
    yield ""
    yield f"run {run['run']}, {run['note']}"
    for cell in below:
        notes = "; ".join(
            str(cell[key]) for key in ("stacking_note", "filling_note") if cell.get(key)
        )
        yield (
            f"  below grade  {_where(cell)}: {_ah(cell['capacity_Ah'])} Ah"
            f" < {_ah(cell['grade_minimum_Ah'])} Ah  {notes}".rstrip()
        )
    for cell in untested:
        yield f"  untested     {_where(cell)}: {cell['reason']}"


def _refused(report: Report) -> Iterator[str]:
    quarantined, files = _objects(report["quarantined"]), _objects(report["files_refused"])
    yield ""
    yield f"{len(quarantined)} readings quarantined, {report['lost']} lost"
    for (asset, signal), n in Counter((r["asset"], r["signal"]) for r in quarantined).items():
        yield f"  {n:4d}  {asset} {signal}"
    if quarantined:
        yield ""
        heads = ("asset", "time", "signal", "piece", "value", "reason")
        yield from _table(heads, [tuple(_cell(r[head]) for head in heads) for r in quarantined])
    if files:
        yield ""
        yield f"{len(files)} files or rows refused"
        for file in files:
            line = "" if file["line"] is None else f", line {file['line']}"
            yield f"  {file['file']}{line}: {file['reason']}"


def _where(cell: Report) -> str:
    place = f" channel {cell['channel']}" if cell["channel"] else ""
    return f"{cell['serial']} position {cell['position']}{place}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> Iterator[str]:
    widths = [max(len(row[i]) for row in (heads, *rows)) for i in range(len(heads))]
    for row in (heads, *rows):
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def _cell(value: Json) -> str:
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else str(value)


def _percent(value: Json) -> str:
    return f"{100 * value:.1f} %" if isinstance(value, int | float) else "withheld"


def _ah(value: Json) -> str:
    return f"{value:.4f}" if isinstance(value, int | float) else "?"


def _objects(value: Json) -> list[Report]:
    assert isinstance(value, list)
    return value
