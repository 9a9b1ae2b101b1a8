"""What Alipay has signed of refunds, one word for each try that a message is about."""

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

# F, and to be sent again under a new id (docs/protocol.md 3.7).
BALANCE_TOO_LOW: Final = "MERCHANT_BALANCE_NOT_ENOUGH"
# F: the whole payment has gone back already, by a cancel.
CANCELLED_BEFORE: Final = "ORDER_IS_CANCELED"
_OF_NOTICE: Final = {"SUCCESS": RefundVerdict.REFUNDED, "FAIL": RefundVerdict.REFUSED}


@dataclass(frozen=True)
class Word:
    """What Alipay has signed of one try of a refund.

    Attributes:
        request_id: The refundRequestId of that try.
        was_sent: It answers the refund itself, and no question about it.
        by_cancel: A cancel is meant, in the refund's place.
    """

    event_id: int
    request_id: str
    verdict: RefundVerdict
    code: str = ""
    was_sent: bool = False
    by_cancel: bool = False


def words_of_answer(one: Answered, whole: OrderRefundCall | None) -> Iterator[Word]:
    """Yield what an answer says of refunds.

    Args:
        one: What Alipay has signed, to one call.
        whole: The refund of which that call was a part; None for an inquiry.
    """
    event_id, call, said = one.completed.event_id, one.call, one.answer
    if isinstance(said, RefundAnswer) and isinstance(
        call, RefundCall | RefundInquiryCall
    ):
        yield Word(
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
                yield Word(event_id, seen.refund_request_id, RefundVerdict.REFUNDED)
    if was_cancelled:
        yield Word(event_id, name, RefundVerdict.REFUNDED, by_cancel=True)


def words_of_notice(noticed: RefundNotice) -> Iterator[Word]:
    """Yield what a notice says of the refund that it is about."""
    told = noticed.notice
    if verdict := _OF_NOTICE.get(told.status):
        number, name = noticed.event.event_id, told.refund_request_id
        yield Word(number, name, verdict, told.result_code)


def _is_cancelled(said: AlipayAnswer) -> bool:
    """Whether the whole payment has gone back by a cancel.

    Also one of an earlier try whose answer was lost: the next try returns it.
    """
    match said:
        case CancelAnswer(verdict=CancelVerdict.CANCELLED):
            return True
        case PaymentLook(verdict=InquiryVerdict.CANCELLED):
            return True
        case RefundAnswer(verdict=RefundVerdict.REFUSED, result_code=code):
            return code == CANCELLED_BEFORE
    return False
