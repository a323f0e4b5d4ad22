"""``cell.predicted`` with a flag, as the formation section reads it: divert the cell early."""

from collections import Counter
from dataclasses import dataclass, field

from twin.asset import AssetConfig, Event, Json
from twin.cell.formation import proposal
from twin.cell.section import CellLayer
from twin.estimation import saved
from twin.plant import filing
from twin.plant.recommendation import Evidence, Interval, Recommendation
from twin.snapshot import Snapshot


@dataclass(frozen=True, slots=True)
class Foretold:
    """``probability`` (0..1) of lying below ``limit``."""

    serial: str
    flagged: bool
    target: str
    unit: str
    prediction: float
    lower: float
    upper: float
    confidence: float
    probability: float | None
    limit: float | None
    elapsed_h: float
    hours_left: float
    reason: str
    model: str

    @classmethod
    def of(cls, event: Event) -> "Foretold | None":
        """None where the event is not as it should be."""
        data = event.data
        serial, flagged = data.get("serial"), data.get("flagged")
        keys = ("prediction", "lower", "upper", "confidence", "elapsed_h", "hours_left")
        numbers = [n for key in keys if (n := _number(data.get(key))) is not None]
        if not (isinstance(serial, str) and serial and isinstance(flagged, bool)):
            return None
        if len(numbers) < len(keys):
            return None
        prediction, lower, upper, confidence, elapsed_h, hours_left = numbers
        texts = [str(data.get(key) or "") for key in ("target", "unit", "reason", "model")]
        target, unit, reason, model = texts
        return cls(
            serial,
            flagged,
            target,
            unit,
            prediction,
            lower,
            upper,
            confidence,
            _number(data.get("probability_below")),
            _number(data.get("limit")),
            elapsed_h,
            hours_left,
            reason,
            f"{model} {data.get('digest') or ''}".strip(),
        )

    def is_worth(self) -> bool:
        """Something is gained by acting now."""
        return self.flagged and self.hours_left >= proposal.WORTH_H


@dataclass(slots=True)
class Tally:
    """Cells predicted, cells of which nothing could be, by reason; cells flagged, and the
    hours [h] of the channels that the proposals that rest on a prediction alone offered."""

    predicted: int = 0
    flagged: int = 0
    hours: float = 0.0
    unpredicted: Counter[str] = field(default_factory=Counter)

    def kpis(self) -> dict[str, Json]:
        return {
            "predicted": self.predicted,
            "unpredicted": dict(self.unpredicted),
            "flagged_early": self.flagged,
            "flagged_early_hours": self.hours,
        }

    def snapshot(self) -> Snapshot:
        return {
            "predicted": self.predicted,
            "flagged": self.flagged,
            "hours": self.hours,
            "unpredicted": dict(self.unpredicted),
        }

    @classmethod
    def restored(cls, snapshot: Snapshot) -> "Tally":
        why = saved.fields(snapshot["unpredicted"])
        return cls(
            saved.whole(snapshot["predicted"]),
            saved.whole(snapshot["flagged"]),
            saved.number(snapshot["hours"]),
            Counter({reason: saved.whole(n) for reason, n in why.items()}),
        )


def recommendation(
    event: Event, found: Foretold, channel: AssetConfig, line: CellLayer
) -> Recommendation:
    """Its evidence: the prediction with its interval, and the features that moved it most,
    beside the range of 99 % of good cells."""
    begins = event.time_ns - round(found.elapsed_h * 3.6e12)
    likely, least, most = proposal.saved_hours(found.hours_left)
    summary = Interval(
        found.target, found.prediction, found.lower, found.upper, found.unit, found.confidence
    )
    foretold = Evidence(channel.name, found.target, begins, event.time_ns, 1, summary, found.model)
    return Recommendation(
        id=filing.id_of("fp", event.id),
        layer="cell",
        asset=channel.name,
        source=channel.name,
        type=proposal.DIVERSION,
        title=f"Divert cell {found.serial}: it is predicted not to make its limit",
        reason=(
            f"{_outcome(found)}, predicted {found.elapsed_h:.1f} h into the protocol with "
            f"{found.hours_left:.1f} h left: {found.reason}"
        ),
        changes=(),
        predicted=Interval("hours_saved", likely, least, most, "h"),
        evidence=(foretold, *proposal.evidence_of(event, channel, begins, found.model)),
        lot=proposal.lot_of(found.serial, line),
        created_ns=event.time_ns,
        expires_ns=event.time_ns + round(max(found.hours_left, 1.0) * 3.6e12),
        updated_ns=event.time_ns,
    )


def _outcome(found: Foretold) -> str:
    unit = f" {found.unit}" if found.unit else ""
    limit = "" if found.limit is None else f", limit {found.limit:g}{unit}"
    return (
        f"{found.target} {found.prediction:.4g}{unit} "
        f"({found.lower:.4g} to {found.upper:.4g}{limit})"
    )


def _number(value: Json) -> float | None:
    return float(value) if isinstance(value, int | float) and value == value else None
