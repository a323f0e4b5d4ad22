"""The coating line's PLC: 100 ms scans behind a real OPC UA server."""

import asyncio
import logging
import time
from collections.abc import Callable
from datetime import datetime

from asyncua import ua
from asyncua.server.address_space import NodeData

from simulation.chance import Commanded
from simulation.coating_line import SCAN_S, CoatingLine
from simulation.opcua_nodes import PlcNodes, data_value, utc
from simulation.readings import Scans

START_FAULT = "simulation.start_fault"
"""A writable bool that no twin binds: true lets the scenario's hidden faults begin."""

_log = logging.getLogger(__name__)

_MOST_SCANS_TO_CATCH_UP = 20


class PlcServer:
    """One line behind OPC UA, scanned in real time until ``stop()``. Slow sensors are
    written each second, texts when they change.

    All values of one scan carry one source timestamp: the scan's due time, so that
    samples are 100 ms apart however late the process was woken. Scans that were missed
    are caught up with, each with its own time; after a pause of more than two seconds
    (a suspended machine) the line goes on from now.
    """

    def __init__(self, line: CoatingLine, port: int, place: str = "line1") -> None:
        self._line = line
        self._place = place
        self._nodes = PlcNodes(port, "gigatwin simulated coating line")
        self._written: dict[str, float | str] = {}
        self._task: asyncio.Task[None] | None = None
        self.endpoint = self._nodes.endpoint

    async def start(self) -> None:
        """Listens, and scans from now on."""
        await self._nodes.init()
        first = self._line.run(1)
        for signal, value in self._line.signals().items():
            await self._nodes.add(self._name(signal), value)
        for signal, commanded in self._line.setpoints.items():
            name = self._name(signal)
            await self._nodes.add(name, commanded.setpoint, writable=True)
            self._on_write(name, self._takes_setpoint(name, commanded))
        await self._nodes.add(START_FAULT, self._line.fault_started, writable=True)
        self._on_write(START_FAULT, self._takes_start)
        await self._scan(first, time.time_ns())
        await self._nodes.server.start()
        self._task = asyncio.create_task(self._run(), name="plc-scan")

    async def stop(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None
            await self._nodes.server.stop()

    async def wait(self) -> None:
        """Returns when the scan has stopped; raises what stopped it."""
        if self._task is not None:
            await self._task

    def _name(self, signal: str) -> str:
        return f"{self._place}.{signal}"

    def _on_write(self, name: str, taken: Callable[[float | bool], float | bool]) -> None:
        """What is written to the node passes through ``taken``; what that returns is kept."""

        def setter(node: NodeData, attribute: ua.AttributeIds, value: ua.DataValue) -> None:
            raw = value.Value.Value if value.Value is not None else None
            if not isinstance(raw, bool | int | float):
                return
            stamp = value.SourceTimestamp or utc(time.time_ns())
            node.attributes[attribute].value = data_value(taken(raw), stamp)

        self._nodes.server.set_attribute_value_setter(self._nodes.id(name), setter)

    def _takes_setpoint(
        self, name: str, commanded: Commanded
    ) -> Callable[[float | bool], float | bool]:
        def taken(value: float | bool) -> float:
            clamped = commanded.command(float(value))
            if clamped != value:
                # Subscribers were told the raw value: the next scan tells them what holds.
                self._written.pop(name, None)
            return clamped

        return taken

    def _takes_start(self, value: float | bool) -> bool:
        if value:
            self._line.start_fault()
        return self._line.fault_started

    async def _run(self) -> None:
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due += SCAN_S
            late = loop.time() - due
            if late < 0.0:
                await asyncio.sleep(-late)
                late = max(loop.time() - due, 0.0)
            elif late > _MOST_SCANS_TO_CATCH_UP * SCAN_S:
                _log.warning("the scan was %.1f s late; going on from now", late)
                due, late = due + late, 0.0
            await self._scan(self._line.run(1), time.time_ns() - int(late * 1e9))

    async def _scan(self, scan: Scans, time_ns: int) -> None:
        """Writes what was said in this scan; slow sensors speak in some scans only."""
        time_utc = utc(time_ns)
        off_ns = {place: int(off[0]) for place, off in scan.stamps.items() if off[0]}
        for signal, values in scan.fast.items():
            stamp = time_utc
            for place, off in off_ns.items():
                stamp = utc(time_ns + off) if signal.startswith(place) else stamp
            await self._write(self._name(signal), float(values[0]), stamp)
        for signal, values in scan.slow.columns.items():
            await self._write(self._name(signal), float(values[0]), time_utc)
        for signal, texts in scan.texts.items():
            for _, text in texts:
                await self._write(self._name(signal), text, time_utc)
        for signal, commanded in self._line.setpoints.items():
            # Read only now: a client may have written while the values above went out.
            await self._write(self._name(signal), commanded.setpoint, time_utc)

    async def _write(self, name: str, value: float | str, time_utc: datetime) -> None:
        if self._written.get(name) != value:
            self._written[name] = value
            await self._nodes.write(name, value, time_utc)
