"""Computes from Alipay's list of refunds how much of a payment may still go back."""

from contracts import (
    InquiryVerdict,
    OrderRefundCall,
    PaymentLook,
    RefundSeen,
    refund_named_in,
)

# Kinds of transactions that take money. All others, also unknown ones, count as money
# that goes back.
TAKES_MONEY = ("PAYMENT", "CAPTURE", "AUTHORIZATION", "INCREMENTAL_AUTHORIZATION")
FAILED = ("FAIL", "CANCELLED")


def room_for(call: OrderRefundCall, look: PaymentLook) -> int:
    """Return how much this refund may give back at most, in minor units.

    The paid amount, less our other refunds and further ones that Alipay lists: those
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
    """Whether this refund may be sent after Alipay's answer about the payment."""
    return (
        look.verdict is InquiryVerdict.SUCCESS
        and not is_another_amount(call, look)
        and not is_under_way(call, look)
        and not is_another_try_listed(call, look)
        and room_for(call, look) >= call.amount.value
    )


def elsewhere(call: OrderRefundCall, look: PaymentLook) -> tuple[RefundSeen, ...]:
    """Return the listed money that went back, or may, besides the call's refunds."""
    known = {other.name for other in call.others}
    known.add(refund_named_in(call.refund_request_id))
    known.discard("")  # a refund that Alipay lists without an id has this name
    return tuple(
        one
        for one in look.refunds
        if goes_back(one) and refund_named_in(one.refund_request_id) not in known
    )


def goes_back(one: RefundSeen) -> bool:
    """Whether this transaction has given money back, or may do so."""
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
    """Whether Alipay lists this try as in process: then it is never sent again."""
    return any(
        one.refund_request_id == call.refund_request_id and one.status == "PROCESSING"
        for one in look.refunds
    )


def is_another_try_listed(call: OrderRefundCall, look: PaymentLook) -> bool:
    """Whether an earlier try of the same refund has given money back, or may do so.

    A new one begins only after the earlier was refused. Where Alipay lists that one as
    successful all the same, or as in process, the new one would give it back twice.
    """
    name = refund_named_in(call.refund_request_id)
    return any(
        one.refund_request_id != call.refund_request_id
        and refund_named_in(one.refund_request_id) == name
        and goes_back(one)
        for one in look.refunds
    )


def lists_a_cancel(look: PaymentLook) -> bool:
    """Whether Alipay lists a cancel that gives money back, or may do so."""
    return any(one.kind == "CANCEL" and goes_back(one) for one in look.refunds)


def is_all_of_it(call: OrderRefundCall, look: PaymentLook) -> bool:
    """Whether a cancel may replace the refund: the only one, of the whole payment.

    A failed refund counts at Alipay, too (docs/protocol.md 3.6).
    """
    return (
        call.may_cancel
        and not call.others
        and look.amount == call.amount
        and not look.refunds
    )
