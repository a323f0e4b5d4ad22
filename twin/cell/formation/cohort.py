"""All channels of a formation room, stepped together (struct of arrays, NumPy).

    samples ─▶ guard ─▶ charge, steps, phases, bins ─▶ features ─▶ decision ─▶ events

Bulk use (bench, files), one row a channel:

    cohort = ChannelCohort.bulk(4000, ChannelSettings(nominal_capacity=5.0), reference)
    for block in room.play():
        events = cohort.step_block(block.time_ns, block.voltage, block.current,
                                   block.temperature, serials=room.serials)
    cohort.verdicts()                 # arrays: flagged_h, diagnosis, probability, withheld
    names, matrix = cohort.features(3.0)

A reference is learned from a cohort that ran without one, over the whole protocol:

    learning = ChannelCohort.bulk(n, settings)          # no reference: it only measures
    ...step_block for every block...
    reference = learn(learning.trace(), good=mask, lots=lot_names, source="…")
    save(reference, path); reference = load(path)       # all in reference.py
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from twin.asset import AssetConfig, Cohort, Effects, Event, Figure
from twin.cell.formation.bank import Bank
from twin.cell.formation.channel_reading import ChannelReading
from twin.cell.formation.custody import Said
from twin.cell.formation.decision import ANSWERS, UNUSUAL
from twin.cell.formation.figures import figures_of
from twin.cell.formation.grid import Floats, Ints
from twin.cell.formation.guard import REASONS
from twin.cell.formation.normal import Reference
from twin.cell.formation.outcomes import Outcomes
from twin.cell.formation.records import RECORD
from twin.cell.formation.sample import Sample
from twin.cell.formation.saving import channel_snapshot, restore_channel
from twin.cell.formation.settings import ChannelSettings, Settings, loaded_reference
from twin.cell.formation.signatures import DIAGNOSES
from twin.cell.formation.trace import Trace
from twin.errors import InvalidInput
from twin.frame import Reading
from twin.snapshot import Snapshot

__all__ = ["DIAGNOSES", "UNUSUAL", "ChannelCohort", "ChannelSettings", "Trace", "Verdicts"]


@dataclass(frozen=True, slots=True, eq=False)
class Verdicts:
    """One entry a channel. ``flagged_h``: hours since the cell's first sample (NaN: not
    flagged). ``diagnosis``: "" of a cell not flagged, else one of DIAGNOSES or "unusual".
    ``probability`` of good, of each of DIAGNOSES and of unusual, (channels, 6); NaN without
    a reference. ``withheld``: "" or why nothing is said of the cell."""

    serial: tuple[str, ...]
    flagged_h: Floats
    diagnosis: tuple[str, ...]
    probability: Floats
    withheld: tuple[str, ...]


class ChannelCohort(Cohort):
    """Channels of one reference; ``reference`` goes before the assets' own parameter."""

    def __init__(
        self,
        assets: Sequence[AssetConfig],
        reference: Reference | None = None,
        learns: bool = False,
    ) -> None:
        self._assets = tuple(assets)
        self._row = {asset.name: row for row, asset in enumerate(assets)}
        why = ""
        if reference is None:
            reference, why = loaded_reference(assets)
        self._bank = Bank(Settings.of(assets), reference, learns)
        self._bank.why_no_reference = why
        self._bank.outcomes = Outcomes.of_assets(assets)
        self._readings = [ChannelReading(asset) for asset in assets]
        self._serials: Sequence[str] | None = None
        self._sequences: dict[str, int] = {}

    @classmethod
    def bulk(
        cls, channels: int, settings: ChannelSettings, reference: Reference | None = None
    ) -> "ChannelCohort":
        """Channels without a registry. Without a reference it keeps what it measures, for
        one to be learned."""
        assets = [settings.config(f"channel-{row}") for row in range(channels)]
        return cls(assets, reference, learns=True)

    def assets(self) -> tuple[str, ...]:
        return tuple(self._row)

    def step(self, reading: Reading, effects: Effects) -> None:
        self.step_all((reading,), effects)

    def step_all(self, readings: Sequence[Reading], effects: Effects) -> None:
        """One pass: readings of one channel and time are one sample; samples of different
        channels are taken together."""
        said: list[tuple[int, Said]] = []
        batch: dict[int, tuple[int, tuple[int, float, float, float]]] = {}
        for index, reading in enumerate(readings):
            row = self._row[reading.asset]
            mine = self._readings[row]
            if reading.signal in RECORD:
                if reading.text:
                    data = mine.records.add(reading, reading.text)
                    if data is not None:
                        said.append((index, Said(row, "cell.formed", reading.time_ns, data)))
                continue
            for sample in mine.add(reading):
                if row in batch or reading.text != self._bank.serials[row]:
                    self._flush(batch, said)
                serial = reading.text or ""
                if serial != self._bank.serials[row]:
                    found = self._bank.change_cell(row, serial, sample[0], sample[2])
                    said += [(index, one) for one in found]
                batch[row] = (index, sample)
        self._flush(batch, said)
        said.sort(key=lambda one: one[0])
        for _, one in said:
            if not self._is_told(one):
                effects.emit(self._assets[one.row], one.kind, one.time_ns, one.data)

    def _is_told(self, one: Said) -> bool:
        """The record of the first cycle has told already that the cell is formed."""
        by_charge = one.kind == "cell.formed" and "ohmic_resistance_mOhm" in one.data
        return by_charge and self._readings[one.row].records.is_formed(str(one.data["serial"]))

    def _flush(
        self,
        batch: dict[int, tuple[int, tuple[int, float, float, float]]],
        said: list[tuple[int, Said]],
    ) -> None:
        if not batch:
            return
        rows = np.array(sorted(batch), dtype=np.int64)
        time, voltage, current, temperature = zip(*(batch[int(r)][1] for r in rows), strict=True)
        sample = Sample(
            np.array(time, dtype=np.int64),
            np.array(voltage),
            np.array(current),
            np.array(temperature),
        )
        said += [(batch[one.row][0], one) for one in self._bank.step(rows, sample)]
        batch.clear()

    def step_block(
        self,
        time_ns: int | npt.NDArray[np.int64],
        voltage: Floats,
        current: Floats,
        temperature: Floats | None = None,
        serials: Sequence[str] | None = None,
        rows: Ints | None = None,
    ) -> list[Event]:
        """One sample of each channel (of ``rows`` only, no row twice): V, A, degC; NaN: not
        measured. ``serials`` are compared by identity first: the same object costs nothing.
        Returns the events. Raises InvalidInput for arrays of unequal length."""
        n = len(self._assets) if rows is None else len(rows)
        time = np.broadcast_to(np.asarray(time_ns, dtype=np.int64), (n,))
        warm = np.full(n, np.nan) if temperature is None else temperature
        for name, column in (("voltage", voltage), ("current", current), ("temperature", warm)):
            if np.shape(column) != (n,):
                raise InvalidInput(f"{name!r} needs {n} values, one a channel")
        said: list[Said] = []
        if serials is not None and serials is not self._serials:
            said += self._change_cells(serials, rows, time, current)
        said += self._bank.step(rows, Sample(time, voltage, current, warm))
        effects = Effects(self._sequences)
        for one in said:
            effects.emit(self._assets[one.row], one.kind, one.time_ns, one.data)
        return effects.events

    def _change_cells(
        self, serials: Sequence[str], rows: Ints | None, time: Ints, current: Floats
    ) -> list[Said]:
        said: list[Said] = []
        for k, serial in enumerate(serials):
            row = k if rows is None else int(rows[k])
            if serial != self._bank.serials[row]:
                said += self._bank.change_cell(row, serial, int(time[k]), float(current[k]))
        if rows is None:
            self._serials = serials
        return said

    def at(self, now_ns: int, effects: Effects) -> None:
        """Time comes with the samples."""

    def verdicts(self) -> Verdicts:
        bank = self._bank
        rows = np.arange(len(self._assets))
        chance = np.full((len(rows), len(ANSWERS)), np.nan)
        if bank.decision is not None:
            chance = bank.decision.probabilities(rows)
        named = ("", *ANSWERS[1:])
        return Verdicts(
            tuple(bank.serials),
            bank.state.f("flagged_h").copy(),
            tuple(named[code] for code in bank.state.i("diagnosis")),
            chance,
            tuple(REASONS[code] for code in bank.state.i("withheld")),
        )

    def features(self, hour: float) -> tuple[tuple[str, ...], Floats]:
        """Columns that good cells have by ``hour`` of the protocol, (channels, columns); NaN
        where a channel has not (or never) measured it. May be asked at any later time.
        Raises InvalidInput without a reference."""
        decision = self._bank.decision
        if decision is None:
            raise InvalidInput("features on a common grid need a reference: learn one first")
        reference = decision.reference
        by_then = np.flatnonzero(reference.hour <= hour)
        names = tuple(reference.name(int(j)) for j in by_then)
        return names, decision.value[by_then].T + reference.mean[by_then]

    def trace(self) -> Trace:
        """What was measured. Raises InvalidInput of a cohort that has a reference."""
        if self._bank.learning is None:
            raise InvalidInput("only a cohort in bulk, without a reference, keeps its trace")
        return self._bank.trace()

    def figures(self, asset: str) -> tuple[Figure, ...]:
        row = self._row[asset]
        return figures_of(self._bank, row, self._readings[row], self._assets[row])

    def snapshot(self) -> Snapshot:
        return {
            name: channel_snapshot(self._bank, row, self._readings[row])
            for name, row in self._row.items()
        }

    def restore(self, snapshot: Snapshot) -> None:
        for name, saved in snapshot.items():
            row = self._row.get(name)
            if row is not None:
                assert isinstance(saved, dict)
                restore_channel(self._bank, row, self._readings[row], saved)
        self._bank.holds_again()
        self._serials = None
