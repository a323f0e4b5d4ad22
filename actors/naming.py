"""One asset, one address: how actors are named, found and made.

AssetRef("line1/coater/gauge-top")      the actor that hosts that asset
"electrode supervisor"                  a layer's supervisor
"edge opc.tcp://10.0.0.5:4840"          the edge of one endpoint
"""

from dataclasses import dataclass
from typing import Any, Final, TypeAlias, TypeVar

import ray
from ray.actor import ActorClass

from actors.settings import PlantSettings
from twin.errors import NotFound

GATEWAY: Final = "gateway"
PLACEMENT: Final = "placement"
ARCHIVER: Final = "archiver"
PLANT_SUPERVISOR: Final = "plant supervisor"

Handle: TypeAlias = Any
"""Ray types the remote methods of an actor found by name no further."""

T = TypeVar("T")


def supervisor_name(layer: str) -> str:
    return f"{layer} supervisor"


def edge_name(address: str) -> str:
    return f"edge {address}"


@dataclass(frozen=True, slots=True)
class AssetRef:
    """Reaches the actor of an asset's host by name, wherever it lives."""

    host: str

    def handle(self, settings: PlantSettings) -> Handle:
        return find(settings, self.host)


def find(settings: PlantSettings, name: str) -> Handle:
    """The actor of that name. Raises NotFound where none lives."""
    try:
        return ray.get_actor(name, namespace=settings.namespace)
    except ValueError as error:
        raise NotFound(f"no actor {name!r} lives in {settings.namespace!r}") from error


def make(settings: PlantSettings, name: str, cls: type, title: str, *arguments: object) -> Handle:
    """The actor of that name, made where it does not live yet.

    Detached, and restarted for ever: its constructor runs again and restores the state.
    ``title`` is the class that the Ray dashboard shows.
    """
    shown = type(title, (cls,), {"__module__": cls.__module__, "__doc__": cls.__doc__})
    remote: ActorClass[Any] = ray.remote(shown)
    return remote.options(
        name=name,
        namespace=settings.namespace,
        lifetime="detached",
        get_if_exists=True,
        max_restarts=-1,
        max_task_retries=-1,
        max_concurrency=1000,
        num_cpus=0,
    ).remote(*arguments)
