"""Money that came after its payment had ended: returned or kept, but never lost."""

from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts import (
        CallbackInput,
        CancelVerdict,
        Contract,
        InquiryAnswer,
        InquiryVerdict,
        LateCarried,
        LateMoneyPolicy,
        LateOutcome,
        LatePaymentInput,
        LatePaymentView,
        LateResolution,
        Money,
        MoneyAtRisk,
        PaymentFound,
        PaymentState,
        RefundAnswer,
        RefundVerdict,
        Refusal,
        Resolved,
        ShopEvent,
        SignedEvidence,
        attempt_of,
        late_payment_id,
        late_refund_id,
        payment_request_id,
        workflow_id,
    )
    from visibility import EXPIRES_AT, Listed, NeedsAttention, is_listed
    from workflows.alipay_calls import (
        Question,
        ask,
        ask_to_refund,
        ask_to_return,
        ask_what_became_of_refund,
        ask_whether_paid_late,
        look_at_order,
    )
    from workflows.clock import Clock
    from workflows.operator_view.late_money import late_attention_of, late_details_of
    from workflows.operator_view.listing import Listing, changes_to
    from workflows.operator_view.metrics import count_continued_run, count_late_payment
    from workflows.payment.backoff import pause
    from workflows.releases import (
        LATE_MONEY_IS_LATE,
        PROPOSALS_ARE_REPLACED_BY_NAME,
        REFUNDED_ORDER_IS_PAID,
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
    from workflows.shielded import shielded
    from workflows.shop_calls import tell_shop
    from workflows.trust import check_workflow_id, trust_of

AnswerT = TypeVar("AnswerT", bound=Contract)
# Answers that are not final: Alipay is asked again.
OPEN = (InquiryVerdict.PROCESSING, InquiryVerdict.PENDING, InquiryVerdict.NOT_EXIST)
NOT_REFUNDED_YET = (RefundVerdict.IN_PROCESS, RefundVerdict.NOT_EXIST)
# Refusals of a refund that mean that the money has gone back already.
GONE_BACK = ("ORDER_IS_CANCELED",)
# When a question that stays open gets attention. Alipay answers within seconds whether
# an attempt was paid ...
PATIENCE = timedelta(minutes=15)
# ... says three times within a minute that it does not know one (docs/protocol.md 3.5)
MOST_NOT_EXIST = 3
# ... and takes hours for a refund of some wallets: no longest time is documented.
REFUND_PATIENCE = timedelta(days=1)


class _SettledByAPersonError(Exception):
    """A person has settled the late money before Alipay gave a final answer."""


@workflow.defn(name="LatePayment")
class LatePayment:
    """Verifies a success that came after the payment's end; returns or keeps the money.

    It asks the order's payment whether the money is late at all, then Alipay whether it
    was paid; what was goes back by cancel or refund, or is kept where the shop wants
    that. Other money than the order's is a person's matter, unless it pays for nothing.
    """

    @workflow.init
    def __init__(self, late: LatePaymentInput) -> None:
        check_release(late.release)
        self._clock = Clock()
        self._trust = trust_of(late.release, late.trust)
        carried = self._trust.late_money_at_start(late)
        self._late = late
        self._release = late.release
        self._view = (
            carried.view
            if carried
            else LatePaymentView(
                payment_request_id=late.payment_request_id,
                amount=late.amount,
                status="ask Alipay whether it was paid",
            )
        )
        # What Alipay says was paid; the order's amount until it has said so.
        self._paid: Money | None = late.amount
        self._said: InquiryAnswer | None = None
        # What proves it, for the shop.
        self._evidence: SignedEvidence | None = None
        self._resolution: LateResolution | None = None
        self._resolved: Resolved | None = None
        self._is_in_vain = False
        self._is_overdue = False
        self._is_full = False
        self._waits_since = carried.waits_since if carried else self._clock.now
        self._refund_is_in_process = bool(carried and carried.refund_is_in_process)
        self._cancel_was_sent = bool(carried and carried.cancel_was_sent)
        self._reviews_told = carried.reviews_told if carried else 0
        self._is_second_charge = False
        self._stage = "payment"
        self._times_kept = 0

    @workflow.run
    async def run(self, late: LatePaymentInput) -> LatePaymentView:
        check_workflow_id(self._trust, _id_of(late))
        return await shielded(self._deal_with(late))

    async def _deal_with(self, late: LatePaymentInput) -> LatePaymentView:
        self._tell(self._view.status)
        try:
            outcome = await self._settle(late)
        except _SettledByAPersonError:
            outcome = self._decided()
        said = self._said
        paid_at = said.paid_at if said else None
        self._tell(f"over: {outcome}", outcome=outcome, paid_at=paid_at)
        count_late_payment(outcome)
        # The shop is notified of the outcome; of money that was never paid, or never
        # late, only where it was notified of a review.
        is_moved = outcome not in (LateOutcome.NOT_PAID, LateOutcome.NOT_LATE)
        if late.tells_shop and (is_moved or self._reviews_told):
            await tell_shop(self._event(outcome))
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._view

    async def _settle(self, late: LatePaymentInput) -> LateOutcome:
        if self._refund_is_in_process:
            # Asked anew, so that this run's history proves what is given back in it.
            await self._ask_whether_paid()
            return await self._end_of_refund()
        # 1. A late success is believed only when Alipay repeats it.
        said = await self._ask_whether_paid()
        # 2. It may be untrue, or returned by Alipay: then nothing is at risk.
        if said.verdict is not InquiryVerdict.SUCCESS:
            is_ours = self._cancel_was_sent and said.verdict is InquiryVerdict.CANCELLED
            return LateOutcome.RETURNED if is_ours else LateOutcome.NOT_PAID
        # 3. Money that pays its order is not late; what pays for nothing goes back.
        if late.release >= LATE_MONEY_IS_LATE:
            if outcome := await self._compare_with_order(said):
                return outcome
        # 4. Other money than the order's is a person's matter.
        elif said.amount != late.amount:
            doubt = other_money(said.amount, late.amount, late.release)
            return await self._review(doubt)
        # 5. The shop's policy decides: deliver late, or give the money back.
        if late.policy is LateMoneyPolicy.HONOUR and not self._is_second_charge:
            return LateOutcome.HONOURED
        return await self._give_back(said)

    async def _compare_with_order(self, said: InquiryAnswer) -> LateOutcome | None:
        """Look at the order right before money moves; None where the policy decides.

        The order's own payment need not be looked at where it has handed the money over
        as a second charge: nobody else can be this workflow's parent.
        """
        late, price = self._late, money_of(said.amount, self._late.release)
        if self._is_refunded_by_us(said):
            # By a run that Temporal has lost: the same call says what became of it.
            return await self._refund(said)
        if said.is_refunded:
            return await self._review(
                f"{price} were paid, and a refund was made already that is not ours"
            )
        if late.order_paid_by and self._is_handed_over:
            self._is_second_charge = True
            return None
        order = await self._find_order()
        if outcome := await self._as_paid(order):
            return outcome
        if order.state in (PaymentState.UNKNOWN, PaymentState.STOPPED):
            return await self._review(
                f"{price} were paid, and how the order's payment ended is not known: "
                "the order may have been delivered"
            )
        self._is_second_charge = bool(order.paid or order.honoured)
        if said.amount != late.amount and not self._is_second_charge:
            return await self._review_other_money(said)
        return None

    async def _as_paid(self, order: PaymentFound) -> LateOutcome | None:
        """Decide by the payment that pays the order; None where nothing pays it."""
        if self._late.payment_request_id in order.paid:
            return LateOutcome.NOT_LATE
        if order.paid and not order.is_proven:
            paid = money_of(self._paid, self._late.release)
            return await self._review(
                f"{paid} were paid, and a person has called the order paid without a "
                "word of Alipay: this may be its money, or come on top of it"
            )
        return None

    @property
    def _is_handed_over(self) -> bool:
        """Whether the order's own payment has begun this."""
        parent = workflow.info().parent
        return parent is not None and parent.workflow_id == workflow_id(
            self._late.order_id
        )

    async def _ask_whether_paid(self) -> InquiryAnswer:
        self._stage = "payment"
        said = await self._until_certain(
            ask_whether_paid_late(self._late),
            lambda it: it.verdict in OPEN,
            self._contradicts_a_person,
        )
        self._said, self._paid = said, said.amount
        if said.evidence:
            self._evidence = said.evidence.answer
        return said

    def _contradicts_a_person(self, said: InquiryAnswer) -> bool:
        """Whether Alipay's answer contradicts what a person has decided."""
        outcome = self._resolution.outcome if self._resolution else ""
        if said.verdict is InquiryVerdict.SUCCESS:
            return outcome == LateOutcome.NOT_PAID
        return outcome in (LateOutcome.HONOURED, LateOutcome.NOT_LATE)

    async def _find_order(self) -> PaymentFound:
        """Look at the order, and wait while it may still count, or need, the money."""
        self._tell("look how the order's payment ends")
        self._stage = "order"
        return await self._until_certain(look_at_order(self._late), self._may_change)

    def _may_change(self, order: PaymentFound) -> bool:
        """Whether the order's state may still change what becomes of this money."""
        name = self._late.payment_request_id
        keeps = self._late.policy is LateMoneyPolicy.HONOUR
        if order.state is PaymentState.OPEN:
            is_ending = order.outcome is not None
            return keeps or is_ending or name in (*order.attempts, *order.counted)
        if order.paid or order.honoured:
            return False  # whatever else comes late, this money is not kept
        # Of two that both come late only one is kept: the lower number goes first.
        return keeps and any(_goes_before(one, name) for one in order.undecided)

    async def _give_back(self, paid: InquiryAnswer) -> LateOutcome:
        """Cancel inside the wallet's window, which costs nothing, else refund."""
        self._tell("return the money by cancelling the payment", paid_at=paid.paid_at)
        self._stage, self._cancel_was_sent = "cancel", True
        cancelled = await self._until_certain(
            ask_to_return(self._late, paid),
            stands=lambda it: it.verdict is CancelVerdict.CANCELLED,
        )
        if cancelled.verdict is CancelVerdict.CANCELLED:
            return LateOutcome.RETURNED
        return await self._refund(paid)

    def _is_refunded_by_us(self, said: InquiryAnswer) -> bool:
        own = (late_refund_id(self._late.payment_request_id),)
        is_told = self._late.release >= REFUNDED_ORDER_IS_PAID
        return is_told and said.is_refunded and said.refunded_by == own

    async def _refund(self, paid: InquiryAnswer) -> LateOutcome:
        self._tell("refund the money")
        self._stage = "refund"
        refund = await self._until_certain(
            ask_to_refund(self._late, paid, self._to_return), stands=_has_moved
        )
        if refund.verdict is RefundVerdict.IN_PROCESS:
            return await self._end_of_refund()
        return await self._outcome_of(refund)

    async def _end_of_refund(self) -> LateOutcome:
        """Wait for the refund; it is never sent again once Alipay has accepted it."""
        self._tell("wait until Alipay has refunded the money")
        self._stage = "refund"
        if not self._refund_is_in_process:
            self._refund_is_in_process = True
            self._waits_since = self._clock.now
            self._list_until(REFUND_PATIENCE)
        refund = await self._until_certain(
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
        return await self._review(
            f"the refund of {money_of(self._to_return, self._late.release)} was "
            f"refused: {refund.result_code} {refund.result_message}"
        )

    @property
    def _to_return(self) -> Money:
        """The refund: all that was paid."""
        if self._late.release < LATE_MONEY_IS_LATE:
            return self._late.amount
        return self._paid or self._late.amount

    # ---- doors ----

    @workflow.update(description="Settle what needs attention: outcome, reason, who")
    async def resolve(self, resolution: LateResolution) -> LatePaymentView:
        """End what only a person could settle; above an amount, propose its end."""
        why, late = self._why_a_person or "", self._late
        resolved = confirm(self._view.proposed, resolution, why)
        if resolved or not needs_second_person(
            late.second_person_above, late.amount.currency, [late.amount, self._paid]
        ):
            self._resolved = resolved or Resolved(
                by=resolution.by, reason=resolution.reason
            )
            self._resolution = resolution
            await workflow.wait_condition(
                lambda: self._view.outcome is not None or self._is_full
            )
        else:
            self._tell(
                f"{resolution.outcome} is proposed; a second person must say the same",
                proposed=propose(resolution, why),
            )
        return self._view

    @resolve.validator
    def _check_resolution(self, resolution: LateResolution) -> None:
        """Reject a resolution without a doubt to settle, a name or a reason."""
        check_is_said(resolution)
        if self._resolution or self._view.outcome:
            raise ApplicationError(
                f"it is settled already: {self._view.status}", type=Refusal.SETTLED
            )
        why = self._why_a_person
        if why is None:
            raise ApplicationError(
                "only late money that needs attention can be resolved; now: "
                f"{self._view.status}",
                type=Refusal.NOT_IN_REVIEW,
            )
        check_outcome(resolution.outcome, LateOutcome)
        check_names_and_reasons(by=resolution.by, reason=resolution.reason)
        check_second_person(self._view.proposed, resolution, why)
        if self._late.release >= PROPOSALS_ARE_REPLACED_BY_NAME:
            check_replacement(self._view.proposed, resolution, why)

    @workflow.query(description="What is known of the late money")
    def view(self) -> LatePaymentView:
        return self._view

    @workflow.query(description="What money is at risk until this ends")
    def at_risk(self) -> MoneyAtRisk:
        if self._view.outcome is not None:
            return MoneyAtRisk()
        if self._said and self._said.verdict is InquiryVerdict.SUCCESS and self._paid:
            return MoneyAtRisk(taken=(self._paid,))
        told = self._late.notification
        return MoneyAtRisk(at_most=((told and told.amount) or self._late.amount,))

    @property
    def _attention(self) -> NeedsAttention | None:
        return late_attention_of(
            self._view,
            lacks_a_verdict=self._is_in_vain,
            is_overdue=self._is_overdue,
        )

    @property
    def _why_a_person(self) -> str | None:
        """Say why a person may settle it: a doubt, or a wait that gets attention.

        Not how it waits, which changes: two persons decide about one open question.
        """
        if self._view.review:
            return self._view.review
        name = self._late.payment_request_id
        return f"{name}: the {self._stage} is open" if self._attention else None

    # ---- steps ----

    async def _until_certain(
        self,
        question: Question[AnswerT],
        is_open: Callable[[AnswerT], bool] = lambda _: False,
        stands: Callable[[AnswerT], bool] = lambda _: False,
    ) -> AnswerT:
        """Ask with growing pauses until an answer is final.

        Args:
            question: What is asked.
            is_open: Whether an answer is not final, so that Alipay is asked again.
            stands: Whether an answer counts more than what a person has said while it
                was under way: money that has moved has moved.

        Raises:
            _SettledByAPersonError: A person did not wait for it any longer.
        """
        tries = 0
        while True:
            self._leave_it_to_a_person()
            answer = await self._ask(question)
            self._is_in_vain = answer is None
            if answer is not None and self._resolution and stands(answer):
                self._resolution = self._resolved = None
            self._leave_it_to_a_person()
            if answer is not None and not is_open(answer):
                self._is_overdue = False
                self._tell(self._view.status)
                return answer
            self._is_overdue = self._is_overdue or self._gets_attention(answer, tries)
            self._tell(self._view.status)
            await self._pause(tries, f"Ask again, try {tries + 2}")
            tries += 1

    async def _ask(self, question: Question[AnswerT]) -> AnswerT | None:
        """Run the activity; a person's resolution does not wait for a paused one."""
        asked = await ask(
            question,
            self._trust,
            self._late.release,
            lambda: self._resolution is not None,
        )
        return asked.answer

    def _leave_it_to_a_person(self) -> None:
        """Ask nothing more, and move nothing, once a person has settled it.

        Raises:
            _SettledByAPersonError: A person has.
        """
        if self._resolution is not None:
            raise _SettledByAPersonError

    def _gets_attention(self, answer: Contract | None, tries: int) -> bool:
        """Whether an open answer has come often or long enough to be looked at.

        Late money that an older release began gets it too, under a name of its own each
        time: a history that was recorded before has no marker for the first one.
        """
        patience = REFUND_PATIENCE if self._refund_is_in_process else PATIENCE
        is_unknown = (
            isinstance(answer, InquiryAnswer)
            and answer.verdict is InquiryVerdict.NOT_EXIST
            and tries + 1 >= MOST_NOT_EXIST
        )
        if not is_unknown and self._clock.now - self._waits_since < patience:
            return False
        if self._release < LATE_MONEY_IS_LATE:
            self._times_kept += 1
            if not workflow.patched(f"freed-by-release-3-{self._times_kept}"):
                return False
            self._release = LATE_MONEY_IS_LATE
        return True

    async def _pause(self, tries: int, summary: str) -> None:
        """Wait a little, or until a person settles it; then keep the history short.

        Raises:
            _SettledByAPersonError: A person has settled it.
        """
        timeout = pause(self._late.payment_request_id, tries)
        until = self._clock.now + timeout
        try:
            await workflow.wait_condition(
                lambda: self._resolution is not None,
                timeout=timeout,
                timeout_summary=summary,
            )
        except TimeoutError:
            self._clock.has_reached(until)
        self._leave_it_to_a_person()
        long = workflow.info().is_continue_as_new_suggested()
        if long and self._release >= LATE_MONEY_IS_LATE:
            await self._continue_in_a_new_run()

    async def _continue_in_a_new_run(self) -> None:
        """Begin anew: all questions may be repeated, but for a refund in process."""
        self._is_full = True
        await workflow.wait_condition(workflow.all_handlers_finished)
        carried = LateCarried(
            view=self._view,
            waits_since=self._waits_since,
            refund_is_in_process=self._refund_is_in_process,
            cancel_was_sent=self._cancel_was_sent,
            reviews_told=self._reviews_told,
        )
        count_continued_run()
        workflow.continue_as_new(
            self._late.model_copy(update={"carried": carried, "release": self._release})
        )

    def _event(self, outcome: LateOutcome) -> CallbackInput:
        return self._callback(
            f"late-{outcome.lower()}", f"late_payment.{outcome.lower()}", outcome
        )

    def _callback(
        self, suffix: str, kind: str, outcome: str, review: str | None = None
    ) -> CallbackInput:
        late, said = self._late, self._said
        event = ShopEvent(
            id=f"{late.payment_request_id}-{suffix}",
            type=kind,
            occurred_at=self._clock.now,
            order_id=late.order_id,
            payment_request_id=late.payment_request_id,
            payment_id=said.payment_id if said else None,
            amount=self._to_return,
            outcome=outcome,
            paid_at=said.paid_at if said else None,
            review=review,
        )
        is_kept = outcome == LateOutcome.HONOURED
        return CallbackInput(
            event=event,
            wallet=late.wallet,
            runbook_url=late.runbook_url,
            evidence=self._evidence if is_kept else None,
            release=late.release if late.release >= LATE_MONEY_IS_LATE else 0,
        )

    async def _review(self, why: str) -> LateOutcome:
        """Wait for a person, and return what was decided."""
        await self._begin_review(why)
        await workflow.wait_condition(lambda: self._resolution is not None)
        return self._decided()

    async def _review_other_money(self, said: InquiryAnswer) -> LateOutcome | None:
        """Wait for a person; None where something else has paid the order by now."""
        late, tries = self._late, 0
        doubt = other_money(said.amount, late.amount, late.release)
        await self._begin_review(doubt)
        while True:
            order = await self._ask(look_at_order(self._late))
            self._leave_it_to_a_person()
            is_paid = order is not None and order.paid and order.is_proven
            if order and (is_paid or order.honoured):
                self._tell("the order is paid by now", review=None, proposed=None)
                self._is_second_charge = True
                return await self._as_paid(order)
            await self._pause(tries, "Look whether the order is paid by now")
            tries += 1

    async def _begin_review(self, why: str) -> None:
        """List it as needing a person, and notify the shop, once for each doubt."""
        is_news = self._view.review != why
        self._tell("a person must decide", review=why)
        by_new_rules = self._late.release >= LATE_MONEY_IS_LATE
        if is_news and by_new_rules and self._late.tells_shop:
            self._reviews_told += 1
            count = f"-{self._reviews_told}" if self._reviews_told > 1 else ""
            await tell_shop(
                self._callback(
                    f"late-review{count}", "late_payment.review", "REVIEW", why
                )
            )

    def _decided(self) -> LateOutcome:
        resolution = self._resolution
        assert resolution is not None  # noqa: S101 - as waited for
        self._tell("decided", resolved=self._resolved, proposed=None)
        return LateOutcome(resolution.outcome)

    def _tell(self, status: str, **known: object) -> None:
        """Update the view, the details in the UI, and the line in the list."""
        self._view = self._view.model_copy(update={"status": status, **known})
        workflow.set_current_details(
            late_details_of(
                self._late,
                self._view,
                lacks_a_verdict=self._is_in_vain,
                is_overdue=self._is_overdue,
            )
        )
        listed = workflow.info().typed_search_attributes
        changes = changes_to(listed, Listing(Listed.LATE_MONEY, self._attention))
        if changes and is_listed(listed):
            workflow.upsert_search_attributes(changes)

    def _list_until(self, patience: timedelta) -> None:
        """Let the list find it by the clock, too, once the wait has become too long."""
        listed = workflow.info().typed_search_attributes
        if self._release >= LATE_MONEY_IS_LATE and is_listed(listed):
            workflow.upsert_search_attributes(
                [EXPIRES_AT.value_set(self._clock.now + patience)]
            )


def _id_of(late: LatePaymentInput) -> str:
    """Return the id of the workflow for this money; both ids of the input name it."""
    name = late.payment_request_id
    with suppress(ValueError):
        name = payment_request_id(late.order_id, attempt_of(name))
    return late_payment_id(name)


def _goes_before(other: str, name: str) -> bool:
    """Whether late money has the lower number; not where it has none.

    The look at the order is an activity, and somebody else may have completed it.
    """
    with suppress(ValueError):
        return attempt_of(other) < attempt_of(name)
    return False


def _has_moved(refund: RefundAnswer) -> bool:
    """Whether the money goes back, whatever else is said."""
    return refund.verdict in (RefundVerdict.REFUNDED, RefundVerdict.IN_PROCESS)
