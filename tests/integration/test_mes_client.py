"""The reference MES client between a real gRPC server and a real OPC UA server."""

import asyncio
import json
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path

import grpc
import pytest
import pytest_asyncio

from examples.mes_client import Decide, Decision, Journal, MesClient, Plc, approve_all, describe
from protocols.grpc.v1 import recommendation_service_pb2 as pb
from protocols.grpc.v1 import recommendation_service_pb2_grpc as rpc
from simulation.bench_plc import BenchPlc

pytestmark = [pytest.mark.integration, pytest.mark.asyncio(loop_scope="module")]

ROOT = Path(__file__).parents[2]
NAME = "plants/demo/recommendations/r1"
SETPOINT = "line1/coater.line_speed"
COATER = {SETPOINT: "line_speed_setpoint"}
OVEN = {
    "line1/oven/one.air_setpoint": "line_speed_setpoint",
    "line1/oven/three.air_setpoint": "slot_die_gap_setpoint",
}
"""Two writable nodes of the bench's PLC stand for the zones'."""
S = pb.Recommendation.State


def a_recommendation(state: S.ValueType = S.STATE_PROPOSED, to: float = 41.0) -> pb.Recommendation:
    recommendation = pb.Recommendation(
        name=NAME,
        state=state,
        asset="plants/demo/assets/line1/coater",
        title="Raise the line speed by 2.5 %",
        reason="the loading is 2.6 % above its target",
        changes=[
            pb.Change(
                signal="line_speed",
                from_value=40.0,
                to_value=to,
                unit="m/min",
                lower_limit=20.0,
                upper_limit=60.0,
            )
        ],
        predicted_effect=pb.Interval(
            quantity="loading", value=20.05, lower=19.9, upper=20.2, unit="mg/cm2", confidence=0.95
        ),
        evidence=[
            pb.Evidence(
                asset="plants/demo/assets/line1/coater/gauge-top",
                signal="areal_loading",
                readings=80,
                summary=pb.Interval(quantity="mean", value=20.52, unit="mg/cm2", confidence=0.95),
                model="coating-mass-balance/1",
            )
        ],
        lot="L2026-0001",
        etag="1",
    )
    return recommendation


def an_oven_profile(state: S.ValueType = S.STATE_PROPOSED, **to: float) -> pb.Recommendation:
    """New setpoints for these zones (one, three: line1/oven/one, …)."""
    recommendation = a_recommendation(state)
    recommendation.type = "oven_profile"
    recommendation.asset = "plants/demo/assets/line1/oven/one"
    del recommendation.changes[:]
    for zone, degc in to.items():
        recommendation.changes.add(
            asset=f"plants/demo/assets/line1/oven/{zone}",
            signal="air_setpoint",
            from_value=100.0,
            to_value=degc,
            unit="degC",
            lower_limit=60.0,
            upper_limit=150.0,
        )
    return recommendation


def a_persons_work(state: S.ValueType = S.STATE_PROPOSED) -> pb.Recommendation:
    """There is nothing to write: a person goes to the gauge."""
    recommendation = a_recommendation(state)
    recommendation.type = "gauge_calibration"
    recommendation.title = "Calibrate line1/coater/gauge-top"
    del recommendation.changes[:]
    recommendation.causes.add(name="gauge", probability=0.83, reason="the wet film is as before")
    return recommendation


