"""Restarts payments after Temporal's database was lost, or restored from a backup.

An order without a workflow gets a run that asks Alipay about its attempts, one after
the other, and opens none (docs/decisions/0048-the-lost-cluster.md). Existing workflows
are left unchanged, except for money that Alipay lists and none of them knows.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Final

from temporalio.client import (
    Client,
    WorkflowExecutionDescription,
    WorkflowExecutionStatus,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError

from api.merchant_rules import MerchantRules
from api.payments.late_payments import LatePayments
from api.payments.new_payment_page import facts_of, listing_of, summary_of
from api.payments.recovery import RecoveryRequest, recover
from api.temporal_calls import QUICK, read_view
from contracts import (
    LOST,
    TASK_QUEUE,
    LateOutcome,
    Money,
    Order,
    PaymentNotified,
    PaymentOutcome,
    PaymentView,
    StoppedAttempt,
    StoppedRun,
    Terminal,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from visibility.stopped import MOST_ATTEMPTS, STOPPED_STATES
from visibility.views import newest_run
from workflows.cashier_payment import CashierPayment
from workflows.engine.priorities import CLEAN_UP

# The wallet where no list names it: Alipay decides whether to allow a cancel.
UNKNOWN_WALLET: Final = "UNKNOWN"
# The assumed age of a lost attempt: no call about it can still be in flight.
LONG_AGO: Final = timedelta(hours=1)


@dataclass(frozen=True)
class LostOrder:
    """An order that Temporal may have lost, as the shop or Alipay lists it.

    Attributes:
        amount: Its price, in minor units.
        wallet: Alipay's code; `UNKNOWN_WALLET` where no list names it.
        is_called_paid: Whether the shop lists it as paid.
        paid_attempts: The numbers of the attempts that Alipay lists as paid.
    """

    order_id: str
    amount: Money
    wallet: str = UNKNOWN_WALLET
    is_called_paid: bool = False
    paid_attempts: frozenset[int] = frozenset()

    @property
    def paid_names(self) -> list[str]:
        """The payment_request_id of each attempt that Alipay lists as paid."""
        numbers = sorted(self.paid_attempts)
        return [payment_request_id(self.order_id, number) for number in numbers]


class Deed(StrEnum):
    """The action about one order."""

    NOTHING = "NOTHING"  # its workflow knows all that is in the lists
    BEGIN = "BEGIN"  # a run asks Alipay about its attempts
    HINT = "HINT"  # its open run must ask about the attempts that Alipay lists as paid
    RECOVER = "RECOVER"  # its run was stopped from outside, and continues in a new one
    LATE_MONEY = "LATE_MONEY"  # it closed unpaid, and Alipay lists money: late money


class LostOrders:
    """Looks up orders, and starts missing workflows."""

    def __init__(
        self, client: Client, rules: MerchantRules, request: RecoveryRequest
    ) -> None:
        self._client = client
        self._rules = rules
        self._request = request
        self._late_payments = LatePayments(client, rules)

    async def deed_for(self, lost: LostOrder) -> Deed:
        """Return the action for an order, without doing it.

        Raises:
            RPCError: Temporal does not answer.
            Problem: Its workflow cannot be read.
        """
        run = await newest_run(self._client, workflow_id(lost.order_id), within=QUICK)
        if run is None:
            return Deed.BEGIN
        if run.status in STOPPED_STATES:
            return Deed.RECOVER
        if run.status is WorkflowExecutionStatus.RUNNING:
            return Deed.HINT if lost.paid_attempts else Deed.NOTHING
        return await self._deed_for_closed(lost, await self._view(lost))

    async def _deed_for_closed(self, lost: LostOrder, view: PaymentView) -> Deed:
        unseen = await self._unseen(lost, view)
        if view.outcome is PaymentOutcome.PAID:
            return Deed.LATE_MONEY if unseen else Deed.NOTHING
        known = {one.payment_request_id for one in view.attempts}
        if unseen:
            return Deed.LATE_MONEY if known >= set(unseen) else Deed.BEGIN
        if lost.is_called_paid and not lost.paid_attempts:
            late = await self._late_payments.of(view)
            is_kept = any(one.outcome is LateOutcome.HONOURED for one in late)
            return Deed.NOTHING if is_kept else Deed.BEGIN
        return Deed.NOTHING

    async def do(self, lost: LostOrder, deed: Deed) -> bool:
        """Do the action; return False if another process was faster.

        Raises:
            RPCError: Temporal does not answer.
            Problem: Temporal has not accepted it.
            UnreadableRunError: A stopped run's history cannot be read.
        """
        name = workflow_id(lost.order_id)
        match deed:
            case Deed.NOTHING:
                return False
            case Deed.BEGIN:
                return await self._begin(lost)
            case Deed.RECOVER:
                return await recover(self._client, name, self._request, self._rules)
            case Deed.HINT:
                for hint in _hints(lost.paid_names):
                    await self._client.get_workflow_handle(name).signal(
                        CashierPayment.payment_notified, hint, rpc_timeout=QUICK
                    )
            case Deed.LATE_MONEY:
                view = await self._view(lost)
                for hint in _hints(await self._unseen(lost, view)):
                    await self._late_payments.begin(hint, view)
        return True

    async def _begin(self, lost: LostOrder) -> bool:
        order = self._order_of(lost)
        try:
            await self._client.start_workflow(
                CashierPayment.run,
                order,
                id=workflow_id(lost.order_id),
                task_queue=TASK_QUEUE,
                # A payment that the shop has started meanwhile asks Alipay by itself.
                id_conflict_policy=WorkflowIDConflictPolicy.FAIL,
                # It may have ended unpaid before the attempts that were lost.
                id_reuse_policy=WorkflowIDReusePolicy.ALLOW_DUPLICATE,
                search_attributes=listing_of(order),
                static_summary=summary_of(order),
                static_details=facts_of(order, self._rules),
                # The calls of current customers have priority.
                priority=CLEAN_UP,
                rpc_timeout=QUICK,
            )
        except WorkflowAlreadyStartedError:
            return False
        return True

    def _order_of(self, lost: LostOrder) -> Order:
        """Return the input; fields for a page are placeholders: none is opened."""
        begun_at = datetime.now(UTC) - LONG_AGO
        newest = max(lost.paid_attempts, default=1)
        attempts = tuple(
            StoppedAttempt(number=number, wallet=lost.wallet, begun_at=begun_at)
            for number in range(max(1, newest - MOST_ATTEMPTS + 1), newest + 1)
        )
        order = Order(
            order_id=lost.order_id,
            amount=lost.amount,
            wallet=lost.wallet,
            description="",
            redirect_url="",
            terminal=Terminal(type="WEB"),
            first_attempt=newest,
            stopped=StoppedRun(
                run_id="",
                ended=LOST,
                by=self._request.by,
                reason=self._request.reason,
                attempts=attempts,
            ),
        )
        return self._rules.applied_to(order)

    async def _view(self, lost: LostOrder) -> PaymentView:
        return await read_view(self._client, workflow_id(lost.order_id), PaymentView)

    async def _unseen(self, lost: LostOrder, view: PaymentView) -> list[str]:
        """Return the attempts that Alipay lists as paid and no workflow knows."""
        paid = {one.payment_request_id for one in view.attempts if one.is_paid}
        return [
            name
            for name in lost.paid_names
            if name not in paid and not await self._run_of(late_payment_id(name))
        ]

    async def _run_of(self, name: str) -> WorkflowExecutionDescription | None:
        return await newest_run(self._client, name, within=QUICK)


def _hints(names: list[str]) -> list[PaymentNotified]:
    """Return an unsigned notification: it only makes a workflow ask Alipay."""
    return [PaymentNotified(payment_request_id=name) for name in names]
