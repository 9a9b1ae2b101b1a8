"""A flood of notifications for one payment: it costs little, and the payment lives."""

import asyncio
from collections.abc import Awaitable, Iterable

import httpx

from alipay.notifications import ACKNOWLEDGEMENT
from api.notifications.verification import LARGEST_BODY
from contracts import InquiryAnswer, InquiryCall, workflow_id
from tests.api.running import Shop, paid_notification
from tests.builders import a_page, an_inquiry
from tests.fakes import FakeAlipay
from tests.fuzz.events import Events
from workflows.payment.backoff import HINT_GAP

# Temporal ends a workflow at 51,200 events; from 4,096 on it suggests a new run.
MANY_EVENTS = 2_000
AT_ONCE = 50


class WatchedAlipay(FakeAlipay):
    """Knows no result, and notes how many inquiries are in flight."""

    def __init__(self) -> None:
        super().__init__(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
        self.may_answer = asyncio.Event()
        self.was_asked = asyncio.Event()
        self.was_asked_twice = asyncio.Event()
        self.most_in_flight = 0
        self._in_flight = 0

    async def inquire_payment(self, call: InquiryCall) -> InquiryAnswer:
        self._in_flight += 1
        self.was_asked.set()
        self.most_in_flight = max(self.most_in_flight, self._in_flight)
        await self.may_answer.wait()
        self._in_flight -= 1
        answer = await super().inquire_payment(call)
        if self.calls.count("inquire") == 2:
            self.was_asked_twice.set()
        return answer


def pending(order_id: str, *, paid_at: str = "2026-11-24T10:02:41Z") -> bytes:
    return paid_notification(
        order_id, notifyType="PAYMENT_PENDING", paymentTime=paid_at
    )


async def all_acknowledged(calls: Iterable[Awaitable[httpx.Response]]) -> None:
    few = asyncio.Semaphore(AT_ONCE)

    async def acknowledged(call: Awaitable[httpx.Response]) -> None:
        async with few:
            assert (await call).json() == ACKNOWLEDGEMENT

    async with asyncio.TaskGroup() as group:
        for call in calls:
            group.create_task(acknowledged(call))


async def test_a_thousand_equal_notifications_cost_one_signal(shop: Shop) -> None:
    alipay = WatchedAlipay()
    order_id = await shop.opens(alipay)
    before = await Events.of(shop.client, order_id)
    body = pending(order_id)
    await all_acknowledged([shop.notified(body)])
    await all_acknowledged(shop.notified(body) for _ in range(999))
    await alipay.was_asked.wait()
    after = await Events.of(shop.client, order_id)
    assert after.signals == 1
    assert after.workflow_tasks - before.workflow_tasks == 1
    assert len(after.asked("inquire_payment")) == 1
    alipay.may_answer.set()
    await all_acknowledged([shop.notified(paid_notification(order_id))])
    await shop.client.get_workflow_handle(workflow_id(order_id)).result()
    assert (await shop.look(order_id))["outcome"] == "PAID"


async def test_equal_notifications_that_come_all_at_once_cost_few_workflow_tasks(
    shop: Shop,
) -> None:
    # None of them is known yet when the next one comes.
    alipay = WatchedAlipay()
    order_id = await shop.opens(alipay)
    before = await Events.of(shop.client, order_id)
    body = pending(order_id)
    await all_acknowledged(shop.notified(body) for _ in range(1000))
    await alipay.was_asked.wait()
    after = await Events.of(shop.client, order_id)
    assert after.signals <= AT_ONCE
    assert after.workflow_tasks - before.workflow_tasks <= AT_ONCE
    assert len(after.asked("inquire_payment")) == 1
    alipay.may_answer.set()


async def test_three_hundred_differing_ones_leave_the_payment_alive_and_payable(
    shop: Shop,
) -> None:
    alipay = WatchedAlipay()
    order_id = await shop.opens(alipay)
    await all_acknowledged(
        shop.notified(pending(order_id, paid_at=f"2026-11-24T{second:06}Z"))
        for second in range(300)
    )
    assert (await shop.look(order_id))["outcome"] is None
    alipay.may_answer.set()
    await alipay.was_asked_twice.wait()
    await all_acknowledged([shop.notified(paid_notification(order_id))])
    await shop.client.get_workflow_handle(workflow_id(order_id)).result()
    assert (await shop.look(order_id))["outcome"] == "PAID"

    events = await Events.of(shop.client, order_id)
    assert events.signals == 301
    assert events.crashed_workflow_tasks == 0
    assert len(events) < MANY_EVENTS
    assert alipay.most_in_flight == 1
    first, second = events.asked("inquire_payment")
    assert second - first >= HINT_GAP


async def test_differing_notifications_after_the_end_cost_no_event(shop: Shop) -> None:
    alipay = FakeAlipay(pay=[a_page()])
    order_id = await shop.opens(alipay)
    await all_acknowledged([shop.notified(paid_notification(order_id))])
    await shop.client.get_workflow_handle(workflow_id(order_id)).result()
    assert (await shop.look(order_id))["outcome"] == "PAID"
    before = await Events.of(shop.client, order_id)
    await all_acknowledged(
        shop.notified(paid_notification(order_id, paymentTime=f"T{second}"))
        for second in range(100)
    )
    assert len(await Events.of(shop.client, order_id)) == len(before)
    assert (await shop.look(order_id))["late_money"] == []


async def test_the_largest_notifications_do_not_burst_the_payments_memory(
    shop: Shop,
) -> None:
    # Each as large as the API lets in; all of them are more than Temporal keeps in one
    # value (2 MB), such as the facts that a continued run begins with.
    alipay = FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PROCESSING")])
    order_id = await shop.opens(alipay)
    bodies = (
        pending(order_id, paid_at=f"T{second}").ljust(LARGEST_BODY)
        for second in range(90)
    )
    await all_acknowledged(shop.notified(body) for body in bodies)
    # A run that goes on from another one asks whether the money is still there.
    alipay.answers_inquiries(an_inquiry("SUCCESS"))
    await all_acknowledged([shop.notified(paid_notification(order_id))])
    await shop.client.get_workflow_handle(workflow_id(order_id)).result()
    assert (await shop.look(order_id))["outcome"] == "PAID"
