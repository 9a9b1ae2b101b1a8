"""Whether the wallet and the state of a payment allow a refund; pure."""

from datetime import datetime, timedelta

from simulator.payments.payment import Payment, Status
from simulator.requests.money import Money
from simulator.requests.refusal import RefusedError


def check_refund(payment: Payment, amount: Money, now: datetime) -> None:
    """Check that this amount may be refunded (docs/protocol.md 3.7).

    Raises:
        RefusedError: The wallet, the state, the period or the amount forbids it.
    """
    rules = payment.rules
    if not rules.refundable:
        raise RefusedError("REFUND_NOT_SUPPORTED", f"{payment.wallet} has no refunds.")
    _check_state(payment)
    if amount.currency != payment.currency:
        raise RefusedError(
            "CURRENCY_NOT_SUPPORT", f"refundAmount.currency must be {payment.currency}"
        )
    if payment.paid_at and now >= payment.paid_at + timedelta(days=rules.refund_days):
        raise RefusedError("REFUND_WINDOW_EXCEED", "The refund period is over.")
    if amount.value > payment.left:
        raise RefusedError("REFUND_AMOUNT_EXCEED", "Refunds exceed the payment.")
    if amount != payment.charged:
        _check_part(payment, amount)


def _check_state(payment: Payment) -> None:
    if payment.status is Status.CANCELLED and payment.paid_at is not None:
        raise RefusedError("ORDER_IS_CANCELED", "The money has gone back already.")
    if payment.status in {Status.FAIL, Status.CANCELLED}:
        raise RefusedError("ORDER_IS_CLOSED", "The payment was never paid.")
    if payment.paid_at is None:
        raise RefusedError("ORDER_STATUS_INVALID", "The payment is not paid yet.")


def _check_part(payment: Payment, amount: Money) -> None:
    rules = payment.rules
    if not rules.partial_refunds:
        raise RefusedError(
            "PARTIAL_REFUND_NOT_SUPPORTED", f"{payment.wallet} refunds in full only."
        )
    # The code is our conclusion: no page says how too small a refund is refused. The
    # rest is not checked, so that too small a rest can never be refunded.
    if amount.value < rules.smallest_refund:
        least = Money(payment.currency, rules.smallest_refund)
        raise RefusedError("PROCESS_FAIL", f"A refund is at least {least}.")
