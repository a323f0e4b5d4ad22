"""The reference MES client: from a recommendation to a setpoint in the PLC.

It uses nothing but gRPC and OPC UA, and is meant to be copied. What it does is decided
by the state of each recommendation alone, so it may be stopped and started at any time:

    PROPOSED   a person (--approve ask) or this client (--approve auto) decides
    APPROVED   write each setpoint, read it back, report it as applied
    any other  nothing to do; what became of it is logged

A recommendation without a change is a person's work at the plant (calibrate a gauge,
scrap a length): it is left PROPOSED. With --carry-out it is taken as done at once.

    python examples/mes_client.py --gateway 127.0.0.1:50051 --plant demo \\
        --opcua opc.tcp://127.0.0.1:4840/gigatwin/ --operator "A. Miller" --approve ask \\
        --setpoints '{"line1/coater.line_speed": "ns=2;s=line1.coater.line_speed_setpoint"}'

A setpoint's node takes its value in the unit of the recommendation.
Exit code: 0 stopped as asked, 1 the gateway refused to go on, 2 wrong use.
"""

import argparse
import asyncio
import contextlib
import json
import logging
import math
import os
import random
import signal
import sys
import uuid
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import grpc
import yaml
from asyncua import Client, ua

from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as rpc

State = pb.Recommendation.State
Answer = TypeVar("Answer")

CALL_TIMEOUT_S = 30.0
PLC_TIMEOUT_S = 4.0
FIRST_RETRY_S = 0.2
LONGEST_RETRY_S = 5.0

REFUSALS = (
    ua.uaerrors.BadNodeIdUnknown,
    ua.uaerrors.BadNotWritable,
    ua.uaerrors.BadOutOfRange,
    ua.uaerrors.BadTypeMismatch,
    ua.uaerrors.BadUserAccessDenied,
    ua.uaerrors.BadWriteNotSupported,
)
"""What a PLC answers to a write that it will never take; all else may pass."""


@dataclass(frozen=True, slots=True)
class Decision:
    """An operator's word on a recommendation. A rejection needs a reason."""

    approved: bool
    reason: str


Decide = Callable[[pb.Recommendation], Awaitable[Decision]]


class SetpointRefused(Exception):
    """The PLC answered, and did not take the value."""


class Journal:
    """What this client did: a line of JSON in a file, and a line for people."""

    def __init__(self, file: Path | None) -> None:
        self._file = file.open("a", encoding="utf-8") if file is not None else None

    def write(self, event: str, message: str, **fields: object) -> None:
        time = datetime.now(UTC).isoformat(timespec="milliseconds")
        print(f"{time} {message}", flush=True)
        if self._file is not None:
            record = {"time": time, "event": event, "message": message, **fields}
            self._file.write(json.dumps(record) + "\n")
            self._file.flush()

    def close(self) -> None:
        if self._file is not None:
            self._file.close()


class Backoff:
    """Waits longer after each failure, with jitter so that many clients do not knock at once."""

    def __init__(self) -> None:
        self._next_s = FIRST_RETRY_S

    async def wait(self) -> None:
        await asyncio.sleep(self._next_s * random.uniform(0.5, 1.0))  # noqa: S311
        self._next_s = min(2.0 * self._next_s, LONGEST_RETRY_S)


