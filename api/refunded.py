"""A payment's refunds, in short, as part of the payment's state."""

from typing import Self

from pydantic import BaseModel

from contracts import ENDED, Money, RefundStatus, RefundsView


class RefundBrief(BaseModel):
    """One refund of a payment, in short."""

    refund_id: str
    amount: Money
    status: RefundStatus


class RefundsOfPayment(BaseModel):
    """What went back of a payment, what may, and what is left of it.

    What went back by Alipay's portal counts as far as it is known.
    """

    given_back: Money
    under_way: Money
    left: Money
    refunds: list[RefundBrief]

    @classmethod
    def of(cls, view: RefundsView) -> Self | None:
        """Return the refunds in short; None where nothing went back, nor may."""
        if view.left is None or not (view.refunds or view.elsewhere):
            return None
        return cls(
            given_back=given_back(view),
            under_way=under_way(view),
            left=view.left,
            refunds=[
                RefundBrief(**one.model_dump(include=_SHORT)) for one in view.refunds
            ],
        )


_SHORT = set(RefundBrief.model_fields)


def under_way(view: RefundsView) -> Money:
    """Return what may have gone back, or is going to, and nobody knows for certain."""
    ours = [one.amount for one in view.refunds if one.status not in ENDED]
    others = [one.amount for one in view.elsewhere if one.status != "SUCCESS"]
    return _money(view, sum(one.value for one in [*ours, *others] if one))


def given_back(view: RefundsView) -> Money:
    """Return what has gone back for certain, and has not bounced."""
    if view.paid and view.left:
        left = view.left.value + under_way(view).value
        return _money(view, max(0, view.paid.value - left))
    back = [one for one in view.refunds if one.status is RefundStatus.SUCCEEDED]
    return _money(view, sum(one.amount.value for one in back))


def _money(view: RefundsView, value: int) -> Money:
    known = view.paid or view.refunds[0].amount
    return Money(currency=known.currency, value=value)
