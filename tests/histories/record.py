"""Records each path that has no history yet: `python -m tests.histories.record`.

A recorded history is a promise to all payments that are open while a release goes out,
so one that exists is never written again (CONTRIBUTING.md).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from temporalio.client import WorkflowHandle, WorkflowHistory
from temporalio.testing import WorkflowEnvironment

from api.payments.new_payment_page import listing_of_late_money
from contracts import (
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    LateResolution,
    Money,
    PaymentFound,
    PaymentOutcome,
    PaymentState,
    PaymentStatus,
    PayVerdict,
    RefundAnswer,
    RefundVerdict,
    late_payment_id,
    payment_request_id,
)
from tests.builders import (
    a_cancel,
    a_late_payment,
    a_notification,
    a_page,
    a_refusal,
    an_inquiry,
    an_order,
)
from tests.conftest import start_skipping
from tests.fakes import NO_VERDICT, FakeAlipay
from tests.histories.signed_paths import SIGNED_PATHS, record_signed
from tests.workflows.callbacks.shops import Shop, queue_of
from tests.workflows.running import RunningPayment, a_payment, a_worker
from workflows.late_payment import LatePayment

HISTORIES = Path(__file__).parent

Steps = Callable[[RunningPayment], Awaitable[object]]


async def nobody(payment: RunningPayment) -> None:
    """No call and no notification: the customer has left, or it was lost."""


async def notified(payment: RunningPayment) -> None:
    await payment.notify()


async def declined(payment: RunningPayment) -> None:
    await payment.notify(result_status="F", result_code="USER_BALANCE_NOT_ENOUGH")


async def pending_then_paid(payment: RunningPayment) -> None:
    await payment.notify(notify_type="PAYMENT_PENDING")
    await payment.check_now()
    await payment.notify()


async def cancelled(payment: RunningPayment) -> None:
    await payment.cancel()


async def other_wallet(payment: RunningPayment) -> None:
    await payment.ask_for_page(call_id="second", wallet="TNG")
    await payment.notify(payment_request_id=f"{payment.order.order_id}_2")


async def other_amount(payment: RunningPayment) -> None:
    await payment.notify(amount=None)
    await payment.view()  # the signal has been seen by then
    await payment.resolve(PaymentOutcome.CANCELLED)


async def paid_twice(payment: RunningPayment) -> None:
    await payment.notify(payment_id="earlier")
    await payment.check_now()


async def unknown_attempt_failed(payment: RunningPayment) -> None:
    """Alipay notifies of an attempt that it does not know when it is asked."""
    name = payment_request_id(payment.order.order_id, 2)
    await payment.notify(payment_request_id=name, result_status="F")
    await payment.leap(timedelta(minutes=2))
    await payment.notify()


async def unknown_attempt_paid(payment: RunningPayment) -> None:
    name = payment_request_id(payment.order.order_id, 2)
    await payment.notify(payment_request_id=name, payment_id="other")
    await payment.notify()


async def charged_twice_with_other_money(payment: RunningPayment) -> None:
    await payment.notify(payment_id="earlier", amount=OTHER_MONEY)
    await payment.until_status(PaymentStatus.REVIEW)
    name = payment_request_id(payment.order.order_id, 2)
    await payment.notify(payment_request_id=name)


async def reviewed_with_other_money(payment: RunningPayment) -> None:
    await payment.notify(amount=OTHER_MONEY)
    await payment.until_status(PaymentStatus.REVIEW)
    await payment.resolve(PaymentOutcome.CANCELLED)


async def resolved_without_a_verdict(payment: RunningPayment) -> None:
    await payment.notify(result_status="F")
    while (await payment.listed())[1] is None:
        pass
    await payment.resolve(PaymentOutcome.EXPIRED)


def an_alipay_whose_shop_is_away() -> FakeAlipay:
    alipay = FakeAlipay(pay=[a_page()])
    alipay.shop_is_away = True
    return alipay


async def settled_by_two(payment: RunningPayment) -> None:
    await payment.notify(amount=None)
    await payment.view()
    await payment.resolve(PaymentOutcome.CANCELLED, by="first")
    await payment.resolve(PaymentOutcome.CANCELLED, by="second")


SUCCESS, PROCESSING = an_inquiry("SUCCESS"), an_inquiry("PROCESSING")
FAIL, GONE = an_inquiry("FAIL"), an_inquiry("CANCELLED")
UNKNOWN = an_inquiry("NOT_EXIST", payment_id=None, amount=None)
PAGELESS = a_refusal("PAYMENT_IN_PROCESS", verdict=PayVerdict.NO_PAGE)
OTHER_MONEY = Money(currency="PHP", value=131500)
USED_UP = a_refusal("ORDER_IS_CLOSED", verdict=PayVerdict.ID_IS_DEAD)

PATHS: dict[str, tuple[FakeAlipay, Steps]] = {
    "paid": (FakeAlipay(pay=[a_page()]), notified),
    "paid-notification-lost": (FakeAlipay(pay=[a_page()], inquiries=[SUCCESS]), nobody),
    "paid-after-pending": (
        FakeAlipay(pay=[a_page()], inquiries=[an_inquiry("PENDING")]),
        pending_then_paid,
    ),
    "paid-while-cancelled": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[PROCESSING, SUCCESS],
            cancels=[a_cancel("REFUSED")],
        ),
        cancelled,
    ),
    "paid-after-unknown-pay": (
        FakeAlipay(
            pay=[NO_VERDICT, a_page()], inquiries=[NO_VERDICT, PROCESSING, SUCCESS]
        ),
        nobody,
    ),
    "paid-with-another-wallet": (
        FakeAlipay(pay=[a_page()], inquiries=[PROCESSING, GONE], cancels=[a_cancel()]),
        other_wallet,
    ),
    "paid-with-a-later-number": (
        FakeAlipay(pay=[USED_UP, a_page()], inquiries=[SUCCESS]),
        nobody,
    ),
    "refused": (FakeAlipay(pay=[a_refusal()]), nobody),
    "declined": (FakeAlipay(pay=[a_page()], inquiries=[FAIL]), declined),
    "expired-cancelled": (
        FakeAlipay(pay=[a_page()], inquiries=[PROCESSING, GONE], cancels=[a_cancel()]),
        nobody,
    ),
    "expired-not-cancellable": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[PROCESSING, PROCESSING, NO_VERDICT, FAIL],
            cancels=[a_cancel("NOT_ALLOWED", "")],
        ),
        nobody,
    ),
    "cancelled": (
        FakeAlipay(pay=[a_page()], inquiries=[PROCESSING, GONE], cancels=[a_cancel()]),
        cancelled,
    ),
    "paid-while-cancel-is-unclear": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[PROCESSING, NO_VERDICT, GONE],
            cancels=[NO_VERDICT],
        ),
        nobody,
    ),
    "paid-twice": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[an_inquiry("SUCCESS", payment_id="earlier"), SUCCESS, GONE],
            cancels=[a_cancel()],
        ),
        paid_twice,
    ),
    "reviewed": (FakeAlipay(pay=[a_page()]), other_amount),
    "listed-paid-after-review": (FakeAlipay(pay=[a_page()]), settled_by_two),
    "listed-overdue": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[*[PROCESSING] * 9, NO_VERDICT, FAIL],
            cancels=[a_cancel("NOT_ALLOWED", "")],
        ),
        nobody,
    ),
    "listed-another-wallet": (
        FakeAlipay(pay=[a_page()], inquiries=[PROCESSING, GONE], cancels=[a_cancel()]),
        other_wallet,
    ),
    "listed-paid-twice": (
        FakeAlipay(
            pay=[a_page()],
            inquiries=[an_inquiry("SUCCESS", payment_id="earlier"), SUCCESS, GONE],
            cancels=[a_cancel()],
        ),
        paid_twice,
    ),
    "release-3-unknown-attempt-failed": (
        FakeAlipay(pay=[a_page()], inquiries_of={2: [UNKNOWN]}),
        unknown_attempt_failed,
    ),
    "release-3-unknown-attempt-paid": (
        FakeAlipay(pay=[a_page()], inquiries_of={2: [UNKNOWN]}),
        unknown_attempt_paid,
    ),
    "release-3-second-charge": (
        FakeAlipay(
            pay=[a_page()],
            inquiries_of={
                1: [an_inquiry("SUCCESS", payment_id="earlier", amount=OTHER_MONEY)],
                2: [PROCESSING],
            },
            cancels=[a_cancel("REFUSED")],
            refunds=[RefundAnswer(verdict=RefundVerdict.REFUNDED)],
        ),
        charged_twice_with_other_money,
    ),
    "release-3-page-lost": (
        FakeAlipay(
            pay=[NO_VERDICT, PAGELESS, a_page()],
            inquiries=[PROCESSING, PROCESSING, GONE, SUCCESS],
            cancels=[a_cancel()],
        ),
        nobody,
    ),
    "release-3-review-told": (
        FakeAlipay(pay=[a_page()]),
        reviewed_with_other_money,
    ),
    "release-3-resolved": (
        FakeAlipay(pay=[a_page()], inquiries=[NO_VERDICT]),
        resolved_without_a_verdict,
    ),
    # Begun by release 2, and kept by its rules until release 3 came.
    "release-2-freed": (
        FakeAlipay(pay=[a_page()], inquiries_of={2: [UNKNOWN]}),
        unknown_attempt_failed,
    ),
    "told-paid": (FakeAlipay(pay=[a_page()]), notified),
    "told-while-shop-is-away": (an_alipay_whose_shop_is_away(), notified),
}

# Of one order: a payment that its queue began with, one that joined it, and the queue.
IN_ORDER = ("queue-begun", "queue-joined", "queue-told")
LATE_REVIEW = "late-settled-by-two"

# Paths that begin in another way than with a new order.
BEGINNINGS: dict[str, dict[str, Any]] = {
    "paid-twice": {"first_attempt": 2},
    "listed-paid-twice": {"first_attempt": 2},
    "listed-paid-after-review": {"second_person_above": 1},
    "release-3-second-charge": {"first_attempt": 2},
    "release-3-review-told": {"tells_shop": True},
    "release-2-freed": {"release": 2},
    "told-paid": {"tells_shop": True},
    "told-while-shop-is-away": {"tells_shop": True},
}


def not_late() -> FakeAlipay:
    """The order's payment says that this money pays it."""
    alipay = FakeAlipay(inquiries=[SUCCESS])
    name = payment_request_id("recorded-release-3-late-not-late", 1)
    alipay.found = PaymentFound(
        state=PaymentState.CLOSED, outcome=PaymentOutcome.PAID, paid=(name,)
    )
    return alipay


