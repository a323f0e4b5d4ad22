"""Draws the life of a recommendation from its table; a test draws and compares.

Writes ``docs/recommendation-life.md`` and ``docs/pictures/recommendation-life.svg``.
Usage: python tools/draw_states.py [OUTPUT_FOLDER]
"""

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Final

from twin.plant.recommendation import TRANSITIONS, State, Step

ROOT: Final = Path(__file__).parents[1]
PAGE: Final = Path("docs/recommendation-life.md")
PICTURE: Final = Path("docs/pictures/recommendation-life.svg")

_MIDDLES: Final[Mapping[State, tuple[int, int]]] = {
    State.PROPOSED: (95, 165),
    State.APPROVED: (415, 165),
    State.APPLIED: (675, 165),
    State.EFFECTIVE: (900, 95),
    State.INEFFECTIVE: (900, 235),
    State.SUPERSEDED: (255, 40),
    State.EXPIRED: (255, 290),
    State.REJECTED: (95, 290),
}
_HALF_WIDTH: Final = 68
_HALF_HEIGHT: Final = 20
_WHO: Final[Mapping[Step, str]] = {
    Step.APPROVE: "a person, by ApproveRecommendation",
    Step.REJECT: "a person, with a reason, by RejectRecommendation",
    Step.EXPIRE: "the twin: the time is over, or its cause has gone by itself",
    Step.SUPERSEDE: "the twin: it proposes something better",
    Step.REPORT_APPLIED: "the MES, once it has written the setpoint, by ReportApplied",
    Step.FOUND_EFFECTIVE: "the twin: it has measured the effect",
    Step.FOUND_INEFFECTIVE: "the twin: it has measured the effect, or could not",
}
_MEANING: Final[Mapping[State, str]] = {
    State.PROPOSED: "waits for a person",
    State.APPROVED: "waits for the MES",
    State.APPLIED: "the effect is being measured",
}


def page() -> str:
    """The life as a table: a row for each transition."""
    rows = [
        f"| {start} | {step.value} | {end} | {_WHO[step]} |"
        for (start, step), end in TRANSITIONS.items()
    ]
    open_ = [f"{state} ({_MEANING[state]})" for state in State if state.is_open]
    closed = [state.value for state in State if not state.is_open]
    return "\n".join(
        [
            "# The life of a recommendation",
            "",
            "<!-- Written by tools/draw_states.py from twin/plant/recommendation.py. -->",
            "",
            f"![The states of a recommendation and its steps]({PICTURE.relative_to('docs')})",
            "",
            "| state | step | next state | who takes the step |",
            "|---|---|---|---|",
            *rows,
            "",
            f"Open: {', '.join(open_)}.",
            f"Closed, for ever: {', '.join(closed)}.",
            "",
            "Every step is kept with its time, who took it and why. Any other step is refused"
            " with `FAILED_PRECONDITION`.",
            "",
        ]
    )


def picture() -> str:
    """The life as SVG, in colours that can be read on light and on dark pages."""
    arrows = [
        _arrow(start, step.value.replace("_", " "), end)
        for (start, step), end in TRANSITIONS.items()
    ]
    return "\n".join(
        [
            '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 985 330" role="img"',
            '  aria-label="States of a recommendation and the steps between them">',
            "<style>text{font:13px sans-serif}.step{fill:#6e7b8b}</style>",
            '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="7"',
            '  markerHeight="7" orient="auto"><path d="M0 0 10 5 0 10z" fill="#6e7b8b"/>'
            "</marker></defs>",
            *arrows,
            *(_box(state) for state in State),
            "</svg>",
            "",
        ]
    )


def draw(root: Path) -> None:
    for path, text in ((PAGE, page()), (PICTURE, picture())):
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def _box(state: State) -> str:
    x, y = _MIDDLES[state]
    fill, line = ("#dceafc", "#3572b0") if state.is_open else ("#eceff2", "#6e7b8b")
    return (
        f'<rect x="{x - _HALF_WIDTH}" y="{y - _HALF_HEIGHT}" width="{2 * _HALF_WIDTH}" '
        f'height="{2 * _HALF_HEIGHT}" rx="6" fill="{fill}" stroke="{line}"/>'
        f'<text x="{x}" y="{y + 5}" text-anchor="middle" fill="#1f2933">{state}</text>'
    )


def _arrow(start: State, label: str, end: State) -> str:
    """From the rim of one box to the rim of the other, with the step's name beside it."""
    (x1, y1), (x2, y2) = _rim(start, end), _rim(end, start)
    x, y = (x1 + x2) // 2, (y1 + y2) // 2
    if y1 == y2:
        anchor, y = "middle", y - 8
    elif abs(y2 - y1) < abs(x2 - x1) // 2:
        anchor, y = "end", y - 8 if y2 < y1 else y + 16
    elif x2 < x1:
        anchor, x = "start", x + 10
    else:
        anchor, x = "end", x - 10
    return (
        f'<path d="M{x1} {y1} {x2} {y2}" stroke="#6e7b8b" stroke-width="1.5" '
        f'marker-end="url(#tip)"/>'
        f'<text class="step" x="{x}" y="{y}" text-anchor="{anchor}">{label}</text>'
    )


def _rim(of: State, towards: State) -> tuple[int, int]:
    (x, y), (to_x, to_y) = _MIDDLES[of], _MIDDLES[towards]
    dx, dy = to_x - x, to_y - y
    scale = min(
        _HALF_WIDTH / abs(dx) if dx else float("inf"),
        _HALF_HEIGHT / abs(dy) if dy else float("inf"),
    )
    return round(x + dx * scale), round(y + dy * scale)


if __name__ == "__main__":
    draw(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT)
