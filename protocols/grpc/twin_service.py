"""TwinService: what a twin knows now."""

from typing import Any, Protocol

import grpc

from protocols.grpc.errors import mapped
from protocols.grpc.names import asset_of
from protocols.grpc.v1 import twin_service_pb2 as pb
from protocols.grpc.v1 import twin_service_pb2_grpc as pb_grpc


class Twins(Protocol):
    """Asks the actor that hosts an asset."""

    async def state(self, asset: str) -> pb.TwinState:
        """Raises NotFound, or Unavailable while the actor is being restarted."""
        ...


class TwinService(pb_grpc.TwinServiceServicer):
    def __init__(self, plant: str, twins: Twins) -> None:
        self._plant = plant
        self._twins = twins

    @mapped
    async def GetTwinState(
        self,
        request: pb.GetTwinStateRequest,
        context: "grpc.aio.ServicerContext[Any, Any]",
    ) -> pb.GetTwinStateResponse:
        asset = asset_of(request.name, self._plant)
        return pb.GetTwinStateResponse(state=await self._twins.state(asset))
