"""What the archive answers."""

import math
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from historian import slices
from historian.compaction import compact
from historian.query import Archive, View, readings_question
from historian.slices import Slice
from historian.writer import SliceWriter
from tests.unit.historian.samples import (
    ASSETS,
    DAY_NS,
    NOW_NS,
    SIGNALS,
    Streams,
    counted,
    frame,
    in_order,
    number,
    readings,
    text,
)
from twin.errors import InvalidFile
from twin.frame import Reading
from twin.quality import BAD, UNCERTAIN

LONG_AFTER = NOW_NS + 1_000 * DAY_NS


class Plant:
    """An archive that is filled slice by slice."""

    def __init__(self, folder: Path) -> None:
        self.archive = Archive(folder, threads=1)
        self.writer = SliceWriter(folder)
        self._backbone = Streams()
        self._sequence = 0

    def archives(self, *rows: Reading) -> Slice:
        self._sequence += 1
        one = frame(self._sequence, *rows)
        self.writer.add(self._backbone.append("host:a", one), one)
        written = self.writer.flush()
        assert written is not None
        return written

    def asked(self, asset: str = ASSETS[0], **question: object) -> list[Reading]:
        found = self.archive.readings(asset, **question)  # type: ignore[arg-type]
        return [reading for batch in found for reading in batch]


@pytest.fixture
def plant(tmp_path: Path) -> Iterator[Plant]:
    plant = Plant(tmp_path)
    yield plant
    plant.writer.close()
    plant.archive.close()


def test_a_missing_folder_answers_with_nothing(tmp_path: Path) -> None:
    archive = Archive(tmp_path / "never")

    assert list(archive.readings("line1/coater")) == []
    assert list(archive.frames()) == []
    assert archive.assets() == []
    assert archive.span() is None
    assert archive.rollup("line1/coater", "x", 0, NOW_NS, 1) == []


@settings(max_examples=10, deadline=None)
@given(
    slices=st.lists(st.lists(readings, max_size=8), min_size=1, max_size=3),
    signals=st.sets(st.sampled_from(SIGNALS)),
    start=st.integers(NOW_NS - 1, NOW_NS + 6),
    length=st.integers(0, 6),
)
def test_a_question_gets_exactly_the_readings_that_it_asks_for(
    slices: list[list[Reading]], signals: set[str], start: int, length: int
) -> None:
    with TemporaryDirectory() as folder:
        plant = Plant(Path(folder))
        for rows in slices:
            plant.archives(*rows)
        asked = {"signals": sorted(signals), "start_ns": start, "end_ns": start + length}

        found = plant.asked(ASSETS[1], **asked)
        two = plant.asked(ASSETS[1], limit=2, **asked)

        plant.writer.close()
        plant.archive.close()
    assert counted(found) == counted(
        r
        for rows in slices
        for r in rows
        if r.asset == ASSETS[1]
        and (not signals or r.signal in signals)
        and start <= r.time_ns < start + length
    )
    assert in_order(found)
    assert counted(two) == counted(found[:2])


def test_the_start_belongs_to_the_time_asked_for_and_the_end_does_not(plant: Plant) -> None:
    plant.archives(*[number(at) for at in range(5)])

    assert plant.asked(start_ns=NOW_NS + 1, end_ns=NOW_NS + 3) == [number(1), number(2)]


def test_readings_of_one_time_keep_the_order_in_which_they_came(plant: Plant) -> None:
    plant.archives(number(0, value=3.0), number(0, value=1.0))
    plant.archives(number(0, value=2.0))

    assert [r.value for r in plant.asked()] == [3.0, 1.0, 2.0]


def test_text_quality_and_missing_values_survive(plant: Plant) -> None:
    piece = Reading(ASSETS[0], "x", NOW_NS, math.nan, BAD, "cell 7, ü")
    plant.archives(text(0, ""), text(1, "L2026-0001"), piece)

    lots, x = plant.asked(signals=["lot"]), plant.asked(signals=["x"])

    assert [r.text for r in lots] == ["", "L2026-0001"]
    assert counted(x) == counted([piece])


def test_names_with_quotes_are_only_names(plant: Plant) -> None:
    name = "x'; DROP TABLE readings; --"
    plant.archives(number(0, asset=name, signal=name), number(1))

    assert plant.asked(name, signals=[name]) == [number(0, asset=name, signal=name)]


