"""What the plots of the documents share: colours, panels, and SVG that is the same each time."""

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final
from xml.sax.saxutils import quoteattr

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from twin.asset import Event, Json

Array = npt.NDArray[np.float64]

TWIN: Final = "#2166ac"
TRUTH: Final = "#222222"
READ: Final = "#9a9a9a"
ALARM: Final = "#b2182b"
DONE: Final = "#1b7837"
OTHER: Final = "#e08214"
Z95: Final = 1.959963984540054
_START_NS: Final = 1_790_000_000_000_000_000


def panels(
    rows: int, columns: int, width: float, height: float, **more: Any
) -> tuple[Figure, Sequence[Axes]]:
    """A figure [inches] and its axes, row by row; ``more`` are those of ``subplots``."""
    shared = {key: more.pop(key) for key in ("sharex", "sharey") if key in more}
    figure = Figure(figsize=(width, height), layout="constrained")
    axes = figure.subplots(rows, columns, squeeze=False, gridspec_kw=more, **shared)
    for one in axes.flat:
        one.spines[["top", "right"]].set_visible(False)
        one.grid(alpha=0.25, lw=0.5)
    return figure, [*axes.flat]


def band(axes: Axes, at: Array, value: Array, sd: Array, label: str, colour: str = TWIN) -> None:
    """A line with its 95 %."""
    axes.fill_between(at, value - Z95 * sd, value + Z95 * sd, color=colour, alpha=0.2, lw=0)
    axes.plot(at, value, color=colour, lw=1.3, label=label)


def means(at: Array, values: Array, length: float) -> tuple[Array, Array]:
    """Of stretches of that length: their middles and means."""
    number = (at // length).astype(int)
    kept = np.unique(number)
    return (kept + 0.5) * length, np.array([values[number == one].mean() for one in kept])


def told(events: Sequence[Event], name: str) -> tuple[Array, Array, Array]:
    """Hours since the shift's start, a figure, and its standard deviation."""
    rows = [
        ((event.time_ns - _START_NS) / 3.6e12, event.data[name], event.data[f"{name}_sd"])
        for event in events
        if event.data[name] is not None
    ]
    hours, value, sd = np.array(rows, float).T
    return hours, value, sd


def number(value: Json) -> float:
    assert isinstance(value, int | float)
    return float(value)


def save(figure: Figure, path: Path, says: str) -> None:
    """``says`` what it shows to those who can't see it. Same plot, same bytes."""
    settings: dict[Any, object] = {
        "svg.fonttype": "none",
        "svg.hashsalt": path.stem,
        "path.simplify": True,
    }
    with mpl.rc_context(settings):
        figure.savefig(path, format="svg", facecolor="white", metadata={"Date": None})
    text = path.read_text(encoding="utf-8")
    text = re.sub(r"<!DOCTYPE.*?>\s*|\s*<metadata>.*?</metadata>", "", text, flags=re.DOTALL)
    text = re.sub(r'(?<= d=")[^"]*|(?<=[xy]=")[^"]*', _rounded, text)
    text = re.sub(r"<!--.*?-->|^ +", "", text, flags=re.DOTALL | re.MULTILINE)
    text = text.replace("<svg ", f'<svg role="img" aria-label={quoteattr(says)} ', 1)
    path.write_text(text, encoding="utf-8")


def _rounded(found: re.Match[str]) -> str:
    """Coordinates to a tenth of a point, in one line."""
    return " ".join(re.sub(r"(\.\d)\d+", r"\1", found[0]).split())
