"""An asset record: what exists, how its signals are reached, what is known of it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


@dataclass(frozen=True, slots=True)
class OpcUaSource:
    """A node of an OPC UA server: ``opc.tcp://host:port/path``, ``ns=2;s=gauge.weight``."""

    endpoint: str
    node_id: str

    @property
    def address(self) -> str:
        return self.endpoint

    @property
    def key(self) -> str:
        """One node is bound once in a plant; this names it."""
        return f"opcua|{self.endpoint}|{self.node_id}"


@dataclass(frozen=True, slots=True)
class MqttSource:
    """A metric in the JSON payload of a topic; a path with dots for nested objects."""

    broker: str
    topic: str
    metric: str

    @property
    def address(self) -> str:
        return self.broker

    @property
    def key(self) -> str:
        return f"mqtt|{self.broker}|{self.topic}|{self.metric}"


@dataclass(frozen=True, slots=True)
class PushSource:
    """Readings come through TelemetryService.PushReadings."""

    address = ""
    key = ""


Source = OpcUaSource | MqttSource | PushSource


@dataclass(frozen=True, slots=True)
class Quantity:
    value: float
    unit: str


@dataclass(frozen=True, slots=True)
class Binding:
    """One signal of the asset and where it comes from.

    ``unit`` is the source's (empty for a text signal); ``raw * scale`` is in that unit,
    as are ``minimum`` and ``maximum``, plausible bounds narrower than the kind's.
    """

    signal: str
    source: Source
    unit: str = ""
    scale: float = 1.0
    minimum: float | None = None
    maximum: float | None = None


@dataclass(frozen=True, slots=True)
class Calibration:
    last_ns: int | None = None
    interval_days: float | None = None


@dataclass(frozen=True, slots=True)
class Iso23247:
    """Entity by its published name, and the OME type of ISO 23247-1."""

    entity: str = ""
    ome_type: str = ""


class AssetState(StrEnum):
    PENDING = "PENDING"
    LIVE = "LIVE"
    NO_DATA = "NO_DATA"
    DELETED = "DELETED"


@dataclass(frozen=True, slots=True)
class AssetRecord:
    """One asset. What integrators set comes first; the registry fills in the rest.

    ``name`` is the asset's path within the plant (``line1/coater/gauge-top``).
    ``uid`` is made when the asset is created. ``etag`` changes with every change of what
    integrators set. The live ``state`` and ``state_reason`` are not part of the stored
    record: they are joined to it when it is read.
    """

    name: str
    kind: str
    display_name: str = ""
    parent: str = ""
    bindings: tuple[Binding, ...] = ()
    parameters: Mapping[str, Quantity | str] = field(default_factory=dict)
    calibration: Calibration = Calibration()
    zone: str = ""
    iso23247: Iso23247 = Iso23247()
    uid: str = ""
    etag: str = ""
    created_ns: int = 0
    updated_ns: int = 0
    deleted_ns: int | None = None
    state: AssetState = AssetState.PENDING
    state_reason: str = ""

    @property
    def is_deleted(self) -> bool:
        return self.deleted_ns is not None