def paid_otherwise() -> FakeAlipay:
    """Other money than the order's came late, and another attempt pays the order."""
    alipay = FakeAlipay(
        inquiries=[an_inquiry("SUCCESS", amount=OTHER_MONEY)],
        cancels=[a_cancel("REFUSED", "CANCEL_WINDOW_EXCEED")],
        refunds=[RefundAnswer(verdict=RefundVerdict.REFUNDED)],
    )
    alipay.found = PaymentFound(
        state=PaymentState.CLOSED, outcome=PaymentOutcome.PAID, paid=("other_2",)
    )
    return alipay


LATE_PATHS: dict[str, FakeAlipay] = {
    "late-returned": FakeAlipay(inquiries=[SUCCESS], cancels=[a_cancel()]),
    "late-refunded": FakeAlipay(
        inquiries=[NO_VERDICT, SUCCESS],
        cancels=[a_cancel("REFUSED", "CANCEL_WINDOW_EXCEED")],
        refunds=[NO_VERDICT, RefundAnswer(verdict=RefundVerdict.IN_PROCESS)],
        refund_inquiries=[RefundAnswer(verdict=RefundVerdict.REFUNDED)],
    ),
    "late-untrue": FakeAlipay(inquiries=[GONE]),
    "release-3-late-not-late": not_late(),
    "release-3-late-other-money": paid_otherwise(),
}
# Late money that waits, until a person ends it: the release that began it.
WAITING: dict[str, int] = {"release-3-late-settled": 3, "release-2-late-freed": 2}


