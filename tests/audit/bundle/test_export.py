"""Histories are taken away from a real server, as it stores them."""

import asyncio
import json
from asyncio.subprocess import PIPE
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from temporalio import workflow
from temporalio.api.common.v1 import WorkflowExecution
from temporalio.api.workflowservice.v1 import ResetWorkflowExecutionRequest
from temporalio.client import (
    Client,
    FetchWorkflowHistoryEventsInput,
    Interceptor,
    OutboundInterceptor,
    WorkflowHistory,
    WorkflowHistoryEventAsyncIterator,
)
from temporalio.service import RPCError, RPCStatusCode
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer, UnsandboxedWorkflowRunner, Worker

from audit.bundle.errors import BundleError
from audit.bundle.export import Exported, export_bundle, query_of
from audit.bundle.manifest import Selection
from audit.bundle.reading import Bundle, Entry
from audit.bundle.signing_keys import load_private, load_public, make_pair
from audit.bundle.writing import write_bundle
from cashier.system.temporal import temporal_program
from codec.payload_codec import EncryptingCodec
from contracts import workflow_id
from temporal_client import DATA_CONVERTER, data_converter
from tests.builders import a_page, a_refusal
from tests.cashier.operating import Desk, a_desk, a_worker, until
from tests.codec.keys import a_ring
from tests.fakes import FakeAlipay
from visibility.stuck import OURS
from workflows.callback import Callback
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment

SIX = [f"refused-{number}" for number in range(6)]


async def close(desk: Desk, *order_ids: str) -> None:
    """Begin payments that Alipay refuses, and wait until the list shows their end."""
    async with a_worker(desk, FakeAlipay(pay=[a_refusal()])):
        for order_id in order_ids:
            await desk.begin(order_id=order_id)
        for order_id in order_ids:
            await desk.client.get_workflow_handle(workflow_id(order_id)).result()
    await listed(desk, f'{OURS} AND ExecutionStatus = "Completed"', len(order_ids))


async def listed(desk: Desk, query: str, count: int) -> None:
    async def is_so() -> bool:
        return (await desk.client.count_workflows(query)).count >= count

    await until(is_so)


async def export(desk: Desk, folder: Path, **wanted: Any) -> Exported:
    return await export_bundle(desk.client, folder, Selection(**wanted))


def orders(folder: Path) -> list[str]:
    return sorted(entry.order_id for entry in Bundle.open(folder).entries())


@pytest.fixture(scope="module")
async def desk(dev_server: WorkflowEnvironment) -> Desk:
    """Six payments that are closed, and one that is open."""
    desk = await a_desk(dev_server)
    await close(desk, *SIX)
    await desk.begin(order_id="open", task_queue="nobody")
    await listed(desk, OURS, len(SIX) + 1)
    return desk


async def test_closed_histories_are_taken_away_and_signed_for(
    desk: Desk, tmp_path: Path
) -> None:
    private, public = make_pair(tmp_path / "keys")
    steps: list[tuple[int, int]] = []
    exported = await export_bundle(
        desk.client,
        tmp_path / "b",
        Selection(),
        key=load_private(private),
        tell=lambda done, total: steps.append((done, total)),
    )
    assert (exported.fetched, exported.gone) == (6, [])
    assert steps[0] == (0, 6)
    assert steps[-1] == (6, 6)
    assert orders(tmp_path / "b") == SIX
    assert list(Bundle.open(tmp_path / "b").problems(load_public(public))) == []


async def test_an_exported_history_replays(desk: Desk, tmp_path: Path) -> None:
    await export(desk, tmp_path / "b", order_id=SIX[0])
    bundle = Bundle.open(tmp_path / "b")
    [entry] = bundle.entries()
    history = WorkflowHistory.from_json(entry.workflow_id, bundle.read(entry))
    replayer = Replayer(
        workflows=[CashierPayment, LatePayment, Callback], data_converter=DATA_CONVERTER
    )
    await replayer.replay_workflow(history)
    assert (entry.outcome, entry.run_id) == ("DECLINED", history.run_id)


async def test_a_history_of_the_command_line_makes_the_same_entry(
    desk: Desk, tmp_path: Path
) -> None:
    program = temporal_program()
    assert program
    shows = ["workflow", "show", "-w", workflow_id(SIX[0]), "-o", "json"]
    shows += ["--address", desk.client.service_client.config.target_host]
    shows += ["--namespace", desk.client.namespace]
    asked = await asyncio.create_subprocess_exec(program, *shows, stdout=PIPE)
    shown, _ = await asked.communicate()
    write_bundle(tmp_path / "cli", [("shown.json", shown)])
    await export(desk, tmp_path / "b", order_id=SIX[0])
    [of_cli] = Bundle.open(tmp_path / "cli").entries()
    [exported] = Bundle.open(tmp_path / "b").entries()
    assert of_cli == exported.model_copy(update={"sha256": of_cli.sha256})


