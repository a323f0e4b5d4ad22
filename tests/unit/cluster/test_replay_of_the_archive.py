"""The archive through the twins alone: what they would have proposed."""

from dataclasses import replace
from pathlib import Path

from cluster.replay.archive import Past, run
from historian.writer import SliceWriter
from stores.live.keys import Keys
from tests.plant_samples import coated_too_thick, coater, gauge
from tests.unit.historian.samples import Streams
from twin.frame import Frame

PLANT, COATER, GAUGE = "demo", "line1/coater", "line1/coater/gauge-top"


def archived(folder: Path) -> None:
    """A line whose loading jumps by 6 %, as its edge had put it on two streams."""
    streams, writer = Streams(), SliceWriter(folder)
    for number, batch in enumerate(coated_too_thick(COATER, GAUGE), start=1):
        for asset in (COATER, GAUGE):
            rows = [reading for reading in batch if reading.asset == asset]
            frame = Frame.of("edge", number, max(r.time_ns for r in rows), rows)
            writer.add(streams.append(Keys(PLANT).frames(asset), frame), frame)
    writer.flush()


def proposed(past: Past) -> list[tuple[str, str, float, float, str, int]]:
    return [
        (r.asset, r.changes[0].signal, r.changes[0].from_value, r.changes[0].to_value, r.lot,
         r.created_ns)
        for r in past.recommendations
    ]  # fmt: skip


def test_records_from_a_plant_file_give_what_the_registry_s_records_give(tmp_path: Path) -> None:
    archived(tmp_path)
    from_file = [coater(COATER), gauge(GAUGE, COATER)]
    registered = [replace(r, uid=f"{n:016x}") for n, r in enumerate(from_file)]

    of_file, of_registry = (run(tmp_path, PLANT, rs, {}) for rs in (from_file, registered))

    assert proposed(of_file) == proposed(of_registry)
    ((asset, signal, from_, to, lot, _),) = proposed(of_file)
    assert (asset, signal, lot) == (COATER, "line_speed", "E-0041")
    assert to > from_
    assert of_file.readings == of_registry.readings == 2_400
    assert of_file.unhosted == 0
