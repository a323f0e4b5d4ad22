"""One channel's part of the arrays, as a snapshot, and back."""

import numpy as np

from twin.cell.formation.bank import Bank
from twin.cell.formation.channel_reading import ChannelReading
from twin.estimation import saved
from twin.snapshot import Snapshot, Value


def channel_snapshot(bank: Bank, row: int, readings: ChannelReading) -> Snapshot:
    found: Snapshot = {
        "serial": bank.serials[row],
        "numbers": bank.state.numbers[:, row].copy(),
        "whole": bank.state.whole[:, row].copy(),
        "readings": readings.snapshot(),
    }
    decision = bank.decision
    if decision is not None:
        found["value"] = decision.value[:, row].copy()
        found["power"] = decision.power[:, row].copy()
        found["match"] = decision.match[:, row].copy()
        found["sums"] = np.array([decision.wide[row], decision.squares[row], decision.count[row]])
    return found


def restore_channel(bank: Bank, row: int, readings: ChannelReading, snapshot: Snapshot) -> None:
    """With another reference than then, the cell's verdict starts anew: what was measured is
    not on the new one's grid."""
    readings.restore(saved.fields(snapshot["readings"]))
    numbers, whole = _array(snapshot["numbers"]), _array(snapshot["whole"])
    decision = bank.decision
    alike = len(numbers) == len(bank.state.numbers) and len(whole) == len(bank.state.whole)
    if decision is not None:
        value, power = snapshot.get("value"), snapshot.get("power")
        alike &= isinstance(value, np.ndarray) and len(value) == len(decision.value)
        alike &= isinstance(power, np.ndarray) and len(power) == len(decision.power)
    if not alike:
        return
    bank.serials[row] = saved.text(snapshot["serial"])
    bank.state.numbers[:, row] = numbers
    bank.state.whole[:, row] = whole
    if decision is not None:
        decision.value[:, row] = _array(snapshot["value"])
        decision.power[:, row] = _array(snapshot["power"])
        decision.match[:, row] = _array(snapshot["match"])
        decision.wide[row], decision.squares[row], decision.count[row] = _array(snapshot["sums"])


def _array(value: Value) -> "np.ndarray[tuple[int, ...], np.dtype[np.generic]]":
    assert isinstance(value, np.ndarray)
    return value
