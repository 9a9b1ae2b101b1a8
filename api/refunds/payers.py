"""Finds the payment that pays an order, for its refunds."""

from collections.abc import Sequence
from dataclasses import dataclass

from api.problems import Problem
from contracts import (
    AttemptView,
    LateOutcome,
    LatePaymentView,
    Money,
    PaymentOutcome,
    PaymentStatus,
    PaymentView,
    RefundsView,
    in_words,
    order_of,
)


@dataclass(frozen=True)
class Payer:
    """The payment that pays an order.

    Attributes:
        wallet: Alipay's code; empty where it is unknown.
        paid: The paid amount; None where only Alipay knows it.
        paid_at: When, in Alipay's format; None where it is unknown.
        payment_id: Alipay's paymentId; None where it is unknown.
    """

    order_id: str
    payment_request_id: str
    wallet: str = ""
    paid: Money | None = None
    paid_at: str | None = None
    payment_id: str | None = None


def payer_of(view: PaymentView, late: Sequence[LatePaymentView]) -> Payer:
    """Return the payment that pays an order.

    Args:
        view: The order's payment.
        late: Its late money, where the payment has ended unpaid.

    Raises:
        Problem: 409 where nothing pays it, or it is not known yet.
    """
    if view.outcome is None:
        raise _open(view)
    if view.outcome is PaymentOutcome.PAID:
        paid = [one for one in view.attempts if one.is_paid]
        if not paid:
            raise Problem(
                409,
                "NOT_PAID",
                f"a person has resolved order {view.order_id} as paid, and no payment "
                "at Alipay is known for it; refund it in Alipay's portal",
            )
        return _payer(view, paid[-1], view.amount, view.paid_at)
    for money in late:
        if money.outcome is LateOutcome.HONOURED:
            return _payer_late(view, money)
    raise _unpaid(view, late)


def payer_not_kept(order_id: str, payment_request_id: str) -> Payer:
    """Return a payment past its retention here, by the id that the caller gives.

    Raises:
        Problem: 422 where the id is of another order.
    """
    try:
        is_its_own = order_of(payment_request_id) == order_id
    except ValueError:
        is_its_own = False
    if not is_its_own:
        rule = f"must be {order_id}_ and the number of the attempt that was paid"
        raise Problem(
            422,
            "INVALID",
            f"payment_request_id: {rule}",
            errors=[{"field": "payment_request_id", "rule": rule}],
        )
    return Payer(order_id, payment_request_id)


def payer_in(view: RefundsView, wallet: str = "") -> Payer:
    """Return the payment of these refunds, even if it is past its retention.

    Args:
        view: The refunds.
        wallet: Alipay's code; empty where it is unknown.
    """
    return Payer(view.order_id, view.payment_request_id, wallet, view.paid)


def _payer(
    view: PaymentView, attempt: AttemptView, paid: Money, paid_at: str | None
) -> Payer:
    return Payer(
        order_id=view.order_id,
        payment_request_id=attempt.payment_request_id,
        wallet=attempt.wallet,
        paid=paid,
        paid_at=paid_at,
        payment_id=attempt.payment_id,
    )


def _payer_late(view: PaymentView, money: LatePaymentView) -> Payer:
    name = money.payment_request_id
    known = [one for one in view.attempts if one.payment_request_id == name]
    attempt = known[0] if known else AttemptView(payment_request_id=name, wallet="")
    return _payer(view, attempt, money.amount, money.paid_at)


def _open(view: PaymentView) -> Problem:
    if view.status is PaymentStatus.REVIEW:
        return Problem(
            409, "UNDER_REVIEW", f"order {view.order_id} waits for a person's decision"
        )
    return Problem(
        409,
        "OPEN",
        f"order {view.order_id} is not paid yet ({view.status}): cancel the payment "
        "instead",
    )


def _unpaid(view: PaymentView, late: Sequence[LatePaymentView]) -> Problem:
    order_id = view.order_id
    if any(money.outcome is None for money in late):
        return Problem(
            409,
            "LATE_MONEY",
            f"order {order_id} ended {view.outcome}, and money that came after that "
            "is being handled; read the payment",
            headers={"Retry-After": "5"},
        )
    for money in late:
        if money.outcome in (LateOutcome.RETURNED, LateOutcome.REFUNDED):
            return Problem(
                409,
                "GONE_BACK",
                f"order {order_id} ended {view.outcome}, and the "
                f"{in_words(money.amount)} that came after that were already returned",
            )
    return Problem(
        409,
        "NOT_PAID",
        f"order {order_id} ended {view.outcome}: there is nothing to refund",
    )
