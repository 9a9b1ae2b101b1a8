"""Checks that our own workflows have kept the money that an event reports.

Each workflow is looked at directly: anybody who may start workflows can invent an
event.
"""

from typing import Final

from temporalio.client import Client
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.order_payments import OrderActivities
from activities.our_runs import OurRuns, ViewT
from contracts import (
    LateOutcome,
    LatePaymentView,
    PaymentLookup,
    PaymentOutcome,
    PaymentView,
    ShopEvent,
    late_payment_id,
    workflow_id,
)

# A shop delivers after these events.
PAID: Final = "payment.paid"
HONOURED: Final = "late_payment.honoured"
PAID_EVENTS: Final = (PAID, HONOURED)


class KeptMoney:
    """Looks at the payments of an order, and at late money of its attempts."""

    def __init__(self, client: Client, runs: OurRuns) -> None:
        self._runs = runs
        self._orders = OrderActivities(client)

    async def check_end(self, event: ShopEvent) -> None:
        """Check that a run has ended with the outcome in a queue's event.

        Anybody with rights in Temporal may start a queue, and money that no run has
        kept may be going back right now.

        Raises:
            ApplicationError: No run of ours has.
            RPCError: Temporal does not answer.
        """
        name = event.payment_request_id
        if event.type == PAID:
            ended = any(
                seen.outcome is PaymentOutcome.PAID and _was_paid_by(seen, name)
                for seen in await self._seen(workflow_id(event.order_id), PaymentView)
            )
        else:
            ended = any(
                seen.outcome is LateOutcome.HONOURED
                for seen in await self._seen(late_payment_id(name), LatePaymentView)
            )
        if not ended:
            raise ApplicationError(
                f"{event.type} of {name}: no run of ours has ended so",
                type="NOT_ENDED_SO",
            )

    async def _seen(self, name: str, kind: type[ViewT]) -> list[ViewT]:
        """Return the views of our runs with this workflow id."""
        workflow_type = "LatePayment" if kind is LatePaymentView else "CashierPayment"
        looks = [
            await self._runs.look_at(run, kind)
            for run in await self._runs.all_of(name, workflow_type)
        ]
        return [look.view for look in looks if look.view is not None]

    async def may_be_late_money(self, event: ShopEvent) -> bool:
        """Whether the money of a paid event may have been given back as late money.

        Any workflow with that id counts, and so does a missing answer: then Alipay is
        asked.
        """
        if event.type != PAID:
            return True
        try:
            return await self._runs.is_known(late_payment_id(event.payment_request_id))
        except RPCError:
            return True

    async def check_not_paid_otherwise(self, event: ShopEvent) -> None:
        """Check that no other money pays the order.

        Raises:
            ApplicationError: Other money pays the order, or is just about to.
        """
        name = event.payment_request_id
        found = await self._orders.find_payment(
            PaymentLookup(order_id=event.order_id, payment_request_id=name)
        )
        others = {*found.counted, *found.paid, *found.honoured} - {name}
        if others:
            raise ApplicationError(
                f"{name} is not kept for its order, which {min(others)} pays",
                type="PAID_OTHERWISE",
            )

    async def is_called_paid(self, event: ShopEvent) -> bool:
        """Whether a payment of ours has ended PAID as the event says."""
        runs = await self._runs.all_of(workflow_id(event.order_id), "CashierPayment")
        for run in runs:
            seen = (await self._runs.look_at(run, PaymentView)).view
            if (
                seen
                and seen.resolved
                and seen.outcome is PaymentOutcome.PAID
                and seen.order_id == event.order_id
                and seen.amount == event.amount
                and event.payment_request_id
                in [one.payment_request_id for one in seen.attempts]
                and await self._runs.is_unbroken(run)
            ):
                return True
        return False

    async def is_kept_by_a_person(self, event: ShopEvent, *, is_proven: bool) -> bool:
        """Whether a person has kept the late money, as its workflow records it.

        Args:
            event: The event that is to be sent.
            is_proven: Whether Alipay has ever reported it paid with the event's amount.
        """
        name = event.payment_request_id
        for run in await self._runs.all_of(late_payment_id(name), "LatePayment"):
            seen = (await self._runs.look_at(run, LatePaymentView)).view
            if (
                seen
                and seen.resolved
                and seen.outcome is LateOutcome.HONOURED
                and seen.payment_request_id == name
                and (is_proven or seen.amount == event.amount)
                and await self._runs.is_unbroken(run)
            ):
                return True
        return False


def _was_paid_by(seen: PaymentView, payment_request_id: str) -> bool:
    """Whether a payment that has ended PAID may have been paid by this attempt."""
    return any(
        one.payment_request_id == payment_request_id
        and (one.is_paid or seen.resolved is not None)
        for one in seen.attempts
    )
