"""Money that came after its payment had ended: returned, or kept, but never lost."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from activities.refunds import RefundActivities
    from contracts import (
        CancelAnswer,
        CancelCall,
        CancelVerdict,
        InquiryAnswer,
        InquiryCall,
        InquiryVerdict,
        LateMoneyPolicy,
        LateOutcome,
        LatePaymentInput,
        LatePaymentView,
        LateResolution,
        RefundAnswer,
        RefundCall,
        RefundInquiryCall,
        RefundVerdict,
        Resolved,
        late_refund_id,
    )
    from workflows.asking import ask
    from workflows.options import ask_alipay
    from workflows.pace import pause
    from workflows.resolution import check_names_and_reasons

AnswerT = TypeVar("AnswerT")
# Answers after which one only has to ask again.
OPEN = (InquiryVerdict.PROCESSING, InquiryVerdict.PENDING, InquiryVerdict.NOT_EXIST)
# Refusals of a refund that mean that the money has gone back already.
GONE_BACK = ("ORDER_IS_CANCELED",)


@workflow.defn(name="LatePayment")
class LatePayment:
    """Makes sure that a success heard after the end is true, and deals with it."""

    @workflow.init
    def __init__(self, late: LatePaymentInput) -> None:
        self._late = late
        self._view = LatePaymentView(
            payment_request_id=late.payment_request_id,
            amount=late.amount,
            status="ask Alipay whether it was paid",
        )
        self._resolution: LateResolution | None = None

    @workflow.run
    async def run(self, late: LatePaymentInput) -> LatePaymentView:
        # 1. A late success is believed only when Alipay repeats it.
        said = await self._until_certain(self._inquire, lambda it: it.verdict in OPEN)
        # 2. It may be untrue, or returned by Alipay: then nothing is at risk.
        if said.verdict is not InquiryVerdict.SUCCESS:
            outcome = LateOutcome.NOT_PAID
        # 3. Other money than the order's is a person's matter.
        elif said.amount != late.amount:
            outcome = await self._review(f"paid was {said.amount}, not {late.amount}")
        # 4. The shop's policy decides: deliver late, or give the money back.
        elif late.policy is LateMoneyPolicy.HONOUR:
            outcome = LateOutcome.HONOURED
        else:
            outcome = await self._give_back(said)
        self._tell(f"over: {outcome}", outcome=outcome, paid_at=said.paid_at)
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._view

    async def _give_back(self, paid: InquiryAnswer) -> LateOutcome:
        """Cancel inside the wallet's window, which costs nothing, else refund."""
        self._tell("return the money by cancelling the payment", paid_at=paid.paid_at)
        cancelled = await self._until_certain(lambda: self._cancel(paid))
        if cancelled.verdict is CancelVerdict.CANCELLED:
            return LateOutcome.RETURNED
        self._tell("refund the money")
        refund = await self._until_certain(lambda: self._refund(paid))
        if refund.verdict is RefundVerdict.IN_PROCESS:
            # Never sent again: Alipay has taken it on, and tells when it is done.
            self._tell("wait until Alipay has refunded the money")
            refund = await self._until_certain(
                self._inquire_refund,
                lambda it: (
                    it.verdict in (RefundVerdict.IN_PROCESS, RefundVerdict.NOT_EXIST)
                ),
            )
        if refund.verdict is RefundVerdict.REFUNDED:
            return LateOutcome.REFUNDED
        if refund.result_code in GONE_BACK:
            return LateOutcome.RETURNED
        return await self._review(
            f"the refund of {self._late.amount.currency} {self._late.amount.value} was "
            f"refused: {refund.result_code} {refund.result_message}"
        )

    # ---- doors ----

    @workflow.update(description="Settle late money in REVIEW: outcome, reason, who")
    async def resolve(self, resolution: LateResolution) -> LatePaymentView:
        """End what only a person could settle."""
        self._resolution = resolution
        await workflow.wait_condition(lambda: self._view.outcome is not None)
        return self._view

    @resolve.validator
    def _check_resolution(self, resolution: LateResolution) -> None:
        if self._view.review is None:
            raise ApplicationError(
                f"only late money in REVIEW can be resolved; now: {self._view.status}",
                type="NOT_IN_REVIEW",
            )
        check_names_and_reasons(by=resolution.by, reason=resolution.reason)

    @workflow.query(description="What is known of the late money")
    def view(self) -> LatePaymentView:
        return self._view

    # ---- steps ----

    async def _until_certain(
        self,
        question: Callable[[], Awaitable[AnswerT]],
        is_open: Callable[[AnswerT], bool] = lambda _: False,
    ) -> AnswerT:
        """Ask with growing pauses until there is a verdict that says something."""
        tries = 0
        while True:
            answer = (await ask(question())).answer
            if answer is not None and not is_open(answer):
                return answer
            seed = self._late.payment_request_id
            await workflow.sleep(
                pause(seed, tries), summary=f"Ask again, try {tries + 2}"
            )
            tries += 1

    async def _review(self, why: str) -> LateOutcome:
        self._tell("a person must decide", review=why)
        await workflow.wait_condition(lambda: self._resolution is not None)
        resolved = self._resolution
        assert resolved is not None  # noqa: S101 - as waited for
        self._tell("decided", resolved=Resolved(by=resolved.by, reason=resolved.reason))
        return resolved.outcome

    def _tell(self, status: str, **known: object) -> None:
        self._view = self._view.model_copy(update={"status": status, **known})
        why = self._view.review
        workflow.set_current_details(
            f"**Late money**, {self._late.payment_request_id}: {status}."
            + (f"\n\n**Why:** {why}" if why else "")
        )

    def _inquire(self) -> Awaitable[InquiryAnswer]:
        return workflow.execute_activity_method(
            PaymentActivities.inquire_payment,
            InquiryCall(payment_request_id=self._late.payment_request_id),
            **ask_alipay("Ask whether the late success is true"),
        )

    def _cancel(self, paid: InquiryAnswer) -> Awaitable[CancelAnswer]:
        call = CancelCall(
            payment_request_id=self._late.payment_request_id,
            wallet=self._late.wallet,
            paid_at=paid.paid_at,
        )
        return workflow.execute_activity_method(
            PaymentActivities.cancel_payment,
            call,
            **ask_alipay("Return the money by cancelling"),
        )

    def _refund(self, paid: InquiryAnswer) -> Awaitable[RefundAnswer]:
        call = RefundCall(
            refund_request_id=late_refund_id(self._late.payment_request_id),
            payment_id=paid.payment_id or "",
            amount=self._late.amount,
            reason="Paid after the payment had ended",
        )
        return workflow.execute_activity_method(
            RefundActivities.refund_payment, call, **ask_alipay("Refund the money")
        )

    def _inquire_refund(self) -> Awaitable[RefundAnswer]:
        refund_id = late_refund_id(self._late.payment_request_id)
        return workflow.execute_activity_method(
            RefundActivities.inquire_refund,
            RefundInquiryCall(refund_request_id=refund_id),
            **ask_alipay("Ask what became of the refund"),
        )
