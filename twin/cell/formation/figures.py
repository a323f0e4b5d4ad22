"""The present estimates of one channel, each with its width."""

import math

import numpy as np

from twin.asset import AssetConfig, Figure
from twin.cell.formation.bank import Bank
from twin.cell.formation.channel_reading import ChannelReading


def figures_of(
    bank: Bank, row: int, readings: ChannelReading, asset: AssetConfig
) -> tuple[Figure, ...]:
    found: list[Figure] = []
    if readings.records.latest:
        _, charge, discharge = readings.records.latest
        share = readings.capacity_accuracy
        found.append(Figure("charge_capacity", charge, share * charge, "Ah"))
        found.append(Figure("discharge_capacity", discharge, share * discharge, "Ah"))
    state = bank.state
    if readings.charge.is_known:
        found.append(Figure("net_charge", readings.charge.value, readings.charge.sd, "Ah"))
    elif state.f("charge_hours")[row] > 0:
        zero = float(bank.settings.current_accuracy[row] * state.f("charge_hours")[row])
        sd = math.hypot(zero, math.sqrt(float(state.f("charge_steps")[row])))
        found.append(Figure("net_charge", float(state.f("charge")[row]), sd, "Ah"))
    for name, kept, factor, unit in (
        ("ohmic_resistance", "last_ohmic", 1e3, "mOhm"),
        ("polarisation_resistance", "last_polarisation", 1e3, "mOhm"),
        ("dv_dq_per_nominal", "last_slope", 1.0, "V"),
    ):
        value, sd = float(state.f(kept)[row]), float(state.f(f"{kept}_sd")[row])
        if math.isfinite(value) and math.isfinite(sd):
            found.append(Figure(name, factor * value, factor * sd, unit))
    if bank.decision is not None and bank.decision.count[row] > 0:
        faulty = 1.0 - float(bank.decision.probabilities(np.array([row]))[0, 0])
        sd = math.sqrt(max(0.0, faulty * (1.0 - faulty)))
        found.append(Figure("fault_probability", faulty, sd, "1"))
    return tuple(found)
