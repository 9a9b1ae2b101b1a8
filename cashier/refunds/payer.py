"""Finds the payment to refund, and checks a refund before it is sent."""

from contextlib import suppress

from temporalio.client import Client

from api.merchant_rules import ALL_OTHERS, MerchantRules
from api.problems import Problem
from api.refunds.disputes import Disputes
from api.refunds.new_owner import new_owner
from api.refunds.payers import Payer, payer_in, payer_of
from api.refunds.wallet_rules import check_wallet
from cashier.payments.reading import look_at_order
from cashier.temporal_calls import QUICK, CommandError
from contracts import Money, Order, RefundsInput, RefundsView, workflow_id
from visibility.stopped import UnreadableRunError, read_input
from visibility.views import newest_run


async def find_payer(client: Client, order_id: str) -> Payer:
    """Return the payment that pays an order.

    Raises:
        CommandError: No payment pays it, or its payment was stopped, or is past its
            retention.
    """
    seen = await look_at_order(client, order_id)
    if seen.payment.view is None:
        raise CommandError(
            f"the payment of {order_id} was stopped before its end: "
            f"{seen.payment.stopped}. Recover it first: cashier recover {order_id} "
            "--by NAME --reason WHY"
        )
    late = [one.view for one in seen.late_money if one.view]
    try:
        return payer_of(seen.payment.view, late)
    except Problem as problem:
        raise CommandError(f"refused: {problem}") from problem


async def input_for(
    client: Client, payer: Payer, known: RefundsView | None
) -> RefundsInput:
    """Return the input of an order's `OrderRefunds`.

    The rules are those of the order's payment: trusted keys, the limit of one person,
    whether the shop is notified.

    Args:
        client: Reads the payment's input, with the keys.
        payer: The payment that pays the order.
        known: The result of the run before.

    Raises:
        CommandError: The payment is past its retention, or not readable.
    """
    order = await _order(client, payer.order_id)
    above = order.second_person_above
    rules = MerchantRules(
        second_person_above=None if above is None else {ALL_OTHERS: above},
        tells_shop=order.tells_shop,
        runbook_url=order.runbook_url,
        trust=order.trust,
    )
    return new_owner(payer, known, rules)


async def check_refund(
    client: Client, payer: Payer, amount: Money | None, left: Money | None
) -> str:
    """Check a new refund by its wallet's rules; return the id of an open dispute.

    Args:
        client: Reads the notices of disputes, with the keys.
        payer: The payment that pays the order.
        amount: The amount to refund; None for all that is left.
        left: The amount that can still be refunded; None while it is unknown.

    Raises:
        CommandError: The wallet allows no refund, or not this one.
    """
    try:
        if asked := amount or left:
            check_wallet(payer, asked, left)
        return await Disputes(client).open_about(payer)
    except Problem as problem:
        raise CommandError(f"refused: {problem}") from problem


async def find_dispute(client: Client, refunds: RefundsView) -> str:
    """Return the id of an open dispute about a payment; empty where none is known.

    Raises:
        CommandError: Nobody answers.
    """
    payer = payer_in(refunds)
    with suppress(CommandError):  # not kept any more
        payer = await find_payer(client, refunds.order_id)
    try:
        return await Disputes(client).open_about(payer)
    except Problem as problem:
        raise CommandError(f"refused: {problem}") from problem


async def _order(client: Client, order_id: str) -> Order:
    run = await newest_run(client, workflow_id(order_id), within=QUICK)
    if run is None:
        raise CommandError(
            f"the payment of {order_id} is past its retention in Temporal"
        )
    try:
        return await read_input(client, run, Order)
    except UnreadableRunError as error:
        raise CommandError(f"{run.id}: {error}") from error
