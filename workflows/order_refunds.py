"""The one workflow that refunds the payment which pays an order."""

import asyncio  # noqa: TID251 - tasks of the workflow's own loop, which replay
from datetime import datetime, timedelta

from temporalio import workflow
from temporalio.exceptions import ApplicationError

with workflow.unsafe.imports_passed_through():
    from contracts import (
        MoneyAtRisk,
        RefundConfirmation,
        RefundNotified,
        RefundRequest,
        RefundResolution,
        RefundReturn,
        RefundsCarried,
        RefundsInput,
        RefundStatus,
        RefundsView,
        Refusal,
        refunds_id,
    )
    from visibility import is_listed
    from workflows.alipay_calls import ask, ask_what_became_of_refund
    from workflows.engine.clock import Clock
    from workflows.engine.shielded import shielded
    from workflows.operator_view.metrics import count_continued_run, count_refund
    from workflows.operator_view.refund_listing import changes_of_refunds
    from workflows.operator_view.refunds import refunds_details_of
    from workflows.refunds.answers import (
        record_answer,
        record_notice,
        record_order_answer,
    )
    from workflows.refunds.calls import ask_to_give_back
    from workflows.refunds.decision import (
        AskPerson,
        Inquire,
        Over,
        Send,
        Wait,
        next_step,
    )
    from workflows.refunds.ledger import Ledger
    from workflows.refunds.persons import (
        check_confirmation,
        check_resolution,
        check_return,
        confirm_refund,
        doubt_about,
        record_return,
        settle,
    )
    from workflows.refunds.refund import Refund
    from workflows.refunds.requests import check_refund_request
    from workflows.refunds.trust import RefundsTrust
    from workflows.refunds.views import (
        event_of,
        facts_of,
        refund_from,
        refund_known,
        view_of,
    )
    from workflows.releases import check_release
    from workflows.resolution import check_is_said, needs_second_person
    from workflows.shop_calls import tell_shop
    from workflows.trust import check_workflow_id, continues_another_run

# How long the run stays open after its last refund, while something is left: a caller
# that has read the result of an earlier run starts the next one within seconds.
STAYS_OPEN = timedelta(days=1)


