"""What to do with a cell that formation has found out, as a recommendation."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from twin.asset import AssetConfig, Event
from twin.cell.section import CellLayer
from twin.plant import filing
from twin.plant.recommendation import Cause, Change, Evidence, Interval, Recommendation

PROTOCOL: Final = "formation_protocol"
DIVERSION: Final = "cell_diversion"
MODEL: Final = "formation-decision/1"
_SLOWER: Final = 0.5
"""Part of the present current at which lithium no longer plates, hopefully: the anode's
overpotential is about in proportion. Chosen."""
_UNWETTED: Final = 0.2
"""Probability that the cell was not wetted, from which a high polarisation may heal."""
_REST_H: Final = 6.0
"""Rest for an electrolyte that still creeps; chosen: the order of a soak."""
WORTH_H: Final = 1.0
"""With less than that left the protocol is run to its end."""
_SHIFT_H: Final = filing.SHIFT_NS / 3.6e12
_WORDS: Final = {
    "lithium_plating": "Lithium plates on the anode",
    "low_lithium_inventory": "The cell has too little lithium to cycle",
    "high_polarisation": "The cell's polarisation is too high",
    "micro_short": "The cell discharges itself",
    "unusual": "The cell behaves as no good cell does, and as no known fault either",
}


@dataclass(frozen=True, slots=True)
class Found:
    """A ``cell.diagnosed`` event, read."""

    serial: str
    diagnosis: str
    probability: float
    elapsed_h: float
    hours_left: float
    current: float
    soc: float

    @classmethod
    def of(cls, event: Event) -> "Found | None":
        """None where the event is not as it should be."""
        data = event.data
        serial, diagnosis = data.get("serial"), data.get("diagnosis")
        keys = ("probability", "elapsed_h", "hours_left")
        numbers = [float(v) for k in keys if isinstance(v := data.get(k), int | float)]
        if not (isinstance(serial, str) and serial and isinstance(diagnosis, str)):
            return None
        if diagnosis not in _WORDS or len(numbers) < len(keys):
            return None
        current, soc = data.get("current_A"), data.get("soc")
        return cls(
            serial,
            diagnosis,
            numbers[0],
            numbers[1],
            numbers[2],
            float(current) if isinstance(current, int | float) else 0.0,
            float(soc) if isinstance(soc, int | float) else 0.0,
        )


@dataclass(frozen=True, slots=True)
class Action:
    """``hours`` [h] that it saves: likely, at least, at most."""

    type: str
    title: str
    hours: tuple[float, float, float]
    changes: tuple[Change, ...] = ()


def action(found: Found, unwetted: float | None) -> Action | None:
    """None where nothing is gained by acting now. ``unwetted``: probability (0..1) that the
    cell was not wetted when its formation began, where the filler knows."""
    left, serial = found.hours_left, found.serial
    if found.diagnosis == "lithium_plating":
        return _slower(found)
    if left < WORTH_H:
        return None
    if found.diagnosis == "unusual":
        title = f"Stop the protocol of cell {serial} and look at it"
        return Action(PROTOCOL, title, saved_hours(left))
    if found.diagnosis == "high_polarisation" and (unwetted or 0.0) >= _UNWETTED:
        title = f"Let cell {serial} rest for {_REST_H:g} h, then measure its resistance again"
        return Action(PROTOCOL, title, (left - _REST_H, -_REST_H, left))
    to = {
        "micro_short": "to the short-circuit test",
        "low_lithium_inventory": "and stop its protocol: it will not make grade",
        "high_polarisation": "and look at its welds and its filling",
    }[found.diagnosis]
    return Action(DIVERSION, f"Divert cell {serial} {to}", saved_hours(left))


def recommendation(
    event: Event, found: Found, what: Action, channel: AssetConfig, line: CellLayer
) -> Recommendation:
    """Its evidence shows each feature beside the range of 99 % of good cells."""
    likely, least, most = what.hours
    begins = event.time_ns - round(found.elapsed_h * 3.6e12)
    return Recommendation(
        id=filing.id_of("fo", event.id),
        layer="cell",
        asset=channel.name,
        source=channel.name,
        type=what.type,
        title=what.title,
        reason=(
            f"{_WORDS[found.diagnosis]} (probability {100 * found.probability:.0f} %), found "
            f"{found.elapsed_h:.1f} h into the protocol with {found.hours_left:.1f} h left; "
            f"the evidence stands beside the range of 99 % of good cells"
        ),
        changes=what.changes,
        predicted=Interval("hours_saved", likely, least, most, "h"),
        evidence=evidence_of(event, channel, begins, MODEL),
        lot=lot_of(found.serial, line),
        created_ns=event.time_ns,
        # A log may be forwarded late; until the protocol ends there is something to gain.
        expires_ns=event.time_ns + round(max(found.hours_left, 1.0) * 3.6e12),
        updated_ns=event.time_ns,
        causes=_causes(event),
    )


def _slower(found: Found) -> Action:
    """Half the current above the present state of charge; a charge that is over already
    cannot be mended, but the next one can."""
    high = max(found.current, 0.0)
    if high <= 0.0:
        title = f"Charge cell {found.serial} at half the rate from now on"
        return Action(PROTOCOL, title, saved_hours(found.hours_left))
    low = _SLOWER * high
    title = (
        f"Charge cell {found.serial} with {low:.2f} A instead of {high:.2f} A above "
        f"{100 * found.soc:.0f} % state of charge"
    )
    change = Change("charge_current", high, low, "A", 0.0, high)
    return Action(PROTOCOL, title, saved_hours(found.hours_left), (change,))


def saved_hours(left: float) -> tuple[float, float, float]:
    """The rest of the protocol; at least what is left at the end of the shift."""
    return left, max(0.0, left - _SHIFT_H), left


def lot_of(serial: str, line: CellLayer) -> str:
    """The electrode lot that the cell is booked on; empty where none is known."""
    lots = line.electrode_lots(serial)
    return lots.get("anode") or lots.get("cathode") or lots.get("electrode") or ""


def evidence_of(
    event: Event, channel: AssetConfig, begins: int, model: str
) -> tuple[Evidence, ...]:
    told = event.data.get("evidence")
    found = []
    for name, about in told.items() if isinstance(told, Mapping) else ():
        if not isinstance(about, Mapping):
            continue
        numbers = [about.get(key) for key in ("value", "lower", "upper")]
        unit = about.get("unit")
        value, lower, upper = (float(n) if isinstance(n, int | float) else None for n in numbers)
        if value is None or lower is None or upper is None or not isinstance(unit, str):
            continue
        summary = Interval(name, value, lower, upper, unit, 0.99)
        found.append(Evidence(channel.name, name, begins, event.time_ns, 1, summary, model))
    return tuple(found)


def _causes(event: Event) -> tuple[Cause, ...]:
    told = event.data.get("probabilities")
    known = told.items() if isinstance(told, Mapping) else ()
    likely = [
        (name, float(p)) for name, p in known if isinstance(p, int | float) and name in _WORDS
    ]
    return tuple(
        Cause(name, p, _WORDS[name]) for name, p in sorted(likely, key=lambda c: -c[1]) if p >= 0.01
    )
