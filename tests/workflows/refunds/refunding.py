"""A fake Alipay for refunds, in place of the activities: a ledger that signs."""

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4

from temporalio import activity
from temporalio.api.sdk.v1 import WorkflowMetadata
from temporalio.client import Client, WithStartWorkflowOperation, WorkflowHandle
from temporalio.common import WorkflowIDConflictPolicy
from temporalio.exceptions import ApplicationError
from temporalio.worker import Worker

from contracts import (
    RELEASE,
    AlipayTrust,
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    InquiryCall,
    InquiryVerdict,
    Money,
    OrderRefundAnswer,
    OrderRefundCall,
    PaymentLook,
    ProvenEvent,
    RefundAnswer,
    RefundConfirmation,
    RefundDecision,
    RefundInquiryCall,
    RefundNotified,
    RefundRecord,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    RefundSeen,
    RefundsInput,
    RefundsView,
    RefundVerdict,
    ShopAnswer,
    ShopEvent,
    refunds_id,
)
from tests.builders import PAYMENT_ID
from tests.signing import signed_answer, signed_refund_notice, trust
from translation.refund_room import is_all_of_it, may_be_sent
from translation.refunds import refund_call_of
from visibility import NEEDS_ATTENTION, Listed, attributes_of
from workflows.engine.odd_signals import OddSignalFilter
from workflows.kinds import WORKFLOWS
from workflows.order_refunds import OrderRefunds

PAID = Money(currency="PHP", value=10000)
SUCCEEDED = RefundAnswer(verdict=RefundVerdict.REFUNDED)
IN_PROCESS = RefundAnswer(verdict=RefundVerdict.IN_PROCESS)


def php(value: int) -> Money:
    return Money(currency="PHP", value=value)


def refused(code: str) -> RefundAnswer:
    return RefundAnswer(
        verdict=RefundVerdict.REFUSED, result_code=code, result_message="no"
    )


@dataclass
class RefundingAlipay:
    """Alipay's ledger of one payment, and its answers.

    Attributes:
        next_refunds: The answers to the next calls, instead of success. None: the call
            takes effect without an answer. A code: F, and no effect.
        given_back: Per refundRequestId that has succeeded, the amount.
        listed: Further transactions, made in the portal.
    """

    paid: Money = PAID
    verdict: InquiryVerdict = InquiryVerdict.SUCCESS
    cancels: CancelVerdict = CancelVerdict.NOT_ALLOWED
    next_refunds: list[str | None] = field(default_factory=list)
    given_back: dict[str, Money] = field(default_factory=dict)
    processing: dict[str, Money] = field(default_factory=dict)
    failed: dict[str, tuple[Money, str]] = field(default_factory=dict)
    listed: list[RefundSeen] = field(default_factory=list)
    calls: Counter[str] = field(default_factory=Counter)
    sent: list[OrderRefundCall] = field(default_factory=list)
    shop_events: list[ShopEvent] = field(default_factory=list)
    is_away: bool = False
    bounced: int = 0

    @property
    def total_back(self) -> int:
        portal = sum(one.amount.value for one in self.listed if one.amount)
        return portal + sum(money.value for money in self.given_back.values())

    @property
    def activities(self) -> list[Callable[..., object]]:
        return [
            self.refund_order,
            self.inquire_refund,
            self.tell_shop,
            self.whom_to_trust,
        ]

    @activity.defn
    async def refund_order(self, call: OrderRefundCall) -> OrderRefundAnswer:
        self.calls["refund_order"] += 1
        if self.is_away:
            raise no_verdict()
        look = self._look(call)
        answer = OrderRefundAnswer(look=look)
        if not may_be_sent(call, look):
            return answer
        self.sent.append(call)
        if is_all_of_it(call, look) and self.cancels is CancelVerdict.CANCELLED:
            cancel = CancelCall(
                payment_request_id=call.payment_request_id,
                wallet=call.wallet,
                paid_at=look.paid_at,
            )
            self.verdict = InquiryVerdict.CANCELLED
            if self.next_refunds and self.next_refunds.pop(0) is None:
                raise no_verdict()
            said = signed_answer(cancel, CancelAnswer(verdict=self.cancels))
            return answer.model_copy(update={"cancel": said})
        refund = signed_answer(refund_call_of(call, look), self._refund(call))
        return answer.model_copy(update={"refund": refund})

    @activity.defn
    async def inquire_refund(self, call: RefundInquiryCall) -> RefundAnswer:
        self.calls["inquire_refund"] += 1
        name = call.refund_request_id
        if self.is_away:
            raise no_verdict()
        if name in self.given_back:
            return signed_answer(call, SUCCEEDED)
        if name in self.processing:
            return signed_answer(call, IN_PROCESS)
        if name in self.failed:
            return signed_answer(call, refused(self.failed[name][1]))
        unknown = RefundAnswer(verdict=RefundVerdict.NOT_EXIST)
        return signed_answer(call, unknown)

    @activity.defn
    async def tell_shop(self, proven: ProvenEvent) -> ShopAnswer:
        self.shop_events.append(proven.event)
        return ShopAnswer(http_status=204)

    @activity.defn
    async def whom_to_trust(self) -> AlipayTrust:
        return trust()

    def ends(self, name: str, *, succeeded: bool = True) -> None:
        """Let a refund in process end."""
        amount = self.processing.pop(name)
        if succeeded:
            self.given_back[name] = amount
        else:
            self.failed[name] = amount, "PROCESS_FAIL"

    def notice(self, name: str, status: str = "SUCCESS") -> RefundNotified:
        """Return the notice about a refund, as Alipay signs it."""
        return signed_refund_notice(
            RefundNotified(refund_request_id=name, status=status)
        )

    def _refund(self, call: OrderRefundCall) -> RefundAnswer:
        name = call.refund_request_id
        if name in self.given_back:
            return SUCCEEDED
        if name in self.failed:
            return refused(self.failed[name][1])
        back = self.total_back - self.bounced
        if back + call.amount.value > self.paid.value:
            return refused("REFUND_AMOUNT_EXCEED")
        match self.next_refunds.pop(0) if self.next_refunds else "":
            case None:
                self.given_back[name] = call.amount
                raise no_verdict()
            case "":
                self.given_back[name] = call.amount
                return SUCCEEDED
            case "REFUND_IN_PROCESS":
                self.processing[name] = call.amount
                return IN_PROCESS
            case "UNKNOWN_EXCEPTION":
                raise no_verdict()
            case code:
                self.failed[name] = call.amount, code
                return refused(code)

    def _look(self, call: OrderRefundCall) -> PaymentLook:
        refunds = [
            *self.listed,
            *(seen(name, "SUCCESS", it) for name, it in self.given_back.items()),
            *(seen(name, "PROCESSING", it) for name, it in self.processing.items()),
            *(seen(name, "FAIL", it) for name, (it, _) in self.failed.items()),
        ]
        look = PaymentLook(
            verdict=self.verdict,
            payment_id=PAYMENT_ID,
            amount=self.paid,
            paid_at="2026-11-30T10:00:00+08:00",
            refunds=tuple(refunds),
        )
        return signed_answer(
            InquiryCall(payment_request_id=call.payment_request_id), look
        )


