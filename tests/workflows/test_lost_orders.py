"""The run that looks for the money of an order whose runs Temporal has lost.

How it begins is tested in `tests/cashier/test_recover_lost.py` and `tests/disaster/`.
"""

import asyncio
from contextlib import suppress
from datetime import UTC, datetime, timedelta

import pytest
from temporalio.service import RPCError
from temporalio.testing import WorkflowEnvironment

from contracts import (
    LOST,
    PaymentOutcome,
    PaymentStatus,
    StoppedAttempt,
    StoppedRun,
    late_payment_id,
    late_refund_id,
    payment_request_id,
    refund_request_id,
)
from tests.builders import a_cancel, an_inquiry, an_order
from tests.fakes import FakeAlipay
from tests.workflows.running import a_payment, run_to_end

LONG_AGO = datetime.now(UTC) - timedelta(hours=1)
UNKNOWN = an_inquiry("NOT_EXIST")
CANCEL_REFUSED = a_cancel("REFUSED", "F")


def lost(*numbers: int) -> StoppedRun:
    return StoppedRun(
        run_id="",
        ended=LOST,
        by="anna",
        reason="the database is gone",
        attempts=tuple(
            StoppedAttempt(number=number, wallet="GCASH", begun_at=LONG_AGO)
            for number in numbers or (1,)
        ),
    )


async def test_a_lost_payment_that_was_paid_is_found_with_two_questions(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries_of={1: [an_inquiry("SUCCESS")], 2: [UNKNOWN]},
    )
    result = await run_to_end(skipping, alipay, stopped=lost())
    assert result.outcome is PaymentOutcome.PAID
    assert alipay.calls == ["inquire", "inquire 2"]
    assert [one.payment_request_id[-2:] for one in result.attempts] == ["_1"]


async def test_a_later_paid_attempt_is_found_though_it_is_not_listed(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("CANCELLED", payment_id="first")],
            2: [an_inquiry("FAIL", payment_id="second")],
            3: [an_inquiry("SUCCESS", payment_id="third")],
            4: [UNKNOWN],
        },
    )
    result = await run_to_end(skipping, alipay, stopped=lost())
    assert result.outcome is PaymentOutcome.PAID
    [payer] = [one for one in result.attempts if one.is_paid]
    assert payer.payment_request_id.endswith("_3")
    assert "pay" not in alipay.calls


async def test_of_two_attempts_that_were_paid_one_goes_back(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("SUCCESS", payment_id="first")],
            2: [an_inquiry("SUCCESS", payment_id="second")],
            3: [UNKNOWN],
        },
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay, opened=False, stopped=lost()) as payment:
        await payment.start()
        result = await payment.result()
        both = {payment_request_id(payment.order.order_id, one) for one in (1, 2)}
        paid = {one.payment_request_id for one in result.attempts if one.is_paid}
        [name] = both - paid
        late = skipping.client.get_workflow_handle(late_payment_id(name))
        assert await late.describe()
        with suppress(RPCError):  # it may have ended meanwhile
            await late.terminate()
    assert result.outcome is PaymentOutcome.PAID


async def test_a_lost_order_that_alipay_never_knew_ends_unpaid_and_opens_nothing(
    skipping: WorkflowEnvironment,
) -> None:
    alipay = FakeAlipay(inquiries=[UNKNOWN], cancels=[CANCEL_REFUSED])
    result = await run_to_end(skipping, alipay, stopped=lost())
    assert result.outcome is PaymentOutcome.EXPIRED
    assert set(alipay.calls) == {"inquire", "cancel"}


@pytest.mark.parametrize("begun_at", [LONG_AGO, datetime.now(UTC)])
async def test_a_page_that_is_still_open_is_closed_whenever_it_was_opened(
    skipping: WorkflowEnvironment, begun_at: datetime
) -> None:
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
            2: [UNKNOWN],
        },
        cancels=[a_cancel()],
    )
    young = StoppedAttempt(number=1, wallet="GCASH", begun_at=begun_at)
    stopped = lost().model_copy(update={"attempts": (young,)})
    result = await run_to_end(skipping, alipay, stopped=stopped)
    assert result.outcome is PaymentOutcome.EXPIRED
    assert "pay" not in alipay.calls


async def test_a_customer_who_chooses_another_wallet_is_sent_to_a_new_run(
    skipping: WorkflowEnvironment,
) -> None:
    """The list of orders does not say how a page is opened; the shop's call does."""
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("PROCESSING"), an_inquiry("CANCELLED")],
            2: [UNKNOWN],
        },
        cancels=[a_cancel()],
    )
    async with a_payment(skipping, alipay, opened=False, stopped=lost()) as payment:
        await payment.start()
        view, _ = await asyncio.gather(
            payment.ask_for_page(wallet="MAYA"), payment.result()
        )
    assert view.outcome is not None
    assert "pay" not in alipay.calls
    assert "pay 2" not in alipay.calls


async def test_an_order_that_was_paid_and_refunded_since_is_paid(
    skipping: WorkflowEnvironment,
) -> None:
    """The merchant asked for the refunds, of money that had paid the order."""
    order = an_order()
    refunds = tuple(refund_request_id(order.order_id, name, 1) for name in ("a", "b_b"))
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("SUCCESS", is_refunded=True, refunded_by=refunds)],
            2: [UNKNOWN],
        },
    )
    result = await run_to_end(skipping, alipay, order_id=order.order_id, stopped=lost())
    assert result.outcome is PaymentOutcome.PAID


@pytest.mark.parametrize("by", ["late", "portal", "another order's"])
async def test_money_that_went_back_otherwise_is_left_to_a_person(
    skipping: WorkflowEnvironment, by: str
) -> None:
    order = an_order()
    ids = {
        "late": late_refund_id(payment_request_id(order.order_id, 1)),
        "portal": "",
        "another order's": refund_request_id("another", "a", 1),
    }
    alipay = FakeAlipay(
        inquiries_of={
            1: [an_inquiry("SUCCESS", is_refunded=True, refunded_by=(ids[by],))],
            2: [UNKNOWN],
        },
    )
    async with a_payment(
        skipping, alipay, opened=False, order_id=order.order_id, stopped=lost()
    ) as payment:
        await payment.start()
        await payment.until_status(PaymentStatus.REVIEW)
        await payment.handle.terminate()
    assert not {"refund", "cancel"} & set(alipay.calls)
