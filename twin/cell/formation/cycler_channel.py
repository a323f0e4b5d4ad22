"""A channel of a formation tester: what its cell does, whether it is good, what ails it.

Alone it is a cohort of one; many are stepped together (``cohort.py``), to the same bits.
"""

from collections.abc import Sequence

from twin.asset import AssetConfig, Cohort, Effects, Figure, SignalSpec, Twin
from twin.cell.formation.cohort import ChannelCohort
from twin.cell.formation.settings import PARAMETERS, reference_of
from twin.frame import Reading
from twin.kinds import Kind, Layer
from twin.snapshot import Snapshot


class CyclerChannel(Twin):
    """Says, once for each cell:

    ``cell.started`` {serial}; ``cell.formed`` {serial, first_charge_Ah, first_discharge_Ah,
    first_efficiency, ...} when the record of cycle 1 is complete, or at the protocol's end;
    ``cell.diagnosed`` {serial, diagnosis, probability, probabilities, evidence, elapsed_h,
    hours_left}; ``cell.withheld`` {serial, reason, ...}. Where it has an outcome model, at
    ``outcome_at``: ``cell.predicted`` {serial, target, unit, prediction, lower, upper,
    flagged, reason, hours_saved, model, digest, ...}, or ``cell.unpredicted`` {serial,
    reason: no_reference|unreadable_model|no_skill|missing_features, detail, ...}.
    """

    def __init__(self, config: AssetConfig) -> None:
        super().__init__(config)
        self._cohort = ChannelCohort((config,))

    def step(self, reading: Reading, effects: Effects) -> None:
        self._cohort.step(reading, effects)

    def figures(self) -> tuple[Figure, ...]:
        return self._cohort.figures(self.config.name)

    def snapshot(self) -> Snapshot:
        found = self._cohort.snapshot()[self.config.name]
        assert isinstance(found, dict)
        return found

    def restore(self, snapshot: Snapshot) -> None:
        self._cohort.restore({self.config.name: snapshot})


def cohort_of(assets: tuple[AssetConfig, ...]) -> Cohort:
    """One vectorised cohort; where the channels' references differ, one for each."""
    references = {reference_of(asset) for asset in assets}
    if len(references) <= 1:
        return ChannelCohort(assets)
    return _Cohorts(
        [
            ChannelCohort([asset for asset in assets if reference_of(asset) == reference])
            for reference in sorted(references)
        ]
    )


class _Cohorts(Cohort):
    """Cohorts side by side."""

    def __init__(self, cohorts: Sequence[ChannelCohort]) -> None:
        self._cohorts = cohorts
        self._of = {name: cohort for cohort in cohorts for name in cohort.assets()}

    def assets(self) -> tuple[str, ...]:
        return tuple(self._of)

    def step(self, reading: Reading, effects: Effects) -> None:
        self._of[reading.asset].step(reading, effects)

    def at(self, now_ns: int, effects: Effects) -> None:
        for cohort in self._cohorts:
            cohort.at(now_ns, effects)

    def figures(self, asset: str) -> tuple[Figure, ...]:
        return self._of[asset].figures(asset)

    def snapshot(self) -> Snapshot:
        return {name: of for cohort in self._cohorts for name, of in cohort.snapshot().items()}

    def restore(self, snapshot: Snapshot) -> None:
        for cohort in self._cohorts:
            mine = {name: of for name, of in snapshot.items() if name in cohort.assets()}
            cohort.restore(mine)


def _recorded(name: str, unit: str, description: str, maximum: float) -> SignalSpec:
    return SignalSpec(
        name,
        unit,
        f"{description}; the reading's text is the cell's serial",
        minimum=0.0,
        maximum=maximum,
        per_item=True,
    )


KIND = Kind(
    name="cycler_channel",
    title="CyclerChannel",
    layer=Layer.CELL,
    description="One channel of a formation tester",
    signals=(
        _recorded("cycle", "1", "number of the cycle that the record closes", 1e6),
        _recorded("charge_capacity", "Ah", "charge put in during the cycle", 10_000.0),
        _recorded("discharge_capacity", "Ah", "charge taken out during the cycle", 10_000.0),
        _recorded("charge_energy", "Wh", "energy put in during the cycle", 50_000.0),
        _recorded("discharge_energy", "Wh", "energy taken out during the cycle", 50_000.0),
        SignalSpec(
            "voltage",
            "V",
            "cell voltage; the reading's text is the cell's serial",
            minimum=-1.0,
            maximum=6.0,
            gap_after_s=120.0,
        ),
        SignalSpec(
            "current",
            "A",
            "cell current, positive while charging; at the time of the voltage",
            minimum=-2000.0,
            maximum=2000.0,
            gap_after_s=120.0,
        ),
        SignalSpec(
            "temperature",
            "degC",
            "temperature of the cell's case",
            minimum=-40.0,
            maximum=120.0,
            max_rate=5.0,
            gap_after_s=600.0,
        ),
        SignalSpec("step", "1", "number of the protocol's step", minimum=0.0, maximum=1e6),
    ),
    parameters=PARAMETERS,
    twin=CyclerChannel,
    cohort=cohort_of,
)
