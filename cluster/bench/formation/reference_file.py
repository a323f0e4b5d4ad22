"""A formation reference from a simulated training room, as a file for channels to be judged by.

    python -m cluster.bench.formation.reference_file examples/demo-line/formation-reference.json

The demonstration's channels read a sample each minute, so it is learned from such. From many
lots with few cells each: how lots differ is learned from lots. A plant learns its own from
its lake: ``twin.cell.formation.reference.learn``.
"""

from pathlib import Path

import click

from cluster.bench.formation.play import play
from simulation.formation.room import FormationRoom
from twin.cell.formation.reference import learn, save


@click.command()
@click.argument("path", type=click.Path(dir_okay=False, path_type=Path))
@click.option("--cells", type=int, default=3000, show_default=True)
@click.option("--lots", type=int, default=150, show_default=True)
@click.option("--seed", type=int, default=20_260, show_default=True)
@click.option("--every", "every_s", type=float, default=60.0, show_default=True, metavar="SECONDS")
def main(path: Path, cells: int, lots: int, seed: int, every_s: float) -> None:
    """Write the reference of that room's good cells to PATH."""
    played = play(FormationRoom(seed, cells, lots=lots, every_s=every_s), None)
    good = played.good
    source = f"simulated training room of seed {seed}: a sample each {every_s:g} s"
    found = learn(played.cohort.trace(), good, played.room.lot, source, played.truth.fault)
    save(found, path)
    click.echo(f"{path}: {int(good.sum())} good cells of {lots} lots")


if __name__ == "__main__":
    main()
