"""A running plant: its stores, its Ray cluster, its actors. Everything is wired here."""

import asyncio
import logging
import os
import secrets
import shutil
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from pathlib import Path
from types import TracebackType
from typing import Any, Final

import structlog

from actors.settings import PlantSettings
from cluster.config import Config
from cluster.embedded import EmbeddedRedis
from cluster.processes import free_port
from twin.errors import Unavailable

log = structlog.get_logger()

Progress = Callable[[str], None]

_READY_S: Final = 120.0
_OBJECT_STORE_BYTES: Final = 128 * 1024 * 1024


class Plant(AbstractContextManager["Plant"]):
    """Started by ``with``; what it embeds is stopped at the end, in reverse order."""

    def __init__(self, config: Config, progress: Progress = lambda _: None) -> None:
        self.config = config
        self._progress = progress
        self.live_store: EmbeddedRedis | None = None
        self.settings: PlantSettings
        self.gateway = ""
        self.dashboard = ""

    def __enter__(self) -> "Plant":
        try:
            self._start()
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    def stop(self) -> None:
        import ray

        if ray.is_initialized():
            ray.shutdown()
        if self.live_store is not None:
            self.live_store.stop()
            self.live_store = None

    @property
    def token_file(self) -> str:
        """Where the token is that Ray's dashboard asks for."""
        path = os.environ.get("RAY_AUTH_TOKEN_PATH")
        if path is None:
            return "in RAY_AUTH_TOKEN"
        here = Path.cwd()
        return str(Path(path).relative_to(here)) if Path(path).is_relative_to(here) else path

    def handle(self, name: str) -> Any:
        """The actor of that name, for what only the command line asks."""
        from actors.naming import find

        return find(self.settings, name)

    def wait_until_placed(self, within_s: float = _READY_S) -> Mapping[str, str]:
        """Returns once every asset in the registry has its actor and its edge, or is known
        not to get them: those are returned, each with the reason.

        Raises Unavailable where that takes too long.
        """
        import ray

        from actors.naming import PLACEMENT

        wanted = asyncio.run(registry_position(self.settings))
        deadline = time.monotonic() + within_s
        while _order(ray.get(self.handle(PLACEMENT).placed.remote())) < _order(wanted):
            if time.monotonic() > deadline:
                raise Unavailable(f"the assets have no actors yet after {within_s:.0f} s")
            time.sleep(0.05)
        unwell: dict[str, str] = ray.get(self.handle(PLACEMENT).unwell.remote())
        return unwell

    def wait_until_live(self, within_s: float = _READY_S) -> None:
        """Returns once readings come from every asset that is bound to an endpoint.

        Raises Unavailable, with what the silent ones say, where that takes too long.
        """
        deadline = time.monotonic() + within_s
        while silent := asyncio.run(silent_assets(self.settings)):
            if time.monotonic() > deadline:
                listed = "; ".join(f"{name}: {why}" for name, why in silent[:5])
                raise Unavailable(f"{len(silent)} assets have no readings yet: {listed}")
            time.sleep(0.1)

    def _start(self) -> None:
        config = self.config
        if config.redis_url is None:
            self._progress("starting the embedded live store")
            self.live_store = EmbeddedRedis(config.data_dir)
        redis_url = config.redis_url or (self.live_store.url if self.live_store else "")
        self.settings = PlantSettings(
            plant=config.plant,
            redis_url=redis_url,
            records_url=config.records,
            archive_folder=str(config.archive),
            spool_folder=str((config.data_dir / "spool").absolute()),
            gateway_host=config.gateway_host,
            # Chosen here and not by the gateway: restarted, it must come back where it was.
            gateway_port=config.gateway_port or free_port(),
            per_actor=dict(config.per_actor),
            checkpoint_s=config.checkpoint_s,
            idle_tick_s=config.idle_tick_s,
            archive_flush_s=config.archive_flush_s,
        )
        asyncio.run(check_live_store(redis_url))
        self._progress("starting Ray")
        self._start_ray()
        self._progress("starting the supervisors, the archiver and the gateway")
        self._start_actors()

    def _start_ray(self) -> None:
        prepare_ray_environment(self.config)
        import ray
        from ray._private.ray_logging import global_worker_stdstream_dispatcher

        local = self.config.ray_address == "local"
        context = ray.init(
            address=self.config.ray_address,
            namespace=self.settings.namespace,
            include_dashboard=True if local else None,
            object_store_memory=_OBJECT_STORE_BYTES if local else None,
            log_to_driver=False,
            logging_level=logging.ERROR,
        )
        # Raylets' warnings are printed also where nobody wants the actors' logs; both are
        # in the dashboard.
        global_worker_stdstream_dispatcher.remove_handler("ray_print_logs")
        self.dashboard = f"http://{context.dashboard_url}" if context.dashboard_url else ""

    def _start_actors(self) -> None:
        import ray

        from actors.archiver_actor import ArchiverActor
        from actors.gateway_actor import GatewayActor
        from actors.naming import ARCHIVER, GATEWAY, PLACEMENT, PLANT_SUPERVISOR, supervisor_name
        from actors.naming import make as made
        from actors.placement_actor import PlacementActor
        from actors.supervisor_actor import PLANT, RULES, LayerSupervisor, PlantSupervisor

        settings = self.settings
        gateway = made(settings, GATEWAY, GatewayActor, "Gateway", settings)
        waiting = [
            made(
                settings,
                PLANT_SUPERVISOR,
                PlantSupervisor,
                "PlantSupervisor",
                settings,
            ).ready.remote()
        ]
        waiting += [
            made(
                settings,
                supervisor_name(layer),
                LayerSupervisor,
                f"{layer.title()}Supervisor",
                settings,
                layer,
            ).ready.remote()
            for layer in RULES
            if layer != PLANT
        ]
        made(settings, ARCHIVER, ArchiverActor, "Archiver", settings)
        made(settings, PLACEMENT, PlacementActor, "Placement", settings)
        self.gateway = ray.get(gateway.address.remote(), timeout=_READY_S)
        ray.get(waiting, timeout=_READY_S)


