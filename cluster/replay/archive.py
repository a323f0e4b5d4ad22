"""The archive through the twins alone: no Ray, no clock, as fast as it goes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from actors.placement import place
from asset_registry.config import config_of
from asset_registry.record import AssetRecord
from historian.query import Archive
from historian.replay import replay_archive
from stores.live.keys import Keys
from twin.asset import Event
from twin.host import TwinHost
from twin.kinds import Layer, kind
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import LayerRules
from twin.plant.supervisor import SupervisorCore


@dataclass(frozen=True, slots=True)
class Past:
    """What the twins say of the past. ``recommendations`` are those that they would have
    made had nobody ever decided on one."""

    frames: int
    readings: int
    unhosted: int
    events: Mapping[str, int]
    recommendations: Sequence[Recommendation]

    def document(self) -> dict[str, object]:
        return {
            "frames": self.frames,
            "readings": self.readings,
            "unhosted": self.unhosted,
            "events": dict(self.events),
            "recommendations": [
                {
                    "id": r.id,
                    "time_ns": r.created_ns,
                    "asset": r.asset,
                    "signal": r.changes[0].signal if r.changes else "",
                    "from": r.changes[0].from_value if r.changes else None,
                    "to": r.changes[0].to_value if r.changes else None,
                    "unit": r.changes[0].unit if r.changes else "",
                    "lot": r.lot,
                    "reason": r.reason,
                }
                for r in self.recommendations
            ],
        }


def run(
    folder: Path, plant: str, records: Sequence[AssetRecord], per_actor: Mapping[str, int]
) -> Past:
    """Replays all that ``folder`` holds of these assets. Raises InvalidFile for a damaged slice.

    Records that come from a file have no uid: their names tell their events apart.
    """
    records = [record if record.uid else replace(record, uid=record.name) for record in records]
    configs = {record.name: config_of(record) for record in records}
    hosts = {
        Keys(plant).frames(plan.host): TwinHost(
            kind(plan.kind), [configs[asset] for asset in plan.assets]
        )
        for plan in place(records, per_actor, {})
    }
    archive = Archive(folder)
    try:
        past = replay_archive(archive.frames(), hosts)
    finally:
        archive.close()
    return Past(
        frames=past.frames,
        readings=past.readings,
        unhosted=past.unhosted,
        events=Counter(event.kind for event in past.events),
        recommendations=_recommended(records, past.events),
    )


def _recommended(records: Sequence[AssetRecord], events: Sequence[Event]) -> list[Recommendation]:
    found: list[Recommendation] = []
    for layer, rules in _rules().items():
        core = SupervisorCore(rules)
        own = [record for record in records if kind(record.kind).layer is layer]
        core.assets_changed({record.name: config_of(record) for record in own})
        names = {record.name for record in own}
        for event in events:
            if event.asset in names:
                core.take(event.asset, 1, (event,), event.time_ns)
        found += [r for r in core.pending.recommendations if r.revision == 1]
    return sorted(found, key=lambda r: r.created_ns)


def _rules() -> dict[Layer, LayerRules]:
    from twin.cell.supervisor import CellRules
    from twin.electrode.supervisor import ElectrodeRules

    return {Layer.ELECTRODE: ElectrodeRules(), Layer.CELL: CellRules()}
