"""Refunds a paid order as a Temporal client with the typed contracts.

Run as `python refund_payment.py refund ORDER_ID REFUND_ID [VALUE]` (in minor units;
without it the whole rest) or `... look ORDER_ID REFUND_ID`, with this checkout on
Python's path, and the settings of Temporal and of the API in the environment.
"""

import asyncio
import json
import os
import sys
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

from temporalio.client import (
    Client,
    WithStartWorkflowOperation,
    WorkflowExecutionStatus,
    WorkflowHandle,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import WorkflowIDConflictPolicy, WorkflowIDReusePolicy
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from alipay.errors import WalletRuleError
from alipay.refund_rules import check_refund
from alipay.wallets import find_wallet
from codec.keyring import Keyring
from contracts import (
    RELEASE,
    TASK_QUEUE,
    Money,
    PaymentOutcome,
    PaymentView,
    RefundRecord,
    RefundRequest,
    RefundsInput,
    RefundsView,
    in_words,
    refund_update_id,
    refunds_id,
    workflow_id,
)
from temporal_client import connect
from visibility import Listed, attributes_of
from workflows.cashier_payment import CashierPayment
from workflows.order_refunds import OrderRefunds

# Alipay is queried and called; calls end by `rpc_timeout`, never by a cancelled task.
PATIENCE = timedelta(seconds=8)
QUICK = timedelta(seconds=4)
# An owner may begin and end in between: more tries mean that somebody interferes.
MOST_LOOKS = 4


class RefusedError(Exception):
    """The money cannot be refunded like this; the message says why."""


async def give_back(
    client: Client, order_id: str, request: RefundRequest
) -> RefundRecord:
    """Refund money, once for each refund_id, for any number of callers.

    Read the answer's `status`: SUCCEEDED is refunded, REFUSED is not; all others
    continue by themselves, or wait for a person.

    Raises:
        RefusedError: The order is not paid, the rest is smaller, or the amount differs.
        WalletRuleError: The wallet does not refund this amount, or not any more.
    """
    for _ in range(MOST_LOOKS):
        ended = await how_the_owner_ended(client, order_id)
        if ended and (known := record_in(ended, request.refund_id)):
            return same_amount(known, request)
        payment = await paid_payment(client, order_id)
        given = input_of_the_owner(payment, ended)
        check_wallet(given, request, ended.left if ended else payment.amount)
        try:
            view = await ask(client, given, request)
        except WorkflowUpdateFailedError as refused:
            raise RefusedError(str(refused.cause)) from refused
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return await look(client, order_id, request.refund_id)
        except WorkflowAlreadyStartedError:
            continue  # an owner has begun, and ended, since none was found
        if found := record_in(view, request.refund_id):
            # The answer of an equal call may be old: only a query is current.
            is_ours = found.call_id == request.call_id
            return found if is_ours else await look(client, order_id, request.refund_id)
    raise RefusedError("the refunds keep changing; call again")


async def how_the_owner_ended(client: Client, order_id: str) -> RefundsView | None:
    """Return the result of the order's last owner of refunds; None while one runs."""
    handle: WorkflowHandle[OrderRefunds, RefundsView] = client.get_workflow_handle(
        refunds_id(order_id), result_type=RefundsView
    )
    try:
        described = await handle.describe(rpc_timeout=QUICK)
    except RPCError as error:
        if error.status is RPCStatusCode.NOT_FOUND:
            return None
        raise
    if described.status is WorkflowExecutionStatus.RUNNING:
        return None
    return await handle.result(rpc_timeout=QUICK)


async def paid_payment(client: Client, order_id: str) -> PaymentView:
    """Return the payment of an order, which must have ended PAID.

    Raises:
        RefusedError: It has not. Late money that is kept is refunded through the API.
    """
    handle: WorkflowHandle[CashierPayment, PaymentView] = client.get_workflow_handle(
        workflow_id(order_id), result_type=PaymentView
    )
    described = await handle.describe(rpc_timeout=QUICK)
    if described.status is WorkflowExecutionStatus.COMPLETED:
        view = await handle.result(rpc_timeout=QUICK)
        if view.outcome is PaymentOutcome.PAID:
            return view
    raise RefusedError("the order is not paid: nothing can go back")


def input_of_the_owner(payment: PaymentView, ended: RefundsView | None) -> RefundsInput:
    """Return the input of a new owner, with the merchant's rules that the API adds."""
    limits = json.loads(os.environ.get("CASHIER_SECOND_PERSON_ABOVE", "{}"))
    payer = [one for one in payment.attempts if one.is_paid][-1]
    currency = payment.amount.currency
    return RefundsInput(
        order_id=payment.order_id,
        payment_request_id=payer.payment_request_id,
        wallet=payer.wallet,
        paid=payment.amount,
        paid_at=payment.paid_at,
        known=ended,
        second_person_above=limits.get(currency, limits.get("*")),
        tells_shop="CASHIER_CALLBACK_URL" in os.environ,
        runbook_url=os.environ.get("CASHIER_RUNBOOK_URL"),
        release=RELEASE,
    )


def check_wallet(
    given: RefundsInput, request: RefundRequest, left: Money | None
) -> None:
    """Check the wallet's rules; the refundable rest may be smaller by now."""
    amount = request.amount or left
    if amount and left:
        now = datetime.now(UTC)
        paid_at = datetime.fromisoformat(given.paid_at) if given.paid_at else now
        check_refund(
            find_wallet(given.wallet),
            currency=amount.currency,
            value=amount.value,
            left=left.value,
            paid_at=paid_at,
            now=now,
            paid_currency=left.currency,
        )


async def ask(
    client: Client, given: RefundsInput, request: RefundRequest
) -> RefundsView:
    """Start the owner unless it runs, and let it reserve and send, in one call."""
    start = WithStartWorkflowOperation(
        OrderRefunds.run,
        given,
        id=refunds_id(given.order_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        # A new owner needs the state of the one before it.
        id_reuse_policy=(
            WorkflowIDReusePolicy.ALLOW_DUPLICATE
            if given.known
            else WorkflowIDReusePolicy.REJECT_DUPLICATE
        ),
        search_attributes=attributes_of(
            order_id=given.order_id,
            amount=given.paid or Money(currency="", value=0),
            wallet=given.wallet,
            status=Listed.REFUNDS,
        ),
        static_summary=f"Refunds of {in_words(given.paid)}, order {given.order_id}",
    )
    amount = (request.amount.currency, request.amount.value) if request.amount else None
    try:
        return await client.execute_update_with_start_workflow(
            OrderRefunds.refund,  # type: ignore[arg-type]
            request,
            start_workflow_operation=start,
            id=refund_update_id(given.order_id, request.refund_id, amount, None),
            rpc_timeout=PATIENCE,
        )
    finally:
        # If the call fails the start fails too, and asyncio warns if nobody awaits it.
        with suppress(Exception):
            await asyncio.wait_for(start.workflow_handle(), timeout=1)


async def look(client: Client, order_id: str, refund_id: str) -> RefundRecord:
    """Return a refund: from the owner's result, or by query while it runs.

    Raises:
        RefusedError: There is none of this name.
    """
    view = await how_the_owner_ended(client, order_id)
    if view is None:
        handle: WorkflowHandle[OrderRefunds, RefundsView] = client.get_workflow_handle(
            refunds_id(order_id)
        )
        view = await handle.query(OrderRefunds.view, rpc_timeout=QUICK)
    if found := record_in(view, refund_id):
        return found
    raise RefusedError(f"order {order_id} has no refund {refund_id}")


def record_in(view: RefundsView, refund_id: str) -> RefundRecord | None:
    return next((one for one in view.refunds if one.refund_id == refund_id), None)


def same_amount(known: RefundRecord, request: RefundRequest) -> RefundRecord:
    """Return an earlier refund if it has the same amount.

    Raises:
        RefusedError: The amount differs: one refund_id is one refund.
    """
    if request.amount in (None, known.amount):
        return known
    raise RefusedError(f"{known.refund_id} is a refund of {in_words(known.amount)}")


async def main() -> int:
    action, order_id, refund_id, *value = sys.argv[1:]
    keyring = Keyring.load(Path(os.environ["CASHIER_PAYLOAD_KEYS_DIR"]))
    client = await connect(keyring=keyring)
    request = RefundRequest(
        refund_id=refund_id,
        amount=Money(currency="PHP", value=int(value[0])) if value else None,
        reason_for_customer="One cup was cold",
        by="back-office",
        call_id=uuid4().hex,
    )
    try:
        if action == "refund":
            found = await give_back(client, order_id, request)
        else:
            found = await look(client, order_id, refund_id)
    except (RefusedError, WalletRuleError) as refused:
        print(json.dumps({"refused": str(refused)}))
        return 1
    print(found.model_dump_json(exclude={"proof"}))
    return 0


if __name__ == "__main__":
    code = asyncio.run(main())
    sys.stdout.flush()
    # Threads of the SDK may abort the interpreter while it shuts down
    # (https://github.com/temporalio/sdk-python/issues/300), so it exits at once.
    os._exit(code)
