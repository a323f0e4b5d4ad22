"""Carries out a plan against the registry."""

from collections.abc import Sequence
from dataclasses import dataclass

from asset_registry.plan import Plan, Update, plan
from asset_registry.record import AssetRecord
from asset_registry.registry import LARGEST_BATCH
from protocols.grpc.registry_client import RegistryClient
from twin.errors import InvalidAsset


@dataclass(frozen=True, slots=True)
class Applied:
    """What was done, as names of assets."""

    created: tuple[str, ...]
    undeleted: tuple[str, ...]
    updated: tuple[str, ...]


async def plan_for(client: RegistryClient, wanted: Sequence[AssetRecord]) -> Plan:
    """What ``apply_plan`` would change, by what the registry holds now."""
    return plan(wanted, await client.list(show_deleted=True))


async def apply_plan(client: RegistryClient, todo: Plan) -> Applied:
    """Undeletes and updates first, so that nodes that are given up are free for others.

    A second application finds nothing to do. Raises InvalidAsset, and StaleEtag where an
    asset changed since the plan was made; what was done before that stays done, and a new
    plan goes on from there.
    """
    undeleted = []
    for update in _parents_first([u for u in todo.update if u.undelete]):
        await client.undelete(update.wanted.name)
        undeleted.append(update.wanted.name)
    updated = await _update(client, [u for u in todo.update if u.differences])
    for start in range(0, len(todo.create), LARGEST_BATCH):
        await client.batch_create(todo.create[start : start + LARGEST_BATCH])
    return Applied(tuple(r.name for r in todo.create), tuple(undeleted), updated)


async def _update(client: RegistryClient, updates: Sequence[Update]) -> tuple[str, ...]:
    """A node may move from one asset to another: who is refused tries again after the rest."""
    done: list[str] = []
    while updates:
        refused: list[Update] = []
        fault: InvalidAsset | None = None
        for update in updates:
            etag = "" if update.undelete else update.present.etag
            try:
                await client.update(update.wanted, update.fields, etag=etag)
            except InvalidAsset as error:
                refused.append(update)
                fault = error
            else:
                done.append(update.wanted.name)
        if fault is not None and len(refused) == len(updates):
            raise fault
        updates = refused
    return tuple(done)


def _parents_first(updates: Sequence[Update]) -> list[Update]:
    """By the parents that the deleted assets still name."""
    left = {update.present.name: update for update in updates}
    ordered: list[Update] = []

    def take(update: Update) -> None:
        if left.pop(update.present.name, None) is not None:
            if parent := left.get(update.present.parent):
                take(parent)
            ordered.append(update)

    for update in updates:
        take(update)
    return ordered
