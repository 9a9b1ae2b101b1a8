"""Money is moved only by the workflow that owns it, and never away from its order."""

from datetime import UTC, datetime

import pytest
from temporalio import activity
from temporalio.exceptions import ApplicationError

from activities.money_guard import Looks, check_caller
from activities.our_runs import Origin
from contracts import (
    CancelCall,
    Contract,
    InquiryAnswer,
    InquiryCall,
    OrderRefundCall,
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    RefundCall,
    late_payment_id,
    late_refund_id,
    refund_request_id,
    refunds_id,
    workflow_id,
)
from tests.activities.asking import called_by
from tests.builders import PRICE, an_inquiry

ATTEMPT = "order_1"
LATE = late_payment_id(ATTEMPT)
CANCEL = CancelCall(payment_request_id=ATTEMPT, wallet="GCASH")
REFUND = RefundCall(
    refund_request_id=late_refund_id(ATTEMPT),
    payment_id="1",
    amount=PRICE,
    reason="late",
)
# Long before the attempt was paid; its run is kept.
BEGAN = datetime(2026, 11, 24, 9, tzinfo=UTC)
EXPIRED = PaymentFound(
    state=PaymentState.CLOSED, outcome=PaymentOutcome.EXPIRED, opener_began_at=BEGAN
)
PAID = PaymentFound(
    state=PaymentState.CLOSED,
    outcome=PaymentOutcome.PAID,
    counted=(ATTEMPT,),
    paid=(ATTEMPT,),
    opener_began_at=BEGAN,
)
PAID_OTHERWISE = PAID.model_copy(update={"counted": (), "paid": ("order_2",)})
OPEN_WITH_ANOTHER = PaymentFound(
    state=PaymentState.OPEN, attempts=("order_2",), opener_began_at=BEGAN
)
OURS = Origin(is_ours=True)
HANDED_OVER = Origin(is_ours=True, payment=workflow_id("order"))
BY_ANOTHER_ORDER = Origin(is_ours=True, payment=workflow_id("another"))


class FakeOrders:
    """Has one state for the payments of all orders."""

    def __init__(self, found: PaymentFound, *, of: str = "order") -> None:
        self.found = found
        self.order_id = of

    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        assert lookup.order_id == self.order_id
        assert lookup.payment_request_id.startswith(f"{self.order_id}_")
        return self.found


class FakeCallers:
    """Has one origin for all callers."""

    def __init__(self, origin: Origin = OURS) -> None:
        self.origin = origin

    async def origin_of(self, caller: activity.Info) -> Origin:
        return self.origin


class FakePaid:
    """Records the checks, and allows all movements."""

    def __init__(self, says: InquiryAnswer | None = None) -> None:
        self.asked: list[str] = []
        self.says = says or an_inquiry("SUCCESS")

    async def check_unpaid(self, call: CancelCall) -> None:
        self.asked.append(f"unpaid {call.payment_request_id}")

    async def inquire_before(self, call: CancelCall) -> InquiryAnswer:
        self.asked.append(f"cancel {call.payment_request_id}")
        return self.says

    async def check_refund(
        self, call: RefundCall, payment_request_id: str
    ) -> InquiryAnswer:
        self.asked.append(f"refund {payment_request_id}")
        return self.says


async def passes(
    info: activity.Info,
    call: Contract,
    found: PaymentFound = EXPIRED,
    origin: Origin = OURS,
    says: InquiryAnswer | None = None,
) -> None:
    looks = Looks(FakeOrders(found), FakeCallers(origin), FakePaid(says))
    await check_caller(info, [call], looks)


async def refusal(
    info: activity.Info,
    call: Contract,
    found: PaymentFound = EXPIRED,
    origin: Origin = OURS,
    says: InquiryAnswer | None = None,
) -> ApplicationError:
    with pytest.raises(ApplicationError, match="no money is moved") as refused:
        await passes(info, call, found, origin, says)
    return refused.value


