"""Money that came after its payment had ended: given back or kept, never lost."""

from contextlib import suppress

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts import (
        CancelVerdict,
        InquiryAnswer,
        InquiryVerdict,
        LateMoneyPolicy,
        LateOutcome,
        LatePaymentInput,
        LatePaymentView,
        LateResolution,
        MoneyAtRisk,
        PaymentFound,
        PaymentState,
        RefundAnswer,
        RefundVerdict,
        Refusal,
        Resolved,
        attempt_of,
        late_payment_id,
        late_refund_id,
        payment_request_id,
        workflow_id,
    )
    from workflows.alipay_calls import (
        ask_to_refund,
        ask_to_return,
        ask_what_became_of_refund,
        ask_whether_paid_late,
        look_at_order,
    )
    from workflows.engine.shielded import shielded
    from workflows.late_money.questions import (
        REFUND_PATIENCE,
        Questions,
        SettledByAPersonError,
    )
    from workflows.late_money.record import LateMoney
    from workflows.late_money.reviews import (
        outcome_by_payer,
        review,
        review_other_money,
    )
    from workflows.operator_view.metrics import count_late_payment
    from workflows.releases import (
        LATE_MONEY_CHECKS_ITS_ORDER,
        PROPOSALS_ARE_REPLACED_BY_NAME,
        check_release,
        money_of,
        other_money,
    )
    from workflows.resolution import (
        check_is_said,
        check_names_and_reasons,
        check_outcome,
        check_replacement,
        check_second_person,
        confirm,
        needs_second_person,
        propose,
    )
    from workflows.shop_calls import tell_shop
    from workflows.trust import check_workflow_id, trust_of

# Answers that are not final: Alipay is asked again.
OPEN = (InquiryVerdict.PROCESSING, InquiryVerdict.PENDING, InquiryVerdict.NOT_EXIST)
NOT_REFUNDED_YET = (RefundVerdict.IN_PROCESS, RefundVerdict.NOT_EXIST)
# Refusals of a refund which mean that the money has gone back already.
GONE_BACK = ("ORDER_IS_CANCELED",)