def test_assets_and_span_are_those_of_the_readings(plant: Plant) -> None:
    plant.archives(number(5, asset="b"), number(2, asset="a"))
    plant.archives()
    plant.archives(number(3, asset="b"))

    assert plant.archive.assets() == ["a", "b"]
    assert plant.archive.span() == (NOW_NS + 2, NOW_NS + 5)


def test_a_rollup_counts_good_and_uncertain_numbers_only(plant: Plant) -> None:
    plant.archives(number(0, value=1.0), number(9, value=3.0), number(25, value=7.0), text(3, "L"))
    plant.archives(
        Reading(ASSETS[0], "x", NOW_NS + 10, 5.0, UNCERTAIN),
        Reading(ASSETS[0], "x", NOW_NS + 11, 99.0, BAD),
        Reading(ASSETS[0], "x", NOW_NS + 12, math.nan),
    )

    buckets = plant.archive.rollup(ASSETS[0], "x", NOW_NS, NOW_NS + 30, 10)

    assert [(b.start_ns - NOW_NS, b.count, b.mean, b.minimum, b.maximum) for b in buckets] == [
        (0, 2, 2.0, 1.0, 3.0),
        (10, 1, 5.0, 5.0, 5.0),
        (20, 1, 7.0, 7.0, 7.0),
    ]


def test_slices_outside_the_time_asked_for_are_not_opened(plant: Plant) -> None:
    plant.archives(number(0))
    far = plant.archives(number(1_000))
    plant.archive.slices()
    far.path.write_bytes(b"no longer a slice")

    assert plant.asked(end_ns=NOW_NS + 500) == [number(0)]


def test_row_groups_outside_the_question_are_not_read(
    plant: Plant, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(slices, "ROW_GROUP", 2_048)
    plant.archives(*[number(at, signal=s) for s in ("a", "b", "c") for at in range(2_048)])
    question, values = readings_question(ASSETS[0], ["b"], NOW_NS + 7, NOW_NS + 9, limit=0)
    files = [str(plant.archive.slices()[0].path)]

    explained = plant.archive.cursor().execute(
        f"EXPLAIN ANALYZE {question}", {**values, "files": files, "last": 1}
    )

    [[_, plan]] = explained.fetchall()
    assert "Row Groups Scanned: 1 / 4" in plan


def test_a_view_stays_as_it_was_while_the_archive_grows_and_is_merged(plant: Plant) -> None:
    for at in range(3):
        plant.archives(number(at))
    view: View = plant.archive.view()
    for at in range(3, 6):
        plant.archives(number(at))
    compact(plant.archive.folder, LONG_AFTER)

    seen = [r for batch in view.readings(ASSETS[0]) for r in batch]

    assert seen == [number(0), number(1), number(2)]
    assert [f.frame.sequence for f in view.frames()] == [1, 2, 3]
    assert view.ledger.position("host:a") < plant.archive.view().ledger.position("host:a")
    assert len(plant.asked()) == 6


@given(st.data())
@settings(max_examples=10, deadline=None)
def test_one_flipped_bit_in_a_slice_is_noticed_and_the_slice_named(data: st.DataObject) -> None:
    with TemporaryDirectory() as folder:
        plant = Plant(Path(folder))
        plant.archives(number(0))
        damaged = plant.archives(*[number(at, value=math.sqrt(at)) for at in range(100)]).path
        plant.writer.close()
        content = bytearray(damaged.read_bytes())
        at = data.draw(st.integers(0, len(content) - 1))
        content[at] ^= 1 << data.draw(st.integers(0, 7))
        damaged.write_bytes(content)

        for ask in (plant.asked, lambda: list(plant.archive.frames())):
            with pytest.raises(InvalidFile) as refused:
                ask()
            assert refused.value.path == str(damaged)
        plant.archive.close()


def test_a_file_that_is_no_slice_is_refused_by_its_name(plant: Plant) -> None:
    plant.archives(number(0)).path.with_name("copy.parquet").write_bytes(b"")

    with pytest.raises(InvalidFile, match=r"copy\.parquet"):
        plant.archive.assets()
