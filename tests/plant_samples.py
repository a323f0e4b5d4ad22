"""Assets and readings for tests of a whole plant."""

import time
from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from asset_registry.record import (
    AssetRecord,
    Binding,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
)
from twin.frame import Reading

PUSH = PushSource()


def filler(name: str) -> AssetRecord:
    """An electrolyte filler whose weighings are pushed."""
    return AssetRecord(
        name=name,
        kind="electrolyte_filler",
        parent=name.rpartition("/")[0],
        bindings=(
            Binding("dry_cell_mass", PUSH, "g"),
            Binding("wet_cell_mass", PUSH, "g"),
            Binding("electrolyte_volume", PUSH, "mL"),
        ),
    )


def channel(name: str, parent: str) -> AssetRecord:
    """A channel of a formation tester whose records are pushed."""
    return AssetRecord(
        name=name,
        kind="cycler_channel",
        parent=parent,
        bindings=tuple(
            Binding(signal, PUSH, unit)
            for signal, unit in (
                ("cycle", "1"),
                ("charge_capacity", "Ah"),
                ("discharge_capacity", "Ah"),
            )
        ),
    )


def coater(name: str, *speed: OpcUaSource | MqttSource) -> AssetRecord:
    """A coater; its line speed comes from ``speed``, what else there is is pushed."""
    bindings = tuple(Binding("line_speed", source, "m/min") for source in speed or (PUSH,))
    return AssetRecord(
        name=name,
        kind="coater",
        parent=name.rpartition("/")[0],
        bindings=(
            *bindings,
            Binding("slot_die_gap", PUSH, "um"),
            Binding("pump_flow", PUSH, "mL/min"),
            Binding("web_length", PUSH, "m"),
            Binding("lot", PUSH),
        ),
        parameters={
            "coating_width": Quantity(600, "mm"),
            "line_speed_min": Quantity(20, "m/min"),
            "line_speed_max": Quantity(60, "m/min"),
            "slot_die_gap_min": Quantity(200, "um"),
            "slot_die_gap_max": Quantity(600, "um"),
            "feed": "pressure",
            "slurry_density": Quantity(2200, "kg/m3"),
            "slurry_solids": Quantity(67, "%"),
        },
    )


def gauge(name: str, coater: str) -> AssetRecord:
    """A coating gauge at one point of the web."""
    return AssetRecord(
        name=name,
        kind="coating_gauge",
        parent=coater,
        bindings=(Binding("areal_loading", PUSH, "mg/cm2"),),
        parameters={
            "target_loading": Quantity(20, "mg/cm2"),
            "distance_from_die": Quantity(3, "m"),
            "web_width": Quantity(600, "mm"),
            "coater": coater,
        },
    )


def bound_to(record: AssetRecord, signal: str, source: OpcUaSource) -> AssetRecord:
    bindings = (replace(b, source=source) if b.signal == signal else b for b in record.bindings)
    return replace(record, bindings=tuple(bindings))


def weighings(asset: str, *dry: float, from_ns: int | None = None) -> list[Reading]:
    """Dry weighings, one a millisecond, each of a cell of its own."""
    first = time.time_ns() - len(dry) * 10**6 if from_ns is None else from_ns
    return [
        Reading(asset, "dry_cell_mass", first + n * 10**6, mass, text=f"cell-{first}-{n}")
        for n, mass in enumerate(dry)
    ]


def cycle_record(asset: str, serial: str, charge: float, discharge: float) -> list[Reading]:
    now = time.time_ns()
    return [
        Reading(asset, signal, now, value, text=serial)
        for signal, value in (
            ("cycle", 1.0),
            ("charge_capacity", charge),
            ("discharge_capacity", discharge),
        )
    ]


def coated_too_thick(coater: str, gauge: str, seconds: int = 40) -> Sequence[list[Reading]]:
    """A line at 40 m/min whose loading jumps by 6 % in mid-run: a batch for each second,
    ten samples each, up to now."""
    chance = np.random.default_rng(20261122)
    began = time.time_ns() - seconds * 10**9
    batches = []
    for second in range(seconds):
        batch = []
        for tenth in range(10):
            at = began + second * 10**9 + tenth * 10**8
            passed = second + tenth / 10
            level = 20.0 if passed < seconds / 2 else 21.2
            batch += [
                Reading(coater, "line_speed", at, 40.0 + 0.02 * chance.normal()),
                Reading(coater, "slot_die_gap", at, 300.0 + 0.1 * chance.normal()),
                Reading(coater, "pump_flow", at, 5000.0 + 5.0 * chance.normal()),
                Reading(coater, "web_length", at, passed * 40.0 / 60.0),
                Reading(coater, "lot", at, text="E-0041"),
                Reading(gauge, "areal_loading", at, level * (1 + 0.003 * chance.normal())),
            ]
        batches.append(batch)
    return batches
