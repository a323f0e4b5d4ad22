"""What the stations say."""

from collections import deque
from datetime import datetime

import numpy as np

from simulation.readings import Sample
from simulation.stations import (
    ElectrolyteFiller,
    Laboratory,
    Message,
    StackingStation,
    stations,
)

NOW = 1_790_000_000_123_456_789


def test_a_stack_is_announced_after_its_last_sheet() -> None:
    station = StackingStation(np.random.default_rng(1), deque(), sheets=3)
    said = [[m.topic for m in station.work(NOW)] for _ in range(6)]
    weighing, stack = "line1/stacking/weighing", "line1/stacking/stack"
    assert said == [[weighing], [weighing], [weighing, stack]] * 2


def test_each_electrode_has_a_name_of_its_own() -> None:
    station = StackingStation(np.random.default_rng(1), deque(), sheets=3)
    weighings = [station.work(NOW)[0].payload["item"] for _ in range(4)]
    assert weighings == [f"C2026-{n}" for n in ("000001-01", "000001-02", "000001-03", "000002-01")]


def test_each_stacked_cell_is_filled_once_in_its_order() -> None:
    stacker, filler = stations(np.random.default_rng(1))
    stacked: list[str] = []
    filled: list[str] = []
    for _ in range(100):
        stacked += [str(m.payload["stacked_cell"]) for m in stacker.work(NOW) if _is_stack(m)]
        filled += [str(m.payload["cell"]) for m in filler.work(NOW)]
    assert len(stacked) == 12
    assert filled[3:] == stacked


def _is_stack(message: Message) -> bool:
    return "stacked_cell" in message.payload


def test_a_weighing_carries_its_time_to_the_millisecond_with_zone_and_quality() -> None:
    filler = ElectrolyteFiller(np.random.default_rng(1), deque(["C1"]))
    (message,) = filler.work(NOW)
    time = datetime.fromisoformat(str(message.payload["time"]))
    assert time.utcoffset() is not None
    assert abs(time.timestamp() - NOW / 1e9) < 1e-3
    assert message.payload["quality"] == 192


def test_scales_report_zero_or_less_now_and_then() -> None:
    cells = deque(f"C{i}" for i in range(500))
    filler = ElectrolyteFiller(np.random.default_rng(1), cells)
    masses = [float(filler.work(NOW)[0].payload["dry_cell_mass"]) for _ in range(500)]
    impossible = [m for m in masses if m <= 0.0]
    assert 2 <= len(impossible) <= 30
    assert any(m == 0.0 for m in impossible)
    assert any(m < 0.0 for m in impossible)


def test_the_laboratory_tells_each_sample_once_with_its_lot() -> None:
    ready = deque([Sample(place=0, lot="L2026-0007", porosity=31.456)])
    lab = Laboratory(ready)
    (message,) = lab.work(NOW)
    assert message.topic == "line1/lab/porosity"
    assert (message.payload["item"], message.payload["sample_porosity"]) == ("L2026-0007", 31.46)
    assert lab.work(NOW) == []


def test_a_filler_with_no_cell_says_nothing() -> None:
    assert ElectrolyteFiller(np.random.default_rng(1), deque()).work(NOW) == []