async def record_payment(
    env: WorkflowEnvironment, alipay: FakeAlipay, steps: Steps, name: str
) -> WorkflowHistory:
    changes: dict[str, Any] = {
        "order_id": f"recorded-{name}",
        **BEGINNINGS.get(name, {}),
    }
    async with a_payment(env, alipay, **changes) as payment:
        await steps(payment)
        await payment.result()
        return await payment.handle.fetch_history()


def late_money_of(name: str, **changes: Any) -> LatePaymentInput:
    order = an_order(order_id=f"recorded-{name}")
    return a_late_payment(order, notification=a_notification(order), **changes)


async def start_late(
    env: WorkflowEnvironment, late: LatePaymentInput, task_queue: str
) -> WorkflowHandle[LatePayment, LatePaymentView]:
    return await env.client.start_workflow(
        LatePayment.run,
        late,
        id=late_payment_id(late.payment_request_id),
        task_queue=task_queue,
        search_attributes=listing_of_late_money(late),
    )


async def record_late(
    env: WorkflowEnvironment, alipay: FakeAlipay, name: str
) -> WorkflowHistory:
    async with a_worker(env.client, alipay) as task_queue:
        handle = await start_late(env, late_money_of(name), task_queue)
        await handle.result()
        return await handle.fetch_history()


