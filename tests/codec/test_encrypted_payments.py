"""Payments under encryption: nothing readable is stored, and keys can be renewed."""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from temporalio.api.common.v1 import Payloads, WorkflowExecution
from temporalio.api.enums.v1 import EventType, UpdateWorkflowExecutionLifecycleStage
from temporalio.api.failure.v1 import Failure
from temporalio.api.update.v1 import Input, Meta, Request, WaitPolicy
from temporalio.api.workflowservice.v1 import UpdateWorkflowExecutionRequest
from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.testing import WorkflowEnvironment
from temporalio.worker import Replayer

from cashier.system.temporal import start_embedded
from codec.keyring import Keyring, MissingKeyError
from contracts import Customer, Device, Goods, Money, PaymentOutcome, SignedEvidence
from temporal_client import data_converter
from tests.builders import a_page, an_order
from tests.codec.encrypting import (
    WORKFLOWS,
    a_client,
    a_payment_of,
    a_task_queue,
    bytes_of,
    keys_used,
    until,
    working,
)
from tests.codec.keys import (
    KEYS,
    NEW,
    NEW_TIME,
    OLD,
    OLD_TIME,
    Clocks,
    a_folder,
    a_ring,
)
from tests.fakes import FakeAlipay
from workflows.cashier_payment import CashierPayment

ONLY_OLD = {OLD: KEYS[OLD]}
ONLY_NEW = {NEW: KEYS[NEW]}


