"""A bay of channels: the tester's control of a few hundred cells at once."""

from typing import Final

import numpy as np

from simulation.formation.cells import Cells
from simulation.formation.half_cells import Array
from simulation.formation.protocol import Protocol, Step
from simulation.formation.tester import Channels

_NEWTON: Final = 3


class Bay:
    """``volts`` [V] and ``amperes`` [A], both true, are of the instant that ``read`` looked at.

    ``capacity`` [Ah], ``resistance`` [Ohm] and ``self_discharge`` [A] are the graded ones, true.
    """

    def __init__(self, cells: Cells, channels: Channels, protocol: Protocol) -> None:
        count = len(cells.qp)
        self.cells = cells
        self.volts = np.zeros(count)
        self.amperes = np.zeros(count)
        self.capacity = np.full(count, np.nan)
        self.resistance = np.full(count, np.nan)
        self.self_discharge = np.full(count, np.nan)
        self._channels = channels
        self._protocol = protocol
        self._number = 0
        self._pulse = 0.0
        self._done = np.zeros(count, dtype=bool)
        self._current = np.zeros(count)
        self._moved = np.zeros(count)
        self._last_move = np.zeros(count)
        self._before = (self.volts, self.amperes)

    def read(self, number: int, pulse: float, graded: int) -> None:
        """Looks at the cells under the command in force, then takes the next one: step
        ``number`` and a ``pulse`` [C] on top of it. ``graded``: +1 where the graded pulse begins
        now, -1 where it ends."""
        step, was = self._protocol.steps[self._number], self.volts
        self.amperes = self._held(step, self._commanded(step))
        self.volts = self.cells.volts(self.amperes)
        self._end(step, was)
        self._grade(graded)
        if number != self._number:
            self._number = number
            self._done = np.zeros_like(self._done)
            self._moved = np.zeros_like(self._moved)
        self._pulse = pulse
        step = self._protocol.steps[number]
        self._current = self._held(step, self._commanded(step))

    def advance(self, seconds: float, room_degc: Array) -> None:
        self._last_move = self._current * (seconds / 3600.0)
        self._moved += self._last_move
        self.cells.advance(self._current, seconds, room_degc)

    def _commanded(self, step: Step) -> Array:
        nominal = self._protocol.nominal_ah
        told = np.where(self._done, 0.0, step.rate * nominal) + self._pulse * nominal
        # Switched off, a channel lets no current through, whatever it measures.
        return np.where(told == 0.0, 0.0, self._channels.true_amperes(told))

    def _held(self, step: Step, current: Array) -> Array:
        """At most the current at which a cell stays at the voltage that is to be held."""
        if step.hold is None or step.stop is None or self._pulse:
            return current
        limit = self._channels.true_volts(step.stop)
        over = (self.cells.volts(current) > limit) & ~self._done
        if not over.any():
            return current
        held = current
        for _ in range(_NEWTON):
            held = held - (self.cells.volts(held) - limit) / self.cells.slope(held)
        return np.where(over, np.clip(held, 0.0, current), current)

    def _end(self, step: Step, was: Array) -> None:
        """Marks the cells that are at the end of their step, and grades a discharge."""
        nominal = self._protocol.nominal_ah
        ended = self._done.copy()
        if step.hold is not None:
            ended |= self.amperes < step.hold * nominal
        elif step.stop is not None:
            limit = self._channels.true_volts(step.stop)
            ended |= self.volts >= limit if step.rate > 0.0 else self.volts <= limit
            if self._number == self._protocol.graded_step:
                now = ended & ~self._done
                # Between the two readings: the voltage is taken as a straight line there.
                beyond = (limit - self.volts)[now] / (was - self.volts)[now]
                self.capacity[now] = -self._moved[now] + beyond * self._last_move[now]
        if step.share is not None:
            ended |= self._moved >= step.share * nominal
        self._done = ended

    def _grade(self, graded: int) -> None:
        if graded == 1:
            self._before = (self.volts, self.amperes)
            self.self_discharge = self.cells.leak_a(self.volts)
        elif graded == -1:
            volts, amperes = self._before
            self.resistance = (self.volts - volts) / (self.amperes - amperes)
