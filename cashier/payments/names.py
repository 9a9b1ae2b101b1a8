"""Finds the order that an operator names, by an id of ours or of Alipay's."""

import re
from collections.abc import Awaitable, Callable
from contextlib import suppress

from temporalio.client import Client

from cashier.payments.reading import check_order_id
from cashier.temporal_calls import QUICK, CommandError
from contracts import (
    ORDER_ID_PATTERN,
    callbacks_id,
    late_payment_id,
    order_of,
    order_of_workflow,
    refunds_id,
    refunds_id_of,
    workflow_id,
)
from visibility import ORDER_ID
from visibility.views import newest_run

# Returns the payment_request_id of a paymentId; None where Alipay does not know it.
AskAlipay = Callable[[str], Awaitable[str | None]]

# Alipay's paymentIds have some 30 digits; an order id of that form is found first.
PAYMENT_ID = re.compile(r"[0-9]{16,64}")


async def order_named(
    client: Client, name: str, *, ask_alipay: AskAlipay | None = None
) -> str:
    """Return the id of the order that a name belongs to.

    Args:
        client: Reaches Temporal.
        name: An order, a payment_request_id, a refundRequestId, a workflow id, or
            Alipay's paymentId.
        ask_alipay: Returns the order of a paymentId; None: Alipay is not asked.

    Raises:
        CommandError: It has none of these forms, or Alipay does not know it.
    """
    if name.startswith(refunds_id("")):
        return await _order_of_refunds(client, name) or _order_of_workflow(name)
    if ":" in name:
        return _order_of_workflow(name)
    if re.fullmatch(ORDER_ID_PATTERN, name) and await _is_known(client, name):
        return name
    with suppress(ValueError):
        order = order_of(name)
        if await _is_known(client, order):
            return order
    with suppress(ValueError):
        if order_of_refund := await _order_of_refunds(client, refunds_id_of(name)):
            return order_of_refund
    if ask_alipay and PAYMENT_ID.fullmatch(name):
        return await _order_of_payment_id(name, ask_alipay)
    return check_order_id(name)


def _order_of_workflow(name: str) -> str:
    try:
        return order_of_workflow(name)
    except ValueError:
        forms = ", ".join(
            (
                *(workflow_id("ORDER"), callbacks_id("ORDER"), refunds_id("ORDER")),
                late_payment_id("ORDER_N"),
            )
        )
        raise CommandError(
            f"ORDER: {name!r} is not a workflow of an order: {forms}"
        ) from None


async def _order_of_refunds(client: Client, name: str) -> str | None:
    """Return the order of a workflow `OrderRefunds`; None where there is none.

    Its workflow id may not contain the order id: a long order id becomes a digest.
    """
    run = await newest_run(client, name, within=QUICK)
    return run.typed_search_attributes.get(ORDER_ID) if run else None


async def _order_of_payment_id(name: str, ask_alipay: AskAlipay) -> str:
    request_id = await ask_alipay(name)
    if request_id is None:
        raise CommandError(
            f"{name} is not an order in Temporal, and not the paymentId of a payment "
            "at Alipay"
        )
    try:
        return order_of(request_id)
    except ValueError:
        raise CommandError(
            f"Alipay's payment {name} is {request_id!r}, which is not an attempt of "
            "one of our orders: another system of the merchant made it"
        ) from None


async def _is_known(client: Client, order_id: str) -> bool:
    run = await newest_run(client, workflow_id(order_id), within=QUICK)
    return run is not None
