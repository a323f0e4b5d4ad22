"""Parameters of an asset, with the defaults of its kind where nobody has set them."""

from twin.asset import AssetConfig
from twin.errors import InvalidInput
from twin.kinds import kind


def number(config: AssetConfig, parameter: str) -> float:
    """In the unit of the kind's ParameterSpec. Raises InvalidInput where it has no value."""
    value = _value(config, parameter)
    if isinstance(value, str):
        raise InvalidInput(f"parameter {parameter!r} of {config.name!r} is text, not a number")
    return float(value)


def text(config: AssetConfig, parameter: str) -> str:
    """Raises InvalidInput where it has no value."""
    return str(_value(config, parameter))


def _value(config: AssetConfig, parameter: str) -> float | str:
    if parameter in config.parameters:
        return config.parameters[parameter]
    spec = kind(config.kind).parameter(parameter)
    if spec is None or spec.default is None:
        raise InvalidInput(f"parameter {parameter!r} of {config.name!r} is not set; set it")
    return spec.default
