"""Plain words for what happened, for readers who know neither Alipay nor Temporal."""

from pydantic import BaseModel
from temporalio.api.common.v1 import Payloads

from audit.history.answers import Answered
from audit.history.record import ACTIVITIES, Input, parsed
from audit.history.refund_wording import (
    words_about_refund,
    words_of_look,
    words_of_refunds,
)
from contracts import (
    CallbackInput,
    CallbackSettlement,
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    CancelWish,
    InquiryAnswer,
    InquiryCall,
    InquiryVerdict,
    LatePaymentInput,
    LatePaymentView,
    LateResolution,
    Money,
    NoticeInput,
    NoticeView,
    Order,
    OrderRefundCall,
    PageWish,
    PayAnswer,
    PayCall,
    PaymentLook,
    PaymentNotified,
    PaymentOutcome,
    PaymentView,
    PayVerdict,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    RefundsInput,
    RefundsView,
    RefundVerdict,
    Resolution,
    ShopEvent,
)

# A step's words, and the money it is about.
Words = tuple[str, Money | None]

_OF_PAY = {
    PayVerdict.OPENED: "opens the payment; the customer can pay now",
    PayVerdict.NO_PAGE: "knows the payment, but offers no page to pay on",
    PayVerdict.REFUSED: "refuses the payment",
    PayVerdict.ID_IS_DEAD: "says that an earlier attempt of this number is over",
    PayVerdict.ID_DIFFERS: "says that this number was used for another payment",
}
_OF_INQUIRY = {
    InquiryVerdict.SUCCESS: "says: paid",
    InquiryVerdict.FAIL: "says: not paid, and never will be",
    InquiryVerdict.CANCELLED: "says: closed, and nothing is kept",
    InquiryVerdict.PROCESSING: "says: not paid yet",
    InquiryVerdict.PENDING: "says: the wallet is still at it",
    InquiryVerdict.NOT_EXIST: "does not know this payment",
}
_OF_CANCEL = {
    CancelVerdict.CANCELLED: "closes the payment; nothing is kept",
    CancelVerdict.REFUSED: "refuses to close the payment",
    CancelVerdict.NOT_ALLOWED: "did not ask: the wallet does not let go",
}
_OF_REFUND = {
    RefundVerdict.REFUNDED: "says: refunded",
    RefundVerdict.IN_PROCESS: "takes the refund on",
    RefundVerdict.REFUSED: "refuses the refund",
    RefundVerdict.NOT_EXIST: "does not know this refund",
}


def words_of_start(given: Input) -> Words:
    """Say how it began."""
    match given:
        case Order(carried=None):
            return (
                f"wants order {given.order_id} paid with {given.wallet}",
                given.amount,
            )
        case Order():
            return "goes on with what was known, in a new run", given.amount
        case LatePaymentInput():
            return f"money came late for {given.payment_request_id}", given.amount
        case NoticeInput():
            return f"notifies {given.notify_type or 'something'}{_about(given)}", None
        case RefundsInput():
            what = f"takes on the refunds of {given.payment_request_id}"
            return f"{what}, which was paid", given.paid
    event = given.event
    return f"sends the shop {event.type}, again and again", event.amount


def _about(notice: NoticeInput) -> str:
    named = {
        "dispute": notice.dispute_id,
        "refund": notice.refund_request_id,
        "payment": notice.payment_request_id or notice.payment_id,
    }
    found = [f"{what} {name}" for what, name in named.items() if name]
    return f" of {', '.join(found)}" if found else ""


def words_of_call(activity: str, payloads: Payloads) -> Words:
    """Say what was asked, of Alipay or of the shop."""
    match parsed(payloads, ACTIVITIES[activity][0]) if activity in ACTIVITIES else None:
        case PayCall() as call:
            what = f"asks to open {call.payment_request_id} with {call.wallet}"
            return what, call.order.amount
        case InquiryCall() as call:
            return f"asks what became of {call.payment_request_id}", None
        case CancelCall() as call:
            return f"asks to close {call.payment_request_id}", None
        case OrderRefundCall() as call:
            what = f"looks what is left, and asks for {call.refund_request_id}"
            return what, call.amount
        case RefundCall() as call:
            return f"asks to refund payment {call.payment_id}", call.amount
        case RefundInquiryCall() as call:
            return f"asks what became of refund {call.refund_request_id}", None
        case ShopEvent() as call:
            return f"sends the shop {call.type}", call.amount
    return f"runs {activity}", None


