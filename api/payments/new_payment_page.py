"""The search attributes, summary and details with which a payment starts.

They contain nothing about the customer: search attributes are not encrypted.
"""

from datetime import UTC, datetime, timedelta

from temporalio.common import TypedSearchAttributes

from alipay.wallets import WALLETS, default_expiry
from api.merchant_rules import MerchantRules
from contracts import LatePaymentInput, Order, in_words
from visibility import Listed, attributes_of
from workflows.late_money.questions import PATIENCE


def facts_of(order: Order, rules: MerchantRules) -> str:
    """Return the static details of a payment: Markdown, nothing about the customer."""
    wallet = WALLETS.get(order.wallet)
    name = f"{wallet.name} (`{order.wallet}`)" if wallet else f"`{order.wallet}`"
    settled = (
        f"in {order.settlement_currency}"
        if order.settlement_currency
        else "as agreed with Alipay"
    )
    lines = [
        f"Order `{order.order_id}`: {in_words(order.amount)} with {name}, from "
        f"attempt {order.first_attempt} on.",
        f"Merchant `{rules.client_id}`; settled {settled}; terminal "
        f"{order.terminal.type}.",
        f"In the shop's API: `GET /payments/{order.order_id}`. On the command line: "
        f"`cashier payments show {order.order_id}`.",
        _when_nothing_is_shown(order.runbook_url),
    ]
    return "\n\n".join(lines)


def facts_of_late_money(late: LatePaymentInput) -> str:
    """Return the static details of late money."""
    return "\n\n".join(
        [
            f"Late money of attempt `{late.payment_request_id}`, order "
            f"`{late.order_id}` over {in_words(late.amount)}; the shop's policy is "
            f"{late.policy}.",
            f"On the command line: `cashier payments show {late.order_id}`.",
            _when_nothing_is_shown(late.runbook_url),
        ]
    )


def _when_nothing_is_shown(url: str | None) -> str:
    no_worker = f"[no worker runs]({url}#no-worker)" if url else "no worker runs"
    fails = (
        f"[the workflow's code fails]({url}#workflow-task-fails)"
        if url
        else "the workflow's code fails"
    )
    return (
        "The current details, which say what it waits for, come from a worker: if "
        f"there are none, {no_worker}, or {fails}."
    )


def summary_of(order: Order) -> str:
    """Return the static summary: wallet, money, order."""
    return f"{order.wallet} {in_words(order.amount)}, order {order.order_id}"


def listing_of(order: Order) -> TypedSearchAttributes:
    """Return the search attributes of a new payment, with the wallet's usual expiry."""
    minutes = order.expires_in_minutes
    lasts = timedelta(minutes=minutes) if minutes else default_expiry(order.wallet)
    return attributes_of(
        order_id=order.order_id,
        amount=order.amount,
        wallet=order.wallet,
        expires_at=datetime.now(UTC) + lasts,
    )


def listing_of_late_money(late: LatePaymentInput) -> TypedSearchAttributes:
    """Return the search attributes of late money."""
    return attributes_of(
        order_id=late.order_id,
        amount=late.amount,
        wallet=late.wallet,
        status=Listed.LATE_MONEY,
        expires_at=datetime.now(UTC) + PATIENCE,
    )