async def test_an_interrupted_export_goes_on_with_the_rest(
    desk: Desk, tmp_path: Path
) -> None:
    class Interrupted(Exception):  # noqa: N818 - it is none of ours
        pass

    def stop_after_two(done: int, _: int) -> None:
        if done == 2:
            raise Interrupted

    with pytest.raises(Interrupted):
        await export_bundle(
            desk.client, tmp_path / "b", Selection(), tell=stop_after_two
        )
    with pytest.raises(BundleError):
        Bundle.open(tmp_path / "b")
    written = len(list((tmp_path / "b").rglob("[!.]*.json")))
    exported = await export(desk, tmp_path / "b")
    assert written >= 2
    assert exported.fetched == 6 - written
    assert orders(tmp_path / "b") == SIX
    assert list(Bundle.open(tmp_path / "b").problems(None)) == []


async def test_an_unfinished_bundle_of_something_else_is_left_alone(
    desk: Desk, tmp_path: Path
) -> None:
    def stop(done: int, _: int) -> None:
        raise KeyError(done)

    with pytest.raises(KeyError):
        await export_bundle(desk.client, tmp_path / "b", Selection(), tell=stop)
    with pytest.raises(BundleError, match="another selection"):
        await export(desk, tmp_path / "b", order_id="another")
    assert (await export(desk, tmp_path / "b")).manifest.histories == 6


async def test_a_file_that_was_lost_with_the_power_is_fetched_again(
    desk: Desk, tmp_path: Path
) -> None:
    def stop_at_the_end(done: int, _: int) -> None:
        if done == 6:
            raise KeyError(done)

    with pytest.raises(KeyError):
        await export_bundle(
            desk.client, tmp_path / "b", Selection(), tell=stop_at_the_end
        )
    first, *_ = (tmp_path / "b").rglob("[!.]*.json")
    first.write_bytes(b"")
    assert (await export(desk, tmp_path / "b")).fetched == 1
    assert list(Bundle.open(tmp_path / "b").problems(None)) == []


async def test_open_histories_are_taken_only_where_that_is_wanted(
    desk: Desk, tmp_path: Path
) -> None:
    await export(desk, tmp_path / "b", include_open=True)
    assert orders(tmp_path / "b") == ["open", *SIX]
    [one] = [e for e in Bundle.open(tmp_path / "b").entries() if e.order_id == "open"]
    assert (one.status, one.outcome, one.closed_at) == ("RUNNING", None, None)
    assert (one.currency, one.amount_minor) == ("PHP", 131400)


async def test_a_time_range_is_closed_at_its_begin_and_open_at_its_end(
    desk: Desk, tmp_path: Path
) -> None:
    now = datetime.now(UTC)
    day = timedelta(days=1)
    await export(desk, tmp_path / "today", since=now - day, before=now + day)
    await export(desk, tmp_path / "tomorrow", since=now + day)
    await export(desk, tmp_path / "yesterday", before=now - day)
    assert orders(tmp_path / "today") == SIX
    assert orders(tmp_path / "tomorrow") == orders(tmp_path / "yesterday") == []


async def test_a_filter_of_the_list_can_be_given_besides(
    desk: Desk, tmp_path: Path
) -> None:
    wanted = f'OrderId = "{SIX[0]}" OR OrderId = "{SIX[1]}"'
    await export(desk, tmp_path / "b", query=wanted)
    assert orders(tmp_path / "b") == SIX[:2]


