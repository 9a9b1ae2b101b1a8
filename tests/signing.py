"""Signs the scripted messages of tests as Alipay, so that workflows believe them."""

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPrivateKey
from temporalio import activity

from alipay.answers import path_of
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Message, Signed
from alipay.signing import sign
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    CancelAnswer,
    CancelVerdict,
    Contract,
    Evidence,
    InquiryAnswer,
    InquiryVerdict,
    Money,
    PayAnswer,
    PaymentLook,
    PaymentNotified,
    PayVerdict,
    RefundAnswer,
    RefundInquiryCall,
    RefundNotified,
    RefundVerdict,
    Settlement,
    SignedEvidence,
)
from translation.evidence import whole_evidence
from translation.proof import serve

CLIENT_ID = "5J0000000000000000"
NOTIFY_PATH = "/alipay/notifications/payment"

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)

_OF_THE_ID = {
    PayVerdict.ID_IS_DEAD: "ORDER_IS_CLOSED",
    PayVerdict.ID_DIFFERS: "REPEAT_REQ_INCONSISTENT",
}
_URLS = {"normal": "normalUrl", "scheme": "schemeUrl", "applink": "applinkUrl"}
_REFUND_STATUS = {
    RefundVerdict.REFUNDED: "SUCCESS",
    RefundVerdict.IN_PROCESS: "PROCESSING",
    RefundVerdict.REFUSED: "FAIL",
}


@cache
def alipays_key() -> RSAPrivateKey:
    """The key with which Alipay signs in tests; every workflow of a test trusts it."""
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@cache
def trust() -> AlipayTrust:
    """Whom workflows of tests trust."""
    return serve(CLIENT_ID, AlipayKeys({"1": alipays_key().public_key()}))


@dataclass(frozen=True)
class Signer:
    """Who signs, for which merchant."""

    key: RSAPrivateKey
    key_version: int = 1
    client_id: str = CLIENT_ID
    time: str = ""  # now, unless said


def signed_message(
    path: str,
    fields: dict[str, Any],
    signer: Signer | None = None,
    at: datetime | None = None,
) -> SignedEvidence:
    """Return a message signed by Alipay or another signer, now by default."""
    by = signer or Signer(alipays_key())
    body = json.dumps({name: it for name, it in fields.items() if it is not None})
    time = by.time or _time_of(at)
    message = Message("POST", path, by.client_id, time, body.encode())
    signature = sign(message, by.key, key_version=by.key_version)
    return whole_evidence(Signed(message, signature))


def _time_of(at: datetime | None) -> str:
    """Return a time as Alipay writes it; the server's within an activity."""
    if at is None and activity.in_activity():
        at = activity.info().started_time
    return (at or datetime.now(UTC)).isoformat(timespec="seconds")


def signed_notification(
    said: PaymentNotified, signer: Signer | None = None, at: datetime | None = None
) -> PaymentNotified:
    """Return the same notification with its evidence."""
    fields = {
        "notifyType": said.notify_type or None,
        "result": _result(said.result_status, said.result_code, said.result_message),
        "paymentRequestId": said.payment_request_id or None,
        "paymentId": said.payment_id or None,
        "paymentAmount": _amount(said.amount),
        "paymentTime": said.paid_at,
        **_settlement(said.settlement),
    }
    return said.model_copy(
        update={"evidence": signed_message(NOTIFY_PATH, fields, signer, at)}
    )


def signed_answer(
    call: Contract,
    said: AnswerT,
    signer: Signer | None = None,
    at: datetime | None = None,
) -> AnswerT:
    """Return the same answer with its evidence; None was sent where none is needed."""
    if isinstance(said, CancelAnswer) and said.verdict is CancelVerdict.NOT_ALLOWED:
        return said
    api, fields = _fields(call, said)
    request_id = getattr(call, "payment_request_id", None)
    if fields["result"]["resultStatus"] != "F":
        fields = {"paymentRequestId": request_id, **fields}
    path = path_of(api, CLIENT_ID)
    evidence = Evidence(
        request=SignedEvidence(path=path, client_id=CLIENT_ID),
        answer=signed_message(path, fields, signer, at),
    )
    return said.model_copy(update={"evidence": evidence})


