"""What the demonstration plays on: a coating line with its stations, or a formation room."""

import asyncio
from abc import ABC, abstractmethod
from collections.abc import Coroutine, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Final

from asset_registry.plant_file import load_plant
from asset_registry.record import AssetRecord
from cluster.console import Progress
from cluster.demo import formation_room, notices
from cluster.demo.cast import ROOT, Mes, SimulatedPlant, start_fault
from cluster.demo.story import Story
from cluster.embedded import EmbeddedBroker
from cluster.plant import Plant
from simulation.formation.scenarios import FORMATION_SCENARIOS
from simulation.scenarios import SCENARIOS

PLANT: Final = "demo"
NO_PLC: Final = "opc.tcp://127.0.0.1:9/"
"""A formation room's recommendations write no setpoint."""


def listed() -> Mapping[str, str]:
    """What each scenario is about, by its name."""
    line = {s.name: s.description for s in SCENARIOS.values()}
    return {**line, **{s.name: s.description for s in FORMATION_SCENARIOS.values()}}


class Stage(ABC):
    """Its processes are stopped with ``stack``."""

    per_actor: Mapping[str, int] = {}

    def __init__(self, folder: Path, scenario: str, seed: int) -> None:
        self._folder = folder
        self._scenario = scenario
        self._seed = seed

    @abstractmethod
    def build(self, broker: EmbeddedBroker, stack: ExitStack) -> None:
        """Before the twin's own parts are started."""

    @abstractmethod
    def records(self) -> tuple[AssetRecord, ...]: ...

    @abstractmethod
    def open(self, stack: ExitStack) -> None:
        """The actors are there and listen."""

    @abstractmethod
    def begin(self, plant: Plant, stack: ExitStack) -> Mes:
        """The plant is up."""

    @abstractmethod
    def beside(
        self, plant: Plant, story: Story, learn_s: float, progress: Progress
    ) -> list[Coroutine[None, None, None]]:
        """What goes on until the end."""


class LineStage(Stage):
    _plc = ""
    _broker = ""

    def build(self, broker: EmbeddedBroker, stack: ExitStack) -> None:
        self._simulated = SimulatedPlant(self._folder, broker.port, self._scenario, self._seed)
        self._broker = broker.url
        stack.callback(self._simulated.stop)

    def records(self) -> tuple[AssetRecord, ...]:
        self._plc = self._simulated.wait()
        file = ROOT / "examples" / "demo-line" / "plant.yaml"
        return tuple(load_plant(file, endpoints={"plc": self._plc, "broker": self._broker}))

    def open(self, stack: ExitStack) -> None:
        pass

    def begin(self, plant: Plant, stack: ExitStack) -> Mes:
        return Mes(self._folder, plant.gateway, PLANT, self._plc)

    def beside(
        self, plant: Plant, story: Story, learn_s: float, progress: Progress
    ) -> list[Coroutine[None, None, None]]:
        electrode = [record.name for record in self.records() if record.zone == "electrode"]
        return [
            notices.look(plant, PLANT, electrode, story.notice),
            self._fault_later(learn_s, progress),
        ]

    async def _fault_later(self, learn_s: float, progress: Progress) -> None:
        """The gauge first learns what the web looks like across; then something happens."""
        if not SCENARIOS[self._scenario].faults:
            progress("the line runs, and nothing hidden is to happen")
            return
        progress(f"the line runs well; in {learn_s:.0f} s something hidden happens")
        await asyncio.sleep(learn_s)
        await start_fault(self._plc)
        progress("it has begun; the twin is not told")


class FormationStage(Stage):
    per_actor = formation_room.PER_ACTOR

    def build(self, broker: EmbeddedBroker, stack: ExitStack) -> None:
        self._broker = broker

    def records(self) -> tuple[AssetRecord, ...]:
        return formation_room.channels(self._broker.url)

    def open(self, stack: ExitStack) -> None:
        tester = formation_room.FormationTester(
            self._folder, self._broker.port, self._scenario, self._seed
        )
        stack.callback(tester.stop)

    def begin(self, plant: Plant, stack: ExitStack) -> Mes:
        return Mes(self._folder, plant.gateway, PLANT, NO_PLC, carry_out=True)

    def beside(
        self, plant: Plant, story: Story, learn_s: float, progress: Progress
    ) -> list[Coroutine[None, None, None]]:
        progress("the tester forwards its log of the last hours, then goes on live")
        return [notices.look_at_layer(plant, "cell", formation_room.of_kpis, story.notice)]


def stage(folder: Path, scenario: str, seed: int) -> Stage:
    kind = FormationStage if scenario in FORMATION_SCENARIOS else LineStage
    return kind(folder, scenario, seed)
