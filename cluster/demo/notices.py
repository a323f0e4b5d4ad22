"""What the twins find beside the recommendations: asked for, and told in plain words.

The electrode layer's KPIs and the twins' figures say more than what a person must decide
on: that the web stands, that a heater is at fault, that readings are refused.
"""

import asyncio
import contextlib
import math
from collections.abc import Callable, Iterable, Mapping
from typing import Final, NamedTuple

import grpc

from cluster.plant import Plant
from protocols.grpc.names import asset_name
from protocols.grpc.v1 import twin_service_pb2 as pb
from protocols.grpc.v1 import twin_service_pb2_grpc as pb_grpc
from twin.asset import Json
from twin.errors import Unavailable

DRIFT: Final = "drift"
HEATER: Final = "heater"
ROLLS: Final = "rolls"
STANDING: Final = "standing"
REFUSED: Final = "refused"
OUT_OF_TOLERANCE: Final = "out of tolerance"
SLURRY: Final = "slurry"
POROSITY: Final = "porosity"

_EVERY_S: Final = 1.0
_STANDS_M_MIN: Final = 1.0
_LIKELY: Final = 0.5


class _Kind(NamedTuple):
    """Which figure is followed, and how far it must clearly have moved to be spoken of."""

    key: str
    least: float
    relative: bool = False
    more: str = ""


_MOVED: Final = {
    "viscosity": _Kind(SLURRY, 0.1, relative=True, more="; the die gets it minutes later"),
    "solids": _Kind(SLURRY, 1.0, more="; the die gets it minutes later"),
    "porosity": _Kind(POROSITY, 1.0),
}


def of_kpis(kpis: Mapping[str, Json]) -> dict[str, str]:
    """By key, from the electrode layer's KPIs."""
    found: dict[str, str] = {}
    for coater, line in _maps(kpis.get("lines")):
        causes = [(chance, name) for name, chance in _numbers(line.get("causes"))]
        if causes:
            chance, name = max(causes)
            sure = "likely cause:" if chance >= _LIKELY else "not sure why, perhaps"
            word = name.replace("_", " ").replace(":", " ")
            found[f"{DRIFT}:{name}"] = f"{coater} drifts; {sure} {word} ({chance:.0%})"
    for _, oven in _maps(kpis.get("ovens")):
        for zone, state in _maps(oven.get("zones")):
            if state.get("heater_fault") is True:
                found[f"{HEATER}:{zone}"] = f"the air of {zone} does not follow its setpoint"
    for lot, metres in _numbers(kpis.get("metres_out_of_tolerance")):
        if metres > 0:
            found[f"{OUT_OF_TOLERANCE}:{lot}"] = f"a length of lot {lot} is out of tolerance"
    for calender, time_ns in _numbers(kpis.get("rolls_changed_ns")):
        found[f"{ROLLS}:{time_ns:.0f}"] = f"{calender} has other rolls: they are learned anew"
    return found


class Seen:
    """Twin states as they come, against those that came first."""

    def __init__(self) -> None:
        self._first: dict[tuple[str, str], tuple[float, float]] = {}

    def of_state(self, asset: str, state: pb.TwinState) -> dict[str, str]:
        found: dict[str, str] = {}
        for figure in state.figures:
            if figure.name == "line_speed" and figure.value < _STANDS_M_MIN:
                found[f"{STANDING}:{asset}"] = "the web stands"
            if figure.name in _MOVED:
                found.update(self._moved(asset, figure))
        refused: dict[str, list[str]] = {}
        for signal in state.signals:
            if signal.quarantined:
                refused.setdefault(signal.last_reason, []).append(signal.signal)
        for reason, signals in refused.items():
            words = f"{asset}: readings of {', '.join(signals)} refused: {reason}"
            found[f"{REFUSED}:{asset}:{reason}"] = words
        return found

    def _moved(self, asset: str, figure: pb.Figure) -> dict[str, str]:
        value, sd, kind = figure.value, figure.sd, _MOVED[figure.name]
        first, first_sd = self._first.setdefault((asset, figure.name), (value, sd))
        least = kind.least * first if kind.relative else kind.least
        if abs(value - first) < least + 2 * math.hypot(sd, first_sd):
            return {}
        words = f"{asset}: {figure.name} {first:.4g} to {value:.4g} {figure.unit}{kind.more}"
        return {f"{kind.key}:{asset}": words}


async def look(
    plant: Plant,
    name: str,
    assets: Iterable[str],
    notice: Callable[[Mapping[str, str]], None],
) -> None:
    """Asks again and again until it is cancelled."""
    from actors.calls import call
    from actors.naming import supervisor_name

    supervisor = supervisor_name("electrode")
    seen, names = Seen(), list(assets)
    async with grpc.aio.insecure_channel(plant.gateway) as channel:
        stub = pb_grpc.TwinServiceStub(channel)
        while True:
            # Who watches may kill an actor to see it come back.
            with contextlib.suppress(Unavailable):
                notice(of_kpis(await call(plant.settings, supervisor, "kpis")))
            for asset in names:
                request = pb.GetTwinStateRequest(name=asset_name(name, asset))
                try:
                    answer = await stub.GetTwinState(request)
                except grpc.aio.AioRpcError as error:
                    if error.code() is not grpc.StatusCode.UNAVAILABLE:
                        raise
                else:
                    notice(seen.of_state(asset, answer.state))
            await asyncio.sleep(_EVERY_S)


async def look_at_layer(
    plant: Plant,
    layer: str,
    tell: Callable[[Mapping[str, Json]], Mapping[str, str]],
    notice: Callable[[Mapping[str, str]], None],
) -> None:
    """Asks a layer's KPIs again and again until it is cancelled."""
    from actors.calls import call
    from actors.naming import supervisor_name

    supervisor = supervisor_name(layer)
    while True:
        with contextlib.suppress(Unavailable):
            notice(tell(await call(plant.settings, supervisor, "kpis")))
        await asyncio.sleep(_EVERY_S)


def _maps(value: "Json | None") -> list[tuple[str, Mapping[str, Json]]]:
    if not isinstance(value, Mapping):
        return []
    return [(name, of) for name, of in value.items() if isinstance(of, Mapping)]


def _numbers(value: "Json | None") -> list[tuple[str, float]]:
    if not isinstance(value, Mapping):
        return []
    return [(name, float(of)) for name, of in value.items() if isinstance(of, int | float)]
