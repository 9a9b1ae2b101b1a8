"""The paths of an order's refunds, with Alipay's signed messages."""

from collections.abc import Awaitable, Callable

from temporalio.client import WorkflowHistory

from contracts import RefundStatus
from tests.histories.proving import Proven

Steps = Callable[[Proven, str], Awaitable[WorkflowHistory]]
# The order costs 1314.00: more than one person may refund.
HALF, REST = 65700, 65700


async def _paid(order: Proven, order_id: str, *, wallet: str = "GCASH") -> None:
    await order.opens(order_id, wallet=wallet)
    await order.does("pay")
    await order.payment.result()


async def _ended(order: Proven) -> WorkflowHistory:
    await order.refunds.result()
    return await order.refunds.fetch_history()


async def by_a_cancel(order: Proven, order_id: str) -> WorkflowHistory:
    """All of it, which a second person confirms, and which a cancel gives back."""
    await _paid(order, order_id)
    assert await order.gives_back("all", None) == RefundStatus.CONFIRMING
    await order.confirms("all")
    return await _ended(order)


async def in_parts(order: Proven, order_id: str) -> WorkflowHistory:
    await _paid(order, order_id)
    await order.gives_back("part", HALF)
    await order.gives_back("part", HALF)  # the same again
    await order.gives_back("rest", REST)
    return await _ended(order)


async def in_process(order: Proven, order_id: str) -> WorkflowHistory:
    """Alipay has it in process, and notifies its end."""
    await _paid(order, order_id)
    await order.plans("refund_in_process")
    assert await order.gives_back("slow", HALF) == RefundStatus.IN_PROCESS
    await order.finishes_refunds()
    await order.gives_back("rest", REST)
    return await _ended(order)


async def unanswered(order: Proven, order_id: str) -> WorkflowHistory:
    """It takes effect without an answer; a person does not want to wait."""
    await _paid(order, order_id)
    await order.plans("refund_unknown_after", times=5)
    await order.until_refund("unseen", RefundStatus.SENT)
    await order.settles_refund("unseen", "SEND")
    await order.until_refund("unseen", RefundStatus.SUCCEEDED)
    await order.gives_back("rest", REST)
    return await _ended(order)


async def balance_short(order: Proven, order_id: str) -> WorkflowHistory:
    """The merchant's balance is too low, until it is topped up."""
    await _paid(order, order_id)
    await order.plans("balance_short")
    assert await order.gives_back("short", HALF) == RefundStatus.WAITING
    await order.tops_up()
    await order.settles_refund("short", "SEND")
    await order.until_refund("short", RefundStatus.SUCCEEDED)
    await order.gives_back("rest", REST)
    return await _ended(order)


async def refused(order: Proven, order_id: str) -> WorkflowHistory:
    await _paid(order, order_id)
    await order.plans("refund_refused")
    await order.gives_back("refused", HALF)
    await order.gives_back("part", HALF)
    await order.gives_back("rest", REST)
    return await _ended(order)


async def returned(order: Proven, order_id: str) -> WorkflowHistory:
    """Half of it bounces, and is refunded again."""
    await _paid(order, order_id)
    await order.gives_back("part", HALF)
    await order.bounces("part")
    await order.gives_back("again", HALF)
    await order.gives_back("rest", REST)
    return await _ended(order)


REFUND_PATHS: dict[str, Steps] = {
    "release-5-refunded-by-a-cancel": by_a_cancel,
    "release-5-refunded-in-parts": in_parts,
    "release-5-refund-in-process": in_process,
    "release-5-refund-unanswered": unanswered,
    "release-5-refund-balance-short": balance_short,
    "release-5-refund-refused": refused,
    "release-5-refund-returned": returned,
}
ENCRYPTED_REFUND_PATHS: dict[str, Steps] = {"encrypted-refunded-in-parts": in_parts}
