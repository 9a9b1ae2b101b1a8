"""Repeats an order's callbacks until the shop accepts them."""

from bisect import insort
from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RawValue, RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.callbacks import CallbackActivities
    from contracts import (
        CallbackEnd,
        CallbackInput,
        CallbackOutcome,
        CallbacksCarried,
        CallbackSettlement,
        CallbackView,
        LateOutcome,
        MoneyAtRisk,
        PaymentOutcome,
        Refusal,
        Resolved,
        ShopAnswer,
    )
    from visibility import NEEDS_ATTENTION, is_listed
    from workflows.engine.results import read_result
    from workflows.engine.shielded import shielded
    from workflows.operator_view.callback import callback_details_of
    from workflows.operator_view.metrics import count_continued_run
    from workflows.releases import QUEUES_CONTINUE_AS_NEW, check_release, time_to_notify
    from workflows.resolution import check_is_said, check_names_and_reasons

# A shop may be down for a night or a weekend: quick at first, then once an hour.
REPEATS = RetryPolicy(
    initial_interval=timedelta(seconds=10),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(hours=1),
)
# How many ended events a continued run, and its result, still name.
MOST_ENDED = 50
# One round of repeats; the pauses begin small again after it.
ROUND = timedelta(days=3)


@workflow.defn(name="Callback")
class Callback:
    """Sends an order's events to the shop, one by one, each until it is accepted.

    An event ends when the shop answers 2xx, or when a person settles it.
    """

    @workflow.init
    def __init__(self, callback: CallbackInput) -> None:
        check_release(callback.release)
        carried = callback.carried
        self._release = callback.release
        self._unsent = list(carried.untold) if carried else [callback]
        self._ended: list[CallbackEnd] = list(carried.ended) if carried else []
        self._repeats_now = False

    @workflow.run
    async def run(self, callback: CallbackInput) -> CallbackView:
        return await shielded(self._send_all())

    async def _send_all(self) -> CallbackView:
        while self._unsent:
            self._show()
            await self._send_for_one_round(self._unsent[0])
            if not self._unsent:
                # Events that were signalled meanwhile are sent too, before the end.
                await workflow.wait_condition(workflow.all_handlers_finished)
            elif self._is_long:
                await workflow.wait_condition(workflow.all_handlers_finished)
                self._continue_in_a_new_run()
        if is_listed(workflow.info().typed_search_attributes):
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_unset()])
        workflow.set_current_details(f"### Over: {self._ended[-1].outcome}")
        return self.view()

    @property
    def _is_long(self) -> bool:
        """Whether the history has grown long: a shop may be down for months."""
        return workflow.info().is_continue_as_new_suggested() and (
            self._release >= QUEUES_CONTINUE_AS_NEW
            or workflow.patched(f"callbacks-go-on-{len(self._ended)}")
        )

    def _continue_in_a_new_run(self) -> None:
        if not self._unsent:
            return  # a person has settled the last event meanwhile
        carried = CallbacksCarried(
            untold=tuple(self._unsent), ended=tuple(self._ended[-MOST_ENDED:])
        )
        first = self._unsent[0].model_copy(
            update={"carried": carried, "release": self._release}
        )
        # Otherwise the round is over, and the shop is still down.
        if workflow.info().is_continue_as_new_suggested():
            count_continued_run()
        workflow.continue_as_new(first)

    async def _send_for_one_round(self, callback: CallbackInput) -> None:
        self._repeats_now = False
        sending = self._start_sending(callback)
        await workflow.wait_condition(
            lambda: sending.done() or self._repeats_now or not self._is_first(callback)
        )
        if not sending.done():
            sending.cancel()
        with suppress(ActivityError):
            if read_result(await sending, ShopAnswer) is not None:
                self._end(callback, CallbackOutcome.DELIVERED)

    def _start_sending(
        self, callback: CallbackInput
    ) -> workflow.ActivityHandle[RawValue]:
        return workflow.start_activity(
            CallbackActivities.tell_shop.__name__,
            callback.proven_event,
            result_type=RawValue,
            summary="Send the event until the shop accepts it",
            start_to_close_timeout=time_to_notify(self._release),
            schedule_to_close_timeout=ROUND,
            retry_policy=REPEATS,
        )

    def _show(self) -> None:
        first, *others = self._unsent
        workflow.set_current_details(
            callback_details_of(first, [one.event for one in others])
        )

    def _is_first(self, callback: CallbackInput) -> bool:
        return bool(self._unsent) and self._unsent[0] is callback

    def _end(
        self,
        callback: CallbackInput,
        outcome: CallbackOutcome,
        resolved: Resolved | None = None,
    ) -> None:
        if callback in self._unsent:
            self._unsent.remove(callback)
            self._ended.append(
                CallbackEnd(event=callback.event, outcome=outcome, resolved=resolved)
            )

    # ---- signals, updates and queries ----

    @workflow.signal(description="Queue another event of the same order")
    def also_tell(self, callback: CallbackInput) -> None:
        """Queue this event too, in the order in which the events occurred."""
        event = callback.event
        known = [one.event for one in self._ended]
        known += [one.event for one in self._unsent]
        # A time without a zone could not be compared, and every later task would fail.
        if event.order_id != known[0].order_id or event.occurred_at.tzinfo is None:
            workflow.logger.warning("dropped an event that belongs to another order")
        elif event.id not in {one.id for one in known}:
            # The event of late money may arrive before that of its payment, which is
            # older.
            insort(self._unsent, callback, key=lambda one: one.event.occurred_at)
            self._show()

    @workflow.update(description="Send the event to the shop again now")
    async def resend(self) -> CallbackView:
        """Begin a new round at once; the shop recognizes repeats by the event's id."""
        self._repeats_now = True
        return self.view()

    @workflow.update(description="End the event that is being sent: reason, by")
    async def settle(self, settlement: CallbackSettlement) -> CallbackView:
        """End the event that is being sent, without an answer of the shop."""
        resolved = Resolved(by=settlement.by, reason=settlement.reason)
        self._end(self._unsent[0], CallbackOutcome.SETTLED, resolved)
        return self._after_the_last_end()

    @settle.validator
    def _check_settlement(self, settlement: CallbackSettlement) -> None:
        check_is_said(settlement)
        if not self._unsent:
            raise ApplicationError(
                f"this callback is {self.view().status}", type=Refusal.NOT_OPEN
            )
        now = self._unsent[0].event.id
        if settlement.event_id not in ("", now):
            raise ApplicationError(
                f"event_id: {now} is being sent; only that event can be settled",
                type=Refusal.NOT_OPEN,
            )
        check_names_and_reasons(by=settlement.by, reason=settlement.reason)

    @workflow.query(description="The state of the callbacks")
    def view(self) -> CallbackView:
        if not self._unsent:
            return self._after_the_last_end()
        return CallbackView(
            event=self._unsent[0].event,
            status="tell the shop",
            waiting=tuple(one.event for one in self._unsent[1:]),
            ended=tuple(self._ended),
        )

    @workflow.query(description="Money taken in events not accepted yet")
    def at_risk(self) -> MoneyAtRisk:
        """Return the money that was paid and kept; money given back is not at risk."""
        kept = (PaymentOutcome.PAID, LateOutcome.HONOURED)
        events = [one.event for one in self._unsent]
        return MoneyAtRisk(
            taken=tuple(one.amount for one in events if one.outcome in kept)
        )

    def _after_the_last_end(self) -> CallbackView:
        *before, last = self._ended
        return CallbackView(
            event=last.event,
            status=f"over: {last.outcome}",
            outcome=last.outcome,
            resolved=last.resolved,
            waiting=tuple(one.event for one in self._unsent),
            ended=tuple(before),
        )