class Plc:
    """Setpoints of one OPC UA server, by ``{asset}.{signal}``.

    Setpoints are written seldom: each write has a connection of its own, and there is no
    session to keep alive.
    """

    def __init__(self, endpoint: str, nodes: Mapping[str, str]) -> None:
        self._endpoint = endpoint
        self._nodes = nodes

    def knows(self, setpoint: str) -> bool:
        return setpoint in self._nodes

    async def write(self, setpoint: str, value: float) -> datetime:
        """Writes and reads back. Returns when the PLC had it.

        A setpoint that has the value already is left alone: an earlier run of this
        client wrote it and was stopped before it could say so.
        Raises SetpointRefused; OSError and TimeoutError where the PLC is away.
        """
        async with Client(self._endpoint, timeout=PLC_TIMEOUT_S) as client:
            node = client.get_node(self._nodes[setpoint])
            try:
                before = await node.read_data_value()
                if before.Value is not None and _same(before.Value.Value, value):
                    return _aware(before.SourceTimestamp)
                # A PLC's REAL is a Float: what is written must have the node's own type.
                variant_type = await node.read_data_type_as_variant_type()
                await node.write_value(ua.DataValue(ua.Variant(value, variant_type)))
                written = datetime.now(UTC)
                after = await node.read_value()
            except REFUSALS as error:
                raise SetpointRefused(f"{setpoint}: {error}") from error
            if not _same(after, value):
                raise SetpointRefused(f"{setpoint}: wrote {value:g}, reads back {after}")
            return written


def _same(read: object, value: float) -> bool:
    # A Float keeps seven digits.
    return isinstance(read, int | float) and math.isclose(read, value, rel_tol=1e-6, abs_tol=1e-9)


def _aware(time: datetime | None) -> datetime:
    return datetime.now(UTC) if time is None else time.replace(tzinfo=time.tzinfo or UTC)


