"""What every actor is told of the installation."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class PlantSettings:
    """Addresses and folders of one plant; ``per_actor`` says how many assets of a dense
    kind one Ray actor hosts (1, the default, gives every asset an actor of its own).
    ``idle_tick_s``: a stream that is idle so long gets a frame that moves the clock; 0
    leaves the clock to the readings, as a replay of the past wants it."""

    plant: str
    redis_url: str
    records_url: str
    archive_folder: str
    spool_folder: str
    gateway_host: str = "127.0.0.1"
    gateway_port: int = 0
    per_actor: Mapping[str, int] = field(default_factory=dict)
    checkpoint_s: float = 0.5
    idle_tick_s: float = 2.0
    archive_flush_s: float = 5.0

    @property
    def namespace(self) -> str:
        return f"gigatwin-{self.plant}"
