"""The error tree as gRPC statuses, and back.

Every status carries google.rpc.ErrorInfo {reason, domain "gigatwin"}; INVALID_ARGUMENT
also google.rpc.BadRequest with a violation for each field. Servicers raise errors of
twin.errors and are decorated with ``mapped``; clients call ``error_of``.

    InvalidInput       INVALID_ARGUMENT        IllegalTransition  FAILED_PRECONDITION
    NotFound           NOT_FOUND               Unavailable        UNAVAILABLE
    AlreadyExists      ALREADY_EXISTS          TooOld             OUT_OF_RANGE
    StaleEtag, Fenced  ABORTED                 any other          INTERNAL
"""

import functools
import inspect
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import aclosing
from typing import Any, Final, NoReturn, TypeVar, cast

import grpc
from google.protobuf.any_pb2 import Any as AnyMessage
from google.protobuf.message import Message
from google.rpc.error_details_pb2 import BadRequest, ErrorInfo
from google.rpc.status_pb2 import Status

from twin import errors

DOMAIN: Final = "gigatwin"
_DETAILS_KEY: Final = "grpc-status-details-bin"
_CODES: Final[dict[type[errors.GigatwinError], grpc.StatusCode]] = {
    errors.InvalidInput: grpc.StatusCode.INVALID_ARGUMENT,
    errors.NotFound: grpc.StatusCode.NOT_FOUND,
    errors.AlreadyExists: grpc.StatusCode.ALREADY_EXISTS,
    errors.StaleEtag: grpc.StatusCode.ABORTED,
    errors.Fenced: grpc.StatusCode.ABORTED,
    errors.TooOld: grpc.StatusCode.OUT_OF_RANGE,
    errors.IllegalTransition: grpc.StatusCode.FAILED_PRECONDITION,
    errors.Unavailable: grpc.StatusCode.UNAVAILABLE,
    errors.GigatwinError: grpc.StatusCode.INTERNAL,
}
_ERRORS: Final[dict[grpc.StatusCode, type[errors.GigatwinError]]] = {
    grpc.StatusCode.INVALID_ARGUMENT: errors.InvalidInput,
    grpc.StatusCode.NOT_FOUND: errors.NotFound,
    grpc.StatusCode.ALREADY_EXISTS: errors.AlreadyExists,
    grpc.StatusCode.ABORTED: errors.StaleEtag,
    grpc.StatusCode.OUT_OF_RANGE: errors.TooOld,
    grpc.StatusCode.FAILED_PRECONDITION: errors.IllegalTransition,
    grpc.StatusCode.UNAVAILABLE: errors.Unavailable,
    grpc.StatusCode.DEADLINE_EXCEEDED: errors.Unavailable,
}

Method = TypeVar("Method", bound=Callable[..., object])
Detail = TypeVar("Detail", bound=Message)


def mapped(method: Method) -> Method:
    """Decorates a servicer's method, unary or streaming: our errors become statuses."""
    if inspect.isasyncgenfunction(method):
        stream: Callable[..., AsyncGenerator[object]] = method

        @functools.wraps(method)
        async def streaming(self: object, request: object, context: Any) -> AsyncIterator[object]:
            try:
                async with aclosing(stream(self, request, context)) as responses:
                    async for response in responses:
                        yield response
            except errors.GigatwinError as error:
                await abort(context, error)

        return cast(Method, streaming)

    answer = cast(Callable[..., Awaitable[object]], method)

    @functools.wraps(method)
    async def unary(self: object, request: object, context: Any) -> object:
        try:
            return await answer(self, request, context)
        except errors.GigatwinError as error:
            await abort(context, error)

    return cast(Method, unary)


async def abort(
    context: "grpc.aio.ServicerContext[Any, Any]", error: errors.GigatwinError
) -> NoReturn:
    """Ends the call with the error's status."""
    status = status_of(error)
    await context.abort(
        code_of(error), status.message, ((_DETAILS_KEY, status.SerializeToString()),)
    )
    raise AssertionError("abort returned")


def code_of(error: errors.GigatwinError) -> grpc.StatusCode:
    return next(_CODES[cls] for cls in type(error).__mro__ if cls in _CODES)


def status_of(error: errors.GigatwinError) -> Status:
    """The rich status: code, message, ErrorInfo, and BadRequest where input was at fault."""
    details: list[Message] = [
        ErrorInfo(reason=error.reason, domain=DOMAIN, metadata=_metadata(error))
    ]
    if isinstance(error, errors.InvalidInput):
        violations = error.violations or (errors.FieldViolation("", str(error)),)
        details.append(
            BadRequest(
                field_violations=[
                    BadRequest.FieldViolation(field=v.field, description=v.description)
                    for v in violations
                ]
            )
        )
    number: int = code_of(error).value[0]
    return Status(code=number, message=str(error), details=[_packed(d) for d in details])


def error_of(rpc: grpc.aio.AioRpcError) -> errors.GigatwinError:
    """The error that the server raised, for a client to raise again."""
    status = _rich_status(rpc)
    details = rpc.details() or rpc.code().name
    info = _detail(status, ErrorInfo)
    cls = _class_of(info.reason) if info else None
    bad = _detail(status, BadRequest)
    violations = tuple(
        errors.FieldViolation(v.field, v.description) for v in (bad.field_violations if bad else ())
    )
    if cls is errors.InvalidAsset and info is not None:
        return errors.InvalidAsset(info.metadata.get("asset", ""), violations)
    if cls is errors.InvalidRequest:
        return errors.InvalidRequest(*violations)
    if cls is None or cls is errors.InvalidFile:
        cls = _ERRORS.get(rpc.code(), errors.GigatwinError)
    if rpc.code() is grpc.StatusCode.DEADLINE_EXCEEDED:
        details = "no answer within the deadline"
    return cls(details)


def _metadata(error: errors.GigatwinError) -> dict[str, str]:
    match error:
        case errors.InvalidAsset():
            return {"asset": error.asset}
        case errors.InvalidFile():
            return {"file": error.path, "line": str(error.line or "")}
    return {}


def _packed(detail: Message) -> AnyMessage:
    packed = AnyMessage()
    packed.Pack(detail)
    return packed


def _rich_status(rpc: grpc.aio.AioRpcError) -> Status:
    for key, value in rpc.trailing_metadata() or ():
        if key == _DETAILS_KEY and isinstance(value, bytes):
            return Status.FromString(value)
    return Status()


def _detail(status: Status, cls: type[Detail]) -> Detail | None:
    for packed in status.details:
        found = cls()
        if packed.Unpack(found):
            return found
    return None


def _class_of(reason: str) -> type[errors.GigatwinError] | None:
    known = [errors.GigatwinError]
    for cls in known:
        known += cls.__subclasses__()
    return next((cls for cls in known if cls.reason == reason), None)
