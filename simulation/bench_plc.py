"""A PLC that a benchmark drives by hand: it alone decides what each gauge says, and when."""

from collections.abc import Mapping

from simulation.opcua_nodes import PlcNodes, utc


class BenchPlc:
    """An OPC UA server with ``gauges`` coaters, each with a gauge.

    Everything stands still until ``write_scan``. Values begin at an ordinary working
    point: loading 20 mg/cm2, 40 m/min, 400 um, 3259 mL/min (what the simulated line's
    flow meter shows there).

        plc = BenchPlc(gauges=1)
        await plc.start()
        nodes = plc.node_ids(0)
        await plc.write_scan({nodes["areal_loading"]: 20.6}, time.time_ns())
        await plc.stop()
    """

    def __init__(self, gauges: int) -> None:
        self.gauges = gauges
        self._nodes: PlcNodes | None = None

    async def start(self, port: int = 0) -> str:
        """Listens on 127.0.0.1 (0: on a free port) and returns the endpoint; takes seconds."""
        self._nodes = nodes = PlcNodes(port, "gigatwin bench")
        await nodes.init()
        for i in range(self.gauges):
            for name, value in _initial(i).items():
                await nodes.add(name, value, writable=name.endswith("_setpoint"))
        await nodes.server.start()
        return nodes.endpoint

    @property
    def endpoint(self) -> str:
        return self._started().endpoint

    def node_ids(self, gauge: int) -> dict[str, str]:
        """Node id (``ns=2;s=…``) by signal: the gauge's and its coater's."""
        return {name.rpartition(".")[2]: f"ns=2;s={name}" for name in _initial(gauge)}

    async def write_scan(self, values: Mapping[str, float | str], source_time_ns: int) -> None:
        """Writes values by node id, all with the same source time (ns since 1970 UTC).

        Returns when every subscription has been handed the change.
        """
        nodes, time = self._started(), utc(source_time_ns)
        for node_id, value in values.items():
            await nodes.write(node_id.removeprefix("ns=2;s="), value, time)

    async def read(self, node_id: str) -> float | str:
        """What a node says now: a setpoint that a client has written."""
        nodes = self._started()
        variant = nodes.server.read_attribute_value(nodes.id(node_id.removeprefix("ns=2;s="))).Value
        assert variant is not None
        value = variant.Value
        assert isinstance(value, float | str)
        return value

    async def stop(self) -> None:
        if self._nodes is not None:
            await self._nodes.server.stop()
            self._nodes = None

    def _started(self) -> PlcNodes:
        if self._nodes is None:
            raise RuntimeError("the bench PLC is not started: await start() first")
        return self._nodes


def _initial(gauge: int) -> dict[str, float | str]:
    return {
        f"gauge{gauge}.areal_loading": 20.0,
        f"gauge{gauge}.head_position": 300.0,
        f"coater{gauge}.line_speed": 40.0,
        f"coater{gauge}.line_speed_setpoint": 40.0,
        f"coater{gauge}.slot_die_gap": 400.0,
        f"coater{gauge}.slot_die_gap_setpoint": 400.0,
        f"coater{gauge}.pump_flow": 3259.0,
        f"coater{gauge}.web_length": 0.0,
        f"coater{gauge}.lot": "L2026-0001",
    }
