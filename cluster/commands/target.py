"""Which plant a command speaks to."""

from pathlib import Path

from cluster import runfile


def target(gateway: str | None, plant: str | None, data_dir: Path | None) -> tuple[str, str]:
    """(gateway's address, plant's name): as given, or those of the plant that runs here.

    Raises NotFound where neither is given nor a plant runs.
    """
    if gateway and plant:
        return gateway, plant
    running = runfile.read(data_dir)
    return gateway or running.gateway, plant or running.plant
