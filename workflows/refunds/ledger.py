"""The amounts of a payment: paid, refunded, reserved, and left. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field

from contracts import (
    InquiryVerdict,
    Money,
    OrderRefundCall,
    PaymentLook,
    RefundRequest,
    RefundSeen,
    RefundStatus,
    Refusal,
    ReservedRefund,
    in_words,
    refund_named_in,
)
from translation.refund_room import elsewhere, goes_back
from workflows.refunds.refund import Refund

# Verdicts that Alipay may give for a moment about a paid payment, for its inquiries may
# be behind its notifications. The amount left does not follow from them.
UNSETTLED = (
    InquiryVerdict.PROCESSING,
    InquiryVerdict.PENDING,
    InquiryVerdict.NOT_EXIST,
)


@dataclass
class Ledger:
    """The refunds of one payment.

    Attributes:
        paid: The paid amount, at first from the input; None while it is unknown.
        look: Alipay's last answer about the payment.
        refunds: By refund_id, in the order in which they were requested.
    """

    order_id: str
    payment_request_id: str
    wallet: str
    paid: Money | None
    paid_at: str | None = None
    look: PaymentLook | None = None
    refunds: dict[str, Refund] = field(default_factory=dict)

    @property
    def left(self) -> Money | None:
        """The amount that can still be refunded; None while `paid` is unknown."""
        return self._less(self.elsewhere)

    @property
    def elsewhere(self) -> tuple[RefundSeen, ...]:
        """Refunds that Alipay lists and that are not in this ledger.

        The list is as old as Alipay's last answer: a refund that was under way by then,
        and was refused since, does not count.
        """
        if self.look is None:
            return ()
        return tuple(
            one
            for one in elsewhere(self._call_of_nothing(), self.look)
            if not self._was_refused_since(one)
        )

    def _was_refused_since(self, one: RefundSeen) -> bool:
        refund = self.find(one.refund_request_id)
        return (
            refund is not None
            and refund.status is RefundStatus.REFUSED
            and one.status != "SUCCESS"
            and one.amount == refund.amount
        )

    def _less(self, elsewhere: Iterable[RefundSeen]) -> Money | None:
        """Return the paid amount, less our refunds and these."""
        if self.paid is None:
            return None
        settled = (InquiryVerdict.SUCCESS, *UNSETTLED)
        if self.look and self.look.verdict not in settled:
            return self.paid.model_copy(update={"value": 0})
        taken = sum(refund.reserved for refund in self.refunds.values())
        other = sum(
            self.paid.value if one.amount is None else one.amount.value
            for one in elsewhere
        )
        return self.paid.model_copy(
            update={"value": max(0, self.paid.value - taken - other)}
        )

    @property
    def is_everything_back(self) -> bool:
        """Whether certainly nothing is left, and no refund is open."""
        left = self.left
        return left is not None and left.value == 0 and not self.open

    @property
    def open(self) -> list[Refund]:
        """The refunds that are not over."""
        return [refund for refund in self.refunds.values() if not refund.is_over]

    def check(self, request: RefundRequest) -> tuple[Refusal, str] | None:
        """Return why a request is refused; None for a repeat, or if it may be reserved.

        The paid amount is known, or the request names an amount and Alipay answers
        later.
        """
        if known := self.refunds.get(request.refund_id):
            return why_no_repeat(known.amount, request)
        # A refund under way elsewhere may have failed since: Alipay is asked then.
        done = (one for one in self.elsewhere if one.status == "SUCCESS")
        return why_not(
            request, left=self.left, at_most=self._less(done), paid=self.paid
        )

    def call_for(self, refund: Refund) -> OrderRefundCall:
        """Return the call that makes a refund, with the other reserved refunds."""
        others = self._others(refund)
        is_all = refund.amount == self.paid and not self.elsewhere and not others
        return OrderRefundCall(
            order_id=self.order_id,
            payment_request_id=self.payment_request_id,
            wallet=self.wallet,
            refund_request_id=refund.request_id,
            amount=refund.amount,
            reason=refund.request.reason_for_customer,
            others=others,
            # Also where an earlier call may have been a cancel: now it may be listed.
            may_cancel=is_all or refund.may_be_cancelled,
            paid_at=(self.look and self.look.paid_at) or self.paid_at,
        )

    def take(self, look: PaymentLook) -> None:
        """Record Alipay's answer: the paid amount, and the refunds so far."""
        self.look = look
        if look.verdict not in UNSETTLED:
            self.paid = look.amount or self.paid
        self.paid_at = look.paid_at or self.paid_at

    def succeeded_by(self, look: PaymentLook) -> list[tuple[Refund, str]]:
        """Return our refunds that Alipay lists as successful, with their ids there."""
        return [
            (refund, one.refund_request_id)
            for one in look.refunds
            for refund in self.refunds.values()
            if goes_back(one)
            and one.status == "SUCCESS"
            and one.amount == refund.amount
            and refund_named_in(one.refund_request_id) == refund.name
        ]

    def find(self, refund_request_id: str) -> Refund | None:
        """Return the refund of which this is a try."""
        name = refund_named_in(refund_request_id)
        for refund in self.refunds.values():
            if refund.name == name:
                return refund
        return None

    def _others(self, but: Refund | None) -> tuple[ReservedRefund, ...]:
        """Return our other refunds with their reserved amounts.

        One that has bounced is among them with 0, for Alipay still lists it as given
        back.
        """
        return tuple(
            ReservedRefund(
                name=one.name,
                amount=one.amount.model_copy(update={"value": one.reserved}),
            )
            for one in self.refunds.values()
            if one is not but and one.status is not RefundStatus.REFUSED
        )

    def _call_of_nothing(self) -> OrderRefundCall:
        nothing = self.paid or Money(currency="", value=0)
        return OrderRefundCall(
            order_id=self.order_id,
            payment_request_id=self.payment_request_id,
            wallet=self.wallet,
            refund_request_id="",
            amount=nothing,
            others=self._others(None),
        )