def seen(name: str, status: str, amount: Money) -> RefundSeen:
    return RefundSeen(
        refund_request_id=name, kind="REFUND", status=status, amount=amount
    )


def no_verdict() -> ApplicationError:
    """As after the quick retries, without waiting for them."""
    return ApplicationError("no verdict", type="NoVerdict", non_retryable=True)


class Refunds:
    """The refunds of one order, with their callers."""

    def __init__(self, client: Client, task_queue: str, given: RefundsInput) -> None:
        self.client = client
        self.task_queue = task_queue
        self.given = given

    @property
    def handle(self) -> WorkflowHandle[OrderRefunds, RefundsView]:
        return self.client.get_workflow_handle_for(
            OrderRefunds.run, refunds_id(self.given.order_id)
        )

    async def ask(
        self, refund_id: str, value: int | None, **changes: Any
    ) -> RefundsView:
        """Request a refund as the API does: update with start."""
        request = RefundRequest(
            refund_id=refund_id,
            amount=None if value is None else php(value),
            by="shop-key",
        ).model_copy(update=changes)
        operation = WithStartWorkflowOperation(
            OrderRefunds.run,
            self.given,
            id=refunds_id(self.given.order_id),
            task_queue=self.task_queue,
            id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
            search_attributes=attributes_of(
                order_id=self.given.order_id,
                amount=self.given.paid or PAID,
                wallet=self.given.wallet,
                status=Listed.REFUNDS,
            ),
        )
        return await self.client.execute_update_with_start_workflow(
            OrderRefunds.refund,  # type: ignore[arg-type]
            request,
            start_workflow_operation=operation,
            id=uuid4().hex,
        )

    async def one(self, refund_id: str) -> RefundRecord:
        view = await self.handle.query(OrderRefunds.view)
        return record_in(view, refund_id)

    async def confirm(self, refund_id: str, *, by: str) -> RefundsView:
        return await self.handle.execute_update(
            OrderRefunds.confirm,  # type: ignore[arg-type]
            RefundConfirmation(refund_id=refund_id, by=by),
        )

    async def resolve(
        self, refund_id: str, outcome: RefundDecision, *, by: str = "anna"
    ) -> RefundsView:
        return await self.handle.execute_update(
            OrderRefunds.resolve,  # type: ignore[arg-type]
            RefundResolution(
                refund_id=refund_id, outcome=outcome, by=by, reason="as agreed"
            ),
        )

    async def bounced(self, refund_id: str) -> RefundsView:
        return await self.handle.execute_update(
            OrderRefunds.returned,  # type: ignore[arg-type]
            RefundReturn(refund_id=refund_id, by="anna", reason="settlement file"),
        )

    async def listed(self) -> str | None:
        """Return NeedsAttention from the list."""
        attributes = (await self.handle.describe()).typed_search_attributes
        return attributes.get(NEEDS_ATTENTION)

    async def details(self) -> str:
        metadata: WorkflowMetadata = await self.handle.query(
            "__temporal_workflow_metadata", result_type=WorkflowMetadata
        )
        return metadata.current_details


def record_in(view: RefundsView, refund_id: str) -> RefundRecord:
    return next(one for one in view.refunds if one.refund_id == refund_id)


@asynccontextmanager
async def refunds_of(
    client: Client, alipay: RefundingAlipay, **changes: Any
) -> AsyncIterator[Refunds]:
    """Serve the refunds of one order that was paid."""
    task_queue = f"test-{uuid4()}"
    order_id = f"order-{uuid4().hex[:12]}"
    given = RefundsInput(
        order_id=order_id,
        payment_request_id=f"{order_id}_1",
        wallet="GCASH",
        paid=PAID,
        release=RELEASE,
        tells_shop=True,
        trust=trust(),
    ).model_copy(update=changes)
    async with Worker(
        client,
        task_queue=task_queue,
        workflows=WORKFLOWS,
        activities=alipay.activities,
        interceptors=[OddSignalFilter()],
    ):
        yield Refunds(client, task_queue, given)
