"""Unsendable calls need attention at once, and continue once corrected."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio.api.failure.v1 import Failure
from temporalio.api.workflow.v1 import PendingActivityInfo
from temporalio.client import WorkflowHandle
from temporalio.testing import WorkflowEnvironment

from activities.callbacks import CallbackActivities
from activities.payments import PaymentActivities
from activities.shop.connections import open_shop_connections
from activities.shop.earlier_events import EarlierEvents
from alipay.client import AlipayClient, open_connections
from alipay.keys.rsa import AlipayKeys
from contracts import PaymentOutcome, late_payment_id
from tests.activities.serving import a_server
from tests.builders import a_cancel, a_late_payment, a_page, an_inquiry, an_order
from tests.fakes import AnythingPaid, FakeAlipay
from tests.workflows.callbacks.shops import SECRET, Shop, queue_of
from tests.workflows.running import RunningPayment, a_payment, a_worker
from visibility import NEEDS_ATTENTION, attributes_of
from workflows.late_payment import LatePayment

NOTIFY_URL = "https://api.example/alipay/notifications/payment"


class Misconfigured(FakeAlipay):
    """A worker whose calls to Alipay are the real ones, with settings of no use."""

    def __init__(self, payments: PaymentActivities) -> None:
        super().__init__()
        self._payments = payments

    @property
    def activities(self) -> list[Callable[..., object]]:
        real = self._payments
        return [real.pay, real.inquire_payment, real.cancel_payment, self.find_payment]


@pytest.fixture
async def misconfigured(
    merchant_key: RSAPrivateKey, alipay_key: RSAPrivateKey
) -> AsyncIterator[Misconfigured]:
    async with a_server(None) as port, open_connections() as http:
        client = AlipayClient(
            http,
            host=f"http://127.0.0.1:{port}",
            client_id="5J0000000000000000\n",  # as a file that ends in a line feed
            private_key=merchant_key,
            alipay_keys=AlipayKeys({"1": alipay_key.public_key()}),
        )
        yield Misconfigured(PaymentActivities(client, notify_url=NOTIFY_URL))


async def failures_of(handle: WorkflowHandle[Any, Any]) -> list[Failure]:
    """Return why activities have failed, of each the one that its workflow saw."""
    history = await handle.fetch_history()
    return [
        event.activity_task_failed_event_attributes.failure
        for event in history.events
        if event.HasField("activity_task_failed_event_attributes")
    ]


async def tries_of(handle: WorkflowHandle[Any, Any]) -> set[int]:
    """Return at which try of theirs activities have failed for good."""
    history = await handle.fetch_history()
    return {
        event.activity_task_started_event_attributes.attempt
        for event in history.events
        if event.HasField("activity_task_started_event_attributes")
    }


async def test_an_unsendable_payment_needs_attention_at_once_and_continues(
    skipping: WorkflowEnvironment, misconfigured: Misconfigured
) -> None:
    with skipping.with_time_skipping_disabled():
        async with a_worker(skipping.client, misconfigured) as task_queue:
            payment = RunningPayment(skipping, an_order(), task_queue)
            await payment.start()
            await payment.until_listed("ON_COURSE", "NO_VERDICT")
        handle = payment.handle
        seen = {one.application_failure_info.type for one in await failures_of(handle)}
        assert seen == {"ALIPAY_CALL_UNSENDABLE"}
        assert await tries_of(handle) == {1}  # no quick repeats
        [words, *_] = [one.message for one in await failures_of(handle)]
        assert "CASHIER_CLIENT_ID" in words
        assert "5J0000" not in words
    sound = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("SUCCESS")])
    async with a_worker(skipping.client, sound, task_queue=task_queue):
        result = await payment.result()
    assert result.outcome is PaymentOutcome.PAID


async def test_late_money_that_cannot_be_asked_about_gets_attention_at_once(
    skipping: WorkflowEnvironment, misconfigured: Misconfigured
) -> None:
    order = an_order()
    late = a_late_payment(order)
    with skipping.with_time_skipping_disabled():
        async with a_worker(skipping.client, misconfigured) as task_queue:
            handle = await skipping.client.start_workflow(
                LatePayment.run,
                late,
                id=late_payment_id(late.payment_request_id),
                task_queue=task_queue,
                search_attributes=attributes_of(
                    order_id=order.order_id, amount=order.amount, wallet=order.wallet
                ),
            )
            await until_it_needs(handle, "NO_VERDICT")
        assert await tries_of(handle) == {1}
    sound = FakeAlipay(inquiries=[an_inquiry("SUCCESS")], cancels=[a_cancel()])
    async with a_worker(skipping.client, sound, task_queue=task_queue):
        await skipping.fast_forward(handle)
        assert (await handle.result()).outcome == "RETURNED"


async def until_it_needs(handle: WorkflowHandle[Any, Any], why: str) -> None:
    async with asyncio.timeout(20):
        # The server has no way to wait for a line of its list.
        while (await attention_of(handle)) != why:  # noqa: ASYNC110
            await asyncio.sleep(0.05)


async def attention_of(handle: WorkflowHandle[Any, Any]) -> str | None:
    return (await handle.describe()).typed_search_attributes.get(NEEDS_ATTENTION)


@asynccontextmanager
async def callbacks_to(
    env: WorkflowEnvironment, url: str
) -> AsyncIterator[CallbackActivities]:
    async with open_shop_connections(private_addresses=True) as http:
        yield CallbackActivities(
            http,
            url=url,
            secrets=lambda: [SECRET],
            earlier=EarlierEvents(env.client),
            paid=AnythingPaid(),
        )


async def until_tried(queue: WorkflowHandle[Any, Any]) -> PendingActivityInfo:
    """Return the queue's activity once its first try has failed."""
    async with asyncio.timeout(20):
        while True:
            described = (await queue.describe()).raw_description
            for pending in described.pending_activities:
                if pending.HasField("last_failure"):
                    return pending


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:99999/hooks", "http://127.0.0.1/hooks\n", "shop/hooks"]
)
async def test_an_unsendable_callback_needs_attention_at_once_and_is_sent_later(
    skipping: WorkflowEnvironment, url: str
) -> None:
    alipay, shop = FakeAlipay(pay=[a_page()]), Shop(skipping)
    async with (
        callbacks_to(skipping, url) as alipay.callbacks,
        a_payment(skipping, alipay, tells_shop=True) as payment,
    ):
        await payment.notify()
        result = await payment.handle.result()
        assert result.outcome is PaymentOutcome.PAID
        assert 2 not in await tries_of(payment.handle)
        [failed] = await failures_of(payment.handle)
        assert failed.application_failure_info.type == "CALLBACK_UNSENDABLE"
        assert "CASHIER_CALLBACK_URL" in failed.message
        queue = queue_of(skipping, payment.order.order_id)
        assert await attention_of(queue) == "CALLBACK"
        pending = await until_tried(queue)
        failure = pending.last_failure
        # The queue waits before it tries again, and does not run in circles.
        assert failure.application_failure_info.type == "CALLBACK_UNSENDABLE"
        assert pending.attempt <= 3
    alipay.callbacks = shop.callbacks()
    async with a_worker(skipping.client, alipay, task_queue=payment.task_queue):
        await skipping.fast_forward(queue)
        assert (await queue.result()).outcome == "DELIVERED"
    assert shop.accepted == ["payment.paid"]
