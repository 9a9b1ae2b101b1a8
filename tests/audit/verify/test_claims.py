"""A payment of several runs: each begins as the one before has handed it over."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path

import pytest
from temporalio.client import Client, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message
from alipay.notifications import NotificationReader
from alipay.signing import sign
from audit.findings import Finding, Rule
from audit.rules.keys import VerifierKeys
from audit.verify.orders import Ledger
from audit.verify.verdicts import HistoryVerdict
from cashier.system.temporal import SERVER_OPTIONS, guarded_program
from contracts import CancelWish, PaymentNotified
from temporal_client import DATA_CONVERTER
from tests.audit.histories import change, setting, verdict_on
from tests.histories.proving import CLIENT_ID, NOTIFY_URL, Signers, proven_order
from tests.workflows.test_long_runs import FEW_EVENTS
from translation.notifications import to_payment_notified

ORDER_ID = "coffee-long"


def a_pending_notification(signers: Signers, number: int) -> PaymentNotified:
    """Return a notification as our API would pass it on, and signed like it."""
    body = {
        "notifyType": "PAYMENT_PENDING",
        "result": {"resultCode": "SUCCESS", "resultStatus": "S"},
        "paymentRequestId": f"{ORDER_ID}_1",
        "paymentId": "2026",
        "paymentAmount": {"currency": "PHP", "value": "131400"},
        "paymentTime": str(number),
    }
    path = NOTIFY_URL.removeprefix("https://shop.example")
    content = json.dumps(body).encode()
    message = Message("POST", path, CLIENT_ID, "2026-11-24T10:00:00Z", content)
    headers = {
        "signature": sign(message, signers.alipay),
        "request-time": message.time,
        "client-id": CLIENT_ID,
    }
    keys = AlipayKeys({"1": signers.alipay.public_key()})
    reader = NotificationReader(path=path, client_id=CLIENT_ID, alipay_keys=keys)
    return to_payment_notified(reader.parse_notification(headers, message.body))


@pytest.fixture(scope="module")
async def long_payment(
    tmp_path_factory: pytest.TempPathFactory,
) -> AsyncIterator[tuple[list[WorkflowHistory], VerifierKeys]]:
    """Play a payment of which the server soon finds the history long."""
    folder, public = (tmp_path_factory.mktemp(name) for name in ("settings", "keys"))
    signers = Signers.new(public)
    keys = VerifierKeys(public / "alipay", public / "merchant")
    async with (
        await WorkflowEnvironment.start_local(
            dev_server_existing_path=guarded_program(),
            dev_server_extra_args=[
                *SERVER_OPTIONS,
                "--dynamic-config-value",
                FEW_EVENTS,
            ],
            data_converter=DATA_CONVERTER,
        ) as env,
        proven_order(env.client, folder, signers) as order,
    ):
        await order.opens(ORDER_ID)
        first = (await order.payment.describe()).run_id
        for number in range(20):
            notified = a_pending_notification(signers, number)
            await order.payment.signal("payment_notified", notified)
            await order.payment.query("view")
        await order.does("pay")
        await order.payment.result(rpc_timeout=timedelta(seconds=20))
        yield [run async for run in chain(env.client, order.payment.id, first)], keys


async def chain(
    client: Client, workflow_id: str, run_id: str
) -> AsyncIterator[WorkflowHistory]:
    """Yield a run's history, then that of the run it goes on in."""
    while run_id:
        handle = client.get_workflow_handle(workflow_id, run_id=run_id)
        history = await handle.fetch_history()
        yield history
        end = history.events[-1].workflow_execution_continued_as_new_event_attributes
        run_id = end.new_execution_run_id


def agreed(verdicts: list[HistoryVerdict]) -> list[Finding]:
    with Ledger() as ledger:
        found = [f for v in verdicts if v.claims for f in ledger.add(v.claims)]
        return [*found, *ledger.close()]


def test_a_payment_of_several_runs_is_proven_run_by_run(
    long_payment: tuple[list[WorkflowHistory], VerifierKeys],
) -> None:
    histories, keys = long_payment
    verdicts = [verdict_on(history.to_json(), keys) for history in histories]
    assert [finding for verdict in verdicts for finding in verdict.findings] == []
    *before, last = (verdict.entry.status for verdict in verdicts)
    assert before
    assert {*before} == {"CONTINUED_AS_NEW"}
    assert last == "COMPLETED"
    claims = [verdict.claims for verdict in verdicts if verdict.claims]
    for one, following in pairwise(claims):
        assert one.gave == (following.took,)
    assert agreed(verdicts) == agreed(verdicts[::-1]) == []
    assert verdicts[1].story.steps[0].what == "continues in a new run"


def test_other_facts_than_those_that_were_handed_over_are_found(
    long_payment: tuple[list[WorkflowHistory], VerifierKeys],
) -> None:
    histories, keys = long_payment
    first = WorkflowHistory.from_json("", histories[0].to_json())
    end = first.events[-1].workflow_execution_continued_as_new_event_attributes
    change(end.input, setting("amount.value", 1))
    changed = verdict_on(first.to_json(), keys)
    assert [(f.rule, f.event_id) for f in changed.findings] == [
        (Rule.INPUT_DIFFERS, len(first.events))
    ]
    # Both sides changed alike would agree; one side alone does not.
    second = verdict_on(histories[1].to_json(), keys)
    [found] = agreed([changed, second])
    assert (found.rule, found.event_id) == (Rule.INPUT_DIFFERS, 1)
    assert found.order_id == ORDER_ID


async def test_an_operator_who_cancels_is_told_with_name_and_reason(
    dev_server: WorkflowEnvironment, tmp_path: Path
) -> None:
    public = tmp_path / "keys"
    signers = Signers.new(public)
    (tmp_path / "settings").mkdir()
    async with proven_order(dev_server.client, tmp_path / "settings", signers) as order:
        await order.opens("coffee-cancelled")
        wish = CancelWish(by="anna", reason="sold out")
        await order.payment.execute_update("cancel", wish)
        await order.payment.result(rpc_timeout=timedelta(seconds=20))
        history = (await order.payment.fetch_history()).to_json()
    keys = VerifierKeys(public / "alipay", public / "merchant")
    verdict = verdict_on(history, keys)
    assert verdict.findings == []
    told = [(step.who, step.what) for step in verdict.story.steps]
    sender = order.client.identity
    # Beside the name that was said stands who sent it, as the server noted.
    words = f"requests a cancel, says anna: sold out (sent by {sender})"
    assert ("operator", words) in told
    assert ("Alipay", "closes the payment; no money is kept") in told
    assert told[-1] == ("us", "the payment ended: CANCELLED")
