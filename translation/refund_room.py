"""How much of a payment's money may still go back, by Alipay's own list."""

from contracts import (
    InquiryVerdict,
    OrderRefundCall,
    PaymentLook,
    RefundSeen,
    refund_named_in,
)

# Kinds of transactions that take money. All others, also such as nobody knows yet,
# count as money that goes back.
TAKES_MONEY = ("PAYMENT", "CAPTURE", "AUTHORIZATION", "INCREMENTAL_AUTHORIZATION")
FAILED = ("FAIL", "CANCELLED")


def room_for(call: OrderRefundCall, look: PaymentLook) -> int:
    """Return how much this refund may give back at most, in minor units.

    What was paid, less our other refunds and what Alipay lists besides them: refunds
    made in its portal, and those of runs that are not kept any more.
    """
    if look.verdict is not InquiryVerdict.SUCCESS or look.amount is None:
        return 0
    if look.amount.currency != call.amount.currency:
        return 0
    paid = look.amount.value
    ours = sum(other.amount.value for other in call.others)
    listed = sum(
        paid if one.amount is None else one.amount.value
        for one in elsewhere(call, look)
    )
    return max(0, paid - ours - listed)


def may_be_sent(call: OrderRefundCall, look: PaymentLook) -> bool:
    """Whether Alipay's look at the payment allows to send this refund."""
    return (
        look.verdict is InquiryVerdict.SUCCESS
        and not is_another_amount(call, look)
        and not is_under_way(call, look)
        and room_for(call, look) >= call.amount.value
    )


def elsewhere(call: OrderRefundCall, look: PaymentLook) -> tuple[RefundSeen, ...]:
    """Return the money that went back, or may, beside the call's refunds."""
    known = {other.name for other in call.others}
    known.add(refund_named_in(call.refund_request_id))
    known.discard("")  # so is named what Alipay lists without an id
    return tuple(
        one
        for one in look.refunds
        if goes_back(one) and refund_named_in(one.refund_request_id) not in known
    )


def goes_back(one: RefundSeen) -> bool:
    """Whether money has gone back by this, or may do so."""
    return one.kind not in TAKES_MONEY and one.status not in FAILED


def is_another_amount(call: OrderRefundCall, look: PaymentLook) -> bool:
    """Whether the id was used for another amount, by a run that is not kept."""
    name = refund_named_in(call.refund_request_id)
    return any(
        refund_named_in(one.refund_request_id) == name
        and goes_back(one)
        and one.amount not in (None, call.amount)
        for one in look.refunds
    )


def is_under_way(call: OrderRefundCall, look: PaymentLook) -> bool:
    """Whether Alipay lists this try as taken on: it is never sent again then."""
    return any(
        one.refund_request_id == call.refund_request_id and one.status == "PROCESSING"
        for one in look.refunds
    )


def is_all_of_it(call: OrderRefundCall, look: PaymentLook) -> bool:
    """Whether a cancel may take the refund's place: nothing else ever goes back.

    Also a refund that has failed counts at Alipay (docs/protocol.md 3.6).
    """
    return (
        call.may_cancel
        and not call.others
        and look.amount == call.amount
        and not look.refunds
    )
