"""``gigatwin bench formation``: simulated cells through the channels' twins, and real data."""

from cluster.bench.formation.bench import run

__all__ = ["run"]
