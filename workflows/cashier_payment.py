"""The payment of one order, from the wish to pay to a certain end."""

from collections.abc import Awaitable
from contextlib import suppress
from datetime import datetime
from typing import TypeVar

from temporalio import workflow
from temporalio.exceptions import (
    ActivityError,
    ApplicationError,
    is_cancelled_exception,
)

with workflow.unsafe.imports_passed_through():
    from activities.payments import PaymentActivities
    from contracts import (
        CancelAnswer,
        CancelCall,
        CancelWish,
        InquiryAnswer,
        InquiryCall,
        Order,
        PageWish,
        PayAnswer,
        PayCall,
        PaymentNotified,
        PaymentView,
    )
    from workflows.decision import Cancel, End, Inquire, Pay, Review, Wait, decide
    from workflows.facts import Asked, Attempt, Facts, Heard
    from workflows.options import ask_alipay
    from workflows.story import details_of, view_of

AnswerT = TypeVar("AnswerT")


@workflow.defn(name="CashierPayment")
class CashierPayment:
    """Takes one payment for one order exactly once, whatever crashes on the way."""

    @workflow.init
    def __init__(self, order: Order) -> None:
        now = workflow.now()
        self._facts = Facts(order)
        self._facts.attempts.append(Attempt(order.first_attempt, order.wallet, now))
        self._started_at = now
        self._closed_at: datetime | None = None
        self._news = False
        self._step = decide(self._facts, now)

    @workflow.run
    async def run(self, order: Order) -> PaymentView:
        # Gather facts and carry out what they decide, until the payment is over.
        while not isinstance(step := self._decide(), End):
            match step:
                case Pay(attempt):
                    attempt.pays.append(await self._pay(attempt))
                case Inquire(attempt):
                    attempt.inquiries.append(await self._inquire(attempt))
                case Cancel(attempt):
                    attempt.cancels.append(await self._cancel(attempt))
                case Wait(until):
                    await self._news_or(until)
                case Review():
                    await workflow.wait_condition(lambda: self._news)
        self._closed_at = workflow.now()
        # Every caller who still waits gets this answer before the workflow ends.
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self.view()

    # ---- doors: handlers only set facts, or read them ----

    @workflow.update(description="Ask for the wallet's page on which to pay the order")
    async def cashier_page(self, wish: PageWish) -> PaymentView:
        """Return the payment once the customer can be sent to pay, or once it ended."""
        attempt = self._facts.current
        attempt.opened_by = attempt.opened_by or wish.call_id
        await workflow.wait_condition(
            lambda: self._facts.current.page is not None or self._is_settled
        )
        return self.view()

    @cashier_page.validator
    def _check_page_wish(self, wish: PageWish) -> None:
        """Refuse other money for the same order: that is another order."""
        order = self._facts.order
        if wish.amount != order.amount:
            raise ApplicationError(
                f"order {order.order_id} is being paid with {order.amount.currency} "
                f"{order.amount.value}, not {wish.amount.currency} "
                f"{wish.amount.value} (minor units)",
                type="ORDER_DIFFERS",
            )
        if wish.wallet != self._facts.current.wallet:
            raise ApplicationError(
                f"order {order.order_id} is being paid with "
                f"{self._facts.current.wallet}, not {wish.wallet}",
                type="WALLET_DIFFERS",
            )

    @workflow.update(description="Ask Alipay now what became of the payment")
    async def check_now(self) -> PaymentView:
        """Return the payment as Alipay describes it after this call."""
        asked_for = workflow.now()
        self._facts.check_wanted_at = asked_for
        self._news = True
        await workflow.wait_condition(
            lambda: self._is_settled or self._facts.current.was_asked_since(asked_for)
        )
        return self.view()

    @workflow.update(description="Close the payment, so that nobody can pay it later")
    async def cancel(self, wish: CancelWish) -> PaymentView:
        """Return the certain outcome, or the open payment if Alipay will not cancel."""
        self._facts.cancel_wanted_at = workflow.now()
        self._facts.cancel_wish = wish
        self._news = True
        await workflow.wait_condition(
            lambda: self._is_settled or self._cancel_was_refused
        )
        return self.view()

    @workflow.signal(description="A notification of Alipay whose signature is verified")
    def payment_notified(self, notification: PaymentNotified) -> None:
        """Keep the notification as a fact; what it proves is decided later."""
        for attempt in self._facts.attempts:
            if self._facts.request_id(attempt) == notification.payment_request_id:
                attempt.heard.append(Heard(workflow.now(), notification))
                self._news = True

    @workflow.query(description="What is known of the payment")
    def view(self) -> PaymentView:
        return view_of(
            self._facts,
            self._step,
            started_at=self._started_at,
            closed_at=self._closed_at,
        )

    # ---- steps, in the order of the story ----

    def _decide(self) -> Pay | Inquire | Cancel | Wait | Review | End:
        self._news = False
        self._step = decide(self._facts, workflow.now())
        workflow.set_current_details(
            details_of(self._facts, self._step, workflow.now())
        )
        return self._step

    async def _pay(self, attempt: Attempt) -> Asked[PayAnswer]:
        call = PayCall(
            order=self._facts.order,
            payment_request_id=self._facts.request_id(attempt),
            wallet=attempt.wallet,
            expires_at=attempt.wanted_expiry(self._facts.order),
        )
        return await _ask(
            workflow.execute_activity_method(
                PaymentActivities.pay,
                call,
                **ask_alipay(f"Ask for the {attempt.wallet} cashier page"),
            )
        )

    async def _inquire(self, attempt: Attempt) -> Asked[InquiryAnswer]:
        call = InquiryCall(payment_request_id=self._facts.request_id(attempt))
        return await _ask(
            workflow.execute_activity_method(
                PaymentActivities.inquire_payment,
                call,
                **ask_alipay("Ask what became of the payment"),
            )
        )

    async def _cancel(self, attempt: Attempt) -> Asked[CancelAnswer]:
        call = CancelCall(
            payment_request_id=self._facts.request_id(attempt), wallet=attempt.wallet
        )
        return await _ask(
            workflow.execute_activity_method(
                PaymentActivities.cancel_payment,
                call,
                **ask_alipay("Close the attempt, so that nobody can pay it late"),
            )
        )

    async def _news_or(self, until: datetime) -> None:
        with suppress(TimeoutError):
            await workflow.wait_condition(
                lambda: self._news,
                timeout=until - workflow.now(),
                timeout_summary=f"Wait for news until {until:%H:%M:%S} UTC",
            )

    @property
    def _is_settled(self) -> bool:
        return isinstance(self._step, End | Review)

    @property
    def _cancel_was_refused(self) -> bool:
        return isinstance(self._step, Wait) and self._facts.cancel_was_refused


async def _ask(answer: Awaitable[AnswerT]) -> Asked[AnswerT]:
    """Put a question to Alipay; no verdict is a fact as well, and never a failure."""
    asked_at = workflow.now()
    try:
        said: AnswerT | None = await answer
    except ActivityError as error:
        if is_cancelled_exception(error):
            raise
        said = None
    return Asked(asked_at, workflow.now(), said)
