"""The payment of one order, from its first attempt to a certain outcome."""

import asyncio  # noqa: TID251 - for the name of its CancelledError only
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
)

with workflow.unsafe.imports_passed_through():
    from contracts import (
        LONGEST_ALIPAY_ID,
        AlipayAnswer,
        CancelWish,
        LateMoneyPolicy,
        MoneyAtRisk,
        Order,
        PageWish,
        PaymentNotified,
        PaymentOutcome,
        PaymentView,
        Refusal,
        Resolution,
        workflow_id,
    )
    from visibility import is_listed
    from workflows.alipay_calls import (
        Question,
        ask,
        ask_for_page,
        ask_to_close,
        ask_what_became,
    )
    from workflows.engine.clock import Clock
    from workflows.engine.shielded import shielded
    from workflows.late_money.hand_over import hand_over
    from workflows.operator_view.listing import (
        changes_for_an_attempt,
        changes_to,
        listing_of,
    )
    from workflows.operator_view.metrics import count_continued_run, count_payment
    from workflows.operator_view.payment import details_of, words_of, words_of_wait
    from workflows.payment.at_risk import at_risk
    from workflows.payment.attempt import Asked, Attempt
    from workflows.payment.decision import decide, is_kept_by_old_rules
    from workflows.payment.doubts import (
        Doubt,
        NoEnd,
        find_doubt,
        is_about,
        payer_of,
    )
    from workflows.payment.facts import WalletWish
    from workflows.payment.steps import (
        Begin,
        Cancel,
        End,
        GiveBack,
        Inquire,
        LeaveToLateMoney,
        Pay,
        Review,
        Step,
        Wait,
    )
    from workflows.payment.views import (
        event_of,
        late_successes,
        review_of,
        status_of,
        view_of,
    )
    from workflows.releases import (
        ATTEMPTS_END_INDEPENDENTLY,
        PROOF_IS_VERIFIED,
        PROPOSALS_ARE_REPLACED_BY_NAME,
        REVIEW_REFUSES_CANCELS,
        SHOP_IS_NOTIFIED_OF_REVIEW,
        check_release,
    )
    from workflows.resolution import (
        check_is_said,
        check_names_and_reasons,
        check_outcome,
        check_replacement,
        check_second_person,
    )
    from workflows.shop_calls import tell_shop
    from workflows.trust import check_workflow_id, trust_of

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)


