"""Asset records and kinds as messages of ``gigatwin.v1``, and back."""

from collections.abc import Mapping
from typing import Final

from asset_registry.record import (
    AssetRecord,
    AssetState,
    Binding,
    Calibration,
    Iso23247,
    MqttSource,
    OpcUaSource,
    PushSource,
    Quantity,
    Source,
)
from protocols.grpc.names import asset_name
from protocols.grpc.times import SECOND_NS, nanoseconds, timestamp
from protocols.grpc.v1 import asset_registry_service_pb2 as pb
from twin.asset import ParameterSpec, SignalSpec
from twin.errors import FieldViolation, InvalidAsset
from twin.kinds import Kind

_STATES: Final = {s: pb.Asset.State.Value(f"STATE_{s.value}") for s in AssetState}
_STATE_OF: Final = {number: state for state, number in _STATES.items()}


def to_message(plant: str, record: AssetRecord) -> pb.Asset:
    message = pb.Asset(
        name=asset_name(plant, record.name),
        display_name=record.display_name,
        kind=record.kind,
        parent=record.parent,
        bindings=[_binding_message(binding) for binding in record.bindings],
        parameters={name: _parameter_message(v) for name, v in record.parameters.items()},
        zone=record.zone,
        etag=record.etag,
        state=_STATES[record.state],
        state_reason=record.state_reason,
        uid=record.uid,
        create_time=timestamp(record.created_ns),
        update_time=timestamp(record.updated_ns),
    )
    if record.calibration != Calibration():
        calibration = pb.Calibration(interval_days=record.calibration.interval_days or 0)
        if record.calibration.last_ns is not None:
            calibration.last.CopyFrom(timestamp(record.calibration.last_ns))
        message.calibration.CopyFrom(calibration)
    if record.iso23247 != Iso23247():
        about = record.iso23247
        message.iso23247.CopyFrom(pb.Iso23247(entity=about.entity, ome_type=about.ome_type))
    if record.deleted_ns is not None:
        message.delete_time.CopyFrom(timestamp(record.deleted_ns))
    return message


def to_record(message: pb.Asset, name: str) -> AssetRecord:
    """What integrators set. Output-only fields are ignored (``received`` takes them).

    Raises InvalidAsset where a oneof is empty or a time is out of range.
    """
    faults: list[FieldViolation] = []
    bindings = []
    for i, binding in enumerate(message.bindings):
        source = _source(binding)
        if source is None:
            fault = "is missing: say opcua, mqtt or push"
            faults.append(FieldViolation(f"bindings[{i}].source", fault))
        else:
            bindings.append(_binding(binding, source))
    parameters: dict[str, Quantity | str] = {}
    for key, value in message.parameters.items():
        match value.WhichOneof("value"):
            case "quantity":
                parameters[key] = Quantity(value.quantity.value, value.quantity.unit)
            case "text":
                parameters[key] = value.text
            case _:
                faults.append(FieldViolation(f"parameters.{key}", "has neither quantity nor text"))
    last = message.calibration.last
    if not 0 <= last.nanos < SECOND_NS or abs(last.seconds) > 1 << 33:
        faults.append(FieldViolation("calibration.last", "is no time"))
    if faults:
        raise InvalidAsset(name, tuple(faults))
    return AssetRecord(
        name=name,
        kind=message.kind,
        display_name=message.display_name,
        parent=message.parent,
        bindings=tuple(bindings),
        parameters=parameters,
        calibration=Calibration(
            nanoseconds(last) if message.calibration.HasField("last") else None,
            message.calibration.interval_days or None,
        ),
        zone=message.zone,
        iso23247=Iso23247(message.iso23247.entity, message.iso23247.ome_type),
    )


def received(message: pb.Asset) -> AssetRecord:
    """The whole record, as a client gets it from the server."""
    record = to_record(message, message.name.split("/", 3)[3])
    return AssetRecord(
        name=record.name,
        kind=record.kind,
        display_name=record.display_name,
        parent=record.parent,
        bindings=record.bindings,
        parameters=record.parameters,
        calibration=record.calibration,
        zone=record.zone,
        iso23247=record.iso23247,
        uid=message.uid,
        etag=message.etag,
        created_ns=nanoseconds(message.create_time),
        updated_ns=nanoseconds(message.update_time),
        deleted_ns=nanoseconds(message.delete_time) if message.HasField("delete_time") else None,
        state=_STATE_OF.get(message.state, AssetState.PENDING),
        state_reason=message.state_reason,
    )


def kind_message(kind: Kind) -> pb.AssetKind:
    return pb.AssetKind(
        name=kind.name,
        title=kind.title,
        layer=kind.layer.value,
        description=kind.description,
        ome_type=kind.ome_type,
        signals=[_signal(signal) for signal in kind.signals],
        parameters=[_parameter(parameter) for parameter in kind.parameters],
    )


def _signal(spec: SignalSpec) -> pb.SignalSpec:
    return pb.SignalSpec(
        name=spec.name,
        unit=spec.unit or "",
        description=spec.description,
        minimum=spec.minimum if spec.minimum is not None else spec.above,
        maximum=spec.maximum,
        required=spec.required,
    )


def _parameter(spec: ParameterSpec) -> pb.ParameterSpec:
    default: Quantity | str | None
    if isinstance(spec.default, float | int):
        default = Quantity(spec.default, spec.unit or "1")
    else:
        default = spec.default
    return pb.ParameterSpec(
        name=spec.name,
        unit=spec.unit or "",
        description=spec.description,
        default_value=None if default is None else _parameter_message(default),
        minimum=spec.minimum,
        maximum=spec.maximum,
        required=spec.required,
        source=spec.source,
    )


def _parameter_message(value: Quantity | str) -> pb.Parameter:
    if isinstance(value, str):
        return pb.Parameter(text=value)
    return pb.Parameter(quantity=pb.Quantity(value=value.value, unit=value.unit))


def _binding_message(binding: Binding) -> pb.Binding:
    source: Mapping[str, pb.OpcUaSource | pb.MqttSource | pb.PushSource]
    match binding.source:
        case OpcUaSource(endpoint, node_id):
            source = {"opcua": pb.OpcUaSource(endpoint=endpoint, node_id=node_id)}
        case MqttSource(broker, topic, metric):
            source = {"mqtt": pb.MqttSource(broker=broker, topic=topic, metric=metric)}
        case PushSource():
            source = {"push": pb.PushSource()}
    return pb.Binding(
        signal=binding.signal,
        unit=binding.unit,
        scale=binding.scale,
        minimum=binding.minimum,
        maximum=binding.maximum,
        **source,  # type: ignore[arg-type]  # one of the three, under its own name
    )


def _source(binding: pb.Binding) -> Source | None:
    match binding.WhichOneof("source"):
        case "opcua":
            return OpcUaSource(binding.opcua.endpoint, binding.opcua.node_id)
        case "mqtt":
            return MqttSource(binding.mqtt.broker, binding.mqtt.topic, binding.mqtt.metric)
        case "push":
            return PushSource()
    return None


def _binding(message: pb.Binding, source: Source) -> Binding:
    return Binding(
        signal=message.signal,
        source=source,
        unit=message.unit,
        scale=message.scale or 1.0,
        minimum=message.minimum if message.HasField("minimum") else None,
        maximum=message.maximum if message.HasField("maximum") else None,
    )
