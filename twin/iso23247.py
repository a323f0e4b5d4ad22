"""Words of ISO 23247 that our messages carry.

Part 2 names the entities and functional entities, part 4 the networks, part 1 the types
of observable manufacturing element (OME). Drafts say "data collection and device control
entity" and "core entity" for what the published text calls the device communication
entity and the digital twin entity: the published names are stored, the others accepted.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import Final


class Entity(StrEnum):
    USER = "user entity"
    DIGITAL_TWIN = "digital twin entity"
    DEVICE_COMMUNICATION = "device communication entity"
    CROSS_SYSTEM = "cross-system entity"
    OBSERVABLE_ELEMENT = "observable manufacturing element"


class Network(StrEnum):
    USER = "user network"
    SERVICE = "service network"
    ACCESS = "access network"
    PROXIMITY = "proximity network"


class FunctionalEntity(StrEnum):
    USER_INTERFACE = "user interface"
    DIGITAL_REPRESENTATION = "digital representation"
    SYNCHRONIZATION = "synchronization"
    ANALYTIC_SERVICE = "analytic service"
    APPLICATION_SUPPORT = "application support"
    SIMULATION = "simulation"
    REPORTING = "reporting"
    PEER_INTERFACE = "peer interface"
    DATA_COLLECTING = "data collecting"
    DATA_PRE_PROCESSING = "data pre-processing"
    COLLECTION_IDENTIFICATION = "collection identification"
    CONTROLLING = "controlling"
    ACTUATION = "actuation"
    DATA_ASSURANCE = "data assurance"


OME_TYPES: Final = (
    "personnel",
    "equipment",
    "material",
    "process",
    "facility",
    "environment",
    "product",
    "supporting document",
)

_DRAFT_NAMES: Final[Mapping[str, Entity]] = MappingProxyType(
    {
        "data collection and device control entity": Entity.DEVICE_COMMUNICATION,
        "core entity": Entity.DIGITAL_TWIN,
    }
)


@dataclass(frozen=True, slots=True)
class Mapped:
    """Where in the framework a message or an asset belongs."""

    entity: Entity
    functional_entity: FunctionalEntity
    network: Network


RECOMMENDATION: Final = Mapped(
    Entity.DIGITAL_TWIN, FunctionalEntity.APPLICATION_SUPPORT, Network.USER
)


def entity(name: str) -> Entity:
    """The entity of that published or draft name. Raises ValueError."""
    lowered = name.strip().lower()
    return _DRAFT_NAMES.get(lowered) or Entity(lowered)
