"""``gigatwin bench electrode``: simulated shifts through the real twins, beside the peers."""

from cluster.bench.electrode.bench import run

__all__ = ["run"]