class MesClient:
    """Watches the recommendations of one plant and sees each of them through."""

    def __init__(
        self,
        stub: "rpc.RecommendationServiceAsyncStub",
        plant: str,
        plc: Plc,
        operator: str,
        decide: Decide,
        journal: Journal,
        carries_out: bool = False,
    ) -> None:
        self._stub = stub
        self._parent = f"plants/{plant}"
        self._plc = plc
        self._operator = operator
        self._decide = decide
        self._journal = journal
        self._carries_out = carries_out
        self._resume_token = ""
        self._done: set[str] = set()

    async def run(self) -> None:
        """Watches for ever, across restarts of the gateway.

        Raises grpc.aio.AioRpcError where the gateway refuses with anything but
        UNAVAILABLE (it is away) or OUT_OF_RANGE (we were away too long).
        """
        backoff = Backoff()
        while True:
            try:
                request = pb.WatchRecommendationsRequest(
                    parent=self._parent, resume_token=self._resume_token
                )
                async for change in self._stub.WatchRecommendations(request):
                    backoff = Backoff()
                    await self._take(change)
            except grpc.aio.AioRpcError as error:
                if error.code() is grpc.StatusCode.OUT_OF_RANGE:
                    self._resume_token = ""
                elif error.code() is not grpc.StatusCode.UNAVAILABLE:
                    raise
                self._say("connection_lost", f"watch ended: {error.details()}; watching again")
            await backoff.wait()

    async def _take(self, change: pb.WatchRecommendationsResponse) -> None:
        if change.synced:
            self._say("synced", "all open recommendations are known; waiting for changes")
        else:
            await self._see_through(change.recommendation)
        # Only now: a change is taken when it has been acted upon.
        self._resume_token = change.resume_token or self._resume_token

    async def _see_through(self, recommendation: pb.Recommendation) -> None:
        name = recommendation.name
        if recommendation.state == State.STATE_PROPOSED:
            await self._settle(recommendation)
        elif recommendation.state == State.STATE_APPROVED and name not in self._done:
            await self._apply(recommendation)
        else:
            state = State.Name(recommendation.state).removeprefix("STATE_")
            verdict = recommendation.effect.verdict
            self._say("state", f"{name} is {state} {verdict}".rstrip(), name, state=state)

    async def _settle(self, recommendation: pb.Recommendation) -> None:
        """PROPOSED: asks for a decision and passes it on."""
        name = recommendation.name
        self._say("proposed", f"{name}: {recommendation.title}", name)
        if self._leaves(recommendation):
            return
        # The twin keeps to its limits; an MES still checks what it is asked to write.
        wrong = [c for c in recommendation.changes if not _within_limits(c)]
        decision = (
            Decision(False, f"{wrong[0].signal} to {wrong[0].to_value:g} is beyond its limits")
            if wrong
            else await self._decide(recommendation)
        )
        try:
            if decision.approved:
                approval = pb.ApproveRecommendationRequest(
                    name=name,
                    decided_by=self._operator,
                    reason=decision.reason,
                    etag=recommendation.etag,
                    request_id=self._request_id("approve", recommendation),
                )
                await _until_answered(self._stub.ApproveRecommendation, approval)
                self._say("approved", f"{name}: approved by {self._operator}", name)
            else:
                rejection = pb.RejectRecommendationRequest(
                    name=name,
                    decided_by=self._operator,
                    reason=decision.reason,
                    etag=recommendation.etag,
                    request_id=self._request_id("reject", recommendation),
                )
                await _until_answered(self._stub.RejectRecommendation, rejection)
                self._say("rejected", f"{name}: rejected: {decision.reason}", name)
        except grpc.aio.AioRpcError as error:
            self._overtaken(name, error)

    async def _apply(self, approved: pb.Recommendation) -> None:
        """APPROVED: writes the setpoint and reports it. The watch says so even of our own."""
        name = approved.name
        try:
            if self._leaves(approved):
                return
            written = await self._write(approved)
            if written is None:
                return
            report = pb.ReportAppliedRequest(
                name=name,
                applied_by=self._operator,
                value=approved.changes[0].to_value if approved.changes else 0.0,
                request_id=self._request_id("applied", approved),
            )
            report.apply_time.FromDatetime(written)
            await _until_answered(self._stub.ReportApplied, report)
        except SetpointRefused as error:
            self._say("refused", f"{name}: the PLC refused: {error}; not reported", name)
        except grpc.aio.AioRpcError as error:
            self._overtaken(name, error)
        else:
            self._done.add(name)
            done = "applied" if approved.changes else "carried out"
            self._say("applied", f"{name}: reported as {done}", name)

    def _leaves(self, recommendation: pb.Recommendation) -> bool:
        """Whether it is left to others: a person's work, or a setpoint that has no node."""
        name = recommendation.name
        missing = [s for s in _setpoints(recommendation) if not self._plc.knows(s)]
        if missing:
            self._say("unmapped", f"{name}: no node for {', '.join(missing)}; left alone", name)
            return True
        if recommendation.changes or self._carries_out:
            return False
        self._say("work", f"{name}: nothing to write, a person must do it; left alone", name)
        return True

    async def _write(self, approved: pb.Recommendation) -> datetime | None:
        """Writes every change; tries again while the PLC is away and the approval holds.

        Returns when the last one was written (now, where there is none), or None.
        """
        name, backoff = approved.name, Backoff()
        while True:
            request = pb.GetRecommendationRequest(name=name)
            now = await _until_answered(self._stub.GetRecommendation, request)
            if now.recommendation.state != State.STATE_APPROVED:
                self._say("overtaken", f"{name}: no longer approved; not written", name)
                return None
            times = [] if approved.changes else [datetime.now(UTC)]
            try:
                for setpoint, change in zip(_setpoints(approved), approved.changes, strict=True):
                    written = await self._plc.write(setpoint, change.to_value)
                    times.append(written)
                    self._say(
                        "written",
                        f"{name}: {setpoint} = {change.to_value:g} {change.unit}",
                        name,
                        setpoint=setpoint,
                        value=change.to_value,
                        apply_time=written.isoformat(),
                    )
            except (OSError, TimeoutError, ua.UaError) as error:
                why = str(error) or type(error).__name__
                self._say("plc_away", f"{name}: the PLC is away ({why}); trying again", name)
                await backoff.wait()
            else:
                return max(times)

    def _overtaken(self, name: str, error: grpc.aio.AioRpcError) -> None:
        """Someone else decided, it expired or changed, or the gateway finds fault with the call:
        that ends this step of this recommendation. The watch brings what is true now.
        """
        if error.code() not in (
            grpc.StatusCode.FAILED_PRECONDITION,
            grpc.StatusCode.ABORTED,
            grpc.StatusCode.NOT_FOUND,
            grpc.StatusCode.INVALID_ARGUMENT,
        ):
            raise error
        self._say("overtaken", f"{name}: {error.details()}", name)

    def _request_id(self, action: str, recommendation: pb.Recommendation) -> str:
        """The same for the same step, also after a restart: a repeated call is harmless."""
        return str(
            uuid.uuid5(uuid.NAMESPACE_URL, f"{action}/{self._operator}/{recommendation.name}")
        )

    def _say(self, event: str, message: str, name: str = "", **fields: object) -> None:
        self._journal.write(event, message, recommendation=name, **fields)


