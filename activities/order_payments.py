"""Finds the state of an order's payments and late money in Temporal.

Late money needs it: it must not give back money that pays an order, nor keep money on
top of that. All runs count: after a paid run anybody with rights in Temporal may start,
or reset, another one.
"""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from temporalio import activity
from temporalio.client import Client, WorkflowExecutionStatus
from temporalio.exceptions import ApplicationError
from temporalio.service import RPCError

from activities.our_runs import OurRuns
from contracts import (
    LateOutcome,
    LatePaymentView,
    PaymentFound,
    PaymentLookup,
    PaymentOutcome,
    PaymentState,
    PaymentView,
    attempt_of,
    late_payment_id,
    payment_request_id,
    workflow_id,
)
from visibility.paused import PausedError
from visibility.views import KeepsChangingError, Look

# Temporal answers in milliseconds, a worker that must first replay a payment in
# seconds.
PATIENCE = timedelta(seconds=5)
# Late money comes hours after its attempt at most; no order gets more attempts by then.
MOST_ATTEMPTS = 10
LATE_PAYMENT = "LatePayment"
# Outcomes of late money that pays its order.
KEPT = (LateOutcome.HONOURED, LateOutcome.NOT_LATE)


class OrderActivities:
    """Looks at the workflows of one order."""

    def __init__(self, client: Client) -> None:
        self._runs = OurRuns(client, within=PATIENCE)

    @activity.defn
    async def find_payment(self, lookup: PaymentLookup) -> PaymentFound:
        """Return the state of an order's payments, and its other late money.

        Raises:
            ApplicationError: Temporal, or a workflow's worker, does not answer.
        """
        try:
            return await self._find(lookup)
        except RPCError as error:
            raise ApplicationError(
                f"the order's payment does not answer ({error.status.name})",
                type="PAYMENT_SILENT",
            ) from None
        except PausedError as error:
            raise ApplicationError(
                f"the order's payment does not answer: {error}", type="PAYMENT_SILENT"
            ) from None
        except KeepsChangingError:
            raise ApplicationError(
                "the order's payment changes while it is looked at",
                type="PAYMENT_SILENT",
            ) from None

    async def _find(self, lookup: PaymentLookup) -> PaymentFound:
        name, own = workflow_id(lookup.order_id), lookup.payment_request_id
        runs, openers = [], []
        for run in await self._runs.all_of(name, "CashierPayment"):
            runs.append(_found(await self._runs.look_at(run, PaymentView)))
            if own in runs[-1].attempts:
                openers.append(run.start_time)  # a reset run: the reset
        found = _together(runs).model_copy(
            update={"opener_began_at": min(openers, default=None)}
        )
        if own and await self._has_ended(own, KEPT):
            found = found.model_copy(update={"paid": _union([found.paid, (own,)])})
        if own and await self._is_undecided(own):
            found = found.model_copy(update={"is_own_undecided": True})
        others = _siblings(_union(run.attempts for run in runs), lookup)
        return await self._with_late_money(found, others)

    async def _with_late_money(
        self, found: PaymentFound, attempts: Sequence[str]
    ) -> PaymentFound:
        """Add the outcomes of the late money of the order's other attempts."""
        honoured, undecided = [], []
        for request_id in attempts:
            if await self._is_undecided(request_id):
                undecided.append(request_id)
            if await self._has_ended(request_id, (LateOutcome.HONOURED,)):
                honoured.append(request_id)
        return found.model_copy(
            update={"honoured": tuple(honoured), "undecided": tuple(undecided)}
        )

    async def _is_undecided(self, request_id: str) -> bool:
        """Whether an attempt has late money that is not settled yet."""
        newest = await self._runs.newest(late_payment_id(request_id), LATE_PAYMENT)
        return newest is not None and newest.status is WorkflowExecutionStatus.RUNNING

    async def _has_ended(
        self, request_id: str, outcomes: Sequence[LateOutcome]
    ) -> bool:
        """Whether an attempt's late money has ended with such an outcome in any run."""
        name = late_payment_id(request_id)
        for run in await self._runs.all_of(name, LATE_PAYMENT):
            if run.status is WorkflowExecutionStatus.RUNNING:
                continue
            late = (await self._runs.look_at(run, LatePaymentView)).view
            if late and late.outcome in outcomes:
                return True
        return False


def _siblings(attempts: Iterable[str], lookup: PaymentLookup) -> list[str]:
    """Return the order's other attempts that may have late money, the lowest first."""
    known = {*attempts, lookup.payment_request_id} - {""}
    newest = max((attempt_of(one) for one in known), default=0)
    numbers = range(max(1, newest - MOST_ATTEMPTS + 1), newest + 1)
    names = [payment_request_id(lookup.order_id, number) for number in numbers]
    return [name for name in names if name != lookup.payment_request_id]


def _found(look: Look[PaymentView]) -> PaymentFound:
    """Return the state of one run; UNKNOWN where it was stopped and does not answer."""
    view = look.view
    if view is None:
        return PaymentFound(state=PaymentState.UNKNOWN)
    state = PaymentState.OPEN if look.is_open else PaymentState.CLOSED
    if look.stopped:
        # It has an outcome only if it was stopped while it notified the shop.
        state = PaymentState.STOPPED
        if view.outcome is not PaymentOutcome.PAID:
            return PaymentFound(state=state)
    counted = tuple(one.payment_request_id for one in view.attempts if one.is_paid)
    return PaymentFound(
        state=state,
        outcome=view.outcome,
        # Attempts of other runs, known from notifications only, have no wallet.
        attempts=tuple(one.payment_request_id for one in view.attempts if one.wallet),
        counted=counted,
        paid=counted if view.outcome is PaymentOutcome.PAID else (),
        is_proven=view.resolved is None or view.paid_at is not None,
    )


def _together(runs: Sequence[PaymentFound]) -> PaymentFound:
    """Return the newest run's state, with the attempts that pay in any run."""
    if not runs:
        return PaymentFound(state=PaymentState.UNKNOWN)
    newest = runs[0]
    payers = [run for run in runs if run.paid]
    # A run that does not answer may have been paid, unless another was for certain.
    is_known = bool(payers) or all(
        run.state is not PaymentState.UNKNOWN for run in runs
    )
    return newest.model_copy(
        update={
            "state": newest.state if is_known else PaymentState.UNKNOWN,
            "paid": _union(run.paid for run in runs),
            "is_proven": any(run.is_proven for run in payers or runs[:1]),
        }
    )


def _union(groups: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """Return all names once, in their order."""
    return tuple(dict.fromkeys(name for group in groups for name in group))
