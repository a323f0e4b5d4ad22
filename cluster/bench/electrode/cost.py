"""What the twins of one line cost at 10 Hz: frames of one scan, as an edge delivers them."""

import time

from cluster.bench.electrode.line import TwinLine
from simulation.scenarios import SCENARIOS
from simulation.settings import LineSettings
from simulation.shift import Shift


def share_of_a_core(seconds: float) -> float:
    """Processor time of hosts and rules over the line's time, frames decoded included."""
    shift = Shift(1, SCENARIOS["steady"], LineSettings())
    line = TwinLine()
    spent = 0.0
    while shift.seconds < seconds:
        block = shift.advance(shift.settings.scan_s)
        started = time.process_time()
        line.take(block, shift.now_ns)
        spent += time.process_time() - started
    return spent / seconds