def prepare_ray_environment(config: Config) -> None:
    """Ray reads these when it starts; the same must hold on every node.

    ``PYTHONDONTWRITEBYTECODE`` would make every worker compile its imports anew.
    """
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["RAY_USAGE_STATS_ENABLED"] = "0"
    # Actors without a CPU of their own start side by side; at Ray's own figure it warns.
    os.environ.setdefault("RAY_worker_maximum_startup_concurrency", "8")
    os.environ.setdefault("RAY_DEDUP_LOGS", "0")
    if not config.ray_auth:
        os.environ["RAY_AUTH_MODE"] = "disabled"
        return
    os.environ["RAY_AUTH_MODE"] = "token"
    if "RAY_AUTH_TOKEN" in os.environ or "RAY_AUTH_TOKEN_PATH" in os.environ:
        return
    token = (config.data_dir / "ray-token").absolute()
    if not token.exists():
        token.parent.mkdir(parents=True, exist_ok=True)
        token.touch(mode=0o600)
        token.write_text(secrets.token_hex(32))
    os.environ["RAY_AUTH_TOKEN_PATH"] = str(token)


async def check_live_store(url: str) -> None:
    """Raises Unavailable, in one line, where the live store does not answer."""
    from redis.exceptions import RedisError

    from stores.live.connection import connect

    client = connect(url)
    try:
        await client.ping()
    except (RedisError, OSError, ValueError) as error:
        raise Unavailable(
            f"the live store {url} does not answer ({error}): start it, or name another "
            "with --redis"
        ) from error
    finally:
        await client.aclose()


async def registry_position(settings: PlantSettings) -> str:
    """Of the newest change in the registry."""
    from asset_registry.redis_store import RedisAssetStore
    from stores.live.connection import connect

    client = connect(settings.redis_url)
    try:
        return await RedisAssetStore(client, settings.plant).position()
    finally:
        await client.aclose()


async def silent_assets(settings: PlantSettings) -> list[tuple[str, str]]:
    """Assets bound to an endpoint from which no reading has come, each with the reason."""
    from actors.registry import live_records
    from asset_registry.record import AssetState
    from asset_registry.redis_store import RedisAssetStore
    from stores.live.connection import connect

    client = connect(settings.redis_url)
    try:
        records = await live_records(RedisAssetStore(client, settings.plant))
    finally:
        await client.aclose()
    return [
        (record.name, record.state_reason)
        for record in records
        if record.state is not AssetState.LIVE
        and any(binding.source.address for binding in record.bindings)
    ]


def _order(position: str) -> tuple[int, int]:
    from twin.ports import order

    return order(position) if position else (-1, 0)


def forget(config: Config) -> None:
    """Delete what an earlier run of an embedded plant left in ``data_dir``."""
    for name in ("live", "archive", "archive-traces", "spool", "logs", "broker"):
        shutil.rmtree(config.data_dir / name, ignore_errors=True)
    for path in config.data_dir.glob("records.sqlite*"):
        path.unlink()