def words_of_answer(one: Answered) -> Words:
    """Say what Alipay answered."""
    answer = one.answer
    match answer:
        case PayAnswer():
            return f"{_OF_PAY[answer.verdict]}{_why(answer.result_code)}", None
        case PaymentLook():
            return words_of_look(answer), None
        case InquiryAnswer():
            is_paid = answer.verdict is InquiryVerdict.SUCCESS
            at = f", at {answer.paid_at}" if is_paid and answer.paid_at else ""
            return (
                f"{_OF_INQUIRY[answer.verdict]}{at}",
                answer.amount if is_paid else None,
            )
        case CancelAnswer(verdict=CancelVerdict.CANCELLED) if _was_paid(one):
            return "cancels the payment; all that was paid goes back", None
        case CancelAnswer():
            return f"{_OF_CANCEL[answer.verdict]}{_why(answer.result_code)}", None
        case RefundAnswer():
            money = one.call.amount if isinstance(one.call, RefundCall) else None
            went = answer.verdict in (RefundVerdict.REFUNDED, RefundVerdict.IN_PROCESS)
            why = _why(answer.result_code)
            return f"{_OF_REFUND[answer.verdict]}{why}", money if went else None
    return "answers", None


def _was_paid(one: Answered) -> bool:
    return isinstance(one.call, CancelCall) and one.call.paid_at is not None


def _why(code: str) -> str:
    return f" ({code})" if code and code != "SUCCESS" else ""


def words_of_message(name: str, said: BaseModel | None, sender: str) -> str:
    """Say what somebody wanted, or what Alipay notified.

    Args:
        name: The update's or signal's.
        said: What it brought; None where it brings nothing, or nothing readable.
        sender: Who sent it, as the server noted.
    """
    match said:
        case PageWish():
            return f"asks for the page of {said.wallet}"
        case CancelWish():
            return f"wants it closed{_by(said.by, said.reason, sender)}"
        case Resolution() | LateResolution():
            return f"decides: {said.outcome}{_by(said.by, said.reason, sender)}"
        case CallbackInput():
            return f"queues {said.event.type} for the shop, too"
        case CallbackSettlement():
            return f"says the shop was notified{_by(said.by, said.reason, sender)}"
        case PaymentNotified():
            return _of_notification(said)
    if about_refund := words_about_refund(said, sender):
        return about_refund
    known = {
        "check_now": "wants Alipay to be asked now",
        "resend": "wants the callback to be sent at once",
    }
    return f"{known.get(name, name)} ({sender})"


def _by(who: str, why: str, sender: str) -> str:
    """Say who acts in their own words, and from where, as the server noted it."""
    if who == "shop" and not why:
        return ""
    said = f", says {who or 'nobody'}: {why or 'no reason given'}"
    return f"{said} (sent by {sender or 'nobody named'})"


def _of_notification(told: PaymentNotified) -> str:
    about = told.payment_request_id
    if told.notify_type != "PAYMENT_RESULT":
        return f"notifies {told.notify_type or 'something'} of {about}"
    if told.says_paid:
        at = f", at {told.paid_at}" if told.paid_at else ""
        return f"notifies: {about} is paid{at}"
    return f"notifies: {about} failed{_why(told.result_code)}"


def words_of_end(status: str, result: BaseModel | None, reason: str) -> Words:
    """Say how it ended.

    Args:
        status: Temporal's.
        result: The run's, if it has one.
        reason: Of a termination.
    """
    if status == "TERMINATED":
        return f"ends the workflow by force: {reason or 'no reason given'}", None
    if isinstance(result, PaymentView):
        is_paid = result.outcome is PaymentOutcome.PAID
        return (
            f"the payment is over: {result.outcome}",
            result.amount if is_paid else None,
        )
    if isinstance(result, LatePaymentView):
        return f"the late money is dealt with: {result.outcome}", result.amount
    if isinstance(result, RefundsView):
        return words_of_refunds(result), None
    if isinstance(result, NoticeView):
        return "the notice is kept, for a person to read", None
    outcome = getattr(result, "outcome", None)
    return (f"it is over: {outcome}" if outcome else f"the run ends: {status}"), None
