"""The simulated plant as a process of its own.

    python -m simulation.plant --opcua-port 4840 --mqtt-port 1883 --scenario viscosity-drift

When it is up it prints one line of JSON on standard output (and writes it to
--ready-file). It ends on SIGTERM, on SIGINT, or when the process that started it ends.
Exit code: 0 stopped as asked, 2 wrong use or a port that is taken.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import os
import signal
import sys
from pathlib import Path

import numpy as np

from simulation.coating_line import CoatingLine
from simulation.opcua_nodes import HOST
from simulation.plc_server import START_FAULT, PlcServer
from simulation.scenarios import SCENARIOS
from simulation.settings import LineSettings
from simulation.stations import Laboratory, Publisher, run, stations


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    listed = "\n".join(f"  {s.name:16} {s.description}" for s in SCENARIOS.values())
    parser = argparse.ArgumentParser(
        prog="python -m simulation.plant",
        description="A coating line behind OPC UA and assembly stations behind MQTT.",
        epilog=f"scenarios:\n{listed}\n\nThe fault starts when ns=2;s={START_FAULT} is set true.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--opcua-port", type=int, default=0, help="0 takes a free one")
    parser.add_argument("--mqtt-port", type=int, help="of a broker here; without it no stations")
    parser.add_argument("--scenario", choices=SCENARIOS, default="viscosity-drift")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--ready-file", type=Path, help="written when the plant is up")
    parser.add_argument(
        "--fault-after", type=float, metavar="SECONDS", help="start the fault so long after"
    )
    return parser.parse_args(argv)


async def _until_orphaned(parent: int) -> None:
    while True:
        await asyncio.sleep(0.5)
        if os.getppid() != parent:
            return


async def _fault_after(line: CoatingLine, seconds: float) -> None:
    await asyncio.sleep(seconds)
    line.start_fault()


def _announce(ready: dict[str, object], file: Path | None) -> None:
    text = json.dumps(ready)
    if file is not None:
        partial = file.with_name(file.name + ".partial")
        partial.write_text(text + "\n")
        partial.replace(file)
    print(text, flush=True)


async def _plant(arguments: argparse.Namespace) -> int:
    # Asked first: a parent that ends while the server is being built is noticed too.
    parent = os.getppid()
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)

    line_rng, station_rng = (
        np.random.default_rng(s) for s in np.random.SeedSequence(arguments.seed).spawn(2)
    )
    line = CoatingLine(line_rng, LineSettings.of(SCENARIOS[arguments.scenario]))
    plc = PlcServer(line, arguments.opcua_port)
    try:
        await plc.start()
    except OSError as error:
        print(f"the PLC can't listen on port {arguments.opcua_port}: {error}", file=sys.stderr)
        return 2

    broker: str | None = None
    publisher: Publisher | None = None
    tasks = [
        asyncio.create_task(plc.wait()),
        asyncio.create_task(stopped.wait()),
        asyncio.create_task(_until_orphaned(parent)),
    ]
    background: list[asyncio.Task[None]] = []
    if arguments.mqtt_port is not None:
        broker = f"mqtt://{HOST}:{arguments.mqtt_port}"
        publisher = Publisher(HOST, arguments.mqtt_port)
        working = [*stations(station_rng), Laboratory(line.samples)]
        tasks += [asyncio.create_task(run(s, publisher)) for s in working]
    if arguments.fault_after is not None:
        background.append(asyncio.create_task(_fault_after(line, arguments.fault_after)))

    _announce({"ready": True, "opcua": plc.endpoint, "mqtt": broker}, arguments.ready_file)
    done, running = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in (*running, *background):
        task.cancel()
    await asyncio.gather(*running, *background, return_exceptions=True)
    if publisher is not None:
        publisher.close()
    await plc.stop()
    for task in done:
        task.result()
    return 0


def main(argv: list[str] | None = None) -> int:
    arguments = _arguments(argv)
    logging.basicConfig(level=logging.WARNING, format="simulated plant: %(message)s")
    # It logs a traceback for a port that is taken, which is said here in a line.
    logging.getLogger("asyncua.server.server").setLevel(logging.CRITICAL)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_plant(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
