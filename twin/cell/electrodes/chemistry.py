"""Names of chemistries, and the pairs of curves that each stands for."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from twin.cell.electrodes.halfcell import HalfCell, curve, names
from twin.errors import NotFound

_POSITIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "NMC": ("NMC111", "NMC532", "NMC811", "NMC"),
    "NMC111": ("NMC111",),
    "NMC532": ("NMC532",),
    "NMC622": ("NMC532", "NMC811", "NMC"),
    "NMC811": ("NMC811",),
    "NCO": ("NCO",),
    "NCA": ("NCA",),
    "LCO": ("LCO",),
    "LMO": ("LMO",),
    "LFP": ("LFP",),
}
_NEGATIVES: Final[Mapping[str, tuple[str, ...]]] = {
    "graphite": ("graphite", "graphite-SiOx"),
    "graphite-siox": ("graphite-SiOx",),
}
_STAND_IN: Final = {"NMC622": "no NMC622 half cell is in the library; its neighbours were tried"}


@dataclass(frozen=True, slots=True)
class Chemistry:
    """``name`` as it is told back, the curves to pair, and what to say about the choice."""

    name: str
    positives: tuple[HalfCell, ...]
    negatives: tuple[HalfCell, ...]
    notes: tuple[str, ...]


@cache
def chemistry(name: str | None) -> Chemistry:
    """The curves for a name as "NMC532/graphite", "NMC811", "LFP", or one curve's own name
    for either electrode ("nmc532_mohtat2020/graphite_mohtat2020"); None for every pair.

    Raises NotFound where a part is unknown.
    """
    every = Chemistry("any", _curves("positive"), _curves("negative"), ())
    if name is None:
        return every
    positive, _, negative = (part.strip() for part in name.replace("|", "/").partition("/"))
    if _is_negative(positive):  # either may stand first
        positive, negative = negative, positive
    positives, notes = _positives(positive, name) if positive else (every.positives, ())
    negatives = _negatives(negative, name) if negative else every.negatives
    return Chemistry(name, positives, negatives, notes)


def known() -> tuple[str, ...]:
    return tuple(_POSITIVES)


def _positives(part: str, whole: str) -> tuple[tuple[HalfCell, ...], tuple[str, ...]]:
    if part in names("positive"):
        return (curve(part),), ()
    key = re.sub(r"[\s_-]+", "", part).upper().replace("NCM", "NMC")
    if key not in _POSITIVES:
        raise NotFound(
            f"no chemistry {whole!r}; there are {', '.join(_POSITIVES)}, each also with "
            f"/graphite or /graphite-SiOx, and the curves {', '.join(names())}"
        )
    found = tuple(c for c in _curves("positive") if c.material in _POSITIVES[key])
    return found, ((_STAND_IN[key],) if key in _STAND_IN else ())


def _negative_key(part: str) -> str:
    key = re.sub(r"[\s_]+", "-", part).lower()
    return {"gr": "graphite", "c": "graphite", "graphite-si": "graphite-siox"}.get(key, key)


def _is_negative(part: str) -> bool:
    return part in names("negative") or _negative_key(part) in _NEGATIVES


def _negatives(part: str, whole: str) -> tuple[HalfCell, ...]:
    if part in names("negative"):
        return (curve(part),)
    key = _negative_key(part)
    if key not in _NEGATIVES:
        raise NotFound(
            f"no negative electrode {part!r} (in {whole!r}); there are "
            f"{', '.join(_NEGATIVES)}, and the curves {', '.join(names('negative'))}"
        )
    return tuple(c for c in _curves("negative") if c.material in _NEGATIVES[key])


def _curves(electrode: str) -> tuple[HalfCell, ...]:
    return tuple(c for c in map(curve, names()) if c.electrode == electrode)
