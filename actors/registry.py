"""What actors ask of the registry's store."""

from asset_registry.record import AssetRecord
from asset_registry.store import AssetStore, Query

_PAGE = 1_000


async def live_records(store: AssetStore) -> list[AssetRecord]:
    """Every asset that is not deleted, page by page, in the order of the names."""
    found: list[AssetRecord] = []
    while True:
        page = await store.page(Query(after=found[-1].name if found else "", limit=_PAGE))
        found += page
        if len(page) < _PAGE:
            return found
