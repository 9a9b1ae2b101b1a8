"""The receipt on the cashier page of a payment that can no longer be paid."""

from dataclasses import dataclass

from simulator.payments.payment import Payment, Status
from simulator.requests.money import Money
from wallet_looks import look_of

NOTHING_TAKEN = "Nothing was taken from you."


@dataclass(frozen=True)
class Receipt:
    """The state of a payment, in the words of a wallet."""

    title: str
    text: str
    is_good: bool = False


def receipt_of(payment: Payment) -> Receipt | None:
    """Return the receipt; None while the customer may still pay."""
    match payment.status:
        case Status.PROCESSING:
            return None
        case Status.PENDING:
            text = "The money will be taken in a moment. You need not wait for it here."
            return Receipt("We are working on it", text)
        case Status.SUCCESS:
            return Receipt("Paid", _taken(payment), is_good=True)
        case Status.CANCELLED:
            gone_back = f"{payment.charged} were taken, and have been returned to you."
            text = NOTHING_TAKEN if payment.paid_at is None else gone_back
            return Receipt("The shop has cancelled this payment", text)
        case Status.FAIL:
            return _unpaid(payment)


def _taken(payment: Payment) -> str:
    words = [f"{payment.charged} were taken from your {look_of(payment.wallet).name}."]
    if payment.charged != payment.asked:
        words.append(f"The shop had asked for {payment.asked}.")
    if back := sum(refund.value for refund in payment.refunds if refund.done):
        words.append(f"{Money(payment.currency, back)} have been returned to you.")
    return " ".join(words)


def _unpaid(payment: Payment) -> Receipt:
    if not payment.expired:
        return Receipt("You have declined", NOTHING_TAKEN)
    late = " This customer is about to pay all the same, too late."
    text = NOTHING_TAKEN + (late if payment.pays_late_at else "")
    return Receipt("The time to pay is over", text)
