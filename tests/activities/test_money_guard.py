"""Money is moved by the workflow that it concerns, and never from its own order."""

from dataclasses import replace

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError
from temporalio.testing import ActivityEnvironment

from activities.money_guard import check_caller
from contracts import (
    CancelCall,
    Contract,
    InquiryCall,
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    RefundCall,
    late_payment_id,
    late_refund_id,
    workflow_id,
)
from tests.builders import PRICE

ATTEMPT = "order_1"
LATE = late_payment_id(ATTEMPT)
CANCEL = CancelCall(payment_request_id=ATTEMPT, wallet="GCASH")
REFUND = RefundCall(
    refund_request_id=late_refund_id(ATTEMPT),
    payment_id="1",
    amount=PRICE,
    reason="late",
)
EXPIRED = PaymentFound(state=PaymentState.CLOSED, outcome=PaymentOutcome.EXPIRED)
PAID = PaymentFound(
    state=PaymentState.CLOSED,
    outcome=PaymentOutcome.PAID,
    counted=(ATTEMPT,),
    paid=(ATTEMPT,),
)


class PlayedOrders:
    """How the payment of every order stands."""

    def __init__(self, found: PaymentFound) -> None:
        self.found = found

    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        assert lookup.order_id == "order"
        return self.found


def called_by(workflow: str | None, kind: str = "LatePayment") -> activity.Info:
    info = ActivityEnvironment().info
    run = "run" if workflow else None
    return replace(
        info,
        workflow_id=workflow,
        workflow_run_id=run,
        workflow_type=kind if workflow else None,
    )


async def refusal(
    info: activity.Info, call: Contract, found: PaymentFound = EXPIRED
) -> ApplicationError:
    with pytest.raises(ApplicationError, match="no money is moved") as refused:
        await check_caller(info, [call], PlayedOrders(found))
    return refused.value


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_late_money_goes_back(call: Contract) -> None:
    await check_caller(called_by(LATE), [call], PlayedOrders(EXPIRED))


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_money_that_pays_its_order_is_moved_for_nobody(call: Contract) -> None:
    refused = await refusal(called_by(LATE), call, PAID)
    assert refused.non_retryable


async def test_money_that_is_just_handed_over_is_moved_a_little_later() -> None:
    handing_over = PaymentFound(state=PaymentState.OPEN, counted=(ATTEMPT,))
    refused = await refusal(called_by(LATE), CANCEL, handing_over)
    assert not refused.non_retryable


@pytest.mark.parametrize("state", [PaymentState.UNKNOWN, PaymentState.STOPPED])
async def test_money_of_an_order_that_is_not_known_is_a_persons_matter(
    state: PaymentState,
) -> None:
    await refusal(called_by(LATE), CANCEL, PaymentFound(state=state))


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_an_activity_that_is_started_by_itself_moves_nothing(
    call: Contract,
) -> None:
    await refusal(called_by(None), call)


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_late_money_moves_no_money_of_another_attempt(call: Contract) -> None:
    await refusal(called_by(late_payment_id("order_2")), call)


async def test_a_payment_closes_its_own_attempts_only() -> None:
    orders = PlayedOrders(EXPIRED)
    own = called_by(workflow_id("order"), "CashierPayment")
    await check_caller(own, [CANCEL], orders)
    for other in (workflow_id("another"), "payment-of-order"):
        await refusal(called_by(other, "CashierPayment"), CANCEL)
    await refusal(own, REFUND)


async def test_a_question_may_be_asked_by_any_workflow() -> None:
    call = InquiryCall(payment_request_id=ATTEMPT)
    await check_caller(called_by("any", "Other"), [call], PlayedOrders(PAID))
