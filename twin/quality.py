"""Quality of a reading, carried as the OPC UA StatusCode it came with.

The two top bits of a StatusCode are its severity (OPC UA part 4, 7.39): 00 good,
01 uncertain, 10 bad. Sparkplug B's quality property (192 good, 0 bad, 500 stale) maps
onto three codes, so one column serves every source and nothing is lost on the way.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

GOOD: Final = 0x0000_0000
UNCERTAIN: Final = 0x4000_0000
BAD: Final = 0x8000_0000
BAD_NO_COMMUNICATION: Final = 0x8031_0000
UNCERTAIN_LAST_USABLE: Final = 0x4090_0000

SPARKPLUG: Final[Mapping[int, int]] = MappingProxyType(
    {192: GOOD, 0: BAD, 500: UNCERTAIN_LAST_USABLE}
)

_SEVERITY_MASK: Final = 0xC000_0000


def is_good(code: int) -> bool:
    return code & _SEVERITY_MASK == GOOD


def is_uncertain(code: int) -> bool:
    return code & _SEVERITY_MASK == UNCERTAIN


def is_bad(code: int) -> bool:
    """True for severity "bad" and for the reserved pattern 11."""
    return bool(code & BAD)
