"""The input of a new `OrderRefunds`, which owns an order's refunds."""

from api.merchant_rules import MerchantRules
from api.refunds.payers import Payer
from contracts import RELEASE, Money, RefundsInput, RefundsView


def new_owner(
    payer: Payer,
    known: RefundsView | None,
    rules: MerchantRules,
    asked: Money | None = None,
) -> RefundsInput:
    """Return the input of a new owner; an open one keeps its own.

    Args:
        payer: The payment that pays the order.
        known: The result of the previous owner; None where there was none.
        rules: The merchant's current rules.
        asked: The requested amount, where only Alipay knows the paid amount: both must
            be in the same currency, which decides how much one person may refund.
    """
    money = payer.paid or asked
    currency = money.currency if money else ""
    return RefundsInput(
        order_id=payer.order_id,
        payment_request_id=payer.payment_request_id,
        wallet=payer.wallet,
        paid=payer.paid,
        paid_at=payer.paid_at,
        known=known,
        second_person_above=rules.most_for_one_person(currency),
        tells_shop=rules.tells_shop,
        runbook_url=rules.runbook_url,
        release=RELEASE,
        trust=rules.trust,
    )