async def test_a_payment_goes_on_while_the_key_is_renewed(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    clocks, folder = Clocks(OLD_TIME), a_folder(tmp_path, OLD_TIME)

    def ring() -> Keyring:
        return Keyring.load(folder, now=clocks.now, monotonic=clocks.monotonic)

    alipay, task_queue = FakeAlipay(pay=[a_page()]), a_task_queue()
    api = a_client(dev_server, ring())
    payment = a_payment_of(api, an_order(), task_queue)
    async with working(a_client(dev_server, ring()), alipay, task_queue):
        await payment.ask_for_page()
        assert keys_used(await payment.handle.fetch_history()) == {OLD}
        a_folder(folder, NEW_TIME)
        clocks.move((NEW_TIME - OLD_TIME).total_seconds())
        await payment.notify()
        result = await payment.handle.result()
    history = await payment.handle.fetch_history()
    assert result.outcome is PaymentOutcome.PAID
    assert keys_used(history) == {OLD, NEW}
    replayer = Replayer(workflows=WORKFLOWS, data_converter=data_converter(ring()))
    assert (await replayer.replay_workflow(history)).replay_failure is None


async def test_a_history_does_not_replay_without_its_key(
    dev_server: WorkflowEnvironment, caplog: pytest.LogCaptureFixture
) -> None:
    client, task_queue = a_client(dev_server, a_ring(ONLY_OLD)), a_task_queue()
    payment = a_payment_of(client, an_order(), task_queue)
    async with working(client, FakeAlipay(pay=[a_page()]), task_queue):
        await payment.ask_for_page()
        await payment.notify()
        await payment.handle.result()
    history = await payment.handle.fetch_history()
    replayer = Replayer(
        workflows=WORKFLOWS, data_converter=data_converter(a_ring(ONLY_NEW))
    )
    with pytest.raises(RuntimeError, match="MissingKeyError"):
        await replayer.replay_workflow(history)
    assert f"no payload key '{OLD}'" in caplog.text


async def test_a_payment_whose_key_is_missing_waits_for_it(
    dev_server: WorkflowEnvironment,
) -> None:
    alipay, task_queue = FakeAlipay(pay=[a_page()]), a_task_queue()
    old = a_client(dev_server, a_ring(ONLY_OLD))
    payment = a_payment_of(old, an_order(), task_queue)
    async with working(old, alipay, task_queue):
        await old.start_workflow(
            CashierPayment.run,
            payment.order,
            id=payment.handle.id,
            task_queue=task_queue,
            # After its first failure a task is tried again when it has timed out.
            task_timeout=timedelta(seconds=1),
        )
        await payment.ask_for_page()
    await payment.notify()
    async with working(a_client(dev_server, a_ring(ONLY_NEW)), alipay, task_queue):
        event = EventType.EVENT_TYPE_WORKFLOW_TASK_FAILED
        history = await until(payment.handle, event)
    [failed] = [one for one in history.events if one.event_type == event]
    failure = failed.workflow_task_failed_event_attributes.failure
    both = a_client(dev_server, a_ring())
    async with working(both, alipay, task_queue):
        result = await a_payment_of(both, payment.order, task_queue).handle.result()
    assert failure.application_failure_info.type == "MissingKeyError"
    assert result.outcome is PaymentOutcome.PAID
    with pytest.raises(MissingKeyError, match=NEW):
        await payment.handle.result()


async def test_what_a_failure_says_is_not_stored_readably(
    dev_server: WorkflowEnvironment,
) -> None:
    async def fails() -> None:
        raise ApplicationError("canary message", type="Odd", non_retryable=True)

    alipay, task_queue = FakeAlipay(pay=[a_page()]), a_task_queue()
    alipay.before_pay_answers = fails
    client = a_client(dev_server, a_ring())
    payment = a_payment_of(client, an_order(), task_queue)
    async with working(client, alipay, task_queue):
        await payment.start()
        event = EventType.EVENT_TYPE_ACTIVITY_TASK_FAILED
        history = await until(payment.handle, event)
        await payment.handle.terminate()
    failed = next(one for one in history.events if one.event_type == event)
    failure = failed.activity_task_failed_event_attributes.failure
    assert failure.application_failure_info.type == "Odd"
    assert b"canary" not in bytes_of(history)
    assert b"test_encrypted_payments" not in bytes_of(history)  # the stack trace
    told = await client.data_converter.decode_failure(failure)
    assert "canary message" in str(told)


CUSTOMER = Customer(
    id="canary-id-4711",
    first_name="Canaryfirst",
    last_name="Canarylast",
    email="canary-4711@customer.example",
    phone="+639170004711",
)
DEVICE = Device(ip="203.0.113.47", device_id="canary-device", user_agent="Canary/4")
EVIDENCE = SignedEvidence(
    client_id="canary-client",
    signature="canarysignature" * 8,
    body='{"pspCustomerId":"2102204711004711"}',
)
CANARIES = [
    *(str(value) for value in CUSTOMER.model_dump().values() if value),
    *(str(value) for value in DEVICE.model_dump().values() if value),
    "Canary article",
    "canary-description",
    "canary-return",
    "canary-page",
    EVIDENCE.signature,
    "2102204711004711",
    "2026-11-24T03:02:47-07:00",
]


async def test_nothing_of_the_customer_is_readable_in_the_database(
    tmp_path: Path,
) -> None:
    order = an_order(
        customer=CUSTOMER,
        client=DEVICE,
        description="canary-description",
        redirect_url="https://shop.example/canary-return",
        goods=[Goods(id="1", name="Canary article")],
    )
    page = a_page()
    assert page.cashier is not None
    url = "https://gcash.example/canary-page"
    page = page.model_copy(
        update={"cashier": page.cashier.model_copy(update={"url": url})}
    )
    task_queue, database = a_task_queue(), tmp_path / "temporal.sqlite"
    converter = data_converter(Keyring.load(a_folder(tmp_path / "keys")))
    async with await start_embedded(database=database, converter=converter) as env:
        payment = a_payment_of(env.client, order, task_queue)
        async with working(env.client, FakeAlipay(pay=[page]), task_queue):
            await payment.ask_for_page()
            details = await payment.details()
            await payment.notify(evidence=EVIDENCE)
            await payment.notify(paid_at="2026-11-24T03:02:47-07:00")
            result = await payment.handle.result()
        while_open = _read(tmp_path)
        history = bytes_of(await payment.handle.fetch_history())
    assert result.outcome is PaymentOutcome.PAID
    assert order.order_id in details
    written = while_open + _read(tmp_path)
    # So the search finds what is there: the id of the order is no secret.
    assert order.order_id.encode() in written
    assert order.order_id.encode() in history
    for canary in CANARIES:
        assert canary.encode() not in written, canary
        assert canary.encode() not in history, canary


async def test_in_clear_text_the_customer_is_readable(tmp_path: Path) -> None:
    # What the test above proves is the encryption, not that the search is blind.
    order, task_queue = an_order(customer=CUSTOMER), a_task_queue()
    async with await start_embedded(database=tmp_path / "temporal.sqlite") as env:
        payment = a_payment_of(env.client, order, task_queue)
        await payment.start()
    assert str(CUSTOMER.email).encode() in _read(tmp_path)


def _read(folder: Path) -> bytes:
    """Return all that the server keeps: the file, and SQLite's files beside it."""
    files = sorted(folder.glob("temporal.sqlite*"))
    assert files
    return b"".join(file.read_bytes() for file in files)


async def test_why_an_update_is_refused_is_readable_by_who_sent_it(
    dev_server: WorkflowEnvironment,
) -> None:
    task_queue = a_task_queue()
    client = a_client(dev_server, a_ring())
    payment = a_payment_of(client, an_order(), task_queue)
    words: dict[str, object] = {"reason": "canary", "by": "canary"}
    refused = []
    async with working(client, FakeAlipay(pay=[a_page()]), task_queue):
        await payment.ask_for_page()
        await payment.notify(amount=Money(currency="PHP", value=1))
        for outcome in ("GONE", 5):
            said = {**words, "outcome": outcome}
            refused.append(await _refusal(client, payment.handle.id, said))
        await payment.resolve(PaymentOutcome.CANCELLED)
        history = await payment.handle.fetch_history()
    unknown, malformed = refused
    assert unknown.message == (
        "outcome: must be one of PAID, DECLINED, EXPIRED, CANCELLED"
    )
    assert malformed.message == "outcome: Input should be a valid string"
    assert not any(b"canary" in one.SerializeToString() for one in refused)
    assert b"must be one of" not in bytes_of(history)


async def _refusal(client: Client, workflow: str, said: dict[str, object]) -> Failure:
    """Return an update's refusal as a program without keys gets it, the UI say."""
    arguments = await client.data_converter.encode([said])
    answer = await client.workflow_service.update_workflow_execution(
        UpdateWorkflowExecutionRequest(
            namespace=client.namespace,
            workflow_execution=WorkflowExecution(workflow_id=workflow),
            wait_policy=WaitPolicy(
                lifecycle_stage=UpdateWorkflowExecutionLifecycleStage.UPDATE_WORKFLOW_EXECUTION_LIFECYCLE_STAGE_COMPLETED
            ),
            request=Request(
                meta=Meta(update_id=uuid4().hex),
                input=Input(name="resolve", args=Payloads(payloads=arguments)),
            ),
        )
    )
    return answer.outcome.failure
