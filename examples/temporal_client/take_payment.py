"""Starts a payment as a Temporal client with the typed contracts, as the API does.

Run as `python take_payment.py start|look ORDER_ID [WALLET]` with this checkout on
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
    WorkflowQueryRejectedError,
    WorkflowUpdateFailedError,
    WorkflowUpdateRPCTimeoutOrCancelledError,
)
from temporalio.common import (
    QueryRejectCondition,
    WorkflowIDConflictPolicy,
    WorkflowIDReusePolicy,
)
from temporalio.exceptions import WorkflowAlreadyStartedError
from temporalio.service import RPCError, RPCStatusCode

from alipay.errors import WalletRuleError
from alipay.wallets import check_payment, find_wallet
from codec.keyring import Keyring
from contracts import (
    RELEASE,
    TASK_QUEUE,
    LateMoneyPolicy,
    LateOutcome,
    LatePaymentView,
    Money,
    Order,
    PageWish,
    PaymentOutcome,
    PaymentView,
    Terminal,
    attempt_of,
    in_words,
    late_payment_id,
    page_update_id,
    payment_request_id,
    workflow_id,
)
from temporal_client import connect
from visibility import attributes_of
from workflows.cashier_payment import CashierPayment
from workflows.late_payment import LatePayment

# A cashier page takes well under a second. Calls end by `rpc_timeout`, and never by a
# cancelled task, which would leave the update under way unseen.
PATIENCE = timedelta(seconds=8)
QUICK = timedelta(seconds=4)
# It may begin, continue and close in between: more tries mean that somebody interferes.
MOST_LOOKS = 4


class RefusedError(Exception):
    """The order cannot be paid like this; the message says why."""


def order_of_the_shop(order_id: str, wallet: str) -> Order:
    """Return the order, with the merchant's rules that the API adds to it.

    The API takes them from these settings, and a client must do so too. Otherwise its
    payments differ from the API's: without callbacks, and with other late money rules.
    """
    limits = json.loads(os.environ.get("CASHIER_SECOND_PERSON_ABOVE", "{}"))
    order = Order(
        order_id=order_id,
        amount=Money(currency="PHP", value=131400),
        wallet=wallet,
        description="Two cups of coffee",
        redirect_url=f"https://shop.example/return/{order_id}",
        terminal=Terminal(type="WEB"),
        settlement_currency=os.environ.get("CASHIER_SETTLEMENT_CURRENCY"),
        late_money=LateMoneyPolicy(os.environ.get("CASHIER_LATE_MONEY", "REFUND")),
        second_person_above=limits.get("PHP", limits.get("*")),
        tells_shop="CASHIER_CALLBACK_URL" in os.environ,
        runbook_url=os.environ.get("CASHIER_RUNBOOK_URL"),
        release=RELEASE,
    )
    # The API answers this with 422; Alipay would refuse it later, and less clearly.
    check_payment(
        find_wallet(wallet),
        currency=order.amount.currency,
        value=order.amount.value,
        terminal=order.terminal.type,
        expires_in_minutes=order.expires_in_minutes,
    )
    return order


async def take_payment(client: Client, order: Order) -> PaymentView:
    """Start the payment of an order, once, for any number of calls and callers.

    Redirect the customer to the page of the newest attempt. Without a page and an
    outcome it is being opened: call again.

    Raises:
        RefusedError: The amount differs, or the order was paid late.
    """
    call_id = uuid4().hex
    reuse = WorkflowIDReusePolicy.REJECT_DUPLICATE
    for _ in range(MOST_LOOKS):
        try:
            view = await ask_for_page(client, order, call_id, reuse)
            if view.asked_by == call_id:
                return view
        except WorkflowUpdateFailedError as refused:
            raise RefusedError(str(refused.cause)) from refused
        except WorkflowUpdateRPCTimeoutOrCancelledError:
            return await look(client, order.order_id)
        except WorkflowAlreadyStartedError:
            pass
        # An earlier call's answer, or it has closed: only a query is current.
        view = await look(client, order.order_id)
        newest = view.attempts[-1]
        if view.amount != order.amount:
            raise RefusedError(f"the order is over {in_words(view.amount)}")
        if view.outcome is PaymentOutcome.PAID:
            return view
        if view.outcome is None and newest.wallet == order.wallet:
            return view
        if view.outcome:
            await check_late_money(client, view)
            # Only after a known, unpaid end.
            reuse = WorkflowIDReusePolicy.ALLOW_DUPLICATE
        order = order.model_copy(
            update={"first_attempt": attempt_of(newest.payment_request_id) + 1}
        )
    raise RefusedError("the payment keeps changing; call again")


async def ask_for_page(
    client: Client, order: Order, call_id: str, reuse: WorkflowIDReusePolicy
) -> PaymentView:
    """Start the payment unless it runs, and wait for its page, in one call."""
    minutes = (
        order.expires_in_minutes or find_wallet(order.wallet).default_expiry_minutes
    )
    start = WithStartWorkflowOperation(
        CashierPayment.run,
        order,
        id=workflow_id(order.order_id),
        task_queue=TASK_QUEUE,
        id_conflict_policy=WorkflowIDConflictPolicy.USE_EXISTING,
        id_reuse_policy=reuse,
        search_attributes=attributes_of(
            order_id=order.order_id,
            amount=order.amount,
            wallet=order.wallet,
            expires_at=datetime.now(UTC) + timedelta(minutes=minutes),
        ),
        static_summary=(
            f"{order.wallet} {in_words(order.amount)}, order {order.order_id}"
        ),
    )
    request = PageWish(amount=order.amount, wallet=order.wallet, call_id=call_id)
    try:
        return await client.execute_update_with_start_workflow(
            CashierPayment.cashier_page,  # type: ignore[arg-type]
            request,
            start_workflow_operation=start,
            id=page_update_id(order),
            rpc_timeout=PATIENCE,
        )
    finally:
        # If the call fails the start fails too, and asyncio warns if nobody awaits it.
        with suppress(Exception):
            await asyncio.wait_for(start.workflow_handle(), timeout=1)


async def look(client: Client, order_id: str) -> PaymentView:
    """Return a payment: by query while it runs, else from its result."""
    handle: WorkflowHandle[CashierPayment, PaymentView] = client.get_workflow_handle(
        workflow_id(order_id), result_type=PaymentView
    )
    try:
        return await handle.query(
            CashierPayment.view,
            reject_condition=QueryRejectCondition.NOT_OPEN,
            rpc_timeout=QUICK,
        )
    except WorkflowQueryRejectedError:
        return await handle.result(rpc_timeout=QUICK)


async def check_late_money(client: Client, closed: PaymentView) -> None:
    """Check that an order that ended unpaid was not paid afterwards.

    Raises:
        RefusedError: It was paid late, and the money is kept or being dealt with.
    """
    for number in range(1, attempt_of(closed.attempts[-1].payment_request_id) + 1):
        named = late_payment_id(payment_request_id(closed.order_id, number))
        handle: WorkflowHandle[LatePayment, LatePaymentView] = (
            client.get_workflow_handle(named, result_type=LatePaymentView)
        )
        try:
            described = await handle.describe(rpc_timeout=QUICK)
        except RPCError as error:
            if error.status is RPCStatusCode.NOT_FOUND:
                continue
            raise
        if described.status is WorkflowExecutionStatus.RUNNING:
            raise RefusedError("money that came late is being dealt with; call again")
        late = await handle.result(rpc_timeout=QUICK)
        if late.outcome is LateOutcome.HONOURED:
            raise RefusedError("the order was paid late, and the money is kept")


async def main() -> int:
    action, order_id, *wallet = sys.argv[1:]
    keyring = Keyring.load(Path(os.environ["CASHIER_PAYLOAD_KEYS_DIR"]))
    client = await connect(keyring=keyring)
    try:
        if action == "start":
            order = order_of_the_shop(order_id, *wallet or ["GCASH"])
            view = await take_payment(client, order)
        else:
            view = await look(client, order_id)
    except (RefusedError, WalletRuleError) as refused:
        print(json.dumps({"refused": str(refused)}))
        return 1
    print(view.model_dump_json())
    return 0


if __name__ == "__main__":
    code = asyncio.run(main())
    sys.stdout.flush()
    # Threads of the SDK may abort the interpreter while it shuts down
    # (https://github.com/temporalio/sdk-python/issues/300), so it exits at once.
    os._exit(code)
