"""The gateway: gRPC outside, the plant's actors inside."""

import asyncio
import time
from pathlib import Path
from typing import Final

import grpc
import structlog
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_health.v1.health import aio as health
from grpc_reflection.v1alpha import reflection

from actors.asset_actor import AssetView
from actors.calls import call
from actors.loop import keep_trying, start
from actors.naming import GATEWAY, supervisor_name
from actors.push_target import HostedAssets
from actors.settings import PlantSettings
from asset_registry.redis_store import RedisAssetStore
from asset_registry.registry import AssetRegistry
from protocols.grpc.asset_registry_service import AssetRegistryService
from protocols.grpc.names import asset_name
from protocols.grpc.recommendation_service import RecommendationService
from protocols.grpc.times import timestamp
from protocols.grpc.twin_service import TwinService
from protocols.grpc.v1 import (
    asset_registry_service_pb2,
    asset_registry_service_pb2_grpc,
    recommendation_service_pb2,
    recommendation_service_pb2_grpc,
    telemetry_service_pb2,
    telemetry_service_pb2_grpc,
    twin_service_pb2,
    twin_service_pb2_grpc,
)
from stores.live.backbone import RedisBackbone
from stores.live.connection import connect
from stores.live.feed import RecommendationFeed
from stores.records.store import SqlRecords
from twin.kinds import kind, kind_names
from twin.plant.recommendation import Recommendation
from twin.plant.supervision import Command

log = structlog.get_logger()

_MAX_MESSAGE: Final = 32 * 1024 * 1024
_SERVICES: Final = tuple(
    descriptor.services_by_name[name].full_name
    for descriptor, name in (
        (asset_registry_service_pb2.DESCRIPTOR, "AssetRegistryService"),
        (recommendation_service_pb2.DESCRIPTOR, "RecommendationService"),
        (telemetry_service_pb2.DESCRIPTOR, "TelemetryService"),
        (twin_service_pb2.DESCRIPTOR, "TwinService"),
    )
)


class GatewayActor:
    def __init__(self, settings: PlantSettings) -> None:
        self._settings = settings
        self._port = settings.gateway_port
        self._ready = asyncio.Event()
        self._loop = start(GATEWAY, self._run)

    def __repr__(self) -> str:
        return f"Gateway {self._settings.plant}"

    async def address(self) -> str:
        """``host:port`` once every service answers."""
        await self._ready.wait()
        return f"{self._settings.gateway_host}:{self._port}"

    async def _run(self) -> None:
        await keep_trying("opening the gateway", self._open)
        self._ready.set()
        log.info("gateway serves", address=f"{self._settings.gateway_host}:{self._port}")
        await self._server.wait_for_termination()

    async def _open(self) -> None:
        # Late: whoever starts this actor imports this file, and does without DuckDB.
        from historian.query import Archive
        from protocols.grpc.telemetry_service import TelemetryService

        settings = self._settings
        server = grpc.aio.server(
            options=[
                ("grpc.max_receive_message_length", _MAX_MESSAGE),
                ("grpc.so_reuseport", 0),
            ]
        )
        store = RedisAssetStore(connect(settings.redis_url), settings.plant)
        registry = AssetRegistry(store, settings.plant, time.time_ns)
        asset_registry_service_pb2_grpc.add_AssetRegistryServiceServicer_to_server(
            AssetRegistryService(registry), server
        )
        records = await asyncio.to_thread(SqlRecords, settings.records_url, settings.plant)
        recommendation_service_pb2_grpc.add_RecommendationServiceServicer_to_server(
            RecommendationService(
                settings.plant,
                records,
                RecommendationFeed(settings.redis_url, settings.plant),
                Supervisors(settings),
            ),
            server,
        )
        hosted = HostedAssets(settings, store)
        telemetry_service_pb2_grpc.add_TelemetryServiceServicer_to_server(
            TelemetryService(
                settings.plant,
                RedisBackbone(settings.redis_url),
                Archive(Path(settings.archive_folder)),
                hosted,
            ),
            server,
        )
        twin_service_pb2_grpc.add_TwinServiceServicer_to_server(
            TwinService(settings.plant, HostedTwins(settings, hosted)), server
        )
        await self._add_health(server)
        reflection.enable_server_reflection((*_SERVICES, reflection.SERVICE_NAME), server)
        for name in kind_names():
            await asyncio.to_thread(kind, name)
        self._port = server.add_insecure_port(f"{settings.gateway_host}:{self._port}")
        await server.start()
        self._server = server

    async def _add_health(self, server: grpc.aio.Server) -> None:
        servicer = health.HealthServicer()
        health_pb2_grpc.add_HealthServicer_to_server(servicer, server)
        for service in ("", *_SERVICES):
            await servicer.set(service, health_pb2.HealthCheckResponse.SERVING)


class Supervisors:
    """Passes commands on to the supervisor of the layer."""

    def __init__(self, settings: PlantSettings) -> None:
        self._settings = settings

    async def command(self, layer: str, command: Command) -> Recommendation:
        moved = await call(self._settings, supervisor_name(layer), "command", command)
        assert isinstance(moved, Recommendation)
        return moved


class HostedTwins:
    """Asks the actor that hosts an asset what it knows."""

    def __init__(self, settings: PlantSettings, hosted: HostedAssets) -> None:
        self._settings = settings
        self._hosted = hosted

    async def state(self, asset: str) -> twin_service_pb2.TwinState:
        host = await self._hosted.host(asset)
        view = await call(self._settings, host, "view", asset)
        assert isinstance(view, AssetView)
        return twin_service_pb2.TwinState(
            asset=asset_name(self._settings.plant, asset),
            time=timestamp(view.time_ns),
            figures=[
                twin_service_pb2.Figure(name=f.name, value=f.value, sd=f.sd, unit=f.unit)
                for f in view.figures
            ],
            signals=[
                twin_service_pb2.SignalHealth(
                    signal=s.signal,
                    accepted=s.accepted,
                    quarantined=s.quarantined,
                    last_reason=s.last_reason or "",
                    last_time=None if s.last_time_ns is None else timestamp(s.last_time_ns),
                )
                for s in view.signals
            ],
            incarnation=view.incarnation,
            position=view.position,
        )
