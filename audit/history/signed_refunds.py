"""Alipay's signed statements about refunds, one for each try in a message."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from audit.history.answers import Answered, RefundNotice
from contracts import (
    AlipayAnswer,
    CancelAnswer,
    CancelVerdict,
    InquiryVerdict,
    OrderRefundCall,
    PaymentLook,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    RefundVerdict,
)
from translation.refund_room import goes_back

# F, after which a refund is sent again with a new id (docs/protocol.md 3.7).
BALANCE_TOO_LOW: Final = "MERCHANT_BALANCE_NOT_ENOUGH"
# F: a cancel has already returned the whole payment.
CANCELLED_BEFORE: Final = "ORDER_IS_CANCELED"
_OF_NOTICE: Final = {"SUCCESS": RefundVerdict.REFUNDED, "FAIL": RefundVerdict.REFUSED}


@dataclass(frozen=True)
class SignedRefund:
    """Alipay's signed statement about one try of a refund.

    Attributes:
        request_id: The refundRequestId of that try.
        was_sent: Whether it answers the refund itself, and not an inquiry.
        by_cancel: Whether it is about a cancel instead of the refund.
    """

    event_id: int
    request_id: str
    verdict: RefundVerdict
    code: str = ""
    was_sent: bool = False
    by_cancel: bool = False


def signed_in_answer(
    one: Answered, whole: OrderRefundCall | None
) -> Iterator[SignedRefund]:
    """Yield the statements about refunds in an answer.

    Args:
        one: Alipay's signed answer to one call.
        whole: The refund that the call belongs to; None for an inquiry.
    """
    event_id, call, said = one.completed.event_id, one.call, one.answer
    if isinstance(said, RefundAnswer) and isinstance(
        call, RefundCall | RefundInquiryCall
    ):
        yield SignedRefund(
            event_id,
            call.refund_request_id,
            said.verdict,
            said.result_code,
            was_sent=isinstance(call, RefundCall),
        )
    if whole is None:
        return
    name, is_all = whole.refund_request_id, whole.may_cancel
    was_cancelled = _is_cancelled(said) and (is_all or isinstance(said, CancelAnswer))
    if isinstance(said, PaymentLook):
        for seen in said.refunds:
            if goes_back(seen) and seen.status == "SUCCESS":
                yield SignedRefund(
                    event_id, seen.refund_request_id, RefundVerdict.REFUNDED
                )
    if was_cancelled:
        yield SignedRefund(event_id, name, RefundVerdict.REFUNDED, by_cancel=True)


def signed_in_notice(noticed: RefundNotice) -> Iterator[SignedRefund]:
    """Yield the statement of a notice about its refund."""
    told = noticed.notice
    if verdict := _OF_NOTICE.get(told.status):
        number, name = noticed.event.event_id, told.refund_request_id
        yield SignedRefund(number, name, verdict, told.result_code)


def _is_cancelled(said: AlipayAnswer) -> bool:
    """Whether a cancel has returned the whole payment.

    Also the cancel of an earlier try whose answer was lost: the next try gets it.
    """
    match said:
        case CancelAnswer(verdict=CancelVerdict.CANCELLED):
            return True
        case PaymentLook(verdict=InquiryVerdict.CANCELLED):
            return True
        case RefundAnswer(verdict=RefundVerdict.REFUSED, result_code=code):
            return code == CANCELLED_BEFORE
    return False