def _setpoints(recommendation: pb.Recommendation) -> list[str]:
    """``line1/coater.line_speed`` for each change, from ``plants/demo/assets/line1/coater``.

    A change may be of another asset than the recommendation: one oven has many zones.
    """
    return [
        f"{(change.asset or recommendation.asset).partition('/assets/')[2]}.{change.signal}"
        for change in recommendation.changes
    ]


def _within_limits(change: pb.Change) -> bool:
    return change.lower_limit <= change.to_value <= change.upper_limit


Request = TypeVar("Request", contravariant=True)


async def _until_answered(
    call: "grpc.aio.UnaryUnaryMultiCallable[Request, Answer]", request: Request
) -> Answer:
    """Calls until the gateway answers; only UNAVAILABLE is tried again, with the same request."""
    backoff = Backoff()
    while True:
        try:
            return await call(request, timeout=CALL_TIMEOUT_S)
        except grpc.aio.AioRpcError as error:
            if error.code() is not grpc.StatusCode.UNAVAILABLE:
                raise
            await backoff.wait()


async def approve_all(recommendation: pb.Recommendation) -> Decision:
    """For demonstrations: a real plant lets a person decide."""
    return Decision(True, "approved automatically (--approve auto)")


def describe(recommendation: pb.Recommendation) -> str:
    """A recommendation as an operator reads it: what, why, on what evidence."""
    effect = recommendation.predicted_effect
    lines = [
        "",
        recommendation.title,
        f"  why     {recommendation.reason}",
        *(
            f"  change  {setpoint}: {c.from_value:g} to {c.to_value:g} {c.unit} "
            f"(limits {c.lower_limit:g} to {c.upper_limit:g})"
            for setpoint, c in zip(_setpoints(recommendation), recommendation.changes, strict=True)
        ),
        *(() if recommendation.changes else ("  change  none: it is done at the plant itself",)),
        *(f"  cause   {c.name} {c.probability:.0%}: {c.reason}" for c in recommendation.causes),
        f"  expect  {_interval(effect)}",
        *(
            f"  seen    {e.asset.partition('/assets/')[2]}.{e.signal}: {_interval(e.summary)} "
            f"from {e.readings} readings, {e.from_time.ToJsonString()} to "
            f"{e.to_time.ToJsonString()}, model {e.model}"
            for e in recommendation.evidence
        ),
        f"  lot     {recommendation.lot or 'unknown'}",
        f"  until   {recommendation.expire_time.ToJsonString()}",
    ]
    return "\n".join(lines)


def _interval(i: pb.Interval) -> str:
    return (
        f"{i.quantity} {i.value:.3g} {i.unit} ({i.lower:.3g} to {i.upper:.3g}, {i.confidence:.0%})"
    )


async def ask(recommendation: pb.Recommendation) -> Decision:
    """Shows the recommendation on the terminal and waits for the operator."""
    print(describe(recommendation))
    while True:
        match (await _line("approve? [y/n] ")).lower():
            case "y" | "yes":
                return Decision(True, await _line("reason (may be empty): "))
            case "n" | "no":
                while not (reason := await _line("reason: ")):
                    print("a rejection needs a reason")
                return Decision(False, reason)
            case _:
                print("please answer y or n")