@pytest.mark.parametrize("call", [CANCEL, REFUND])
@pytest.mark.parametrize(
    ("found", "origin"),
    [
        (EXPIRED, OURS),
        (PAID_OTHERWISE, OURS),
        (PAID_OTHERWISE, HANDED_OVER),
        (OPEN_WITH_ANOTHER, OURS),
        (PaymentFound(state=PaymentState.OPEN, attempts=(ATTEMPT,)), HANDED_OVER),
        (PaymentFound(state=PaymentState.STOPPED), HANDED_OVER),
        (PaymentFound(state=PaymentState.UNKNOWN), HANDED_OVER),
        # A person has called the payment expired, though Alipay called it paid.
        (EXPIRED.model_copy(update={"counted": (ATTEMPT,)}), OURS),
    ],
    ids=[
        "expired",
        "paid otherwise",
        "second charge",
        "of an earlier run",
        "second charge of an open payment",
        "second charge of a stopped payment",
        "second charge of a payment that is not kept",
        "called unpaid by a person",
    ],
)
async def test_money_goes_back_that_pays_no_order(
    call: Contract, found: PaymentFound, origin: Origin
) -> None:
    await passes(called_by(LATE), call, found, origin)


async def test_late_money_of_an_order_with_an_unusual_id_goes_back() -> None:
    name = "2026/11 #7_12"
    call = CancelCall(payment_request_id=name, wallet="GCASH")
    orders = FakeOrders(EXPIRED, of="2026/11 #7")
    looks = Looks(orders, FakeCallers(), FakePaid())
    await check_caller(called_by(late_payment_id(name)), [call], looks)


async def test_alipay_is_asked_before_each_cancel_and_each_refund() -> None:
    alipay = FakePaid()
    looks = Looks(FakeOrders(EXPIRED), FakeCallers(), alipay)
    own = called_by(workflow_id("order"), "CashierPayment")
    await check_caller(own, [CANCEL], looks)
    for call in (CANCEL, REFUND):
        await check_caller(called_by(LATE), [call], looks)
    assert alipay.asked == [
        f"{one} {ATTEMPT}" for one in ("unpaid", "cancel", "refund")
    ]


@pytest.mark.parametrize("call", [CANCEL, REFUND])
@pytest.mark.parametrize(
    ("began", "paid_at"),
    [
        (None, "2026-11-24T03:02:40-07:00"),
        (datetime(2026, 11, 24, 10, 4, tzinfo=UTC), "2026-11-24T03:02:40-07:00"),
        (BEGAN, None),
        (BEGAN, "2026-11-24T10:02:40"),
        (BEGAN, "today"),
    ],
    ids=["not kept", "begun later", "no time", "without a zone", "no time at all"],
)
async def test_money_does_not_go_back_whose_payment_may_have_been_deleted(
    call: Contract, began: datetime | None, paid_at: str | None
) -> None:
    """Other runs of the order do not know whether the attempt has paid it."""
    found = EXPIRED.model_copy(update={"opener_began_at": began})
    says = an_inquiry("SUCCESS", paid_at=paid_at)
    refused = await refusal(called_by(LATE), call, found, says=says)
    assert not refused.non_retryable
    await passes(called_by(LATE), call, found, HANDED_OVER, says)
    gone = an_inquiry("CANCELLED")
    await passes(called_by(LATE), call, found, says=gone)


async def test_clocks_that_differ_by_seconds_keep_no_money() -> None:
    began = datetime(2026, 11, 24, 10, 3, 30, tzinfo=UTC)
    found = EXPIRED.model_copy(update={"opener_began_at": began})
    await passes(called_by(LATE), CANCEL, found)


@pytest.mark.parametrize("call", [CANCEL, REFUND])
@pytest.mark.parametrize("origin", [OURS, HANDED_OVER])
async def test_money_that_pays_its_order_is_never_moved(
    call: Contract, origin: Origin
) -> None:
    """By whichever run: the newest one may be another, begun after it."""
    by_an_earlier_run = PaymentFound(state=PaymentState.OPEN, paid=(ATTEMPT,))
    for found in (PAID, by_an_earlier_run):
        refused = await refusal(called_by(LATE), call, found, origin)
        assert refused.non_retryable


