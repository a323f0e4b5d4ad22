"""A registry client on a channel of its own."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import grpc

from protocols.grpc.registry_client import RegistryClient


@asynccontextmanager
async def registry_at(gateway: str, plant: str) -> AsyncIterator[RegistryClient]:
    async with grpc.aio.insecure_channel(gateway) as channel:
        yield RegistryClient(channel, plant)
