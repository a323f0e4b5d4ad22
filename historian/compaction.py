"""Merging small slices into bigger ones, so that a question opens few files."""

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Final

import pyarrow as pa

from historian.slices import Slice, listing, read_footer, read_rows, write_slice
from twin.errors import Unavailable

ROWS: Final = 1_000_000
"""Readings in one slice at most: merging them takes about 200 MB and two seconds."""


def compact(folder: Path, older_than_ns: int, rows: int = ROWS) -> int:
    """Merge slices whose frames were all received before ``older_than_ns``.

    Slices of one day that follow each other become one, up to ``rows`` readings. The
    newest slice stays as it is. Safe against a crash at any point: the merged slice
    replaces its parts in the instant in which it gets its name; parts that are still
    there afterwards no longer count and are cleared away at the next start.
    Only the process that writes the archive may call this. Returns how many slices were
    merged. Raises InvalidFile for a damaged slice, Unavailable where the disk refuses.
    """
    merged = 0
    slices = [read_footer(listed) for listed in listing(folder)[0][:-1]]
    try:
        for group in _groups([s for s in slices if s.received[1] < older_than_ns], rows):
            whole = pa.concat_tables([read_rows(part.path) for part in group])
            write_slice(folder, whole, group[-1].ledger)
            for part in group:
                part.path.unlink()
            merged += len(group)
    except OSError as error:
        raise Unavailable(f"the archive {folder} can't be written: {error}") from error
    return merged


def _groups(slices: list[Slice], rows: int) -> Iterator[list[Slice]]:
    """Runs of slices that follow each other on one day and fit together."""
    group = slices[:1]
    for before, after in pairwise(slices):
        follows = after.first == before.last + 1 and after.day == before.day
        if not follows or sum(part.rows for part in group) + after.rows > rows:
            if len(group) > 1:
                yield group
            group = []
        group = [*group, after]
    if len(group) > 1:
        yield group