class Gateway(rpc.RecommendationServiceServicer):
    """The recommendation service of one recommendation, with the real one's answers."""

    def __init__(self, recommendation: pb.Recommendation) -> None:
        self.recommendation = recommendation
        self.calls: list[object] = []
        self.away = 0
        """How many of the next calls are answered UNAVAILABLE."""
        self.watch_ends: list[grpc.StatusCode] = []
        """How the next watches end after what is open was sent; the one after them stays."""
        self._changed = asyncio.Condition()
        self._revision = 1

    def count(self, kind: type) -> int:
        return sum(isinstance(call, kind) for call in self.calls)

    async def reached(self, state: S.ValueType) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.recommendation.state == state)

    async def called(self, kind: type, times: int = 1) -> None:
        async with asyncio.timeout(20), self._changed:
            await self._changed.wait_for(lambda: self.count(kind) >= times)

    async def _note(self, call: object, context: grpc.aio.ServicerContext) -> None:
        async with self._changed:
            self.calls.append(call)
            self._changed.notify_all()
        if self.away > 0:
            self.away -= 1
            await context.abort(grpc.StatusCode.UNAVAILABLE, "restarting")

    async def _move(
        self, name: str, allowed: S.ValueType, to: S.ValueType, context: grpc.aio.ServicerContext
    ) -> None:
        if name != self.recommendation.name:
            await context.abort(grpc.StatusCode.NOT_FOUND, f"no recommendation {name!r}")
        if self.recommendation.state != allowed:
            state = S.Name(self.recommendation.state)
            await context.abort(grpc.StatusCode.FAILED_PRECONDITION, f"it is {state}")
        async with self._changed:
            self.recommendation.state = to
            self._revision += 1
            self.recommendation.etag = str(self._revision)
            self._changed.notify_all()

    async def WatchRecommendations(self, request, context):  # type: ignore[no-untyped-def]
        await self._note(request, context)
        seen = 0
        if not request.resume_token:
            seen = self._revision
            yield self._change()
            yield pb.WatchRecommendationsResponse(synced=True, resume_token=str(seen))
        else:
            seen = int(request.resume_token)
        if self.watch_ends:
            await context.abort(self.watch_ends.pop(0), "the watch has ended")
        while True:
            async with self._changed:
                await self._changed.wait_for(lambda seen=seen: self._revision > seen)
            seen = self._revision
            yield self._change()

    def _change(self) -> pb.WatchRecommendationsResponse:
        return pb.WatchRecommendationsResponse(
            recommendation=self.recommendation, resume_token=str(self._revision)
        )

    async def GetRecommendation(self, request, context):  # type: ignore[no-untyped-def]
        await self._note(request, context)
        return pb.GetRecommendationResponse(recommendation=self.recommendation)

    async def ApproveRecommendation(self, request, context):  # type: ignore[no-untyped-def]
        await self._note(request, context)
        await self._move(request.name, S.STATE_PROPOSED, S.STATE_APPROVED, context)
        return pb.ApproveRecommendationResponse(recommendation=self.recommendation)

    async def RejectRecommendation(self, request, context):  # type: ignore[no-untyped-def]
        await self._note(request, context)
        await self._move(request.name, S.STATE_PROPOSED, S.STATE_REJECTED, context)
        return pb.RejectRecommendationResponse(recommendation=self.recommendation)

    async def ReportApplied(self, request, context):  # type: ignore[no-untyped-def]
        await self._note(request, context)
        await self._move(request.name, S.STATE_APPROVED, S.STATE_APPLIED, context)
        return pb.ReportAppliedResponse(recommendation=self.recommendation)

    def the(self, kind: type) -> object:
        (call,) = (call for call in self.calls if isinstance(call, kind))
        return call


@pytest_asyncio.fixture(loop_scope="module", scope="module")
async def started_plc() -> AsyncIterator[BenchPlc]:
    plc = BenchPlc(gauges=1)
    await plc.start()
    yield plc
    await plc.stop()


@pytest_asyncio.fixture(loop_scope="module")
async def plc(started_plc: BenchPlc) -> BenchPlc:
    await started_plc.write_scan({started_plc.node_ids(0)["line_speed_setpoint"]: 40.0}, 0)
    return started_plc


async def setpoint(plc: BenchPlc, signal: str = "line_speed_setpoint") -> float:
    value = await plc.read(plc.node_ids(0)[signal])
    assert isinstance(value, float)
    return value


class Heard(Journal):
    """A journal that a test can wait on."""

    def __init__(self) -> None:
        super().__init__(None)
        self.events: list[str] = []
        self._more = asyncio.Event()

    def write(self, event: str, message: str, **fields: object) -> None:
        super().write(event, message, **fields)
        self.events.append(event)
        self._more.set()

    async def has(self, event: str) -> None:
        async with asyncio.timeout(20):
            while event not in self.events:
                self._more.clear()
                await self._more.wait()


