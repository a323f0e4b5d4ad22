"""What a winding head tells, and what is set of it."""

from typing import Final

from twin.asset import ParameterSpec, SignalSpec

VISION: Final = ("edge_alignment", "tab_placement", "separator_overhang")
"""What the camera measures [mm]."""
VERDICT: Final = "vision_verdict"

SIGNALS: Final = (
    SignalSpec(
        "edge_alignment",
        "mm",
        "offset of anode and cathode edges; the reading's text is the jellyroll's serial",
        minimum=-20.0,
        maximum=20.0,
        per_item=True,
    ),
    SignalSpec(
        "tab_placement",
        "mm",
        "offset of the tab from its place; the reading's text is the jellyroll's serial",
        minimum=-50.0,
        maximum=50.0,
        per_item=True,
    ),
    SignalSpec(
        "separator_overhang",
        "mm",
        "smallest overhang of the separator over the electrode, negative where the electrode "
        "stands out; the reading's text is the jellyroll's serial",
        minimum=-10.0,
        maximum=30.0,
        per_item=True,
    ),
    SignalSpec(
        VERDICT,
        "1",
        "1: the camera passed it, 0: failed; the reading's text is the jellyroll's serial",
        minimum=0.0,
        maximum=1.0,
        per_item=True,
    ),
    SignalSpec(
        "web_tension",
        "N",
        "tension of the web while it is wound",
        minimum=0.0,
        maximum=1_000.0,
        gap_after_s=3600.0,
    ),
    SignalSpec("anode_lot", None, "anode lot on the head"),
    SignalSpec("cathode_lot", None, "cathode lot on the head"),
    SignalSpec(
        "jellyroll",
        None,
        "serial of a jellyroll that is finished; of several in a cell: <cell>/<n>",
        per_item=True,
    ),
)

PARAMETERS: Final = (
    ParameterSpec(
        "short_model",
        None,
        "file of a trained classifier of short circuits, readable where the twin runs; "
        "empty: by geometry alone",
        default="",
    ),
    ParameterSpec(
        "short_threshold",
        "%",
        "from that probability of a short circuit on, a jellyroll is to leave the line",
        default=2.0,
        minimum=0.0,
        maximum=100.0,
        source="chosen; what a short costs in the field against what a jellyroll costs",
    ),
    ParameterSpec(
        "teardown_threshold",
        "%",
        "from that probability on it is taken apart and not put on the separate rack",
        default=30.0,
        minimum=0.0,
        maximum=100.0,
        source="chosen",
    ),
    ParameterSpec(
        "vision_sd",
        "mm",
        "standard deviation of what the camera measures",
        default=0.1,
        minimum=0.0,
        source="assumption; a gauge study of the camera says it",
    ),
    ParameterSpec(
        "tension_idle",
        "N",
        "below that tension the web stands, and its tension says nothing",
        default=0.5,
        minimum=0.0,
        source="chosen: a tenth of usual winding tensions of some newtons",
    ),
    ParameterSpec(
        "tension_event",
        "%",
        "deviation from the mean tension that counts as an event",
        default=15.0,
        minimum=0.1,
        maximum=100.0,
        source="chosen",
    ),
    ParameterSpec(
        "completion_window",
        "s",
        "how long after a jellyroll is finished the camera may still speak of it",
        default=60.0,
        minimum=0.0,
        source="chosen; longer than the way from the head to the camera",
    ),
)
