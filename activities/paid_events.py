"""Whether an event may be told to the shop: above all one that says that money came.

Whoever may start workflows and activities in Temporal could otherwise have any order
called paid, and this worker would sign it.
"""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol

from temporalio import activity
from temporalio.client import Client, WorkflowQueryFailedError
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.inquiry import inquire_within
from activities.order_payments import OrderActivities
from activities.our_runs import OurRuns, ViewT
from activities.shop_events import QUEUE, check_event
from alipay.client import AlipayClient
from contracts import (
    InquiryVerdict,
    LateOutcome,
    LatePaymentView,
    PaymentLookup,
    PaymentOutcome,
    PaymentView,
    ShopEvent,
    SignedEvidence,
    late_payment_id,
    workflow_id,
)
from translation.evidence import signed_at
from translation.proof import Proof
from visibility.views import KeepsChangingError

# The events after which a shop delivers.
PAID: Final = "payment.paid"
HONOURED: Final = "late_payment.honoured"
PAID_EVENTS: Final = (PAID, HONOURED)
# A success proves that money came, and not that it is still there: late money goes back
# by a cancel minutes after it came. A shop that listens is told within seconds; for one
# that was away longer, Alipay is asked again.
FRESH: Final = timedelta(minutes=15)
# Of the 20 s of `tell_shop` the shop has 8 s, and two looks at its turn 2 s: there is
# room for these. Temporal answers in milliseconds, and Alipay hardly ever needs 5 s.
ONE_LOOK: Final = timedelta(seconds=1)
ALL_LOOKS: Final = timedelta(seconds=4)
INQUIRY: Final = timedelta(seconds=5)
# How a look at a workflow ends without an answer.
UNANSWERED: Final = (
    RPCError,
    WorkflowQueryFailedError,
    KeepsChangingError,
    TimeoutError,
)


class PaidEvents(Protocol):
    """Knows whether an event may be told."""

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        """Return only if nothing speaks against telling the shop this event.

        Raises:
            ApplicationError: It is not the caller's to tell; or it says that money
                came, and nothing proves it.
        """
        ...


class ProvenPaidEvents:
    """Believes what Alipay has signed, or says when asked; or a person by name."""

    def __init__(self, alipay: AlipayClient, client: Client) -> None:
        self._alipay = alipay
        self._runs = OurRuns(client, within=ONE_LOOK)
        self._orders = OrderActivities(client)
        self._proof = Proof(alipay.client_id, alipay.keys)

    async def check(self, event: ShopEvent, evidence: SignedEvidence | None) -> None:
        check_event(event, activity.info())
        is_proven = self._proves(evidence, event, even_if_refunded=True)
        is_fresh = self._proves(evidence, event) and _is_fresh(evidence)
        in_queue = activity.info().workflow_type == QUEUE
        if event.type == PAID and is_fresh and not in_queue:
            return  # Alipay's own word, passed on by the payment: nothing is asked
        silent: ApplicationError | None = None
        try:
            async with asyncio.timeout(ALL_LOOKS.total_seconds()):
                if in_queue and event.type in PAID_EVENTS:
                    await self._check_end(event)
                if await self._may_be_told(event, is_proven=is_proven) or is_fresh:
                    return
        except UNANSWERED as error:
            silent = ApplicationError(
                f"whether the shop may be told cannot be looked up: {_name_of(error)}",
                type="RESOLUTION_UNKNOWN",
            )
            if event.type != PAID or in_queue:
                raise silent from None
        if await self._is_paid(event):
            return
        name, amount = event.payment_request_id, event.amount
        raise silent or ApplicationError(
            f"{event.type} is not proven: Alipay does not call {name} paid with "
            f"{amount.value} {amount.currency} (minor units), and nobody has settled "
            "it by name",
            type="NOT_PROVEN_PAID",
        )

    def _proves(
        self,
        evidence: SignedEvidence | None,
        event: ShopEvent,
        *,
        even_if_refunded: bool = False,
    ) -> bool:
        return evidence is not None and self._proof.proves_paid(
            evidence,
            event.payment_request_id,
            event.amount,
            even_if_refunded=even_if_refunded,
        )

    async def _may_be_told(self, event: ShopEvent, *, is_proven: bool) -> bool:
        """Look at our own workflows; False where only Alipay can tell.

        Raises:
            ApplicationError: The event is not to be told, whatever Alipay says.
            RPCError: Temporal does not answer.
        """
        if event.type not in PAID_EVENTS:
            await self._check_caller()
            return True
        if event.type == PAID:
            return await self._is_called_paid(event)
        await self._check_not_paid_otherwise(event)
        return await self._is_kept_by_a_person(event, is_proven=is_proven)

    async def _check_end(self, event: ShopEvent) -> None:
        """Look whether a run has ended as its order's queue is to tell of it.

        Anybody may start a queue, and money that no run has kept may be on its way
        back.

        Raises:
            ApplicationError: No run has.
            RPCError: Temporal does not answer.
        """
        name = event.payment_request_id
        if event.type == PAID:
            ended = any(
                seen.outcome is PaymentOutcome.PAID
                and name in [one.payment_request_id for one in seen.attempts]
                for seen in await self._seen(workflow_id(event.order_id), PaymentView)
            )
        else:
            ended = any(
                seen.outcome is LateOutcome.HONOURED
                for seen in await self._seen(late_payment_id(name), LatePaymentView)
            )
        if not ended:
            raise ApplicationError(
                f"{event.type} is told of {name}, and no run of ours has ended so",
                type="NOT_ENDED_SO",
            )

    async def _seen(self, name: str, kind: type[ViewT]) -> list[ViewT]:
        """Return what the runs of ours under an id know."""
        workflow_type = "LatePayment" if kind is LatePaymentView else "CashierPayment"
        looks = [
            await self._runs.look_at(run, kind)
            for run in await self._runs.all_of(name, workflow_type)
        ]
        return [look.view for look in looks if look.view is not None]

    async def _check_caller(self) -> None:
        """Look whether our own workers serve the caller: such events need no proof.

        Raises:
            ApplicationError: They do not.
        """
        caller = activity.info()
        if not (await self._runs.origin_of(caller)).is_ours:
            raise ApplicationError(
                f"{caller.workflow_id} is no workflow that this worker serves",
                type="EVENT_MISFIT",
            )

    async def _check_not_paid_otherwise(self, event: ShopEvent) -> None:
        """Look at the order: money on top of what pays it is not kept for it.

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

    async def _is_called_paid(self, event: ShopEvent) -> bool:
        """Whether a person has, in the payment: in the event anybody could write it."""
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

    async def _is_kept_by_a_person(self, event: ShopEvent, *, is_proven: bool) -> bool:
        """Whether a person has kept the late money, as its workflow records it.

        Args:
            event: What is to be told.
            is_proven: Whether Alipay has ever called it paid with the event's amount.
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

    async def _is_paid(self, event: ShopEvent) -> bool:
        """Ask Alipay: also events of older releases, and of continued runs, lack proof.

        Raises:
            ApplicationError: There was no verdict.
        """
        said = await inquire_within(self._alipay, event.payment_request_id, INQUIRY)
        return (
            said.verdict is InquiryVerdict.SUCCESS
            and said.amount == event.amount
            and not said.is_refunded
        )


def _is_fresh(evidence: SignedEvidence | None) -> bool:
    at = signed_at(evidence) if evidence else None
    return at is not None and abs(datetime.now(UTC) - at) <= FRESH


def _name_of(error: Exception) -> str:
    return error.status.name if isinstance(error, RPCError) else type(error).__name__
