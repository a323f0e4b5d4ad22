"""Small kinds and records for the registry's tests, free of the real catalogue."""

from collections.abc import Callable
from dataclasses import replace
from itertools import count

from asset_registry.record import AssetRecord, Binding, OpcUaSource, PushSource, Quantity
from twin.asset import AssetConfig, ParameterSpec, SignalSpec, Twin
from twin.errors import NotFound
from twin.kinds import Kind, Layer


def _no_twin(config: AssetConfig) -> Twin:
    raise AssertionError("the registry builds no twins")


SCALE = Kind(
    name="scale",
    title="Scale",
    layer=Layer.CELL,
    description="Weighs pieces.",
    signals=(
        SignalSpec("mass", "g", "what it shows", above=0.0, maximum=500.0, required=True),
        SignalSpec("temperature", "degC", "of the room", minimum=-10.0, maximum=60.0),
        SignalSpec("lot", None, "which lot lies on it"),
    ),
    parameters=(
        ParameterSpec("range", "g", "largest mass", default=300.0, minimum=1.0, maximum=500.0),
        ParameterSpec("width", "mm", "of the pan", minimum=10.0, maximum=1000.0),
        ParameterSpec("mode", None, "how it weighs", default="static"),
    ),
    twin=_no_twin,
)
OVEN = Kind(
    name="oven",
    title="Oven",
    layer=Layer.ELECTRODE,
    description="Dries the web.",
    signals=(SignalSpec("air_temperature", "degC", "of the air"),),
    parameters=(),
    twin=_no_twin,
)
KINDS = {"scale": SCALE, "oven": OVEN}


def kind_of(name: str) -> Kind:
    if name not in KINDS:
        raise NotFound(f"unknown kind {name!r}; kinds are {', '.join(KINDS)}")
    return KINDS[name]


def kind_names() -> tuple[str, ...]:
    return tuple(KINDS)


def opcua(node: str) -> OpcUaSource:
    return OpcUaSource("opc.tcp://plc:4840", f"ns=2;s={node}")


def scale(name: str = "line1/scale", *, node: str = "", parent: str = "line1") -> AssetRecord:
    """A valid scale; its node bears its name unless another is given."""
    return AssetRecord(
        name=name,
        kind="scale",
        display_name="Scale",
        parent=parent,
        bindings=(Binding("mass", opcua(node or name), unit="g"),),
        parameters={"width": Quantity(120.0, "mm")},
    )


def oven(name: str, *, parent: str = "") -> AssetRecord:
    return AssetRecord(
        name=name,
        kind="oven",
        parent=parent,
        bindings=(Binding("air_temperature", PushSource(), unit="degC"),),
    )


def bound(record: AssetRecord, *bindings: Binding) -> AssetRecord:
    return replace(record, bindings=bindings)


def ticking(start: int = 1_700_000_000_000_000_000) -> Callable[[], int]:
    """A clock that moves on by one second each time it is asked."""
    ticks = count(start, 1_000_000_000)
    return lambda: next(ticks)


def numbered() -> Callable[[], str]:
    """uids in the order in which they were made."""
    numbers = count(1)
    return lambda: f"{next(numbers):016x}"