@workflow.defn(name="OrderRefunds")
class OrderRefunds:
    """Refunds a payment, in parts or whole, and never more than was paid.

    Each refund is reserved as soon as it is requested, sent to Alipay under an id that
    follows from its refund_id, and inquired until Alipay has signed its end. Its amount
    is released only after a definite refusal. `next_step`
    (`workflows/refunds/decision.py`) decides the next step of a refund, `Ledger` knows
    the amount left. The workflow ends when nothing is left, or a day after its last
    refund: a later run learns of earlier refunds from this run's result, and from
    Alipay's own list.
    """

    @workflow.init
    def __init__(self, given: RefundsInput) -> None:
        check_release(given.release)
        self._clock = Clock()
        self._trust = RefundsTrust(given.trust)
        self._given = given
        self._ledger = Ledger(
            order_id=given.order_id,
            payment_request_id=given.payment_request_id,
            wallet=given.wallet,
            paid=given.paid,
            paid_at=given.paid_at,
        )
        self._notified: set[tuple[str, str]] = set()
        self._following: dict[str, asyncio.Task[None]] = {}
        self._notifying = asyncio.Lock()
        self._sending = 0
        self._is_full = False
        # Updates may arrive before the run has taken over the earlier refunds.
        self._is_set_up = False
        self._take_over()

    @workflow.run
    async def run(self, given: RefundsInput) -> RefundsView:
        check_workflow_id(self._trust, refunds_id(given.order_id))
        for refund in self._ledger.refunds.values():
            self._follow(refund)
        self._is_set_up = True
        self._show()
        return await shielded(self._serve())

    async def _serve(self) -> RefundsView:
        closing: asyncio.Task[datetime] | None = None
        while not self._is_full:
            await workflow.wait_condition(lambda: self._is_idle or self._is_full)
            if self._is_full or self._ledger.is_everything_back:
                break
            # One timer for the whole run: it is an action.
            closing = closing or asyncio.create_task(self._wait_for_more())
            await self._wait_for_news(closing)
            if closing.done() and self._is_idle:
                if closing.result() - self._last_end >= STAYS_OPEN / 2:
                    break
                closing = None
        await workflow.wait_condition(
            lambda: not self._following and workflow.all_handlers_finished()
        )
        if self._ledger.open:
            self._continue_in_a_new_run()
        self._show()
        return view_of(self._ledger)

    async def _wait_for_more(self) -> datetime:
        """Wait for further refunds, and return when the waiting time ends."""
        until = self._clock.now + STAYS_OPEN
        await workflow.sleep(STAYS_OPEN, summary="Refunds of this order may follow")
        self._clock.has_reached(until)
        return until

    async def _wait_for_news(self, closing: asyncio.Task[datetime]) -> None:
        await workflow.wait_condition(
            lambda: closing.done() or not self._is_idle or self._is_full
        )

    @property
    def _is_idle(self) -> bool:
        return not self._following and workflow.all_handlers_finished()

    # ---- earlier runs ----

    def _take_over(self) -> None:
        """Take over those refunds of earlier runs that are proven."""
        given, ledger = self._given, self._ledger
        if given.carried and continues_another_run():
            ledger.look = given.carried.look
            if ledger.look:
                ledger.take(ledger.look)
            known = [refund_from(facts) for facts in given.carried.refunds]
        else:
            records = given.known.refunds if given.known else ()
            known = [
                refund_known(
                    given.order_id,
                    self._trust.proven_record(record, given.payment_request_id),
                )
                for record in records
            ]
        for refund in known:
            ledger.refunds.setdefault(refund.refund_id, refund)
            # A run that was stopped may not have notified the shop of the refund's end.
            if not given.stopped:
                self._notified.add((refund.refund_id, refund.status))

    def _continue_in_a_new_run(self) -> None:
        ledger = self._ledger
        carried = RefundsCarried(
            refunds=tuple(facts_of(one) for one in ledger.refunds.values()),
            look=ledger.look,
        )
        count_continued_run()
        workflow.continue_as_new(
            self._given.model_copy(
                update={
                    "carried": carried,
                    "known": None,
                    "stopped": None,
                    "paid": ledger.paid,
                }
            )
        )

    # ---- one refund, from its request to its end ----

    def _follow(self, refund: Refund) -> None:
        """Start the task that carries out a refund, unless it is over or has one."""
        name = refund.refund_id
        if name in self._following or (refund.is_over and not self._is_news(refund)):
            return
        task = asyncio.create_task(self._carry_out(refund))
        self._following[name] = task

    async def _carry_out(self, refund: Refund) -> None:
        try:
            await self._until_over(refund)
        finally:
            # At once, so that an update can start another task for the refund.
            del self._following[refund.refund_id]

    async def _until_over(self, refund: Refund) -> None:
        while True:
            self._show()
            await self._notify(refund)
            step = next_step(refund, self._clock.now)
            if isinstance(step, Over):
                if self._is_news(refund):
                    continue  # it has changed while the shop was being notified
                count_refund(refund.status, self._ledger.wallet)
                return
            # Only now: the run that learns the refund's end also notifies the shop.
            if self._is_full:
                return
            match step:
                case AskPerson():
                    await self._wait_for_news_of(refund)
                case Wait(until, words):
                    await self._wait_for_news_until(refund, until, words)
                case Send():
                    await self._send(refund)
                case Inquire():
                    await self._inquire(refund)
            if workflow.info().is_continue_as_new_suggested():
                self._is_full = True

    async def _wait_for_news_until(
        self, refund: Refund, until: datetime, words: str
    ) -> None:
        try:
            await self._wait_for_news_of(refund, until - self._clock.now, words)
        except TimeoutError:
            self._clock.has_reached(until)

    async def _wait_for_news_of(
        self, refund: Refund, within: timedelta | None = None, words: str = ""
    ) -> None:
        """Wait for a new fact about a refund.

        Raises:
            TimeoutError: There was none within this time.
        """
        before = next_step(refund, self._clock.now), refund.status
        await workflow.wait_condition(
            lambda: (
                self._is_full
                or (next_step(refund, self._clock.now), refund.status) != before
            ),
            timeout=within,
            timeout_summary=words or None,
        )

    async def _send(self, refund: Refund) -> None:
        call = self._ledger.call_for(refund)
        refund.is_sent(self._clock.now, may_be_cancelled=call.may_cancel)
        self._sending += 1
        try:
            asked = await ask(
                ask_to_give_back(call),
                self._trust,
                self._given.release,
                lambda: refund.is_over,
            )
        finally:
            self._sending -= 1
        if asked.answer is None:
            refund.got_no_verdict(self._clock.now)
        else:
            record_order_answer(
                self._ledger, refund, call, asked.answer, self._clock.now
            )
            # Alipay may list others as successful that were over for us.
            for one in self._ledger.refunds.values():
                self._follow(one)

    async def _inquire(self, refund: Refund) -> None:
        request_id, refund.at_once = refund.request_id, False
        if refund.is_known_by_payment_only:
            refund.unknown = 0
            await self._send(refund)
            return
        asked = await ask(
            ask_what_became_of_refund(request_id),
            self._trust,
            self._given.release,
            lambda: refund.is_over,
        )
        if asked.answer is None:
            refund.got_no_verdict(self._clock.now)
        else:
            record_answer(
                self._ledger,
                refund,
                request_id,
                asked.answer,
                self._clock.now,
                is_inquired=True,
            )

    # ---- shop and operators ----

    def _is_news(self, refund: Refund) -> bool:
        return (refund.refund_id, refund.status) not in self._notified

    async def _notify(self, refund: Refund) -> None:
        """Notify the shop of a refund's state, once for each change."""
        status = refund.status
        if not self._is_news(refund):
            return
        self._notified.add((refund.refund_id, status))
        if status is not RefundStatus.WAITING:
            self._notified.discard((refund.refund_id, RefundStatus.WAITING))
        now = self._clock.now
        callback = event_of(refund, self._ledger, self._given, now)
        if callback and self._given.tells_shop:
            async with self._notifying:  # the order's events in their order
                await tell_shop(callback)

    def _show(self) -> None:
        """Update the page in the Temporal UI, and the search attributes."""
        now = self._clock.now
        workflow.set_current_details(refunds_details_of(self._ledger, self._given, now))
        listed = workflow.info().typed_search_attributes
        changes = changes_of_refunds(listed, self._ledger, now)
        if changes and is_listed(listed):
            workflow.upsert_search_attributes(changes)

    @property
    def _last_end(self) -> datetime:
        ended = [one.ended_at for one in self._ledger.refunds.values() if one.ended_at]
        return max(ended, default=workflow.info().start_time)

    # ---- signals, updates and queries ----

    @workflow.update(description="Give money of this order back: refund_id, amount, by")
    async def refund(self, request: RefundRequest) -> RefundsView:
        """Reserve a refund and send it; the same refund_id again is the same refund.

        Return when Alipay has answered, or when the refund has to wait.
        """
        await workflow.wait_condition(
            lambda: (
                self._is_set_up and (self._ledger.paid is not None or not self._sending)
            )
        )
        self._check_against_ledger(request)
        refund = self._ledger.refunds.get(request.refund_id)
        if refund is None:
            refund = self._reserve(request)
        self._follow(refund)
        await self._first_answer(refund)
        return view_of(self._ledger)

    @refund.validator
    def _check_request(self, request: RefundRequest) -> None:
        """Reject an incomplete or too high request, before it is written to history."""
        check_is_said(request)
        check_refund_request(request)
        self._check_against_ledger(request)

    def _check_against_ledger(self, request: RefundRequest) -> None:
        if request.amount is None and self._ledger.paid is None:
            raise ApplicationError(
                "amount: must be named, for the payment is not kept here any more",
                type=Refusal.REFUND_INCOMPLETE,
            )
        if refused := self._ledger.check(request):
            kind, words = refused
            raise ApplicationError(words, type=kind)

    def _reserve(self, request: RefundRequest) -> Refund:
        ledger = self._ledger
        amount = request.amount or ledger.left
        assert amount is not None  # noqa: S101 - the validator has checked it
        currency = (ledger.paid or amount).currency
        refund = Refund(
            order_id=ledger.order_id,
            request=request.model_copy(update={"by": request.by.strip()}),
            amount=amount,
            asked_at=self._clock.now,
            needs_second_person=needs_second_person(
                self._given.second_person_above, currency, [amount]
            ),
            doubt=doubt_about(request.dispute_id),
        )
        ledger.refunds[request.refund_id] = refund
        return refund

    @workflow.update(description="Confirm a refund as a second person: refund_id, by")
    async def confirm(self, said: RefundConfirmation) -> RefundsView:
        """Confirm, as a second person, a refund above one person's limit."""
        refund = self._ledger.refunds[said.refund_id]
        confirm_refund(refund, said)
        await self._first_answer(refund)
        return view_of(self._ledger)

    @confirm.validator
    def _check_confirmation(self, said: RefundConfirmation) -> None:
        check_confirmation(self._ledger, said)

    @workflow.update(description="Settle a refund: refund_id, outcome, reason, by")
    async def resolve(self, said: RefundResolution) -> RefundsView:
        """Settle a refund that waits for a person, or has waited for long."""
        refund = self._ledger.refunds[said.refund_id]
        settle(refund, said, self._clock.now, above=self._given.second_person_above)
        self._show()
        await self._first_answer(refund)
        return view_of(self._ledger)

    @resolve.validator
    def _check_resolution(self, said: RefundResolution) -> None:
        check_resolution(self._ledger, said, self._clock.now)

    @workflow.update(description="Record that a refund has bounced: refund_id, reason")
    async def returned(self, said: RefundReturn) -> RefundsView:
        """Release the amount of a refund that has bounced."""
        await workflow.wait_condition(lambda: self._is_set_up)
        # Another person may have said so at the same time.
        check_return(self._ledger, said)
        refund = self._ledger.refunds[said.refund_id]
        record_return(refund, said)
        self._follow(refund)
        self._show()
        return view_of(self._ledger)

    @returned.validator
    def _check_return(self, said: RefundReturn) -> None:
        check_return(self._ledger, said)

    @workflow.signal(description="A notice about a refund, as Alipay has signed it")
    async def refund_notified(self, said: RefundNotified) -> None:
        """Record a notice; it may be late, doubled, forged, or about another refund."""
        proven = await self._trust.refund_notice(said)
        if proven is None:
            workflow.logger.warning("dropped a notice about a refund: not proven")
        elif refund := record_notice(self._ledger, proven, self._clock.now):
            self._follow(refund)
        else:
            workflow.logger.info("dropped a notice about an unknown refund")

    async def _first_answer(self, refund: Refund) -> None:
        """Wait until Alipay has answered once, or the refund waits for something."""
        await workflow.wait_condition(
            lambda: refund.status is not RefundStatus.REQUESTED or self._is_full
        )

    @workflow.query(description="The state of the order's refunds")
    def view(self) -> RefundsView:
        return view_of(self._ledger)

    @workflow.query(description="The money that the customer waits for")
    def at_risk(self) -> MoneyAtRisk:
        """Return the amounts of refunds that have not certainly succeeded."""
        return MoneyAtRisk(at_most=tuple(one.amount for one in self._ledger.open))
