"""Finds the payment of which money goes back, and the rules that it was begun with."""

from temporalio.client import Client

from api.problems import Problem
from api.refunds.payers import Payer, payer_of
from cashier.payments.reading import look_at_order
from cashier.temporal_calls import QUICK, CommandError
from contracts import RELEASE, Order, RefundsInput, RefundsView, workflow_id
from visibility.stopped import UnreadableRunError, read_input
from visibility.views import newest_run


async def input_for(
    client: Client, order_id: str, known: RefundsView | None
) -> RefundsInput:
    """Return with what the owner of an order's refunds begins.

    The rules are those of the order's payment: whom it trusts, how much one person may
    give back, whether the shop is told.

    Args:
        client: Reads the payment, with the keys.
        order_id: The order, which must be paid.
        known: How the owner before has ended.

    Raises:
        CommandError: The order is not paid, was stopped, is not kept any more, or not
            readable.
    """
    payer, order = await _payer(client, order_id), await _order(client, order_id)
    return RefundsInput(
        order_id=order_id,
        payment_request_id=payer.payment_request_id,
        wallet=payer.wallet,
        paid=(known.paid if known else None) or payer.paid,
        paid_at=payer.paid_at,
        known=known,
        second_person_above=order.second_person_above,
        tells_shop=order.tells_shop,
        runbook_url=order.runbook_url,
        release=RELEASE,
        trust=order.trust,
    )


async def _payer(client: Client, order_id: str) -> Payer:
    seen = await look_at_order(client, order_id)
    if seen.payment.view is None:
        raise CommandError(
            f"the payment of {order_id} was stopped before its end: "
            f"{seen.payment.stopped}. Have it go on first: cashier recover {order_id} "
            "--by NAME --reason WHY"
        )
    late = [one.view for one in seen.late_money if one.view]
    try:
        return payer_of(seen.payment.view, late)
    except Problem as problem:
        raise CommandError(f"refused: {problem}") from problem


async def _order(client: Client, order_id: str) -> Order:
    run = await newest_run(client, workflow_id(order_id), within=QUICK)
    if run is None:
        raise CommandError(f"the payment of {order_id} is not kept any more")
    try:
        return await read_input(client, run, Order)
    except UnreadableRunError as error:
        raise CommandError(f"{run.id}: {error}") from error
