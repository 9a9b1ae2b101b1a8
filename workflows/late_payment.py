"""Money that came after its payment had ended: returned, or kept, but never lost."""

from collections.abc import Awaitable, Callable
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from activities.refunds import RefundActivities
    from contracts import (
        AlipayAnswer,
        CallbackInput,
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
        Money,
        RefundAnswer,
        RefundCall,
        RefundInquiryCall,
        RefundVerdict,
        Resolved,
        ShopEvent,
        late_refund_id,
    )
    from visibility import Listed, is_listed
    from workflows.asking import ask
    from workflows.late_details import late_attention_of, late_details_of
    from workflows.listing import Listing, changes_to
    from workflows.measuring import count_late_payment
    from workflows.options import ask_alipay
    from workflows.pace import pause
    from workflows.releases import money_of, other_money
    from workflows.resolution import (
        check_names_and_reasons,
        check_outcome,
        check_second_person,
        confirm,
        needs_second_person,
        propose,
    )
    from workflows.telling import tell_shop
    from workflows.undeterred import undeterred

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)
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
        # What Alipay says was paid; the order's amount until it has said so.
        self._paid: Money | None = late.amount
        self._resolution: LateResolution | None = None
        self._resolved: Resolved | None = None
        self._is_in_vain = False

    @workflow.run
    async def run(self, late: LatePaymentInput) -> LatePaymentView:
        return await undeterred(self._deal_with(late))

    async def _deal_with(self, late: LatePaymentInput) -> LatePaymentView:
        self._tell(self._view.status)
        # 1. A late success is believed only when Alipay repeats it.
        said = await self._until_certain(self._inquire, lambda it: it.verdict in OPEN)
        # 2. It may be untrue, or returned by Alipay: then nothing is at risk.
        if said.verdict is not InquiryVerdict.SUCCESS:
            outcome = LateOutcome.NOT_PAID
        # 3. Other money than the order's is a person's matter.
        elif said.amount != late.amount:
            self._paid = said.amount
            outcome = await self._review(
                other_money(said.amount, late.amount, late.release)
            )
        # 4. The shop's policy decides: deliver late, or give the money back.
        elif late.policy is LateMoneyPolicy.HONOUR:
            outcome = LateOutcome.HONOURED
        else:
            outcome = await self._give_back(said)
        self._tell(f"over: {outcome}", outcome=outcome, paid_at=said.paid_at)
        count_late_payment(outcome)
        # 5. The shop hears what became of it, unless it was never paid.
        if late.tells_shop and outcome is not LateOutcome.NOT_PAID:
            await tell_shop(self._event(outcome, said))
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
            f"the refund of {money_of(self._late.amount, self._late.release)} was "
            f"refused: {refund.result_code} {refund.result_message}"
        )

    # ---- doors ----

    @workflow.update(description="Settle late money in REVIEW: outcome, reason, who")
    async def resolve(self, resolution: LateResolution) -> LatePaymentView:
        """End what only a person could settle; above an amount, propose its end."""
        why, late = self._view.review or "", self._late
        resolved = confirm(self._view.proposed, resolution, why)
        if resolved or not needs_second_person(
            late.second_person_above, late.amount.currency, [late.amount, self._paid]
        ):
            self._resolved = resolved or Resolved(
                by=resolution.by, reason=resolution.reason
            )
            self._resolution = resolution
            await workflow.wait_condition(lambda: self._view.outcome is not None)
        else:
            self._tell(
                f"{resolution.outcome} is proposed; a second person must say the same",
                proposed=propose(resolution, why),
            )
        return self._view

    @resolve.validator
    def _check_resolution(self, resolution: LateResolution) -> None:
        """Refuse to settle what is not in doubt, or without a name and a reason."""
        if self._resolution or self._view.outcome:
            raise ApplicationError(
                f"it is settled already: {self._view.status}", type="SETTLED"
            )
        if self._view.review is None:
            raise ApplicationError(
                f"only late money in REVIEW can be resolved; now: {self._view.status}",
                type="NOT_IN_REVIEW",
            )
        check_outcome(resolution.outcome, LateOutcome)
        check_names_and_reasons(by=resolution.by, reason=resolution.reason)
        check_second_person(self._view.proposed, resolution, self._view.review)

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
            self._is_in_vain = answer is None
            self._tell(self._view.status)
            if answer is not None and not is_open(answer):
                return answer
            seed = self._late.payment_request_id
            await workflow.sleep(
                pause(seed, tries), summary=f"Ask again, try {tries + 2}"
            )
            tries += 1

    def _event(self, outcome: LateOutcome, paid: InquiryAnswer) -> CallbackInput:
        late = self._late
        event = ShopEvent(
            id=f"{late.payment_request_id}-late-{outcome.lower()}",
            type=f"late_payment.{outcome.lower()}",
            occurred_at=workflow.now(),
            order_id=late.order_id,
            payment_request_id=late.payment_request_id,
            payment_id=paid.payment_id,
            amount=late.amount,
            outcome=outcome,
            paid_at=paid.paid_at,
        )
        return CallbackInput(
            event=event, wallet=late.wallet, runbook_url=late.runbook_url
        )

    async def _review(self, why: str) -> LateOutcome:
        self._tell("a person must decide", review=why)
        await workflow.wait_condition(lambda: self._resolution is not None)
        resolution = self._resolution
        assert resolution is not None  # noqa: S101 - as waited for
        self._tell("decided", resolved=self._resolved, proposed=None)
        return LateOutcome(resolution.outcome)

    def _tell(self, status: str, **known: object) -> None:
        """Have the view, the page and the list tell how it stands."""
        self._view = self._view.model_copy(update={"status": status, **known})
        workflow.set_current_details(
            late_details_of(self._late, self._view, lacks_a_verdict=self._is_in_vain)
        )
        attention = late_attention_of(self._view, lacks_a_verdict=self._is_in_vain)
        listed = workflow.info().typed_search_attributes
        changes = changes_to(listed, Listing(Listed.LATE_MONEY, attention))
        if changes and is_listed(listed):
            workflow.upsert_search_attributes(changes)

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
