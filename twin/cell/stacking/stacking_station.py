"""A stacking station: the scale that weighs electrodes, and the stacks it finishes.

It keeps the robust mass of an electrode and, until the stack is reported, which
electrodes were weighed for it: an electrode named ``<stack>/<n>`` belongs to that stack.
"""

from collections import deque
from typing import Final

from twin.asset import AssetConfig, Effects, Figure, ParameterSpec, SignalSpec, Twin
from twin.cell.restoring import items, number, numbers, text
from twin.cell.robust_window import RobustWindow
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.snapshot import Snapshot

_WAITING_ELECTRODES: Final = 512


class StackingStation(Twin):
    """Says ``cell.stacked`` {serial, electrodes, electrodes_mass_g, electrode_lot} for each
    stack; ``electrodes`` names those that were weighed here, and the mass is null without
    any."""

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._masses = RobustWindow(config.number("scale_resolution"))
        self._waiting: deque[tuple[str, float]] = deque(maxlen=_WAITING_ELECTRODES)
        self._lot = ""

    def step(self, reading: Reading, effects: Effects) -> None:
        if reading.signal == "predrying_mass":
            self._masses.add(reading.value)
            if reading.text is not None:
                self._waiting.append((reading.text, reading.value))
        elif reading.signal == "electrode_lot":
            self._lot = reading.text or ""
        elif reading.signal == "stacked_cell" and reading.text:
            self._stacked(reading.text, reading.time_ns, effects)

    def figures(self) -> tuple[Figure, ...]:
        location, spread = self._masses.location(), self._masses.spread()
        if location is None or spread is None:
            return ()
        return (
            Figure("electrode_mass", *location, "g"),
            Figure("electrode_mass_sd", *spread, "g"),
        )

    def snapshot(self) -> Snapshot:
        return {
            "masses": list(self._masses.values()),
            "waiting": [[piece, mass] for piece, mass in self._waiting],
            "lot": self._lot,
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._masses.replace(numbers(snapshot["masses"]))
        pairs = [items(pair) for pair in items(snapshot["waiting"])]
        self._waiting = deque(
            ((text(piece), number(mass)) for piece, mass in pairs), maxlen=_WAITING_ELECTRODES
        )
        self._lot = text(snapshot.get("lot", ""))

    def _stacked(self, serial: str, time_ns: int, effects: Effects) -> None:
        mine = [(piece, mass) for piece, mass in self._waiting if _stack_of(piece) == serial]
        rest = [waiting for waiting in self._waiting if _stack_of(waiting[0]) != serial]
        self._waiting = deque(rest, maxlen=_WAITING_ELECTRODES)
        effects.emit(
            self.config,
            "cell.stacked",
            time_ns,
            {
                "serial": serial,
                "electrodes": [piece for piece, _ in mine],
                "electrodes_mass_g": sum(mass for _, mass in mine) if mine else None,
                "electrode_lot": self._lot or None,
            },
        )


def _stack_of(piece: str) -> str:
    return piece.rpartition("/")[0]


KIND = Kind(
    name="stacking_station",
    title="StackingStation",
    layer=Layer.CELL,
    description="Weighs electrodes and stacks them to cells",
    signals=(
        SignalSpec(
            "predrying_mass",
            "g",
            "mass of one electrode before drying; the reading's text names the electrode",
            above=0.0,
            maximum=1000.0,
            per_item=True,
        ),
        SignalSpec("stacked_cell", None, "serial of a stack that is finished", per_item=True),
        SignalSpec("electrode_lot", None, "lot of the electrodes that are stacked"),
    ),
    parameters=(
        ParameterSpec(
            "scale_resolution",
            "g",
            "step of the scale's display",
            default=0.0001,
            minimum=0.0,
            source="analytical balances of readability class 0.1 mg",
        ),
    ),
    twin=StackingStation,
)
