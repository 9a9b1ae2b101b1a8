"""Adds Alipay's answers and notices to the facts, in any order of arrival."""

from datetime import datetime

from contracts import (
    CancelVerdict,
    InquiryVerdict,
    Money,
    OrderRefundAnswer,
    OrderRefundCall,
    RefundAnswer,
    RefundNotified,
    RefundVerdict,
    Refusal as Refused,
    SignedEvidence,
    in_words,
)
from translation.refund_room import (
    is_another_amount,
    is_under_way,
    lists_a_cancel,
    room_for,
)
from workflows.refunds.ledger import UNSETTLED, Ledger
from workflows.refunds.refund import CANCELLED_BEFORE, Refund, Refusal
from workflows.refunds.trust import proof_in

# The meaning of refundStatus in a notice (docs/protocol.md 2.7).
_OF_STATUS = {"SUCCESS": RefundVerdict.REFUNDED, "FAIL": RefundVerdict.REFUSED}


def record_order_answer(
    ledger: Ledger,
    refund: Refund,
    call: OrderRefundCall,
    said: OrderRefundAnswer,
    now: datetime,
) -> None:
    """Record Alipay's answer to one activity `refund_order`."""
    look = said.look
    ledger.take(look)
    for one, request_id in ledger.succeeded_by(look):
        one.has_gone_back(request_id, now, proof_in(look))
    if said.cancel and said.cancel.verdict is CancelVerdict.CANCELLED:
        refund.was_cancelled(now, proof_in(said.cancel))
    elif said.refund and _may_follow_a_cancel(call, said.refund, said):
        refund.got_no_verdict(now)
    elif said.refund:
        # `refund` was called after a cancel had been refused, or instead of one.
        refund.may_be_cancelled = False
        record_answer(ledger, refund, call.refund_request_id, said.refund, now)
    elif refund.is_over:
        return  # Alipay lists it as refunded
    elif is_under_way(call, look):
        taken_on = RefundAnswer(verdict=RefundVerdict.IN_PROCESS)
        record_answer(ledger, refund, call.refund_request_id, taken_on, now)
    elif look.verdict is InquiryVerdict.CANCELLED:
        if call.may_cancel:
            refund.was_cancelled(now, proof_in(look))
        else:
            words = "the whole payment has gone back already, by a cancel"
            refund.is_refused(Refusal(CANCELLED_BEFORE, words), now)
    else:
        _was_not_sent(ledger, refund, call, said, now)


def _may_follow_a_cancel(
    call: OrderRefundCall, refund: RefundAnswer, said: OrderRefundAnswer
) -> bool:
    """Whether a refusal says nothing, for a cancel may be taking effect unseen.

    An earlier try of this call may have sent that. Then the payment is asked about
    again, after a pause.
    """
    is_refused = refund.verdict is RefundVerdict.REFUSED
    return is_refused and call.may_cancel and not said.certain


def _was_not_sent(
    ledger: Ledger,
    refund: Refund,
    call: OrderRefundCall,
    said: OrderRefundAnswer,
    now: datetime,
) -> None:
    """Record that nothing was sent, because of Alipay's answer to the inquiry."""
    is_contradiction = ledger.paid is not None and said.look.verdict in UNSETTLED
    is_being_cancelled = call.may_cancel and lists_a_cancel(said.look)
    is_unclear = is_contradiction or is_being_cancelled
    refusal = None if is_unclear else _refusal_by(call, said)
    if refusal and said.certain:
        refund.is_refused(refusal, now)
    else:
        # The answer is not the worker's; an earlier try of this call may have taken
        # effect without an answer; another try of this refund is listed as successful
        # or in process, or a cancel is; or Alipay does not know yet of a payment that
        # it called paid.
        refund.is_withheld = said.certain
        refund.got_no_verdict(now)


def _refusal_by(call: OrderRefundCall, said: OrderRefundAnswer) -> Refusal | None:
    look = said.look
    if look.verdict is not InquiryVerdict.SUCCESS:
        return Refusal(Refused.NOT_PAID, f"Alipay calls the payment {look.verdict}")
    if is_another_amount(call, look):
        words = "this refund_id was used for another amount before"
        return Refusal(Refused.REFUND_DIFFERS, words)
    room = Money(currency=call.amount.currency, value=room_for(call, look))
    if room.value < call.amount.value:
        words = f"{in_words(room)} can still be refunded, says Alipay"
        return Refusal(Refused.MORE_THAN_IS_LEFT, words)
    return None


def record_notice(
    ledger: Ledger, notice: RefundNotified, now: datetime
) -> Refund | None:
    """Record a proven notice; return its refund, or None for an unknown refund."""
    refund = ledger.find(notice.refund_request_id)
    verdict = _OF_STATUS.get(notice.status)
    if refund is None or verdict is None or notice.amount not in (None, refund.amount):
        return None
    said = RefundAnswer(
        verdict=verdict,
        result_code=notice.result_code,
        result_message=notice.result_message,
    )
    record_answer(
        ledger,
        refund,
        notice.refund_request_id,
        said,
        now,
        proof=notice.evidence,
        is_inquired=True,
    )
    return refund


def record_answer(
    ledger: Ledger,
    refund: Refund,
    request_id: str,
    said: RefundAnswer,
    now: datetime,
    *,
    proof: SignedEvidence | None = None,
    is_inquired: bool = False,
) -> None:
    """Record Alipay's answer about one try of a refund."""
    refund.add_answer(
        request_id,
        said,
        now,
        proof=proof or proof_in(said),
        is_inquired=is_inquired,
        is_all_of_it=refund.amount == ledger.paid,
    )
