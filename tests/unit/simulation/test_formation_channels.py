"""The demonstration's formation tester: honest times, one message a channel, its scenarios."""

from datetime import datetime
from itertools import islice

import numpy as np
import pytest

from simulation.formation.channels import FormationTester, due_ns, topic
from simulation.formation.scenarios import FORMATION_SCENARIOS

NOW_NS = 1_795_000_000_000_000_000
HOUR_NS = 3_600_000_000_000


def a_tester(name: str = "formation-short") -> FormationTester:
    return FormationTester(FORMATION_SCENARIOS[name], 1, NOW_NS, channels=20)


def test_readings_bear_the_time_at_which_they_were_taken_and_none_is_of_the_future() -> None:
    tester = a_tester()
    assert tester.start_ns == NOW_NS - 3.3 * HOUR_NS
    for time_ns, messages in islice(tester.instants(), 20):
        for message in messages:
            told = datetime.fromisoformat(str(message.payload["time"])).timestamp()
            assert told == pytest.approx(time_ns * 1e-9, abs=0.001)
            assert time_ns < NOW_NS


def test_each_channel_tells_its_cell_voltage_current_temperature_and_step() -> None:
    _, messages = next(a_tester().instants())
    assert [m.topic for m in messages] == [topic(channel) for channel in range(20)]
    keys = {"time", "cell", "voltage", "current", "temperature", "step", "quality"}
    assert all(set(m.payload) == keys for m in messages)
    assert len({m.payload["cell"] for m in messages}) == 20


def test_the_log_is_forwarded_faster_but_nothing_before_it_has_happened() -> None:
    start, opened = NOW_NS - 3 * HOUR_NS, NOW_NS
    in_the_log = due_ns(start + 2 * HOUR_NS, start, opened, speed=240.0)
    assert in_the_log - opened == 30_000_000_000
    to_come = opened + HOUR_NS
    assert due_ns(to_come, start, opened, speed=240.0) == to_come


def test_the_fault_is_in_the_channel_that_the_scenario_says_and_in_no_other() -> None:
    for scenario in FORMATION_SCENARIOS.values():
        kinds = scenario.kinds(64)
        assert {n: kind for n, kind in enumerate(kinds) if kind} == dict(scenario.faults)


def test_an_unplugged_channel_tells_no_cell() -> None:
    scenario = FORMATION_SCENARIOS["formation-unplugged"]
    tester = FormationTester(scenario, 1, NOW_NS, channels=8, every_s=600.0)
    told = [messages[5].payload for _, messages in islice(tester.instants(), 30)]
    plugged = np.array([float(of["voltage"]) > 0.1 for of in told])
    assert plugged[0]
    assert not plugged[-1]