def _fields(call: Contract, said: AlipayAnswer) -> tuple[str, dict[str, Any]]:
    match said:
        case PayAnswer():
            return "pay", _pay(said)
        case InquiryAnswer():
            return "inquiryPayment", _inquiry(said)
        case CancelAnswer(verdict=verdict):
            status = "S" if verdict is CancelVerdict.CANCELLED else "F"
            return "cancel", {
                "result": _result(status, said.result_code, said.result_message)
            }
        case RefundAnswer():
            return _refund(call, said)
    raise TypeError(type(said).__name__)


def _pay(said: PayAnswer) -> dict[str, Any]:
    code, message = said.result_code, said.result_message
    if said.verdict not in (PayVerdict.OPENED, PayVerdict.NO_PAGE):
        of_the_id = _OF_THE_ID.get(said.verdict)
        return {"result": _result("F", of_the_id or code, message)}
    status = "U" if code == "PAYMENT_IN_PROCESS" else "S"
    page = {_URLS[said.cashier.kind]: said.cashier.url} if said.cashier else {}
    return {
        "result": _result(status, code, message),
        "paymentId": said.payment_id,
        **page,
    }


def _inquiry(said: InquiryAnswer) -> dict[str, Any]:
    if said.verdict is InquiryVerdict.NOT_EXIST:
        return {"result": _result("F", "ORDER_NOT_EXIST", "")}
    refund = {"transactionType": "REFUND", "transactionStatus": "SUCCESS"}
    refunds = [{**refund, "transactionRequestId": id_} for id_ in said.refunded_by]
    if said.is_refunded and not refunds:
        refunds = [refund]
    return {
        "result": _result("S", "SUCCESS", "success."),
        "paymentStatus": said.verdict.value,
        "paymentResultCode": said.result_code,
        "paymentResultMessage": said.result_message,
        "paymentId": said.payment_id,
        "paymentAmount": _amount(said.amount),
        "paymentTime": said.paid_at,
        "transactions": _transactions(said) or refunds or None,
        **_settlement(said.settlement),
    }


def _transactions(said: InquiryAnswer) -> list[dict[str, Any]]:
    seen = said.refunds if isinstance(said, PaymentLook) else ()
    return [
        {
            "transactionType": one.kind,
            "transactionStatus": one.status,
            "transactionRequestId": one.refund_request_id,
            "transactionAmount": _amount(one.amount),
        }
        for one in seen
    ]


def signed_refund_notice(
    said: RefundNotified, signer: Signer | None = None, at: datetime | None = None
) -> RefundNotified:
    """Return the same notice about a refund with its evidence."""
    fields = {
        "notifyType": "REFUND_RESULT",
        "result": _result("S", said.result_code or "SUCCESS", said.result_message),
        "refundStatus": said.status,
        "refundRequestId": said.refund_request_id,
        "refundAmount": _amount(said.amount),
    }
    path = NOTIFY_PATH.replace("payment", "refund/order")
    return said.model_copy(
        update={"evidence": signed_message(path, fields, signer, at)}
    )


def _refund(call: Contract, said: RefundAnswer) -> tuple[str, dict[str, Any]]:
    named = {"refundRequestId": getattr(call, "refund_request_id", "")}
    code, message = said.result_code, said.result_message
    if isinstance(call, RefundInquiryCall):
        if said.verdict is RefundVerdict.NOT_EXIST:
            unknown = _result("F", "ORDER_NOT_EXIST", message)
            return "inquiryRefund", {"result": unknown}
        status = _REFUND_STATUS[said.verdict]
        done = _result("S", "SUCCESS", "success.")
        return "inquiryRefund", {"result": done, "refundStatus": status, **named}
    match said.verdict:
        case RefundVerdict.REFUNDED:
            return "refund", {"result": _result("S", code or "SUCCESS", ""), **named}
        case RefundVerdict.IN_PROCESS:
            # Alipay names no refund here (tests/samples).
            return "refund", {"result": _result("U", "REFUND_IN_PROCESS", "")}
    return "refund", {"result": _result("F", code, message)}


def _result(status: str, code: str, message: str) -> dict[str, str]:
    return {"resultStatus": status, "resultCode": code, "resultMessage": message}


def _amount(money: Money | None) -> dict[str, str] | None:
    return {"currency": money.currency, "value": str(money.value)} if money else None


def _settlement(settled: Settlement | None) -> dict[str, Any]:
    if settled is None:
        return {}
    quote = {
        "quoteId": settled.quote_id,
        "quoteCurrencyPair": settled.currency_pair,
        "quotePrice": settled.price,
    }
    return {
        "grossSettlementAmount": _amount(settled.amount),
        "settlementQuote": quote,
    }