@workflow.defn(name="LatePayment")
class LatePayment:
    """Verifies a success that came after the payment's end; returns or keeps the money.

    It inquires at Alipay whether the attempt was paid, then looks at the order: money
    that pays it is not late. Late money goes back by cancel or refund, or is kept if
    the shop wants that. A person decides about another amount than the order's, unless
    other money pays the order.
    """

    @workflow.init
    def __init__(self, late: LatePaymentInput) -> None:
        check_release(late.release)
        self._trust = trust_of(late.release, late.trust)
        self._late = late
        self._money = LateMoney(late, self._trust.late_money_at_start(late))
        self._questions = Questions(self._money, self._trust)

    @workflow.run
    async def run(self, late: LatePaymentInput) -> LatePaymentView:
        check_workflow_id(self._trust, _id_of(late))
        return await shielded(self._deal_with(late))

    async def _deal_with(self, late: LatePaymentInput) -> LatePaymentView:
        self._money.show(self._money.view.status)
        try:
            outcome = await self._settle(late)
        except SettledByAPersonError:
            outcome = self._money.decided()
        said = self._money.said
        paid_at = said.paid_at if said else None
        self._money.show(f"over: {outcome}", outcome=outcome, paid_at=paid_at)
        count_late_payment(outcome)
        # The shop is notified of the outcome; of money that was never paid, or never
        # late, only where it was notified of a review.
        is_moved = outcome not in (LateOutcome.NOT_PAID, LateOutcome.NOT_LATE)
        if late.tells_shop and (is_moved or self._money.reviews):
            name = outcome.lower()
            await tell_shop(
                self._money.callback(f"late-{name}", f"late_payment.{name}", outcome)
            )
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._money.view

    async def _settle(self, late: LatePaymentInput) -> LateOutcome:
        if self._money.refund_is_in_process:
            # Asked again, so that this run's history proves the money it gives back.
            await self._ask_whether_paid()
            return await self._end_of_refund()
        # 1. A late success is believed only when Alipay repeats it.
        said = await self._ask_whether_paid()
        # 2. It may be untrue, or Alipay may have returned it: then no money is at risk.
        if said.verdict is not InquiryVerdict.SUCCESS:
            is_ours = (
                self._money.cancel_was_sent and said.verdict is InquiryVerdict.CANCELLED
            )
            return LateOutcome.RETURNED if is_ours else LateOutcome.NOT_PAID
        # 3. Money that pays its order is not late; money that pays no order goes back.
        if late.release >= LATE_MONEY_CHECKS_ITS_ORDER:
            if outcome := await self._compare_with_order(said):
                return outcome
        # 4. A person decides about another amount than the order's.
        elif said.amount != late.amount:
            doubt = other_money(said.amount, late.amount, late.release)
            return await review(self._money, doubt)
        # 5. The shop's policy decides: deliver late, or give the money back.
        if late.policy is LateMoneyPolicy.HONOUR and not self._money.is_second_charge:
            return LateOutcome.HONOURED
        return await self._give_back(said)

    async def _compare_with_order(self, said: InquiryAnswer) -> LateOutcome | None:
        """Look at the order right before money moves; None where the policy decides.

        The order's own payment need not be looked at where it has handed the money over
        as a second charge: only that payment can be this workflow's parent.
        """
        late, price = self._late, money_of(said.amount, self._late.release)
        if self._money.is_refunded_by_us(said):
            # A run that Temporal has lost sent it: the same call returns its state.
            return await self._refund(said)
        if said.is_refunded:
            return await review(
                self._money,
                f"{price} were paid, and a refund was made already that is not ours",
            )
        if late.order_paid_by and self._is_handed_over:
            self._money.is_second_charge = True
            return None
        order = await self._find_order()
        if outcome := await outcome_by_payer(self._money, order):
            return outcome
        if order.state in (PaymentState.UNKNOWN, PaymentState.STOPPED):
            return await review(
                self._money,
                f"{price} were paid, and how the order's payment ended is not known: "
                "the order may have been delivered",
            )
        self._money.is_second_charge = bool(order.paid or order.honoured)
        if said.amount != late.amount and not self._money.is_second_charge:
            return await review_other_money(self._money, self._questions, said)
        return None

    @property
    def _is_handed_over(self) -> bool:
        """Whether the order's own payment has started this workflow."""
        parent = workflow.info().parent
        return parent is not None and parent.workflow_id == workflow_id(
            self._late.order_id
        )

    async def _ask_whether_paid(self) -> InquiryAnswer:
        self._money.stage = "payment"
        said = await self._questions.until_certain(
            ask_whether_paid_late(self._late),
            lambda it: it.verdict in OPEN,
            self._money.contradicts_a_person,
        )
        self._money.keep_answer(said)
        return said

    async def _find_order(self) -> PaymentFound:
        """Look at the order, and wait while the money may still pay it."""
        self._money.show("look how the order's payment ends")
        self._money.stage = "order"
        return await self._questions.until_certain(
            look_at_order(self._late), self._may_change
        )

    def _may_change(self, order: PaymentFound) -> bool:
        """Whether the order's state may still change how this money ends."""
        name = self._late.payment_request_id
        keeps = self._late.policy is LateMoneyPolicy.HONOUR
        if order.state is PaymentState.OPEN:
            is_ending = order.outcome is not None
            return keeps or is_ending or name in (*order.attempts, *order.counted)
        if order.paid or order.honoured:
            return False  # this money is not kept, so other late money does not matter
        # Of two late payments only one is kept: the lower number decides first.
        return keeps and any(_goes_before(one, name) for one in order.undecided)

    async def _give_back(self, paid: InquiryAnswer) -> LateOutcome:
        """Cancel inside the wallet's window, which costs nothing, otherwise refund."""
        self._money.show(
            "return the money by cancelling the payment", paid_at=paid.paid_at
        )
        self._money.stage, self._money.cancel_was_sent = "cancel", True
        cancelled = await self._questions.until_certain(
            ask_to_return(self._late, paid),
            stands=lambda it: it.verdict is CancelVerdict.CANCELLED,
        )
        if cancelled.verdict is CancelVerdict.CANCELLED:
            return LateOutcome.RETURNED
        return await self._refund(paid)

    async def _refund(self, paid: InquiryAnswer) -> LateOutcome:
        self._money.show("refund the money")
        self._money.stage = "refund"
        refund = await self._questions.until_certain(
            ask_to_refund(self._late, paid, self._money.to_return), stands=_has_moved
        )
        if refund.verdict is RefundVerdict.IN_PROCESS:
            return await self._end_of_refund()
        return await self._outcome_of(refund)

    async def _end_of_refund(self) -> LateOutcome:
        """Wait for the refund; it is never sent again once Alipay has accepted it."""
        money = self._money
        money.show("wait until Alipay has refunded the money")
        money.stage = "refund"
        if not money.refund_is_in_process:
            money.refund_is_in_process = True
            money.waits_since = money.clock.now
            money.list_until(REFUND_PATIENCE)
        refund = await self._questions.until_certain(
            ask_what_became_of_refund(late_refund_id(self._late.payment_request_id)),
            lambda it: it.verdict in NOT_REFUNDED_YET,
            stands=_has_moved,
        )
        return await self._outcome_of(refund)

    async def _outcome_of(self, refund: RefundAnswer) -> LateOutcome:
        if refund.verdict is RefundVerdict.REFUNDED:
            return LateOutcome.REFUNDED
        if refund.result_code in GONE_BACK:
            return LateOutcome.RETURNED
        return await review(
            self._money,
            f"the refund of {money_of(self._money.to_return, self._late.release)} was "
            f"refused: {refund.result_code} {refund.result_message}",
        )

    # ---- updates and queries ----

    @workflow.update(description="Settle what needs attention: outcome, reason, who")
    async def resolve(self, resolution: LateResolution) -> LatePaymentView:
        """Settle late money that needs a person; above an amount, only propose it."""
        why, late = self._money.why_a_person or "", self._late
        resolved = confirm(self._money.view.proposed, resolution, why)
        if resolved or not needs_second_person(
            late.second_person_above,
            late.amount.currency,
            [late.amount, self._money.paid],
        ):
            self._money.resolved = resolved or Resolved(
                by=resolution.by, reason=resolution.reason
            )
            self._money.resolution = resolution
            await workflow.wait_condition(
                lambda: self._money.view.outcome is not None or self._questions.is_full
            )
        else:
            self._money.show(
                f"{resolution.outcome} is proposed; a second person must say the same",
                proposed=propose(resolution, why),
            )
        return self._money.view

    @resolve.validator
    def _check_resolution(self, resolution: LateResolution) -> None:
        """Reject a resolution without a doubt to settle, a name or a reason."""
        check_is_said(resolution)
        if self._money.resolution or self._money.view.outcome:
            raise ApplicationError(
                f"it is settled already: {self._money.view.status}",
                type=Refusal.SETTLED,
            )
        why = self._money.why_a_person
        if why is None:
            raise ApplicationError(
                "only late money that needs attention can be resolved; now: "
                f"{self._money.view.status}",
                type=Refusal.NOT_IN_REVIEW,
            )
        check_outcome(resolution.outcome, LateOutcome)
        check_names_and_reasons(by=resolution.by, reason=resolution.reason)
        check_second_person(self._money.view.proposed, resolution, why)
        if self._late.release >= PROPOSALS_ARE_REPLACED_BY_NAME:
            check_replacement(self._money.view.proposed, resolution, why)

    @workflow.query(description="The state of the late money")
    def view(self) -> LatePaymentView:
        return self._money.view

    @workflow.query(description="The money at risk until this ends")
    def at_risk(self) -> MoneyAtRisk:
        return self._money.at_risk


def _id_of(late: LatePaymentInput) -> str:
    """Return the id of the workflow for this money; both ids of the input name it."""
    name = late.payment_request_id
    with suppress(ValueError):
        name = payment_request_id(late.order_id, attempt_of(name))
    return late_payment_id(name)


def _goes_before(other: str, name: str) -> bool:
    """Whether late money has the lower number; not where it has none.

    The look at the order is an activity, which anybody may have completed.
    """
    with suppress(ValueError):
        return attempt_of(other) < attempt_of(name)
    return False


def _has_moved(refund: RefundAnswer) -> bool:
    """Whether Alipay has refunded the money or has the refund in process."""
    return refund.verdict in (RefundVerdict.REFUNDED, RefundVerdict.IN_PROCESS)