@pytest.mark.parametrize(
    ("found", "origin"),
    [
        (PaymentFound(state=PaymentState.OPEN, counted=(ATTEMPT,)), HANDED_OVER),
        (PaymentFound(state=PaymentState.OPEN, attempts=(ATTEMPT,)), OURS),
        (PAID_OTHERWISE.model_copy(update={"is_proven": False}), OURS),
        (PaymentFound(state=PaymentState.STOPPED), OURS),
        (PaymentFound(state=PaymentState.UNKNOWN), OURS),
        (PaymentFound(state=PaymentState.UNKNOWN), BY_ANOTHER_ORDER),
    ],
    ids=[
        "just being handed over",
        "may still pay",
        "a person alone calls it paid",
        "stopped",
        "not kept",
        "of another order's payment",
    ],
)
async def test_money_that_may_pay_its_order_is_not_moved_yet(
    found: PaymentFound, origin: Origin
) -> None:
    refused = await refusal(called_by(LATE), CANCEL, found, origin)
    assert not refused.non_retryable


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_an_activity_that_is_started_by_itself_moves_nothing(
    call: Contract,
) -> None:
    await refusal(called_by(None), call)


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_late_money_moves_no_money_of_another_attempt(call: Contract) -> None:
    await refusal(called_by(late_payment_id("order_2")), call)
    await refusal(called_by(ATTEMPT), call)


@pytest.mark.parametrize("call", [CANCEL, REFUND])
async def test_a_workflow_that_others_serve_moves_nothing(call: Contract) -> None:
    await refusal(called_by(LATE), call, origin=Origin(is_ours=False))


async def test_a_payment_closes_its_own_attempts_only() -> None:
    own = called_by(workflow_id("order"), "CashierPayment")
    await passes(own, CANCEL)
    await refusal(own, CANCEL, origin=Origin(is_ours=False))
    for other in (workflow_id("another"), "payment-of-order"):
        await refusal(called_by(other, "CashierPayment"), CANCEL)
    await refusal(called_by(workflow_id("order"), "Callback"), CANCEL)
    await refusal(own, REFUND)


async def test_a_question_may_be_asked_by_any_workflow() -> None:
    call = InquiryCall(payment_request_id=ATTEMPT)
    await passes(called_by("any", "Other"), call, PAID, Origin(is_ours=False))


# ---- an order's refunds ----

PART = OrderRefundCall(
    order_id="order",
    payment_request_id=ATTEMPT,
    wallet="GCASH",
    refund_request_id=refund_request_id("order", "return-1", 1),
    amount=PRICE,
)
OWNER = called_by(refunds_id("order"), "OrderRefunds")
NOT_KEPT = PaymentFound(state=PaymentState.UNKNOWN)


@pytest.mark.parametrize("found", [PAID, NOT_KEPT], ids=["paid", "not kept any more"])
async def test_the_owner_of_refunds_refunds_the_payment_of_its_order(
    found: PaymentFound,
) -> None:
    await passes(OWNER, PART, found)


@pytest.mark.parametrize(
    "found",
    [
        EXPIRED,
        PAID_OTHERWISE,
        OPEN_WITH_ANOTHER,
        PaymentFound(state=PaymentState.OPEN, attempts=(ATTEMPT,), counted=(ATTEMPT,)),
        PaymentFound(state=PaymentState.STOPPED),
        # Its late money is not settled yet: no payment has two owners.
        NOT_KEPT.model_copy(update={"is_own_undecided": True}),
    ],
)
async def test_the_owner_of_refunds_leaves_all_other_money_alone_for_now(
    found: PaymentFound,
) -> None:
    refused = await refusal(OWNER, PART, found)
    assert not refused.non_retryable


@pytest.mark.parametrize(
    ("info", "call", "origin"),
    [
        (called_by(refunds_id("another"), "OrderRefunds"), PART, OURS),
        (called_by(LATE), PART, OURS),
        (called_by(workflow_id("order"), "CashierPayment"), PART, OURS),
        (called_by(refunds_id("order"), "LatePayment"), PART, OURS),
        (
            OWNER,
            PART.model_copy(update={"payment_request_id": "another_1"}),
            OURS,
        ),
        (OWNER, PART, Origin(is_ours=False)),
    ],
    ids=[
        "another order's owner",
        "late money",
        "the payment",
        "another type",
        "another order's money",
        "a foreign worker",
    ],
)
async def test_no_other_caller_refunds_an_order(
    info: activity.Info, call: OrderRefundCall, origin: Origin
) -> None:
    refused = await refusal(info, call, PAID, origin)
    assert refused.non_retryable
