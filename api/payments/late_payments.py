"""Starts and finds the workflows for money that comes after a payment's end."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from http import HTTPStatus

from temporalio.client import Client, WorkflowExecution
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.merchant_rules import MerchantRules
from api.payments.new_payment_page import (
    facts_of_late_money,
    listing_of_late_money,
)
from api.problems import Problem
from api.temporal_calls import QUICK, reach, read_view
from contracts import (
    RELEASE,
    TASK_QUEUE,
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentInput,
    LatePaymentView,
    PaymentNotified,
    PaymentOutcome,
    PaymentView,
    attempt_of,
    in_words,
    late_payment_id,
    payment_request_id,
    request_id_of,
)
from visibility import ORDER_ID
from workflows.engine.priorities import CLEAN_UP
from workflows.late_payment import LatePayment

# The most attempts that are shown; no normal order has more.
MOST_ATTEMPTS_SHOWN = 20


class LatePayments:
    """The late money of all orders, with one workflow for each attempt."""

    def __init__(self, client: Client, rules: MerchantRules) -> None:
        self._client = client
        self._rules = rules

    def is_news(self, notification: PaymentNotified, closed: PaymentView) -> bool:
        """Whether a notification reports money that a closed payment does not know."""
        known = any(
            attempt.is_paid
            and attempt.payment_request_id == notification.payment_request_id
            for attempt in closed.attempts
        )
        return notification.says_paid and not known

    async def begin(self, notification: PaymentNotified, closed: PaymentView) -> None:
        """Start the workflow for late money, once, however often it is notified.

        Raises:
            Problem: 503 when Temporal has not accepted it.
        """
        request_id = notification.payment_request_id
        wallets = {
            attempt.payment_request_id: attempt.wallet for attempt in closed.attempts
        }
        # An order that is already paid is not delivered a second time.
        paid = closed.outcome is PaymentOutcome.PAID
        # Where only a person has resolved it as paid, this may be that money.
        is_proven = paid and not (closed.resolved and closed.paid_at is None)
        paid_by = [
            one.payment_request_id
            for one in closed.attempts
            if is_proven and one.is_paid and one.payment_request_id != request_id
        ]
        late = LatePaymentInput(
            order_id=closed.order_id,
            payment_request_id=request_id,
            wallet=wallets.get(request_id, ""),
            amount=closed.amount,
            policy=LateMoneyPolicy.REFUND if paid else self._rules.late_money,
            notification=notification,
            second_person_above=self._rules.most_for_one_person(closed.amount.currency),
            tells_shop=self._rules.tells_shop,
            runbook_url=self._rules.runbook_url,
            release=RELEASE,
            trust=self._rules.trust,
            order_paid_by=paid_by[-1] if paid_by else None,
        )
        try:
            # A stopped one starts again: its ids are fixed, and it asks Alipay first.
            await self._start(late, WorkflowIDReusePolicy.ALLOW_DUPLICATE_FAILED_ONLY)
        except WorkflowAlreadyStartedError:
            before = await self._find(request_id)
            # Outcomes are final, except these two: the money may have come since.
            untrue = (LateOutcome.NOT_PAID, LateOutcome.NOT_LATE)
            if before and before.outcome in untrue:
                await self._start(late, WorkflowIDReusePolicy.ALLOW_DUPLICATE)

    async def _start(
        self, late: LatePaymentInput, reuse: WorkflowIDReusePolicy
    ) -> None:
        await reach(
            self._client.start_workflow(
                LatePayment.run,
                late,
                id=late_payment_id(late.payment_request_id),
                task_queue=TASK_QUEUE,
                id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
                id_reuse_policy=reuse,
                rpc_timeout=QUICK,
                priority=CLEAN_UP,
                search_attributes=listing_of_late_money(late),
                static_summary=(
                    f"Late money of {in_words(late.amount)}, order {late.order_id}"
                ),
                static_details=facts_of_late_money(late),
            )
        )

    async def of(self, closed: PaymentView) -> list[LatePaymentView]:
        """Return the late money of a closed payment, also of earlier runs.

        The ids are looked up one by one, because the list may be some seconds late; the
        list adds money of attempts that this order's payments have never opened.
        """
        expected = list(_unpaid_ids(closed))
        listed = await self._listed(closed.order_id)
        ids = [*expected, *(one for one in listed if one not in expected)]
        found = await asyncio.gather(*(self._find(one) for one in ids))
        return [view for view in found if view]

    async def _listed(self, order_id: str) -> list[str]:
        """Return the attempts with late money that Temporal lists for an order."""
        query = f'WorkflowType = "LatePayment" AND {ORDER_ID.name} = "{order_id}"'
        found = await reach(
            _all_of(self._client.list_workflows(query, rpc_timeout=QUICK))
        )
        return sorted({request_id_of(one.id) for one in found})

    async def _find(self, request_id: str) -> LatePaymentView | None:
        found = late_payment_id(request_id)
        handle = self._client.get_workflow_handle(found)
        try:
            # A description is free of charge, and nearly always finds nothing.
            await reach(handle.describe(rpc_timeout=QUICK))
        except Problem as problem:
            if problem.status == HTTPStatus.NOT_FOUND:
                return None
            raise
        return await read_view(self._client, found, LatePaymentView)


async def _all_of(
    listed: AsyncIterator[WorkflowExecution],
) -> list[WorkflowExecution]:
    return [one async for one in listed]


def check_late_money(late: Sequence[LatePaymentView]) -> None:
    """Return if an order that ended unpaid may be paid again.

    Raises:
        Problem: 409 where late money was honoured, or is not handled yet.
    """
    if any(money.outcome is LateOutcome.HONOURED for money in late):
        raise Problem(
            409,
            "PAID_LATE",
            "the order was paid after its payment had ended, and that was honoured",
        )
    if any(money.outcome is None for money in late):
        raise Problem(
            409,
            "LATE_MONEY",
            "money that came after the end is being handled; read the payment",
            headers={"Retry-After": "5"},
        )


def _unpaid_ids(closed: PaymentView) -> Iterator[str]:
    newest = max(
        attempt_of(one.payment_request_id) for one in closed.attempts if one.wallet
    )
    paid = {one.payment_request_id for one in closed.attempts if one.is_paid}
    for number in range(max(1, newest - MOST_ATTEMPTS_SHOWN + 1), newest + 1):
        request_id = payment_request_id(closed.order_id, number)
        if request_id not in paid:
            yield request_id
