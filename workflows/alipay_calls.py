"""The calls to Alipay that workflows make: how long, how often, and with which words.

No verdict is a fact as well, and never a failure.
"""

from collections.abc import Awaitable
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, is_cancelled_exception
from temporalio.workflow import ActivityConfig

from activities.order_payments import OrderActivities
from activities.payments import PaymentActivities
from activities.refunds import RefundActivities
from contracts import (
    AlipayAnswer,
    CancelAnswer,
    CancelCall,
    Contract,
    InquiryAnswer,
    InquiryCall,
    LatePaymentInput,
    Money,
    Order,
    PayAnswer,
    PayCall,
    PaymentFound,
    PaymentLookup,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    late_refund_id,
)
from workflows.payment.attempt import Asked, Attempt

AnswerT = TypeVar("AnswerT", bound=Contract)


async def ask(answer: Awaitable[AnswerT]) -> Asked[AnswerT]:
    """Await an activity; its quick retries may end without a verdict."""
    asked_at = workflow.now()
    try:
        said: AnswerT | None = await answer
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        said = None
    if isinstance(said, AlipayAnswer):
        # It stays in the history; facts are carried along, and decide without it.
        said = said.model_copy(update={"evidence": None})
    return Asked(asked_at, workflow.now(), said)


def ask_alipay(summary: str) -> ActivityConfig:
    """Return the options of one question to Alipay, with its words for the UI."""
    return ActivityConfig(
        summary=summary,
        # One HTTP call: 3 s to connect, 10 s to read, and some room to translate.
        start_to_close_timeout=timedelta(seconds=20),
        # Quick retries are bounded, because an activity that retries for ever is
        # invisible to every list filter. After them (about a minute when Alipay times
        # out) the workflow itself goes on asking, with growing pauses, and says so.
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(seconds=10),
            maximum_attempts=5,
        ),
    )


def ask_for_page(order: Order, attempt: Attempt) -> Awaitable[PayAnswer]:
    call = PayCall(
        order=order,
        payment_request_id=attempt.request_id,
        wallet=attempt.wallet,
        expires_at=attempt.expires_at if order.expires_in_minutes else None,
    )
    return workflow.execute_activity_method(
        PaymentActivities.pay,
        call,
        **ask_alipay(f"Ask for the {attempt.wallet} cashier page"),
    )


def ask_what_became(attempt: Attempt) -> Awaitable[InquiryAnswer]:
    return _inquire(attempt.request_id, "Ask what became of the payment")


def ask_to_close(attempt: Attempt) -> Awaitable[CancelAnswer]:
    return _cancel(
        CancelCall(payment_request_id=attempt.request_id, wallet=attempt.wallet),
        "Close the attempt, so that nobody can pay it late",
    )


def look_at_order(late: LatePaymentInput) -> Awaitable[PaymentFound]:
    return workflow.execute_activity_method(
        OrderActivities.find_payment,
        PaymentLookup(
            order_id=late.order_id, payment_request_id=late.payment_request_id
        ),
        **ask_alipay("Look how the order's payment has ended"),
    )


def ask_whether_paid_late(late: LatePaymentInput) -> Awaitable[InquiryAnswer]:
    return _inquire(late.payment_request_id, "Ask whether the late success is true")


def ask_to_return(
    late: LatePaymentInput, paid: InquiryAnswer
) -> Awaitable[CancelAnswer]:
    call = CancelCall(
        payment_request_id=late.payment_request_id,
        wallet=late.wallet,
        paid_at=paid.paid_at,
    )
    return _cancel(call, "Return the money by cancelling")


def ask_to_refund(
    late: LatePaymentInput, paid: InquiryAnswer, amount: Money
) -> Awaitable[RefundAnswer]:
    call = RefundCall(
        refund_request_id=late_refund_id(late.payment_request_id),
        payment_id=paid.payment_id or "",
        amount=amount,
        reason="Paid after the payment had ended",
    )
    return workflow.execute_activity_method(
        RefundActivities.refund_payment, call, **ask_alipay("Refund the money")
    )


def ask_what_became_of_refund(late: LatePaymentInput) -> Awaitable[RefundAnswer]:
    return workflow.execute_activity_method(
        RefundActivities.inquire_refund,
        RefundInquiryCall(refund_request_id=late_refund_id(late.payment_request_id)),
        **ask_alipay("Ask what became of the refund"),
    )


def _inquire(payment_request_id: str, words: str) -> Awaitable[InquiryAnswer]:
    return workflow.execute_activity_method(
        PaymentActivities.inquire_payment,
        InquiryCall(payment_request_id=payment_request_id),
        **ask_alipay(words),
    )


def _cancel(call: CancelCall, words: str) -> Awaitable[CancelAnswer]:
    return workflow.execute_activity_method(
        PaymentActivities.cancel_payment, call, **ask_alipay(words)
    )