def why_not(
    request: RefundRequest,
    *,
    left: Money | None,
    at_most: Money | None,
    paid: Money | None,
) -> tuple[Refusal, str] | None:
    """Return why a new refund is refused; None if it is not, or this is not known yet.

    Args:
        request: The requested refund.
        left: The amount that can still be refunded; None while it is unknown.
        at_most: The same, if all refunds under way elsewhere had failed.
        paid: The paid amount.
    """
    if left is None or at_most is None:
        if request.remaining is None:
            return None
        return Refusal.REMAINING_DIFFERS, (
            "remaining: what can still be refunded is not known here, for the payment "
            "is not kept any more; leave it out, or ask Alipay's portal"
        )
    if request.amount and request.amount.currency != left.currency:
        return Refusal.CURRENCY_DIFFERS, (
            f"amount.currency: must be {left.currency}, as the payment's, not "
            f"{request.amount.currency}"
        )
    if request.remaining is not None and request.remaining != left:
        return Refusal.REMAINING_DIFFERS, (
            f"remaining: {in_words(left)} can still be refunded, not "
            f"{in_words(request.remaining)}"
        )
    asked = request.amount or left
    if asked.value > at_most.value or asked.value == 0:
        return Refusal.MORE_THAN_IS_LEFT, (
            f"amount: {in_words(left)} can still be refunded of "
            f"{in_words(paid)}, not {in_words(asked)}"
            if left.value
            else f"amount: nothing is left to refund of {in_words(paid)}"
        )
    return None


def why_no_repeat(amount: Money, request: RefundRequest) -> tuple[Refusal, str] | None:
    """Return why a request does not repeat the refund it names; `by` may differ.

    Args:
        amount: The amount of the refund with this refund_id.
        request: The new request.
    """
    if request.amount in (None, amount):
        return None
    return Refusal.REFUND_DIFFERS, (
        f"refund_id: {request.refund_id} is a refund of {in_words(amount)}, not of "
        f"{in_words(request.amount)}"
    )