async def _line(prompt: str) -> str:
    """One line from the terminal, without a thread that would outlive Ctrl-C."""
    print(prompt, end="", flush=True)
    loop = asyncio.get_running_loop()
    readable = asyncio.Event()
    loop.add_reader(sys.stdin, readable.set)
    try:
        await readable.wait()
    finally:
        loop.remove_reader(sys.stdin)
    # A terminal gives one line a read; readline() would keep the rest of a paste to itself.
    line = os.read(sys.stdin.fileno(), 4096)
    if not line:
        raise asyncio.CancelledError("the terminal was closed")
    return line.decode(errors="replace").strip()


def _setpoint_map(text: str) -> dict[str, str]:
    """A mapping as JSON text, or in a JSON or YAML file."""
    try:
        mapping = yaml.safe_load(text if text.lstrip().startswith("{") else Path(text).read_text())
    except (OSError, yaml.YAMLError) as error:
        raise argparse.ArgumentTypeError(f"can't read setpoints: {error}") from error
    if not isinstance(mapping, dict) or not mapping:
        raise argparse.ArgumentTypeError("setpoints map '{asset}.{signal}' to a node id")
    for setpoint, node in mapping.items():
        try:
            ua.NodeId.from_string(node)
        except (ua.UaError, TypeError, AttributeError) as error:
            raise argparse.ArgumentTypeError(f"{setpoint}: {node!r} is no node id") from error
    return mapping


def _arguments(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Reference MES client for gigatwin.")
    parser.add_argument("--gateway", required=True, metavar="HOST:PORT")
    parser.add_argument("--plant", required=True)
    parser.add_argument("--opcua", required=True, metavar="URL", help="the PLC's endpoint")
    parser.add_argument(
        "--setpoints", required=True, type=_setpoint_map, metavar="JSON|FILE",
        help='such as {"line1/coater.line_speed": "ns=2;s=line1.coater.line_speed_setpoint"}',
    )  # fmt: skip
    parser.add_argument("--operator", required=True, metavar="NAME", help="who decides")
    parser.add_argument("--approve", choices=("ask", "auto"), default="ask")
    parser.add_argument(
        "--carry-out",
        action="store_true",
        help="take work that is done at the plant itself as done at once (for demonstrations)",
    )
    parser.add_argument("--log", type=Path, metavar="FILE", help="append JSON lines to it")
    arguments = parser.parse_args(argv)
    if arguments.approve == "ask" and not sys.stdin.isatty():
        parser.error("--approve ask needs a terminal; --approve auto does without")
    return arguments


async def _main(arguments: argparse.Namespace) -> int:
    this = asyncio.current_task()
    assert this is not None
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, this.cancel)
    journal = Journal(arguments.log)
    # gRPC waits up to two minutes before it looks for a lost server again; we will not.
    options = [("grpc.max_reconnect_backoff_ms", int(LONGEST_RETRY_S * 1000))]
    try:
        async with grpc.aio.insecure_channel(arguments.gateway, options=options) as channel:
            client = MesClient(
                rpc.RecommendationServiceStub(channel),
                arguments.plant,
                Plc(arguments.opcua, arguments.setpoints),
                arguments.operator,
                ask if arguments.approve == "ask" else approve_all,
                journal,
                arguments.carry_out,
            )
            journal.write("watching", f"watching {arguments.plant} at {arguments.gateway}")
            await client.run()
    except asyncio.CancelledError:
        journal.write("stopped", "stopped")
    except grpc.aio.AioRpcError as error:
        journal.write("failed", f"the gateway refused: {error.code().name}: {error.details()}")
        return 1
    finally:
        journal.close()
    return 0


def main(argv: list[str] | None = None) -> int:
    arguments = _arguments(argv)
    # asyncua reports a lost connection in many lines; this client does so in one.
    logging.getLogger("asyncua").setLevel(logging.CRITICAL)
    with contextlib.suppress(KeyboardInterrupt):
        return asyncio.run(_main(arguments))
    return 0


if __name__ == "__main__":
    sys.exit(main())
