"""The summary of a payment's refunds, as part of the payment's state."""

from typing import Self

from pydantic import BaseModel

from contracts import ENDED, Money, RefundStatus, RefundsView


class RefundBrief(BaseModel):
    """The summary of one refund."""

    refund_id: str
    amount: Money
    status: RefundStatus


class RefundsOfPayment(BaseModel):
    """The refunds of a payment: refunded, under way, and left to refund.

    Refunds in Alipay's portal are included as far as they are known.
    """

    given_back: Money
    under_way: Money
    left: Money
    refunds: list[RefundBrief]

    @classmethod
    def of(cls, view: RefundsView) -> Self | None:
        """Return the summary of the refunds; None where there are none."""
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
    """Return the amount of refunds under way, or of unknown outcome."""
    ours = [one.amount for one in view.refunds if one.status not in ENDED]
    others = [one.amount for one in view.elsewhere if one.status != "SUCCESS"]
    return _money(view, sum(one.value for one in [*ours, *others] if one))


def given_back(view: RefundsView) -> Money:
    """Return the amount that was certainly refunded, and has not bounced."""
    if view.paid and view.left:
        left = view.left.value + under_way(view).value
        return _money(view, max(0, view.paid.value - left))
    back = [one for one in view.refunds if one.status is RefundStatus.SUCCEEDED]
    return _money(view, sum(one.amount.value for one in back))


def _money(view: RefundsView, value: int) -> Money:
    known = view.paid or view.refunds[0].amount
    return Money(currency=known.currency, value=value)