async def test_what_belongs_to_another_order_with_a_like_id_is_left_out(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    desk = await a_desk(dev_server)
    for name in ("a", "a_1"):
        order = await desk.begin(order_id=name)
        await desk.begin_late(order)
    await listed(desk, OURS, 4)
    await export(desk, tmp_path / "b", order_id="a", include_open=True)
    found = {entry.workflow_id for entry in Bundle.open(tmp_path / "b").entries()}
    assert found == {"payment:a", "late-payment:a_1"}


def test_an_order_id_cannot_change_the_filter() -> None:
    with pytest.raises(BundleError, match="order"):
        query_of(Selection(order_id='x" OR OrderId != "'))


async def test_encrypted_histories_stay_encrypted(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    ring = a_ring()
    desk = await a_desk(dev_server, converter=data_converter(ring))
    async with a_worker(desk, FakeAlipay(pay=[a_page()])):
        order = await desk.begin()
        await desk.notify(order)
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
    await listed(desk, f'{OURS} AND ExecutionStatus = "Completed"', 1)
    await export_bundle(
        desk.client, tmp_path / "b", Selection(), codec=EncryptingCodec(ring)
    )
    bundle = Bundle.open(tmp_path / "b")
    [entry] = bundle.entries()
    events = json.loads(bundle.read(entry))["events"]
    given = events[0]["workflowExecutionStartedEventAttributes"]["input"]["payloads"]
    assert entry.outcome == "PAID"
    # "binary/encrypted", as Temporal's JSON writes it.
    assert [one["metadata"]["encoding"] for one in given] == [
        "YmluYXJ5L2VuY3J5cHRlZA=="
    ]


@workflow.defn(name="CashierPayment")
class TwoRuns:
    """A payment that goes on in a second run, and does nothing else."""

    @workflow.run
    async def run(self, given: dict[str, Any]) -> dict[str, Any]:
        if not given.get("carried"):
            workflow.continue_as_new({**given, "carried": {"some": "facts"}})
        return {"outcome": "PAID", "amount": given["amount"]}


async def test_each_run_of_a_chain_is_a_history_of_its_own(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    desk = await a_desk(dev_server)
    async with Worker(
        desk.client,
        task_queue="two-runs",
        workflows=[TwoRuns],
        workflow_runner=UnsandboxedWorkflowRunner(),
    ):
        order = await desk.begin(order_id="long", task_queue="two-runs")
        await desk.client.get_workflow_handle(workflow_id(order.order_id)).result()
        await listed(desk, f'{OURS} AND ExecutionStatus != "Running"', 2)
        await export(desk, tmp_path / "chain")
        await reset(desk, last_of(tmp_path / "chain"))
        await listed(desk, f'{OURS} AND ExecutionStatus = "Completed"', 2)
        await export(desk, tmp_path / "reset")
    chain = {entry.status: entry for entry in Bundle.open(tmp_path / "chain").entries()}
    assert chain.keys() == {"CONTINUED_AS_NEW", "COMPLETED"}
    assert {entry.order_id for entry in chain.values()} == {"long"}
    # Temporal lets a reset run's start name the run that it was made of.
    after = {entry.run_id for entry in Bundle.open(tmp_path / "reset").entries()}
    assert len(after) == 3
    assert after > {entry.run_id for entry in chain.values()}


def last_of(folder: Path) -> Entry:
    return max(Bundle.open(folder).entries(), key=lambda entry: entry.started_at)


async def reset(desk: Desk, entry: Entry) -> None:
    """Let a run happen again, as an operator can in the Temporal UI."""
    await desk.client.workflow_service.reset_workflow_execution(
        ResetWorkflowExecutionRequest(
            namespace=desk.client.namespace,
            workflow_execution=WorkflowExecution(
                workflow_id=entry.workflow_id, run_id=entry.run_id
            ),
            reason="to see what happens",
            workflow_task_finish_event_id=3,
            request_id="once",
        )
    )


class Forgetful(Interceptor, OutboundInterceptor):
    """A server that forgets a payment between its listing and its fetching."""

    def __init__(self, forgotten: str) -> None:
        self._forgotten = forgotten

    def intercept_client(
        self,
        next: OutboundInterceptor,  # noqa: A002 - the name that it is called by
    ) -> OutboundInterceptor:
        OutboundInterceptor.__init__(self, next)
        return self

    def fetch_workflow_history_events(
        self,
        input: FetchWorkflowHistoryEventsInput,  # noqa: A002 - the same
    ) -> WorkflowHistoryEventAsyncIterator:
        if input.id == self._forgotten:
            raise RPCError("workflow not found", RPCStatusCode.NOT_FOUND, b"")
        return super().fetch_workflow_history_events(input)


async def test_what_the_server_has_forgotten_is_named(
    desk: Desk, tmp_path: Path
) -> None:
    client = await Client.connect(
        desk.client.service_client.config.target_host,
        namespace=desk.client.namespace,
        interceptors=[Forgetful(workflow_id(SIX[0]))],
    )
    exported = await export_bundle(client, tmp_path / "b", Selection())
    [gone] = exported.gone
    assert gone.startswith(workflow_id(SIX[0]))
    assert orders(tmp_path / "b") == SIX[1:]


# ---- the command ----


async def test_the_command_says_what_it_has_written(desk: Desk, tmp_path: Path) -> None:
    made = await desk.run("audit", "keys", str(tmp_path / "keys"))
    key = str(tmp_path / "keys" / "bundle-key.pem")
    first = ("audit", "export", str(tmp_path / "first"), "--key", key)
    said = await desk.run(*first)
    more = ("--previous", str(tmp_path / "first"), "--order", SIX[0])
    after = await desk.run("audit", "export", str(tmp_path / "b"), "--key", key, *more)
    again = await desk.run(*first)
    assert (made.exit_code, said.exit_code, after.exit_code) == (0, 0, 0)
    assert "6 histories, signed by" in said.output
    assert "1 histories" in after.output
    assert ", after " in after.output
    assert again.exit_code == 2
    assert "finished bundle" in again.stderr


@pytest.mark.parametrize(
    ("options", "told"),
    [
        (["--from", "yesterday"], "--from"),
        (["--from", "2026-11-24", "--to", "2026-11-24"], "--from: must be before"),
        (["--query", "No such thing"], "--query"),
        (["--order", "a b"], "order"),
        (["--key", "/nowhere/key.pem"], "cannot be read"),
        (["--previous", "/nowhere"], "manifest.json"),
    ],
)
async def test_a_wrong_option_is_named_and_nothing_is_written(
    desk: Desk, tmp_path: Path, options: list[str], told: str
) -> None:
    said = await desk.run("audit", "export", str(tmp_path / "b"), *options)
    assert said.exit_code == 2
    assert told in said.stderr
    with pytest.raises(BundleError):
        Bundle.open(tmp_path / "b")
