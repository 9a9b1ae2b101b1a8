"""The calls to Alipay that workflows make: time-outs, retries, summaries for the UI.

A call without a verdict is recorded as a fact too, and never fails the workflow.
"""

import asyncio  # noqa: TID251 - for the name of its CancelledError only
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any, Generic, TypeVar, cast

from temporalio import workflow
from temporalio.common import Priority, RawValue, RetryPolicy
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
from workflows.engine.priorities import CLEAN_UP, CUSTOMER_WAITS, USUAL
from workflows.engine.results import read_result
from workflows.payment.attempt import Asked, Attempt
from workflows.releases import CALLS_ARE_BOUNDED
from workflows.trust import Trust

AnswerT = TypeVar("AnswerT", bound=Contract)

# Five quick tries take two minutes; the rest lets a worker restart meanwhile.
LONGEST_CALL = timedelta(minutes=3)


@dataclass(frozen=True)
class Question(Generic[AnswerT]):
    """One call of an activity.

    Attributes:
        activity: Its name.
        call: Its input.
        gives: The type of its result.
        words: Its summary in the Temporal UI.
        priority: Which tasks a busy worker takes first.
    """

    activity: str
    call: Contract
    gives: type[AnswerT]
    words: str
    priority: Priority = USUAL


async def ask(
    question: Question[AnswerT],
    trust: Trust,
    release: int,
    has_news: Callable[[], bool],
) -> Asked[AnswerT]:
    """Run the activity; return its answer, or None where there was no verdict.

    An answer of the wrong shape, or without proof, was written by somebody who
    completed the activity in the worker's place: it does not count as a verdict. Nor
    does a paused activity: new facts do not wait for it without limit.

    Args:
        question: The call.
        trust: Decides which answers of Alipay are proven.
        release: The release that began the run.
        has_news: Whether something has come that the workflow should look at.
    """
    asked_at = workflow.now()
    asking = workflow.start_activity(
        question.activity,
        question.call,
        result_type=RawValue,
        **ask_alipay(question.words, question.priority, release),
    )
    try:
        if release >= CALLS_ARE_BOUNDED and await is_given_up(asking, has_news):
            return Asked(asked_at, workflow.now(), None)
        raw = await asking
        said = read_result(cast(RawValue, raw), question.gives)
        if isinstance(said, AlipayAnswer):
            said = await trust.answer(question.call, said, asked_at)
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        said = None
    return Asked(asked_at, workflow.now(), said)


async def is_given_up(
    asking: workflow.ActivityHandle[Any],
    has_news: Callable[[], bool],
    within: timedelta = LONGEST_CALL,
) -> bool:
    """Wait for the answer; give up if it is late and new facts have come meanwhile.

    The server's own time-outs do not count while an activity is paused (decision 41). A
    timer costs an action, so it is started only once new facts have come.

    Args:
        asking: The running activity.
        has_news: Whether something has come that the workflow should look at.
        within: How long the call may take then.
    """
    until = workflow.now() + within
    try:
        await workflow.wait_condition(lambda: asking.done() or has_news())
        left = until - workflow.now()
        if not asking.done() and left > timedelta():
            with suppress(TimeoutError):
                await workflow.wait_condition(
                    asking.done,
                    timeout=left,
                    timeout_summary="There are new facts; the call may be paused",
                )
    except asyncio.CancelledError:
        asking.cancel()
        raise
    if asking.done():
        return False
    workflow.logger.warning("gave up a call that got no answer")
    asking.cancel()
    with suppress(ActivityError):
        await asking
    return True


def ask_alipay(summary: str, priority: Priority, release: int) -> ActivityConfig:
    """Return the options of an activity that calls Alipay, with its UI summary."""
    # It also ends an activity that was moved to a task queue without workers.
    bounds = ActivityConfig(schedule_to_close_timeout=LONGEST_CALL)
    return ActivityConfig(
        **(bounds if release >= CALLS_ARE_BOUNDED else ActivityConfig()),
        summary=summary,
        priority=priority,
        # One HTTP call: 3 s to connect, 10 s to read, and some time to parse.
        start_to_close_timeout=timedelta(seconds=20),
        # Quick retries are bounded, because no list filter finds an activity that
        # retries without limit. After them (about a minute when Alipay times out) the
        # workflow itself repeats the call, with growing pauses, and shows that.
        retry_policy=RetryPolicy(
            initial_interval=timedelta(seconds=1),
            backoff_coefficient=2.0,
            maximum_interval=timedelta(seconds=10),
            maximum_attempts=5,
        ),
    )


def ask_for_page(order: Order, attempt: Attempt) -> Question[PayAnswer]:
    call = PayCall(
        order=order,
        payment_request_id=attempt.request_id,
        wallet=attempt.wallet,
        expires_at=attempt.expires_at if order.expires_in_minutes else None,
    )
    words = f"Ask for the {attempt.wallet} cashier page"
    name = PaymentActivities.pay.__name__
    return Question(name, call, PayAnswer, words, CUSTOMER_WAITS)


def ask_what_became(attempt: Attempt) -> Question[InquiryAnswer]:
    question = _inquire(attempt.request_id, "Ask for the state of the payment")
    return replace(question, priority=_priority_for(attempt))


def ask_to_close(attempt: Attempt) -> Question[CancelAnswer]:
    question = _cancel(
        CancelCall(payment_request_id=attempt.request_id, wallet=attempt.wallet),
        "Close the attempt, so that it cannot be paid late",
    )
    return replace(question, priority=_priority_for(attempt))


def _priority_for(attempt: Attempt) -> Priority:
    return CLEAN_UP if workflow.now() >= attempt.expires_at else USUAL


def look_at_order(late: LatePaymentInput) -> Question[PaymentFound]:
    lookup = PaymentLookup(
        order_id=late.order_id, payment_request_id=late.payment_request_id
    )
    return Question(
        OrderActivities.find_payment.__name__,
        lookup,
        PaymentFound,
        "Look up how the order's payment ended",
    )


def ask_whether_paid_late(late: LatePaymentInput) -> Question[InquiryAnswer]:
    return _inquire(late.payment_request_id, "Ask whether the late payment is paid")


def ask_to_return(
    late: LatePaymentInput, paid: InquiryAnswer
) -> Question[CancelAnswer]:
    call = CancelCall(
        payment_request_id=late.payment_request_id,
        wallet=late.wallet,
        paid_at=paid.paid_at,
    )
    return _cancel(call, "Return the money by a cancel")


def ask_to_refund(
    late: LatePaymentInput, paid: InquiryAnswer, amount: Money
) -> Question[RefundAnswer]:
    call = RefundCall(
        refund_request_id=late_refund_id(late.payment_request_id),
        payment_id=paid.payment_id or "",
        amount=amount,
        reason="Paid after the payment had ended",
    )
    name = RefundActivities.refund_payment.__name__
    return Question(name, call, RefundAnswer, "Refund the money")


def ask_what_became_of_refund(refund_request_id: str) -> Question[RefundAnswer]:
    return Question(
        RefundActivities.inquire_refund.__name__,
        RefundInquiryCall(refund_request_id=refund_request_id),
        RefundAnswer,
        "Ask for the state of the refund",
    )


def _inquire(payment_request_id: str, words: str) -> Question[InquiryAnswer]:
    call = InquiryCall(payment_request_id=payment_request_id)
    name = PaymentActivities.inquire_payment.__name__
    return Question(name, call, InquiryAnswer, words)


def _cancel(call: CancelCall, words: str) -> Question[CancelAnswer]:
    name = PaymentActivities.cancel_payment.__name__
    return Question(name, call, CancelAnswer, words)