@asynccontextmanager
async def serving(gateway: Gateway) -> AsyncIterator[str]:
    server = grpc.aio.server()
    rpc.add_RecommendationServiceServicer_to_server(gateway, server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield f"127.0.0.1:{port}"
    finally:
        await server.stop(None)


@asynccontextmanager
async def client_of(
    gateway: Gateway,
    plc: BenchPlc,
    journal: Journal,
    decide: Decide = approve_all,
    signals: Mapping[str, str] = COATER,
    carries_out: bool = False,
) -> AsyncIterator["asyncio.Task[None]"]:
    nodes = {name: plc.node_ids(0)[signal] for name, signal in signals.items()}
    async with serving(gateway) as address, grpc.aio.insecure_channel(address) as channel:
        stub = rpc.RecommendationServiceStub(channel)
        client = MesClient(
            stub, "demo", Plc(plc.endpoint, nodes), "A. Miller", decide, journal, carries_out
        )
        task = asyncio.create_task(client.run())
        try:
            yield task
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def test_a_proposal_is_approved_written_and_reported(plc: BenchPlc) -> None:
    gateway, heard = Gateway(a_recommendation()), Heard()
    began = datetime.now(UTC)
    async with client_of(gateway, plc, heard):
        await gateway.reached(S.STATE_APPLIED)
        await heard.has("state")

    assert await setpoint(plc) == 41.0
    approval = gateway.the(pb.ApproveRecommendationRequest)
    assert isinstance(approval, pb.ApproveRecommendationRequest)
    assert (approval.decided_by, approval.etag) == ("A. Miller", "1")
    report = gateway.the(pb.ReportAppliedRequest)
    assert isinstance(report, pb.ReportAppliedRequest)
    assert (report.value, report.applied_by) == (41.0, "A. Miller")
    assert began <= report.apply_time.ToDatetime(UTC) <= datetime.now(UTC)
    assert len({approval.request_id, report.request_id, ""}) == 3
    assert heard.events == ["proposed", "approved", "synced", "written", "applied", "state"]


async def test_a_write_that_was_never_made_is_made_after_a_restart(plc: BenchPlc) -> None:
    gateway = Gateway(a_recommendation(S.STATE_APPROVED))
    async with client_of(gateway, plc, Heard()):
        await gateway.reached(S.STATE_APPLIED)
    assert await setpoint(plc) == 41.0
    assert gateway.count(pb.ApproveRecommendationRequest) == 0


async def test_a_write_that_was_never_reported_is_reported_with_its_own_time(plc: BenchPlc) -> None:
    written_ns = 1_790_000_000_000_000_000
    await plc.write_scan({plc.node_ids(0)["line_speed_setpoint"]: 41.0}, written_ns)
    gateway = Gateway(a_recommendation(S.STATE_APPROVED))
    async with client_of(gateway, plc, Heard()):
        await gateway.reached(S.STATE_APPLIED)
    report = gateway.the(pb.ReportAppliedRequest)
    assert isinstance(report, pb.ReportAppliedRequest)
    assert report.apply_time.ToNanoseconds() == written_ns


async def test_calls_to_a_gateway_that_is_away_are_repeated_with_the_same_request_id(
    plc: BenchPlc,
) -> None:
    async def decide_while_the_gateway_restarts(recommendation: pb.Recommendation) -> Decision:
        gateway.away = 2
        return Decision(True, "")

    gateway = Gateway(a_recommendation())
    async with client_of(gateway, plc, Heard(), decide_while_the_gateway_restarts):
        await gateway.reached(S.STATE_APPLIED)
    approvals = [c for c in gateway.calls if isinstance(c, pb.ApproveRecommendationRequest)]
    assert len(approvals) == 3
    assert len({a.request_id for a in approvals}) == 1


@pytest.mark.parametrize(
    ("ends", "resumed_from"),
    [(grpc.StatusCode.UNAVAILABLE, "1"), (grpc.StatusCode.OUT_OF_RANGE, "")],
)
async def test_a_lost_watch_goes_on_where_it_was_or_anew(
    plc: BenchPlc, ends: grpc.StatusCode, resumed_from: str
) -> None:
    gateway = Gateway(a_recommendation(S.STATE_APPLIED))
    gateway.watch_ends = [ends]
    async with client_of(gateway, plc, Heard()):
        await gateway.called(pb.WatchRecommendationsRequest, times=2)
    watches = [c for c in gateway.calls if isinstance(c, pb.WatchRecommendationsRequest)]
    assert [w.resume_token for w in watches[:2]] == ["", resumed_from]


async def test_a_gateway_that_refuses_the_watch_ends_the_client(plc: BenchPlc) -> None:
    gateway = Gateway(a_recommendation(S.STATE_APPLIED))
    gateway.watch_ends = [grpc.StatusCode.PERMISSION_DENIED]
    async with client_of(gateway, plc, Heard()) as task:
        with pytest.raises(grpc.aio.AioRpcError, match="PERMISSION_DENIED"):
            await asyncio.wait_for(task, 20)


def rejecting(reason: str) -> Decide:
    async def decide(recommendation: pb.Recommendation) -> Decision:
        return Decision(False, reason)

    return decide


async def test_an_operator_may_reject_with_a_reason(plc: BenchPlc) -> None:
    gateway = Gateway(a_recommendation())
    async with client_of(gateway, plc, Heard(), rejecting("the gauge was cleaned")):
        await gateway.reached(S.STATE_REJECTED)
    rejection = gateway.the(pb.RejectRecommendationRequest)
    assert isinstance(rejection, pb.RejectRecommendationRequest)
    assert rejection.reason == "the gauge was cleaned"
    assert await setpoint(plc) == 40.0


async def test_a_change_beyond_its_own_limits_is_never_approved(plc: BenchPlc) -> None:
    gateway = Gateway(a_recommendation(to=61.0))
    async with client_of(gateway, plc, Heard()):
        await gateway.reached(S.STATE_REJECTED)
    assert await setpoint(plc) == 40.0


async def test_what_the_plc_refuses_is_not_reported(plc: BenchPlc) -> None:
    gateway, heard = Gateway(a_recommendation()), Heard()
    async with client_of(gateway, plc, heard, signals={SETPOINT: "line_speed"}):
        await heard.has("refused")
    assert gateway.count(pb.ReportAppliedRequest) == 0
    assert gateway.recommendation.state == S.STATE_APPROVED


async def test_a_signal_without_a_node_is_left_alone(plc: BenchPlc) -> None:
    proposed = a_recommendation()
    proposed.changes[0].signal = "pump_flow"
    gateway, heard = Gateway(proposed), Heard()
    async with client_of(gateway, plc, heard):
        await heard.has("unmapped")
    assert gateway.recommendation.state == S.STATE_PROPOSED


async def test_each_zone_of_an_oven_profile_is_written_and_it_is_reported_once(
    plc: BenchPlc,
) -> None:
    gateway, heard = Gateway(an_oven_profile(one=96.0, three=124.0)), Heard()
    async with client_of(gateway, plc, heard, signals=OVEN):
        await gateway.reached(S.STATE_APPLIED)
    assert await setpoint(plc) == 96.0
    assert await setpoint(plc, "slot_die_gap_setpoint") == 124.0
    report = gateway.the(pb.ReportAppliedRequest)
    assert isinstance(report, pb.ReportAppliedRequest)
    assert report.value == 96.0
    assert heard.events.count("written") == 2


async def test_a_profile_with_one_zone_beyond_its_limits_is_never_approved(plc: BenchPlc) -> None:
    gateway = Gateway(an_oven_profile(one=96.0, three=151.0))
    async with client_of(gateway, plc, Heard(), signals=OVEN):
        await gateway.reached(S.STATE_REJECTED)
    assert await setpoint(plc) == 40.0


@pytest.mark.parametrize("state", [S.STATE_PROPOSED, S.STATE_APPROVED])
async def test_a_profile_with_one_zone_that_has_no_node_is_not_written_in_part(
    plc: BenchPlc, state: S.ValueType
) -> None:
    gateway, heard = Gateway(an_oven_profile(state, one=96.0, two=101.0)), Heard()
    async with client_of(gateway, plc, heard, signals=OVEN):
        await heard.has("unmapped")
        await heard.has("synced")
    assert gateway.recommendation.state == state
    assert await setpoint(plc) == 40.0


async def test_a_profile_that_the_plc_takes_in_part_is_not_reported(plc: BenchPlc) -> None:
    gateway, heard = Gateway(an_oven_profile(one=96.0, three=124.0)), Heard()
    signals = {**OVEN, "line1/oven/three.air_setpoint": "slot_die_gap"}
    async with client_of(gateway, plc, heard, signals=signals):
        await heard.has("refused")
    assert gateway.count(pb.ReportAppliedRequest) == 0


@pytest.mark.parametrize("state", [S.STATE_PROPOSED, S.STATE_APPROVED])
async def test_a_persons_work_is_left_to_a_person(plc: BenchPlc, state: S.ValueType) -> None:
    gateway, heard = Gateway(a_persons_work(state)), Heard()
    async with client_of(gateway, plc, heard):
        await heard.has("work")
        await heard.has("synced")
    assert gateway.recommendation.state == state


async def test_a_persons_work_is_reported_as_done_where_it_is_told_so(plc: BenchPlc) -> None:
    gateway, heard = Gateway(a_persons_work()), Heard()
    async with client_of(gateway, plc, heard, carries_out=True):
        await gateway.reached(S.STATE_APPLIED)
    report = gateway.the(pb.ReportAppliedRequest)
    assert isinstance(report, pb.ReportAppliedRequest)
    assert report.value == 0.0
    assert report.HasField("apply_time")
    assert "written" not in heard.events


async def test_what_someone_else_decided_meanwhile_is_taken_as_it_is(plc: BenchPlc) -> None:
    async def decide_too_late(recommendation: pb.Recommendation) -> Decision:
        gateway.recommendation.state = S.STATE_EXPIRED
        return Decision(True, "")

    gateway, heard = Gateway(a_recommendation()), Heard()
    async with client_of(gateway, plc, heard, decide_too_late):
        await heard.has("synced")
    assert heard.events == ["proposed", "overtaken", "synced"]
    assert await setpoint(plc) == 40.0


async def test_an_operator_sees_what_why_and_on_what_evidence() -> None:
    shown = describe(a_recommendation())
    for part in (
        "40 to 41 m/min",
        "20 to 60",
        "2.6 %",
        "80 readings",
        "19.9 to 20.2",
        "L2026-0001",
    ):
        assert part in shown


async def test_an_operator_sees_what_is_to_be_done_at_the_plant_and_the_likely_cause() -> None:
    shown = describe(a_persons_work())
    for part in ("Calibrate", "at the plant itself", "gauge 83%", "the wet film is as before"):
        assert part in shown


def command(address: str, plc: BenchPlc, *more: str) -> list[str]:
    setpoints = json.dumps({SETPOINT: plc.node_ids(0)["line_speed_setpoint"]})
    return [
        *(sys.executable, "examples/mes_client.py", "--plant", "demo", "--operator", "demo"),
        *("--gateway", address, "--opcua", plc.endpoint, "--setpoints", setpoints, *more),
    ]


async def test_as_a_process_it_does_the_same_and_ends_quietly_on_ctrl_c(
    plc: BenchPlc, tmp_path: Path
) -> None:
    gateway, log = Gateway(a_recommendation()), tmp_path / "log"
    async with serving(gateway) as address:
        process = await asyncio.create_subprocess_exec(
            *command(address, plc, "--approve", "auto", "--log", str(log)),
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        try:
            assert process.stdout is not None
            async with asyncio.timeout(20):
                output = await process.stdout.readuntil(b"reported as applied\n")
            process.send_signal(signal.SIGINT)
            _, errors = await asyncio.wait_for(process.communicate(), 20)
        finally:
            if process.returncode is None:
                process.kill()
    assert (process.returncode, errors) == (0, b"")
    assert await setpoint(plc) == 41.0
    assert b"line1/coater.line_speed = 41 m/min" in output
    logged = [json.loads(line)["event"] for line in log.read_text().splitlines()]
    assert (logged[0], logged[-1]) == ("watching", "stopped")


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        (("--setpoints", '{"line1/coater.line_speed": "somewhere"}'), "no node id"),
        (("--setpoints", "{}"), "map"),
        (("--approve", "ask"), "terminal"),
    ],
)
async def test_wrong_use_is_one_clear_line(
    plc: BenchPlc, wrong: tuple[str, ...], said: str
) -> None:
    process = await asyncio.create_subprocess_exec(
        *command("127.0.0.1:1", plc, "--approve", "auto", *wrong),
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    _, errors = await asyncio.wait_for(process.communicate(), 20)
    assert process.returncode == 2
    assert said in errors.decode()
    assert "Traceback" not in errors.decode()
