"""Texts for steps of a history; readers need not know Alipay or Temporal."""

from pydantic import BaseModel
from temporalio.api.common.v1 import Payloads

from audit.history.answers import Answered
from audit.history.record import ACTIVITIES, Input, parsed
from audit.story.refund_wording import (
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

# The text of a step, and its money.
Words = tuple[str, Money | None]

_OF_PAY = {
    PayVerdict.OPENED: "opens the payment; the customer can pay now",
    PayVerdict.NO_PAGE: "knows the payment, but returns no cashier page",
    PayVerdict.REFUSED: "refuses the payment",
    PayVerdict.ID_IS_DEAD: "says that an earlier attempt with this number has ended",
    PayVerdict.ID_DIFFERS: "says that this number was used for another payment",
}
_OF_INQUIRY = {
    InquiryVerdict.SUCCESS: "says: paid",
    InquiryVerdict.FAIL: "says: not paid, and it never will be",
    InquiryVerdict.CANCELLED: "says: closed, and no money was kept",
    InquiryVerdict.PROCESSING: "says: not paid yet",
    InquiryVerdict.PENDING: "says: the wallet is still processing it",
    InquiryVerdict.NOT_EXIST: "does not know this payment",
}
_OF_CANCEL = {
    CancelVerdict.CANCELLED: "closes the payment; no money is kept",
    CancelVerdict.REFUSED: "refuses to close the payment",
    CancelVerdict.NOT_ALLOWED: "did not ask: the wallet does not allow a cancel",
}
_OF_REFUND = {
    RefundVerdict.REFUNDED: "says: refunded",
    RefundVerdict.IN_PROCESS: "accepts the refund",
    RefundVerdict.REFUSED: "refuses the refund",
    RefundVerdict.NOT_EXIST: "does not know this refund",
}


def words_of_start(given: Input) -> Words:
    """Describe the start of a run."""
    match given:
        case Order(carried=None):
            return (
                f"starts the payment of order {given.order_id} with {given.wallet}",
                given.amount,
            )
        case Order():
            return "continues in a new run", given.amount
        case LatePaymentInput():
            return f"late money arrived for {given.payment_request_id}", given.amount
        case NoticeInput():
            return f"notifies {given.notify_type or 'something'}{_about(given)}", None
        case RefundsInput():
            what = f"starts to handle the refunds of {given.payment_request_id}"
            return f"{what}, which was paid", given.paid
    event = given.event
    return f"sends the shop {event.type}, repeatedly", event.amount


def _about(notice: NoticeInput) -> str:
    named = {
        "dispute": notice.dispute_id,
        "refund": notice.refund_request_id,
        "payment": notice.payment_request_id or notice.payment_id,
    }
    found = [f"{what} {name}" for what, name in named.items() if name]
    return f" of {', '.join(found)}" if found else ""


def words_of_call(activity: str, payloads: Payloads) -> Words:
    """Describe a request to Alipay or to the shop."""
    match parsed(payloads, ACTIVITIES[activity][0]) if activity in ACTIVITIES else None:
        case PayCall() as call:
            what = f"asks to open {call.payment_request_id} with {call.wallet}"
            return what, call.order.amount
        case InquiryCall() as call:
            return f"inquires {call.payment_request_id}", None
        case CancelCall() as call:
            return f"asks to close {call.payment_request_id}", None
        case OrderRefundCall() as call:
            what = f"inquires the payment, and requests {call.refund_request_id}"
            return what, call.amount
        case RefundCall() as call:
            return f"asks to refund payment {call.payment_id}", call.amount
        case RefundInquiryCall() as call:
            return f"inquires refund {call.refund_request_id}", None
        case ShopEvent() as call:
            return f"sends the shop {call.type}", call.amount
    return f"runs {activity}", None


def words_of_answer(one: Answered) -> Words:
    """Describe an answer of Alipay."""
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
            return "cancels the payment; the whole payment is returned", None
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
    """Describe an update or a signal.

    Args:
        name: The name of the update or signal.
        said: Its argument; None where it has none, or none that is readable.
        sender: Who sent it, as the server recorded.
    """
    match said:
        case PageWish():
            return f"requests the cashier page of {said.wallet}"
        case CancelWish():
            return f"requests a cancel{_by(said.by, said.reason, sender)}"
        case Resolution() | LateResolution():
            return f"decides: {said.outcome}{_by(said.by, said.reason, sender)}"
        case CallbackInput():
            return f"queues {said.event.type} for the shop, too"
        case CallbackSettlement():
            return (
                f"reports that the shop was notified{_by(said.by, said.reason, sender)}"
            )
        case PaymentNotified():
            return _of_notification(said)
    if about_refund := words_about_refund(said, sender):
        return about_refund
    known = {
        "check_now": "requests an inquiry at Alipay now",
        "resend": "requests that the callback is sent at once",
    }
    return f"{known.get(name, name)} ({sender})"


def _by(who: str, why: str, sender: str) -> str:
    """Return the given name and reason, and the sender that the server recorded."""
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
    """Describe the end of a run.

    Args:
        status: Temporal's status.
        result: The result of the run, if it has one.
        reason: The reason of a termination.
    """
    if status == "TERMINATED":
        return f"ends the workflow by force: {reason or 'no reason given'}", None
    if isinstance(result, PaymentView):
        is_paid = result.outcome is PaymentOutcome.PAID
        return (
            f"the payment ended: {result.outcome}",
            result.amount if is_paid else None,
        )
    if isinstance(result, LatePaymentView):
        return f"the late money was handled: {result.outcome}", result.amount
    if isinstance(result, RefundsView):
        return words_of_refunds(result), None
    if isinstance(result, NoticeView):
        return "the notice is stored, for a person to read", None
    outcome = getattr(result, "outcome", None)
    return (f"it ended: {outcome}" if outcome else f"the run ends: {status}"), None