async def record_late_review(env: WorkflowEnvironment) -> WorkflowHistory:
    late = late_money_of(LATE_REVIEW, second_person_above=1)
    alipay = FakeAlipay(inquiries=[an_inquiry("SUCCESS", amount=None)])
    async with a_worker(env.client, alipay) as task_queue:
        with env.with_time_skipping_disabled():
            handle = await start_late(env, late, task_queue)
            while (await handle.query(LatePayment.view)).review is None:
                pass
            for person in ("first", "second"):
                await handle.execute_update(
                    "resolve",
                    LateResolution(
                        outcome=LateOutcome.REFUNDED, reason="by hand", by=person
                    ),
                )
            await handle.result()
        return await handle.fetch_history()


async def record_waiting(
    env: WorkflowEnvironment, name: str, release: int
) -> WorkflowHistory:
    late = late_money_of(name, release=release)
    alipay = FakeAlipay(inquiries=[an_inquiry("PROCESSING", amount=None)])
    async with a_worker(env.client, alipay) as task_queue:
        with env.with_time_skipping_disabled():
            handle = await start_late(env, late, task_queue)
            await env.fast_forward(handle, timedelta(minutes=40))
            await handle.execute_update(
                "resolve",
                LateResolution(
                    outcome=LateOutcome.NOT_PAID, reason="no charge", by="op"
                ),
            )
            await handle.result()
        return await handle.fetch_history()


async def record_in_order(env: WorkflowEnvironment) -> list[WorkflowHistory]:
    """The order is cancelled, started again and cancelled while the shop is down."""
    shop, order_id = Shop(env), "recorded-in-order"
    alipay = FakeAlipay(
        pay=[a_page()], inquiries=[PROCESSING, GONE], cancels=[a_cancel()]
    )
    shop.is_away, alipay.callbacks = True, shop.callbacks()
    async with a_payment(env, alipay, order_id=order_id, tells_shop=True) as payment:
        await payment.cancel()
        await payment.handle.result()
        begun = await payment.handle.fetch_history()
        payment.order = payment.order.model_copy(update={"first_attempt": 2})
        await payment.ask_for_page(call_id="anew")
        await payment.cancel()
        await payment.handle.result()
        joined = await payment.handle.fetch_history()
        queue = queue_of(env, order_id)
        await shop.until_called(3)
        shop.is_away = False
        await queue.execute_update("resend")
        await queue.result()
        return [begun, joined, await queue.fetch_history()]


async def record_missing() -> None:
    async with start_skipping() as env:
        if not all(file_of(name).exists() for name in IN_ORDER):
            histories = await record_in_order(env)
            for name, history in zip(IN_ORDER, histories, strict=True):
                if not file_of(name).exists():
                    write(name, history)
        if not file_of(LATE_REVIEW).exists():
            write(LATE_REVIEW, await record_late_review(env))
        for name, (alipay, steps) in PATHS.items():
            if not file_of(name).exists():
                write(name, await record_payment(env, alipay, steps, name))
        for name, alipay in LATE_PATHS.items():
            if not file_of(name).exists():
                write(name, await record_late(env, alipay, name))
        for name, release in WAITING.items():
            if not file_of(name).exists():
                write(name, await record_waiting(env, name, release))
    missing = [name for name in SIGNED_PATHS if not file_of(name).exists()]
    if missing:
        for name, history in (await record_signed(missing)).items():
            write(name, history)


def file_of(name: str) -> Path:
    return HISTORIES / f"{name}.json"


def write(name: str, history: WorkflowHistory) -> None:
    file_of(name).write_text(json.dumps(_anonymous(history.to_json_dict())) + "\n")


def _anonymous(part: Any) -> Any:
    """Leave out stack traces: they name folders of a machine."""
    if isinstance(part, list):
        return [_anonymous(one) for one in part]
    if isinstance(part, dict):
        return {
            name: _anonymous(value)
            for name, value in part.items()
            if name != "stackTrace"
        }
    return part


if __name__ == "__main__":
    asyncio.run(record_missing())
