"""Texts for the events of an order's refunds."""

from pydantic import BaseModel

from contracts import (
    InquiryVerdict,
    Money,
    PaymentLook,
    RefundConfirmation,
    RefundDecision,
    RefundNotified,
    RefundRecord,
    RefundRequest,
    RefundResolution,
    RefundReturn,
    RefundStatus,
    RefundsView,
    in_words,
)

_OF_LOOK = {
    InquiryVerdict.FAIL: "says: never paid",
    InquiryVerdict.CANCELLED: "says: cancelled, all of it was returned",
    InquiryVerdict.PROCESSING: "says: not paid yet",
    InquiryVerdict.PENDING: "says: the wallet is still processing it",
    InquiryVerdict.NOT_EXIST: "does not know this payment",
}
_OF_DECISION: dict[str, str] = {
    RefundDecision.SEND: "should be sent now",
    RefundDecision.WITHDRAW: "is withdrawn",
    RefundDecision.GIVEN_BACK: "was given back",
    RefundDecision.NOT_GIVEN_BACK: "was not given back",
}


def words_of_look(look: PaymentLook) -> str:
    """Describe Alipay's answer about the payment, and its refunds so far."""
    if look.verdict is not InquiryVerdict.SUCCESS:
        return _OF_LOOK[look.verdict]
    paid = _money(look.amount)
    back = [f"{_money(one.amount)} {one.status}" for one in look.refunds]
    listed = f"; it lists refunds of {', '.join(back)}" if back else ""
    return f"says: {paid} paid{listed}"


def words_about_refund(said: BaseModel | None, sender: str) -> str:
    """Describe a person's message about a refund, or Alipay's notice.

    Args:
        said: The message; other types give an empty text.
        sender: Who sent it, as the server recorded.
    """
    by = f"says {getattr(said, 'by', '') or 'nobody'} (sent by {sender or 'nobody'})"
    match said:
        case RefundRequest():
            return f"requests the refund {said.refund_id}{_why(said)}, {by}"
        case RefundConfirmation():
            return f"confirms the refund {said.refund_id} as a second person, {by}"
        case RefundResolution():
            decided = _OF_DECISION.get(said.outcome, said.outcome)
            return (
                f"decides: the refund {said.refund_id} {decided}, {by}: {said.reason}"
            )
        case RefundReturn():
            return f"records that {said.refund_id} has bounced, {by}: {said.reason}"
        case RefundNotified():
            ended = "given back" if said.status == "SUCCESS" else "not given back"
            code = f" ({said.result_code})" if said.status != "SUCCESS" else ""
            return f"notifies: {said.refund_request_id} is {ended}{code}"
    return ""


def outcome_of_refunds(view: RefundsView) -> str:
    """Return in one word how much was refunded, to count runs of refunds."""
    if not any(one.status is RefundStatus.SUCCEEDED for one in view.refunds):
        return "NOTHING_REFUNDED"
    is_all = view.left is not None and view.left.value == 0
    return "ALL_REFUNDED" if is_all else "PARTLY_REFUNDED"


def words_of_refunds(view: RefundsView) -> str:
    """Describe the refunds of an order at the end of a run."""
    told = [_one(one) for one in view.refunds]
    elsewhere = [
        f"{_money(one.amount)} in Alipay's portal: {one.status}"
        for one in view.elsewhere
    ]
    left = f"; {in_words(view.left)} can still be refunded" if view.left else ""
    return f"the refunds: {', '.join([*told, *elsewhere]) or 'none'}{left}"


def _one(one: RefundRecord) -> str:
    how = " by a cancel" if one.by_cancel else ""
    why = f" ({one.result_code})" if one.result_code else ""
    return f"{one.refund_id} of {in_words(one.amount)} {one.status}{how}{why}"


def _why(said: RefundRequest) -> str:
    amount = "" if said.amount else ", all that is left"
    told = said.reason_for_customer or said.note
    return f"{amount}: {told}" if told else amount


def _money(amount: Money | None) -> str:
    return in_words(amount) if amount else "an amount that is not named"
