"""Steps of a cell's genealogy, written from what the stations tell."""

from collections.abc import Mapping

from twin.asset import Event
from twin.plant.genealogy import ProcessStep, StepType


def step(
    event: Event,
    type_: StepType,
    serial: str,
    measured: Mapping[str, float | str],
    inputs: tuple[str, ...] | None = None,
) -> ProcessStep:
    """Of one cell. ``inputs`` None: the cell itself."""
    return ProcessStep(
        id=f"{event.id}:{type_}",
        type=type_,
        station=event.asset,
        time_ns=event.time_ns,
        inputs=(serial,) if inputs is None else inputs,
        outputs=(serial,),
        measured=measured,
    )


def known(event: Event, names: Mapping[str, str]) -> dict[str, float | str]:
    """What was measured, under the genealogy's names; what is null is left out."""
    values = ((name, event.data.get(key)) for key, name in names.items())
    return {
        name: value if isinstance(value, str) else float(value)
        for name, value in values
        if isinstance(value, int | float | str) and value != ""
    }


def serial_of(event: Event) -> str:
    """Empty where the event is of no cell."""
    serial = event.data.get("serial")
    return serial if isinstance(serial, str) else ""
