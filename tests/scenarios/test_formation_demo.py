"""The demonstration's formation room through the twins' host, as an edge would bring it."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from cluster.demo.formation_room import channels
from simulation.formation.channels import FormationTester, topic
from simulation.formation.scenarios import FORMATION_SCENARIOS
from twin.asset import AssetConfig, Event
from twin.frame import Frame, Reading
from twin.host import TwinHost
from twin.kinds import kind

pytestmark = pytest.mark.scenario

NOW_NS = 1_795_000_000_000_000_000
CHANNELS = 24
SIGNALS = ("voltage", "current", "temperature", "step")


def host() -> TwinHost:
    records = channels("mqtt://127.0.0.1:1883")[:CHANNELS]
    of = kind("cycler_channel")
    configs = []
    for record in records:
        given = {
            name: value if isinstance(value, str) else value.value
            for name, value in record.parameters.items()
        }
        defaults = {p.name: p.default for p in of.parameters if p.default is not None}
        configs.append(
            AssetConfig(record.name, record.name, record.kind, parameters={**defaults, **given})
        )
    return TwinHost(of, configs)


def frames(tester: FormationTester) -> Iterator[Frame]:
    for number, (_, messages) in enumerate(tester.instants(), 1):
        readings = []
        for message in messages:
            payload = message.payload
            time_ns = round(datetime.fromisoformat(str(payload["time"])).timestamp() * 1e9)
            readings += [
                Reading(
                    message.topic, name, time_ns, float(payload[name]), text=str(payload["cell"])
                )
                for name in SIGNALS
                if name in payload
            ]
        yield Frame.of("tester", number, NOW_NS, readings)


def told(scenario: str, until_h: float = 3.2) -> list[Event]:
    tester = FormationTester(FORMATION_SCENARIOS[scenario], 1, NOW_NS, CHANNELS)
    hosted, found = host(), []
    for frame in frames(tester):
        if int(frame.time[0]) - tester.start_ns > until_h * 3.6e12:
            break
        found += hosted.handle(frame)
    return found


def test_the_channels_of_the_plant_file_are_those_that_the_tester_publishes() -> None:
    records = channels("mqtt://127.0.0.1:1883")
    assert [record.name for record in records] == [topic(channel) for channel in range(64)]


@pytest.mark.parametrize(
    ("scenario", "diagnosis"),
    [("formation-short", "micro_short"), ("formation-wetting", "high_polarisation")],
)
def test_the_faulty_channel_alone_is_diagnosed_with_most_of_its_hours_ahead(
    scenario: str, diagnosis: str
) -> None:
    found = [event for event in told(scenario) if event.kind == "cell.diagnosed"]
    assert [event.asset for event in found] == [topic(16)]
    assert found[0].data["diagnosis"] == diagnosis
    assert float(str(found[0].data["hours_left"])) > 44.0


def test_an_unplugged_cell_is_withheld_and_not_diagnosed() -> None:
    found = told("formation-unplugged")
    withheld = [event for event in found if event.kind == "cell.withheld"]
    assert [(event.asset, event.data["reason"]) for event in withheld] == [(topic(5), "unplugged")]
    assert not [event for event in found if event.kind == "cell.diagnosed"]
