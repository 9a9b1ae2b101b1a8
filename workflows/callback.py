"""A callback that the shop has not accepted at once: repeated until it does."""

from contextlib import suppress
from datetime import timedelta

from temporalio import workflow
from temporalio.common import RetryPolicy
from temporalio.exceptions import ActivityError, ApplicationError

with workflow.unsafe.imports_passed_through():
    from activities.callbacks import CallbackActivities
    from contracts import (
        CallbackInput,
        CallbackOutcome,
        CallbackSettlement,
        CallbackView,
        Resolved,
        ShopAnswer,
    )
    from visibility import NEEDS_ATTENTION, is_listed
    from workflows.resolution import check_names_and_reasons
    from workflows.runbook import runbook_link
    from workflows.undeterred import undeterred

# A shop may be away for a night or a weekend: quick at first, then once an hour.
REPEATS = RetryPolicy(
    initial_interval=timedelta(seconds=10),
    backoff_coefficient=2.0,
    maximum_interval=timedelta(hours=1),
)
# One round of repeats; the pauses begin small again after it.
ROUND = timedelta(days=3)


@workflow.defn(name="Callback")
class Callback:
    """Tells the shop one outcome until it answers 2xx, or a person settles it."""

    @workflow.init
    def __init__(self, callback: CallbackInput) -> None:
        self._callback = callback
        self._view = CallbackView(event=callback.event, status="tell the shop")
        self._begin_anew = False

    @workflow.run
    async def run(self, callback: CallbackInput) -> CallbackView:
        return await undeterred(self._tell_until_accepted())

    async def _tell_until_accepted(self) -> CallbackView:
        while self._view.outcome is None:
            workflow.set_current_details(self._details())
            await self._tell_for_one_round()
        if is_listed(workflow.info().typed_search_attributes):
            workflow.upsert_search_attributes([NEEDS_ATTENTION.value_unset()])
        workflow.set_current_details(f"### Over: {self._view.outcome}")
        await workflow.wait_condition(workflow.all_handlers_finished)
        return self._view

    async def _tell_for_one_round(self) -> None:
        self._begin_anew = False
        telling = self._start_to_tell()
        await workflow.wait_condition(
            lambda: telling.done() or self._begin_anew or self._view.outcome is not None
        )
        if not telling.done():
            telling.cancel()
        with suppress(ActivityError):
            await telling
            self._end(CallbackOutcome.DELIVERED)

    def _start_to_tell(self) -> workflow.ActivityHandle[ShopAnswer]:
        return workflow.start_activity_method(
            CallbackActivities.tell_shop,
            self._callback.event,
            summary="Tell the shop, again and again, until it accepts",
            start_to_close_timeout=timedelta(seconds=10),
            schedule_to_close_timeout=ROUND,
            retry_policy=REPEATS,
        )

    def _end(self, outcome: CallbackOutcome, resolved: Resolved | None = None) -> None:
        if self._view.outcome is None:
            self._view = self._view.model_copy(
                update={
                    "outcome": outcome,
                    "resolved": resolved,
                    "status": f"over: {outcome}",
                }
            )

    # ---- doors ----

    @workflow.update(description="Tell the shop now, whatever the pause was to be")
    async def resend(self) -> CallbackView:
        """Begin a new round at once; the shop tells repeats by their id."""
        self._begin_anew = True
        return self._view

    @workflow.update(description="End it, the shop being told by a person: reason, by")
    async def settle(self, settlement: CallbackSettlement) -> CallbackView:
        """End the callback without an answer of the shop."""
        resolved = Resolved(by=settlement.by, reason=settlement.reason)
        self._end(CallbackOutcome.SETTLED, resolved)
        return self._view

    @settle.validator
    def _check_settlement(self, settlement: CallbackSettlement) -> None:
        if self._view.outcome is not None:
            raise ApplicationError(
                f"this callback is {self._view.status}", type="NOT_OPEN"
            )
        check_names_and_reasons(by=settlement.by, reason=settlement.reason)

    @workflow.query(description="What is known of the callback")
    def view(self) -> CallbackView:
        return self._view

    def _details(self) -> str:
        event = self._callback.event
        link = runbook_link(self._callback.runbook_url, "callback-not-accepted")
        return (
            f"### The shop has not accepted `{event.type}`\n\n"
            f"Order `{event.order_id}` is {event.outcome} since "
            f"{event.occurred_at:%Y-%m-%d %H:%M:%S} UTC, and the shop does not know. "
            f"It is told again with growing pauses, at least once an hour; the pending "
            f"activity shows its last answer.{link}\n\n"
            "**You may:** mend the shop and tell it at once with the update `resend`; "
            "or tell it in another way and end this with the update `settle`: reason, "
            "by."
        )
