"""Which cell is on each channel, and whether anything may be said of it."""

from typing import Final, NamedTuple

import numpy as np

from twin.asset import Json
from twin.cell.formation import guard
from twin.cell.formation.decision import Decision
from twin.cell.formation.sample import HOUR_NS
from twin.cell.formation.settings import Settings
from twin.cell.formation.state import NONE, State

_FINISHED: Final = 0.9
"""A cell that leaves after that part of the protocol has been through it; chosen."""


class Said(NamedTuple):
    """Something to say of the cell on a row."""

    row: int
    kind: str
    time_ns: int
    data: dict[str, Json]


class Custody:
    """Takes cells in and lets them go; ``serials`` by row."""

    def __init__(self, settings: Settings, decision: Decision | None) -> None:
        channels = len(settings.nominal)
        self.settings = settings
        self.decision = decision
        self.state = State.of(channels)
        self.serials = [""] * channels
        self._said: list[Said] = []
        self._holders: dict[str, int] = {}

    def withhold(self, row: int, code: int, time_ns: int, more: dict[str, Json]) -> None:
        """No verdict of the cell on that row; said once, and not of a cell that has one."""
        state = self.state
        if guard.blocks(state.i("withheld")[[row]])[0]:
            return
        state.i("withheld")[row] = code
        if state.i("diagnosis")[row] > 0 or state.i("formed")[row]:
            return
        start = int(state.i("start")[row])
        data: dict[str, Json] = {
            "serial": self.serials[row],
            "reason": guard.REASONS[code],
            "elapsed_h": (time_ns - start) / HOUR_NS if start != NONE else None,
            "time_ns": time_ns,
            **more,
        }
        self._said.append(Said(row, "cell.withheld", time_ns, data))

    def change_cell(self, row: int, serial: str, time_ns: int, current: float) -> list[Said]:
        """Another cell is on that row from now on."""
        self._said = []
        state, old = self.state, self.serials[row]
        last, start = int(state.i("time")[row]), int(state.i("start")[row])
        hours = (last - start) / HOUR_NS
        swapped = (
            last != NONE
            and state.i("phase")[row] != NONE
            and state.i("reached")[row] > 0
            and hours < _FINISHED * self.settings.protocol_hours[row]
            and time_ns - last < guard.GAP_NS
            and state.i("diagnosis")[row] == 0
            and not state.i("formed")[row]
            and not guard.blocks(state.i("withheld")[[row]])[0]
        )
        if swapped:
            self.withhold(row, guard.SWAPPED, time_ns, {"other": serial})
        if self._holders.get(old) == row:
            del self._holders[old]
        at = np.array([row])
        state.clear(at)
        if self.decision is not None:
            self.decision.clear(at)
        self.serials[row] = serial
        if serial:
            self._said.append(
                Said(row, "cell.started", time_ns, {"serial": serial, "time_ns": time_ns})
            )
            self._hold(row, serial, time_ns)
            if swapped and abs(current) > 0.005 * self.settings.nominal[row]:
                self.withhold(row, guard.SWAPPED, time_ns, {"other": old})
        said, self._said = self._said, []
        return said

    def _hold(self, row: int, serial: str, time_ns: int) -> None:
        other = self._holders.get(serial)
        if other is not None and other != row and self.serials[other] == serial:
            for one in (other, row):
                self.withhold(one, guard.TWICE, time_ns, {})
        self._holders[serial] = row

    def holds_again(self) -> None:
        """After a restore: who holds which serial."""
        self._holders = {serial: row for row, serial in enumerate(self.serials) if serial}
