"""The input of a new owner of refunds."""

from api.merchant_rules import MerchantRules
from api.refunds.payers import Payer
from contracts import RELEASE, Money, RefundsInput, RefundsView


def new_owner(
    payer: Payer,
    known: RefundsView | None,
    rules: MerchantRules,
    asked: Money | None = None,
) -> RefundsInput:
    """Return the input of a new owner; an open one goes on with its own.

    Args:
        payer: The payment that pays the order.
        known: How the owner before this one has ended; None where there was none.
        rules: The merchant's rules of today.
        asked: What is asked for, where only Alipay knows what was paid: it must be in
            the same currency, which says how much one person may give back.
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
