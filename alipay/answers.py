"""Reads Alipay's answers: verify, then parse, then decide whether it is a verdict.

Pure, and the same for an answer from the network and one from a history.
"""

from typing import TypeVar

from alipay.errors import (
    NoVerdictError,
    RejectedError,
    SignatureVerificationError,
    TrafficExceededError,
    UnprovenResponseError,
)
from alipay.keys.rsa import AlipayKeys
from alipay.messages import Exchange
from alipay.models import Answer, Result
from alipay.signing import verify
from alipay.strict_json import read_object

# The two U that are verdicts: the payment is created, the refund is accepted.
ACCEPTED = {("pay", "PAYMENT_IN_PROCESS"), ("refund", "REFUND_IN_PROCESS")}

AnswerT = TypeVar("AnswerT", bound=Answer)


def path_of(api: str, client_id: str) -> str:
    """Return the path to call and sign; the sandbox has its own (protocol.md 1.1)."""
    stage = "/ams/sandbox/api" if client_id.startswith("SANDBOX_") else "/ams/api"
    return f"{stage}/v1/payments/{api}"


def proven_answer(
    api: str,
    exchange: Exchange,
    answer_type: type[AnswerT],
    *,
    client_id: str,
    keys: AlipayKeys,
) -> AnswerT:
    """Return Alipay's answer, with the exchange that proves it.

    Args:
        api: The last part of the path: `pay`, `inquiryPayment`, ...
        exchange: Our request, and the answer as received; an unsigned answer has
            neither signature nor time.
        answer_type: The model of the answer.
        client_id: Ours; an answer to another client proves nothing.
        keys: Alipay's public keys.

    Raises:
        RejectedError: Alipay answered F. Also unsigned, as Alipay answers before it
            knows who calls (protocol.md 1.6); `exchange.answer` has no signature then.
        UnprovenResponseError: Not provably Alipay's.
        NoVerdictError: Alipay's, and no verdict.
    """
    message = exchange.answer.message
    is_signed = bool(exchange.answer.signature or message.time)
    if is_signed:
        _check_signature(api, exchange, client_id, keys)
    answer = _parse(api, message.body, answer_type)
    if not is_signed:
        accepted = (api, answer.result.result_code) in ACCEPTED
        if accepted or answer.result.result_status not in ("F", "U"):
            raise UnprovenResponseError(f"{api}: unsigned answer that says yes")
        return _verdict(api, answer.proven_by(exchange))
    read = answer.model_copy(update={"response_time": message.time})
    return _verdict(api, read.proven_by(exchange))


def _check_signature(
    api: str, exchange: Exchange, client_id: str, keys: AlipayKeys
) -> None:
    message, signature = exchange.answer.message, exchange.answer.signature
    try:
        if not message.time or message.client_id != client_id:
            raise SignatureVerificationError("response-time or client-id is wrong")
        verify(message, signature or None, keys)
    except SignatureVerificationError as error:
        raise UnprovenResponseError(f"{api}: {error}") from error


def _parse(api: str, body: bytes, answer_type: type[AnswerT]) -> AnswerT:
    try:
        return answer_type.model_validate(read_object(body))
    except ValueError:  # a ValidationError is one, too
        raise NoVerdictError(f"{api}: answer of unexpected shape") from None


def _verdict(api: str, answer: AnswerT) -> AnswerT:
    result: Result = answer.result
    if result.result_status == "F":
        raise RejectedError(result.result_code, result.result_message, answer.exchange)
    if result.result_status == "S":
        return answer
    if (api, result.result_code) in ACCEPTED:
        return answer
    if result.result_code == "REQUEST_TRAFFIC_EXCEED_LIMIT":
        raise TrafficExceededError(f"{api}: {result.result_code}")
    raise NoVerdictError(f"{api}: {result.result_status} {result.result_code}")