@workflow.defn(name="CashierPayment")
class CashierPayment:
    """Takes the payment of one order exactly once, even if processes crash meanwhile.

    It asks Alipay to open the payment, so that the customer can be sent to the wallet's
    cashier page. Then it waits: for Alipay's notification, or until the payment expires
    (14 minutes, as a rule). A verified success ends it as PAID. In every other case it
    inquires at Alipay; it cancels an unpaid payment, and inquires again until Alipay
    says that it cannot be paid any more. A customer who chooses another wallet gets
    another attempt, once the first one is closed for certain. Where Alipay contradicts
    itself, or reports other money, a person decides. At the end the shop is notified,
    and money that comes later is handed over to `LatePayment`.

    The workflow only gathers facts, asks `decide` (`workflows/payment/decision.py`) for
    the next step, and carries it out. Signals and updates add facts; an update then
    waits until the step that follows from them is done.
    """

    @workflow.init
    def __init__(self, order: Order) -> None:
        check_release(order.release)
        self._clock = Clock()
        self._trust = trust_of(order.release, order.trust)
        self._facts = self._trust.facts_at_start(order)
        self._step = decide(self._facts, self._clock.now)
        self._status = status_of(self._facts, self._step)
        self._since = self._clock.now
        self._closed_at: datetime | None = None
        self._has_news = False
        self._is_continuing = False
        self._times_kept = 0

    @workflow.run
    async def run(self, order: Order) -> PaymentView:
        check_workflow_id(self._trust, workflow_id(order.order_id))
        # Gather facts and carry out the step they lead to, until the payment is over.
        while not isinstance(step := self._decide(), End):
            try:
                await self._carry_out(step)
            except asyncio.CancelledError:
                # A cancelled workflow still closes its payment, for certain.
                self._request_cancel(CancelWish(by="Temporal"))
            if self._is_long:
                await self._continue_in_a_new_run()
        self._closed_at = self._clock.now
        count_payment(step)
        return await shielded(self._finish(step))

    # ---- steps, in the order in which a payment takes them ----

    def _decide(self) -> Step:
        self._has_news = False
        if is_kept_by_old_rules(self._facts, self._clock.now):
            # Each time under another patch id: a history that was recorded before has
            # no marker, so `patched` would return False for the first id in the whole
            # run.
            self._times_kept += 1
            if workflow.patched(f"freed-by-release-3-{self._times_kept}"):
                self._facts.follow_release(ATTEMPTS_END_INDEPENDENTLY)
        self._step = decide(self._facts, self._clock.now)
        self._show()
        return self._step

    def _show(self) -> None:
        """Update the payment's details in the UI, and its line in the list."""
        now, status = self._clock.now, status_of(self._facts, self._step)
        if status is not self._status:
            self._status, self._since = status, now
        workflow.set_current_details(
            details_of(self._facts, self._step, since=self._since, now=now)
        )
        listed = workflow.info().typed_search_attributes
        changes = changes_to(listed, listing_of(self._facts, self._step, now))
        if changes and is_listed(listed):
            workflow.upsert_search_attributes(changes)

    async def _carry_out(self, step: Step) -> None:
        match step:
            case Begin(number, wallet):
                self._begin(number, wallet)
            case Pay(attempt):
                attempt.pays.append(
                    await self._ask(ask_for_page(self._facts.order, attempt))
                )
            case Inquire(attempt):
                asked = await self._ask(ask_what_became(attempt))
                attempt.inquiries.append(asked)
                self._facts.look_further(workflow.now())
            case Cancel(attempt):
                attempt.cancels.append(await self._ask(ask_to_close(attempt)))
            case GiveBack(attempt):
                payer = payer_of(self._facts) if self._names_payer else None
                await self._leave_to_late_money(attempt, LateMoneyPolicy.REFUND, payer)
            case LeaveToLateMoney(attempt, policy, payer):
                await self._leave_to_late_money(attempt, policy, payer)
            case Wait(until, others_at):
                await self._wait_for_news(min(until, others_at or until))
            case Review(doubt, others_at):
                await self._notify_of_review(doubt)
                if others_at:
                    await self._wait_for_news(others_at)
                else:
                    await workflow.wait_condition(lambda: self._has_news)

    def _begin(self, number: int, wallet: str) -> None:
        former, choice = self._facts.current, self._facts.wallet_wish
        switched = choice is not None and wallet != former.wallet
        opened_by = choice.call_id if choice and switched else former.opened_by
        self._facts.begin_attempt(number, wallet, self._clock.now, opened_by=opened_by)
        if is_listed(workflow.info().typed_search_attributes):
            workflow.upsert_search_attributes(
                changes_for_an_attempt(self._facts.current)
            )

    async def _ask(self, question: Question[AnswerT]) -> Asked[AnswerT]:
        """Call Alipay; a call that a cancellation interrupts may have taken effect.

        An activity that fails otherwise gives no verdict, and raises nothing (`ask`).
        """
        asked_at = self._clock.now
        try:
            release = self._facts.order.release
            asked = await ask(question, self._trust, release, lambda: self._has_news)
            # By the same clock as the notifications before and after it.
            return replace(asked, at=max(asked.at, asked_at))
        except (asyncio.CancelledError, ActivityError):
            self._request_cancel(CancelWish(by="Temporal"))
            return Asked(asked_at, self._clock.now, None)

    async def _wait_for_news(self, until: datetime) -> None:
        words = words_of_wait(self._facts, until)
        try:
            await workflow.wait_condition(
                lambda: self._has_news,
                timeout=until - self._clock.now,
                timeout_summary=words[0].upper() + words[1:],
            )
        except TimeoutError:
            self._clock.has_reached(until)

    async def _notify_of_review(self, doubt: Doubt) -> None:
        """Notify the shop, once for each doubt, that a person must decide."""
        facts, release = self._facts, self._facts.order.release
        is_notified = facts.order.tells_shop and release >= SHOP_IS_NOTIFIED_OF_REVIEW
        if is_notified and not is_about(doubt, facts.review_told or ""):
            words = doubt.in_words(release)
            facts.review_told, facts.reviews_told = words, facts.reviews_told + 1
            await tell_shop(review_of(facts, words, self._since))

    async def _leave_to_late_money(
        self, attempt: Attempt, policy: LateMoneyPolicy, payer: Attempt | None
    ) -> None:
        """Hand an attempt's money over to a `LatePayment` workflow."""
        await hand_over(self._facts.order, attempt, policy, order_paid_by=payer)
        attempt.given_back_at = self._clock.now

    @property
    def _names_payer(self) -> bool:
        """Whether late money's input names the attempt that pays the order."""
        return self._facts.order.release >= ATTEMPTS_END_INDEPENDENTLY

    @property
    def _is_long(self) -> bool:
        """Whether to continue as new; not if a person has just settled the payment."""
        is_settled = (
            self._facts.resolution is not None
            and self._facts.order.release >= PROOF_IS_VERIFIED
        )
        return workflow.info().is_continue_as_new_suggested() and not is_settled

    async def _continue_in_a_new_run(self) -> None:
        """Continue as new with the facts alone, so that the history stays short."""
        self._is_continuing = True
        for attempt in self._facts.excess:
            if any(notified.says_paid for notified in attempt.heard):
                await self._leave_to_late_money(attempt, LateMoneyPolicy.REFUND, None)
        while not workflow.all_handlers_finished():
            try:
                await workflow.wait_condition(workflow.all_handlers_finished)
            except asyncio.CancelledError:
                self._request_cancel(CancelWish(by="Temporal"))
        count_continued_run()
        workflow.continue_as_new(self._facts.carried())

    async def _finish(self, end: End) -> PaymentView:
        """Notify the shop, answer all waiting updates, and hand over late successes."""
        view = self.view()
        if self._facts.order.tells_shop:
            callback = event_of(self._facts, end, self._clock.now)
            if end.outcome is PaymentOutcome.PAID:
                evidence = end.attempt.evidence_of(self._facts.order.amount)
                callback = callback.model_copy(update={"evidence": evidence})
            await tell_shop(callback)
        while True:
            await workflow.wait_condition(workflow.all_handlers_finished)
            late = late_successes(self._facts, view)
            if not late:
                return view
            order = self._facts.order
            # An order that is paid is not delivered again for a second payment.
            paid = end.outcome is PaymentOutcome.PAID
            policy = LateMoneyPolicy.REFUND if paid else order.late_money
            is_proven = paid and end.success is not None and self._names_payer
            payer = end.attempt if is_proven else None
            for attempt in late:
                await hand_over(order, attempt, policy, order_paid_by=payer)
                attempt.given_back_at = self._clock.now

    # ---- signals, updates and queries: they only add facts, or read them ----

    @workflow.update(description="Ask for the wallet's page on which to pay the order")
    async def cashier_page(self, request: PageWish) -> PaymentView:
        """Return the payment once it has a cashier page, or has ended."""
        facts = self._facts
        if request.wallet != facts.wallet_wanted:
            facts.wallet_wish = WalletWish(
                request.wallet, self._clock.now, request.call_id
            )
            self._has_news = True
        elif request.wallet == facts.current.wallet and not facts.current.opened_by:
            facts.current.opened_by = request.call_id
        await self._until(
            lambda: self._has_page(request) or self._cannot_be_met(request)
        )
        return self.view().model_copy(update={"asked_by": request.call_id})

    @cashier_page.validator
    def _check_page_request(self, request: PageWish) -> None:
        """Reject an invalid wallet, and an amount other than the order's.

        An empty wallet would be chosen again without end, and one that is too long for
        a search attribute would fail every workflow task.
        """
        if not 0 < len(request.wallet) <= LONGEST_ALIPAY_ID:
            raise ApplicationError(
                f"wallet: Alipay's code has 1 to {LONGEST_ALIPAY_ID} characters, not "
                f"{len(request.wallet)}",
                type="WRONG_SHAPE",
            )
        order = self._facts.order
        if request.amount != order.amount:
            raise ApplicationError(
                f"order {order.order_id} is being paid with {order.amount.currency} "
                f"{order.amount.value}, not {request.amount.currency} "
                f"{request.amount.value} (minor units)",
                type=Refusal.ORDER_DIFFERS,
            )

    @workflow.update(description="Ask Alipay now for the state of the payment")
    async def check_now(self) -> PaymentView:
        """Return the payment after an inquiry that was sent after this call."""
        attempt, wanted_at = self._facts.current, self._clock.now
        self._facts.check_wanted_at = wanted_at
        self._has_news = True
        await self._until(
            lambda: (
                self._is_idle
                and (attempt.was_inquired_since(wanted_at) or not attempt.pays)
            )
        )
        return self.view()

    @workflow.update(description="Close the payment, so that it cannot be paid later")
    async def cancel(self, request: CancelWish) -> PaymentView:
        """Return the certain outcome; the open payment if Alipay refuses to cancel."""
        wanted_at = self._request_cancel(request)
        await self._until(
            lambda: (
                (self._is_idle and self._facts.current.refused_cancel_since(wanted_at))
                or self._came_under_review
            )
        )
        return self.view()

    @cancel.validator
    def _check_cancel(self, request: CancelWish) -> None:
        """Reject a malformed request, and one for a payment that needs a person.

        Without a validator, a malformed argument would fail the workflow task.
        """
        check_is_said(request)
        if self._facts.order.release < REVIEW_REFUSES_CANCELS:
            return
        if request.by != CancelWish().by:
            check_names_and_reasons(by=request.by, reason=request.reason)
        if find_doubt(self._facts):
            raise ApplicationError(
                "it cannot be cancelled while a person must decide: look the payment "
                "up at Alipay, then settle it with `resolve`; outcome CANCELLED "
                "closes the order unpaid",
                type=Refusal.IN_REVIEW,
            )

    @workflow.update(description="Settle what needs attention: outcome, reason, who")
    async def resolve(self, resolution: Resolution) -> PaymentView:
        """Settle a payment that needs a person; above an amount, only propose it."""
        self._facts.resolve(resolution, self._why_a_person() or "")
        self._has_news = True
        await self._until(lambda: self._facts.resolution is None)
        return self.view()

    @resolve.validator
    def _check_resolution(self, resolution: Resolution) -> None:
        """Reject a resolution without a doubt to settle, a name or a reason."""
        if self._facts.resolution or isinstance(self._step, End):
            raise ApplicationError(
                f"it is settled already: {self.view().status}", type=Refusal.SETTLED
            )
        doubt = self._why_a_person()
        if doubt is None:
            raise ApplicationError(
                "only a payment that needs attention can be resolved; this one is to "
                f"{words_of(self._step)}",
                type=Refusal.NOT_IN_REVIEW,
            )
        check_outcome(resolution.outcome, PaymentOutcome)
        check_names_and_reasons(by=resolution.by, reason=resolution.reason)
        check_second_person(self._facts.proposed, resolution, doubt)
        if self._facts.order.release >= PROPOSALS_ARE_REPLACED_BY_NAME:
            check_replacement(self._facts.proposed, resolution, doubt)

    @workflow.signal(description="A notification of Alipay, with its signature")
    async def payment_notified(self, notification: PaymentNotified) -> None:
        """Keep a signed notification as a fact; without proof it causes an inquiry."""
        proven = await self._trust.notification(notification)
        if proven is None:
            name = notification.payment_request_id
            is_news = self._facts.add_hint(name, self._clock.now)
        else:
            is_news = self._facts.add_notification(proven, self._clock.now)
        self._has_news = self._has_news or is_news

    @workflow.query(description="The state of the payment")
    def view(self) -> PaymentView:
        return view_of(self._facts, self._step, closed_at=self._closed_at)

    @workflow.query(description="The money at risk while the payment is open")
    def at_risk(self) -> MoneyAtRisk:
        return at_risk(self._facts, self._step)

    def _request_cancel(self, request: CancelWish) -> datetime:
        self._facts.cancel_wanted_at = wanted_at = self._clock.now
        self._facts.cancel_wish = request
        self._has_news = True
        return wanted_at

    def _why_a_person(self) -> str | None:
        """Return why a person may settle it: a doubt, or a long wait."""
        doubt: Doubt | NoEnd | None = find_doubt(self._facts)
        listed = listing_of(self._facts, self._step, self._clock.now)
        if doubt is None and listed.needs_attention:
            # Without the reason of the wait, which changes: both persons must see the
            # same text.
            doubt = NoEnd(self._facts.current.request_id)
        if doubt is None:
            return None
        proposed = self._facts.proposed
        # The words that the first person has seen, while the doubt is the same.
        if proposed and is_about(doubt, proposed.about):
            return proposed.about
        return doubt.in_words(self._facts.order.release)

    async def _until(self, condition: Callable[[], bool]) -> None:
        """Wait for a condition, at most until the payment or this run is over."""
        await workflow.wait_condition(
            lambda: isinstance(self._step, End) or self._is_continuing or condition()
        )

    @property
    def _came_under_review(self) -> bool:
        """Whether an update `cancel`, accepted before, now waits for a person."""
        by_new_rules = self._facts.order.release >= REVIEW_REFUSES_CANCELS
        return by_new_rules and isinstance(self._step, Review)

    def _has_page(self, request: PageWish) -> bool:
        current = self._facts.current
        closing = current.is_cancelled_by_us or isinstance(self._step, Cancel)
        usable = current.page is not None and not closing and not self._facts.paid
        return usable and current.wallet == request.wallet

    def _cannot_be_met(self, request: PageWish) -> bool:
        """Whether the request cannot be met: refused, replaced, or under review."""
        replaced = self._is_idle and self._facts.wallet_wanted != request.wallet
        if self._is_idle and self._facts.paid:
            return True
        return replaced or find_doubt(self._facts) is not None

    @property
    def _is_idle(self) -> bool:
        """Whether no call to Alipay is under way or due."""
        return isinstance(self._step, Wait | Review) and not self._has_news
