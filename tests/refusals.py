"""What a gRPC client sees of an error."""

from collections.abc import Awaitable
from dataclasses import dataclass

import grpc
import pytest
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status


@dataclass(frozen=True)
class Refusal:
    """``violations``: field → description, of BadRequest."""

    code: grpc.StatusCode
    message: str
    reason: str
    violations: dict[str, str]


async def refusal(call: Awaitable[object]) -> Refusal:
    """The status of a call that must fail, with the details that every error carries."""
    with pytest.raises(grpc.aio.AioRpcError) as caught:
        await call
    status = Status()
    for key, value in caught.value.trailing_metadata() or ():
        if key == "grpc-status-details-bin":
            assert isinstance(value, bytes)
            status.ParseFromString(value)
    info, bad = ErrorInfo(), BadRequest()
    for detail in status.details:
        detail.Unpack(info)
        detail.Unpack(bad)
    assert status.code == caught.value.code().value[0]
    assert status.message == caught.value.details()
    assert info.domain == "gigatwin"
    return Refusal(
        caught.value.code(),
        status.message,
        info.reason,
        {v.field: v.description for v in bad.field_violations},
    )
