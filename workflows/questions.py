"""The questions that a payment puts to Alipay, each with its words for the UI."""

from collections.abc import Awaitable

from temporalio import workflow

from activities.payments import PaymentActivities
from contracts import (
    CancelAnswer,
    CancelCall,
    InquiryAnswer,
    InquiryCall,
    Order,
    PayAnswer,
    PayCall,
)
from workflows.attempt import Attempt
from workflows.options import ask_alipay


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
    return workflow.execute_activity_method(
        PaymentActivities.inquire_payment,
        InquiryCall(payment_request_id=attempt.request_id),
        **ask_alipay("Ask what became of the payment"),
    )


def ask_to_close(attempt: Attempt) -> Awaitable[CancelAnswer]:
    return workflow.execute_activity_method(
        PaymentActivities.cancel_payment,
        CancelCall(payment_request_id=attempt.request_id, wallet=attempt.wallet),
        **ask_alipay("Close the attempt, so that nobody can pay it late"),
    )
