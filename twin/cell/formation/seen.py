"""What confirmed faulty cells looked like: a few mean departures of each diagnosis.

Cells of one diagnosis may depart in different ways (lithium bound in the film, or too
little cathode), so they are parted in up to three groups (k-means, from the cell that
departs most and those farthest from it).
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

import numpy as np

from twin.cell.formation import grid
from twin.cell.formation.decision import CLIP, Decision
from twin.cell.formation.grid import Floats, Ints
from twin.cell.formation.normal import Reference
from twin.cell.formation.signatures import DIAGNOSES
from twin.cell.formation.trace import Trace

_GROUPS: Final = 3
_FEWEST: Final = 5
"""Confirmed cells of a group, from which it is believed; chosen."""
_ROUNDS: Final = 20


def with_seen(reference: Reference, trace: Trace, confirmed: Sequence[str]) -> Reference:
    """The reference, and what the confirmed faulty cells of the trace looked like."""
    means: list[Floats] = []
    diagnosis: list[int] = []
    cells: list[int] = []
    for k, name in enumerate(DIAGNOSES):
        rows = np.array([row for row, found in enumerate(confirmed) if found == name], dtype=int)
        if len(rows) < _FEWEST:
            continue
        departures = _departures(reference, trace, rows)
        for group in _groups(departures):
            if len(group) >= _FEWEST:
                mean = departures[group].mean(axis=0)
                # What the mean of so few cells is wrong by is no signature.
                means.append(np.where(np.abs(mean) > 2.0 / np.sqrt(len(group)), mean, 0.0))
                diagnosis.append(k)
                cells.append(len(group))
    return replace(
        reference,
        seen=np.array(means).reshape(len(means), len(reference.column)),
        seen_as=np.array(diagnosis, dtype=np.int64),
        seen_cells=np.array(cells, dtype=np.int64),
    )


def _departures(reference: Reference, trace: Trace, rows: Ints) -> Floats:
    """Of judged features, clipped; 0 where a cell did not follow the protocol."""
    value = trace.value[np.ix_(rows, reference.column)]
    usual = trace.phase[rows][:, : len(reference.phase)] == reference.phase
    followed = np.cumprod(usual, axis=1).astype(bool)
    value = np.where(followed[:, reference.column // grid.PER_SLOT], value, np.nan)
    plain = replace(reference, seen=np.zeros((0, len(reference.column))), seen_as=np.zeros(0, int))
    decision = Decision(plain, len(rows))
    found = np.zeros(value.shape)
    for j in range(value.shape[1]):
        at = np.flatnonzero(np.isfinite(value[:, j]))
        e = decision.take(at, np.full(len(at), j), value[at, j])
        found[at, j] = np.nan_to_num(np.clip(e, -CLIP, CLIP))
    return found


def _groups(departures: Floats) -> list[Ints]:
    size = np.linalg.norm(departures, axis=1)
    direction = departures / np.maximum(size, 1e-9)[:, None]
    centres = [direction[int(np.argmax(size))]]
    while len(centres) < _GROUPS:
        near = np.max(direction @ np.array(centres).T, axis=1)
        centres.append(direction[int(np.argmin(near))])
    middle = np.array(centres)
    member = np.zeros(len(direction), dtype=np.int64)
    for _ in range(_ROUNDS):
        member = np.argmax(direction @ middle.T, axis=1)
        for g in range(_GROUPS):
            if (member == g).any():
                mean = direction[member == g].mean(axis=0)
                middle[g] = mean / max(float(np.linalg.norm(mean)), 1e-9)
    return [np.flatnonzero(member == g) for g in range(_GROUPS)]
