"""The meaning of Alipay's answers in words, for operators (docs/protocol.md 3)."""

from contracts import (
    CancelAnswer,
    CancelVerdict,
    InquiryAnswer,
    InquiryVerdict,
    PayAnswer,
    PayVerdict,
)

_OF_PAY = {
    PayVerdict.OPENED: "there is a page on which the customer can pay",
    PayVerdict.NO_PAGE: "it exists at Alipay, but without a page",
    PayVerdict.REFUSED: "Alipay refused it; this attempt will not be paid",
    PayVerdict.ID_IS_DEAD: "the id belongs to an attempt that is over",
    PayVerdict.ID_DIFFERS: "the id belongs to an attempt of other money",
}
_OF_INQUIRY = {
    InquiryVerdict.SUCCESS: "the customer has paid",
    InquiryVerdict.FAIL: "it failed, or its time to pay is over; nothing was paid",
    InquiryVerdict.CANCELLED: "it is cancelled; what is paid goes back",
    InquiryVerdict.PROCESSING: "not paid yet, and it can still be paid",
    InquiryVerdict.PENDING: "the customer has finished; the wallet does not know yet",
    InquiryVerdict.NOT_EXIST: "Alipay does not know this attempt",
}
_OF_CANCEL = {
    CancelVerdict.CANCELLED: "it is closed; nobody can pay it any more",
    CancelVerdict.REFUSED: "it cannot be cancelled; it may have been paid, or be over",
    CancelVerdict.NOT_ALLOWED: "this wallet cannot be cancelled; nothing was sent",
}
# Codes that say more than their verdict. PROCESS_FAIL is left out: it is ambiguous.
_OF_CODE = {
    "RISK_REJECT": "Alipay's risk control refused it",
    "USER_BALANCE_NOT_ENOUGH": "the customer has too little money in the wallet",
    "PAYMENT_AMOUNT_EXCEED_LIMIT": "the amount is above the wallet's limit",
    "CANCEL_WINDOW_EXCEED": "it is too late to cancel; what is paid can be refunded",
    "PARAM_ILLEGAL": "Alipay finds a field of the request wrong",
    "ACCESS_DENIED": "the merchant's account may not do this",
    "INVALID_CONTRACT": "the merchant has no contract for this wallet",
    "ORDER_NOT_EXIST": "Alipay does not know this attempt",
    "ORDER_IS_CLOSED": "the attempt is over",
    "ORDER_IS_CANCELED": "the attempt was cancelled, and its money has gone back",
    "MERCHANT_BALANCE_NOT_ENOUGH": "the merchant's balance does not cover the refund",
    "REFUND_WINDOW_EXCEED": "it is too late to refund through Alipay",
}


def meaning_of(answer: PayAnswer | InquiryAnswer | CancelAnswer) -> str:
    """Return the meaning of an answer for the payment, in words."""
    if in_words := _OF_CODE.get(answer.result_code):
        return in_words
    match answer:
        case PayAnswer(verdict=verdict):
            return _OF_PAY[verdict]
        case InquiryAnswer(verdict=inquired):
            return _OF_INQUIRY[inquired]
        case CancelAnswer(verdict=cancelled):
            return _OF_CANCEL[cancelled]
