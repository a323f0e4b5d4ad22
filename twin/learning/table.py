"""A labelled table, made ready: what can be learned from, and what was left out and why."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from twin.errors import InvalidInput
from twin.learning.columns import Array, Column

FEWEST_ROWS: Final = 20
"""Fewer are refused: with groups left out, nothing is left to learn from; chosen."""


@dataclass(frozen=True, slots=True)
class LabelledTable:
    """Rows that can be learned from, in canonical order: the order of a file's rows makes
    no difference to a model. ``notes`` say what was left out."""

    features: tuple[Column, ...]
    target: Column
    group: Column
    labels: tuple[Column, ...]
    notes: tuple[str, ...]

    @property
    def y(self) -> Array:
        assert not isinstance(self.target.values, tuple)
        return self.target.values

    @property
    def groups(self) -> tuple[str, ...]:
        assert isinstance(self.group.values, tuple)
        return self.group.values

    def fingerprint(self) -> str:
        """sha256 of the canonical rows with the names of their columns."""
        columns = [*self.features, *self.labels, self.target, self.group]
        digest = hashlib.sha256(_text([column.name for column in columns]).encode())
        for i in range(len(self.target)):
            digest.update(b"\n" + _text([column.values[i] for column in columns]).encode())
        return digest.hexdigest()


def labelled(
    features: Sequence[Column],
    target: Column,
    group: Column,
    labels: Sequence[Column] = (),
    whole: Sequence[str] | None = None,
) -> LabelledTable:
    """The rows to learn from. ``whole`` (rows,) is each row's whole text, by which rows
    that stand twice are known; without it the given columns are compared.

    Raises InvalidInput where no more than a few rows, one group or one value of the target
    are left, or where the target is a text.
    """
    columns = [*features, *labels, target, group]
    if isinstance(target.values, tuple):
        raise InvalidInput(f"target {target.name!r} is no number: {_samples(target.values)}")
    rows = len(target)
    notes: list[str] = []
    usable = np.ones(rows, dtype=bool)
    for column in (target, group, *features, *labels):
        missing = usable & column.missing()
        if missing.any():
            notes.append(f"{_rows(int(missing.sum()))} left out: {_why(column, missing)}")
            usable &= ~missing
    if features and not usable.any() and rows:
        worst = max(features, key=lambda column: int(column.missing().sum()))
        raise InvalidInput(
            f"no row has all of target, group and features; {worst.name!r} is missing most often"
        )
    kept = np.flatnonzero(usable)
    keys = (
        [_text([str(c.values[i]) for c in columns]) for i in kept]
        if whole is None
        else [whole[int(i)] for i in kept]
    )
    first = {key: i for i, key in reversed(list(enumerate(keys)))}
    once = np.array([i for i, key in enumerate(keys) if first[key] == i], dtype=np.int64)
    if len(once) < len(kept):
        notes.append(f"{_rows(len(kept) - len(once))} left out: they stand in the table twice")
        kept = kept[once]
    taken = [column.take(kept) for column in columns]
    order = np.array(
        sorted(range(len(kept)), key=lambda i: _text([c.values[i] for c in taken])), dtype=np.int64
    )
    taken = [column.take(order) for column in taken]
    n = len(features)
    table = LabelledTable(tuple(taken[:n]), taken[-2], taken[-1], tuple(taken[n:-2]), tuple(notes))
    _check(table)
    return table


def _check(table: LabelledTable) -> None:
    rows, names = len(table.target), sorted(set(table.groups))
    left_out = "".join(f"; {note}" for note in table.notes)
    if rows < FEWEST_ROWS:
        raise InvalidInput(
            f"{_rows(rows)} to learn from, at least {FEWEST_ROWS} are needed{left_out}"
        )
    if len(names) < 2:
        raise InvalidInput(
            f"group {table.group.name!r} is {names[0]!r} in every row: nothing can be held out; "
            "name a column with several lots, runs or protocols"
        )
    if float(np.ptp(table.y)) == 0.0:
        raise InvalidInput(
            f"target {table.target.name!r} is {table.y[0]:g} in every row: nothing to learn"
        )


def _why(column: Column, missing: Array | np.ndarray) -> str:
    where = np.flatnonzero(missing)
    told = [column.faults[int(i)] for i in where if int(i) in column.faults]
    blank = len(where) - len(told)
    parts = [f"{column.name!r} is blank"] if blank else []
    if told:
        parts.append(f"{column.name!r} is no usable number ({_samples(told)})")
    return ", ".join(parts)


def _samples(texts: Sequence[str]) -> str:
    different = list(dict.fromkeys(texts))
    return ", ".join(map(repr, different[:3])) + (" …" if len(different) > 3 else "")


def _rows(count: int) -> str:
    return f"{count} row" + ("" if count == 1 else "s")


def _text(values: Sequence[object]) -> str:
    """Floats with the shortest text that reads back the same."""
    plain = [float(v) if isinstance(v, np.floating) else v for v in values]
    return json.dumps(plain, ensure_ascii=False)
