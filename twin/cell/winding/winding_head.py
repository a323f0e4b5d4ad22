"""A winding head: what the camera and the web's tension say of each jellyroll.

A jellyroll is judged when it is finished and the camera has measured all it measures, or
``completion_window`` later; what never came is missing, and said so.
"""

from dataclasses import dataclass, field
from typing import Final

from twin import settings
from twin.asset import AssetConfig, Effects, Figure, Json, Twin
from twin.cell.winding.geometry import Risk
from twin.cell.winding.short_risk import FEATURES, ShortRisk
from twin.cell.winding.tension import TensionProfile
from twin.cell.winding.winding_head_spec import PARAMETERS, SIGNALS, VERDICT, VISION
from twin.estimation import saved
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.snapshot import Snapshot, Value

_SECOND_NS: Final = 1_000_000_000
_OPEN: Final = 64
_CLOSED: Final = 64
_Z90: Final = 1.6448536269514722


@dataclass(slots=True)
class _Jellyroll:
    """``wound_ns``: when it was finished; None while it is on the head."""

    serial: str
    time_ns: int
    wound_ns: int | None = None
    seen: dict[str, float] = field(default_factory=dict)
    lots: dict[str, str] = field(default_factory=dict)


class WindingHead(Twin):
    """Says ``jellyroll.wound`` {serial, probability, lower, upper, model, evidence, missing,
    anode_lot, cathode_lot} for each: the probability (0..1) of an internal short circuit."""

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._window_ns = round(settings.number(config, "completion_window") * _SECOND_NS)
        self._risk = ShortRisk(
            settings.text(config, "short_model"), settings.number(config, "vision_sd")
        )
        self._lots: dict[str, str] = {}
        self._tension = self._profile()
        self._open: dict[str, _Jellyroll] = {}
        self._closed: dict[str, None] = {}
        self._latest: Risk | None = None
        self._wound: tuple[float, float] | None = None

    def step(self, reading: Reading, effects: Effects) -> None:
        self.at(reading.time_ns, effects)
        match reading.signal:
            case "web_tension":
                self._tension.add(reading.time_ns, reading.value)
            case "anode_lot" | "cathode_lot":
                self._lots[reading.signal] = reading.text or ""
            case "jellyroll":
                self._finished(reading, effects)
            case _ if reading.text and (reading.signal in VISION or reading.signal == VERDICT):
                found = self._of(reading.text, reading.time_ns)
                if found is not None:
                    found.seen[reading.signal] = reading.value
                    self._close_if_whole(found, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        due = [
            found
            for found in self._open.values()
            if found.wound_ns is not None and found.wound_ns + self._window_ns < now_ns
        ]
        for found in due:
            self._close(found, effects)

    def figures(self) -> tuple[Figure, ...]:
        figures = []
        if self._wound is not None:
            figures.append(Figure("web_tension", *self._wound, "N"))
        if self._latest is not None:
            width = (self._latest.upper - self._latest.lower) / (2 * _Z90)
            figures.append(Figure("short_probability", self._latest.probability, width, "1"))
        return tuple(figures)

    def _finished(self, reading: Reading, effects: Effects) -> None:
        assert reading.text is not None
        tension, self._tension = self._tension, self._profile()
        if tension.samples:
            self._wound = (tension.mean, tension.sd)
        found = self._of(reading.text, reading.time_ns)
        if found is None:
            return
        found.wound_ns = reading.time_ns
        found.lots = dict(self._lots)
        found.seen.update(tension.features())
        self._close_if_whole(found, effects)

    def _of(self, serial: str, time_ns: int) -> _Jellyroll | None:
        """None: it has been judged."""
        if serial in self._closed:
            return None
        found = self._open.get(serial)
        if found is None:
            found = self._open[serial] = _Jellyroll(serial, time_ns)
            if len(self._open) > _OPEN:
                # One that the camera saw and that was never finished: nothing to judge.
                del self._open[next(iter(self._open))]
        return found

    def _close_if_whole(self, found: _Jellyroll, effects: Effects) -> None:
        if found.wound_ns is not None and all(name in found.seen for name in VISION):
            self._close(found, effects)

    def _close(self, found: _Jellyroll, effects: Effects) -> None:
        self._open.pop(found.serial, None)
        self._closed[found.serial] = None
        if len(self._closed) > _CLOSED:
            del self._closed[next(iter(self._closed))]
        judged = self._latest = self._risk.of(found.seen)
        evidence: dict[str, Json] = {
            name: {"value": value, "unit": FEATURES[name]} for name, value in found.seen.items()
        }
        missing = [name for name in VISION if name not in found.seen]
        if "tension_mean" not in found.seen:
            missing.append("web_tension")
        data: dict[str, Json] = {
            "serial": found.serial,
            "probability": judged.probability,
            "lower": judged.lower,
            "upper": judged.upper,
            "model": judged.model,
            "evidence": evidence,
            "missing": missing,
            "anode_lot": found.lots.get("anode_lot") or None,
            "cathode_lot": found.lots.get("cathode_lot") or None,
        }
        assert found.wound_ns is not None
        effects.emit(self.config, "jellyroll.wound", found.wound_ns, data)

    def _profile(self) -> TensionProfile:
        return TensionProfile(
            settings.number(self.config, "tension_idle"),
            settings.number(self.config, "tension_event") / 100,
        )

    def snapshot(self) -> Snapshot:
        open_: list[Value] = [
            [o.serial, o.time_ns, o.wound_ns, dict(o.seen), dict(o.lots)]
            for o in self._open.values()
        ]
        return {
            "lots": dict(self._lots),
            "tension": self._tension.snapshot(),
            "open": open_,
            "closed": list(self._closed),
            "latest": None if self._latest is None else [*self._latest],
            "wound": None if self._wound is None else [*self._wound],
        }

    def restore(self, snapshot: Snapshot) -> None:
        self._lots = {of: saved.text(lot) for of, lot in saved.fields(snapshot["lots"]).items()}
        self._tension = self._profile()
        self._tension.restore(saved.fields(snapshot["tension"]))
        self._open = {}
        for serial, time_ns, wound_ns, seen, lots in map(
            saved.items, saved.items(snapshot["open"])
        ):
            self._open[saved.text(serial)] = _Jellyroll(
                saved.text(serial),
                saved.whole(time_ns),
                saved.whole_or_none(wound_ns),
                {name: saved.number(value) for name, value in saved.fields(seen).items()},
                {of: saved.text(lot) for of, lot in saved.fields(lots).items()},
            )
        self._closed = dict.fromkeys(map(saved.text, saved.items(snapshot["closed"])))
        latest, wound = snapshot["latest"], snapshot["wound"]
        self._latest = self._wound = None
        if latest is not None:
            probability, lower, upper, model = saved.items(latest)
            self._latest = Risk(
                saved.number(probability),
                saved.number(lower),
                saved.number(upper),
                saved.text(model),
            )
        if wound is not None:
            mean, sd = map(saved.number, saved.items(wound))
            self._wound = (mean, sd)


KIND = Kind(
    name="winding_head",
    title="WindingHead",
    layer=Layer.CELL,
    description="Winds anode, cathode and separator to a jellyroll, and looks at it",
    signals=SIGNALS,
    parameters=PARAMETERS,
    twin=WindingHead,
)
