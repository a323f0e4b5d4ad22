"""From what integrators wrote to what a twin is told."""

from asset_registry.record import AssetRecord, Quantity
from asset_registry.validation import KindOf
from twin.asset import AssetConfig, Limits
from twin.kinds import kind as catalogue
from twin.units import convert


def config_of(record: AssetRecord, kind_of: KindOf = catalogue) -> AssetConfig:
    """The record in the kind's own units, with the kind's defaults filled in.

    The record has passed validation. Raises NotFound for an unknown kind and
    UnitMismatch for a unit that does not fit.
    """
    kind = kind_of(record.kind)
    parameters: dict[str, float | str] = {}
    for spec in kind.parameters:
        value = record.parameters.get(spec.name, spec.default)
        if isinstance(value, Quantity):
            unit = value.unit if spec.unit is None else spec.unit
            parameters[spec.name] = convert(value.value, value.unit, unit)
        elif value is not None:
            parameters[spec.name] = value
    limits: dict[str, Limits] = {}
    for binding in record.bindings:
        signal = kind.signal(binding.signal)
        if signal is None or signal.unit is None:
            continue
        low, high = (
            None if bound is None else convert(bound, binding.unit, signal.unit)
            for bound in (binding.minimum, binding.maximum)
        )
        if low is not None or high is not None:
            limits[signal.name] = Limits(low, high)
    return AssetConfig(record.name, record.uid, record.kind, record.parent, parameters, limits)
