"""Reads facts from the bytes that Alipay has signed; nothing else is proof.

Workflows decide by the results, so it is pure, and another result is a change of the
workflows (docs/versioning.md).
"""

from datetime import datetime, timedelta
from typing import TypeVar, cast

from alipay.answers import path_of, proven_answer
from alipay.errors import (
    KeyFormatError,
    MalformedNotificationError,
    MissingAlipayKeyError,
    NoVerdictError,
    RejectedError,
    SignatureVerificationError,
)
from alipay.keys.rsa import AlipayKeys, remembered_keys
from alipay.messages import Exchange, Signed
from alipay.models import (
    Answer,
    CancelResponse,
    InquiryResponse,
    PayResponse,
    RefundInquiryResponse,
    RefundResponse,
)
from alipay.notifications import NotificationReader, SignedNotification
from alipay.signing import verify
from contracts import (
    AlipayAnswer,
    AlipayTrust,
    CancelAnswer,
    CancelCall,
    CancelVerdict,
    Contract,
    Evidence,
    InquiryAnswer,
    InquiryCall,
    InquiryVerdict,
    Money,
    PayAnswer,
    PayCall,
    PaymentLook,
    PaymentNotified,
    RefundAnswer,
    RefundCall,
    RefundInquiryCall,
    RefundNotified,
    SignedEvidence,
)
from translation.answers import (
    from_cancel_refusal,
    from_cancel_response,
    from_inquiry_refusal,
    from_inquiry_response,
    from_pay_refusal,
    from_pay_response,
    from_refund_inquiry_refusal,
    from_refund_inquiry_response,
    from_refund_refusal,
    from_refund_response,
)
from translation.evidence import signed_at, to_message
from translation.money import read_money
from translation.notifications import to_payment_notified
from translation.refunds import to_look_refusal, to_payment_look, to_refund_notified

_INQUIRY = "inquiryPayment"
# No wallet keeps a page open for longer, by any clock.
LONGEST_EXPIRY = timedelta(hours=2)

AnswerT = TypeVar("AnswerT", bound=AlipayAnswer)
WireT = TypeVar("WireT", bound=Answer)


# The client ids for which this process verifies; its keys are in `alipay.keys`.
_SERVED: set[str] = set()


def serve(client_id: str, keys: AlipayKeys) -> AlipayTrust:
    """Let workflows of this process verify Alipay's messages to a merchant.

    Returns:
        The names of client id and keys, for the input of such a workflow.
    """
    _SERVED.add(client_id)
    keys.remember()
    return AlipayTrust(client_id=client_id, keys=keys.fingerprints)


class Proof:
    """Reads messages that Alipay has signed for one merchant."""

    def __init__(self, client_id: str, keys: AlipayKeys) -> None:
        self._client_id = client_id
        self._keys = keys

    @classmethod
    def by(cls, trust: AlipayTrust) -> "Proof":
        """Return a `Proof` with exactly the keys that a workflow trusts.

        Raises:
            MissingAlipayKeyError: This process lacks one of them, or serves another
                merchant; says which.
        """
        if trust.client_id not in _SERVED:
            raise MissingAlipayKeyError(
                f"this process serves no merchant with the client id {trust.client_id}"
            )
        return cls(trust.client_id, remembered_keys(trust.keys))

    @classmethod
    def is_possible_by(cls, trust: AlipayTrust) -> bool:
        """Whether this process holds all the keys that a workflow trusts.

        Not if a key version is not a number, or no key is named.
        """
        try:
            cls.by(trust)
        except (MissingAlipayKeyError, KeyFormatError, ValueError):
            return False
        return True

    def verifies(self, evidence: SignedEvidence) -> bool:
        """Whether one of the trusted keys verifies a message, whatever its content."""
        try:
            verify(to_message(evidence), evidence.signature or None, self._keys)
        except SignatureVerificationError:
            return False
        return True

    def notification(self, said: PaymentNotified) -> PaymentNotified | None:
        """Return the content of a notification's evidence; None without proof."""
        signed = self._notice(said.evidence)
        if signed is None or not signed.content.is_of_a_payment:
            return None
        return to_payment_notified(signed).model_copy(
            update={"received_at": said.received_at}
        )

    def refund_notice(self, said: RefundNotified) -> RefundNotified | None:
        """Return the content of a notice about a refund; None without proof."""
        signed = self._notice(said.evidence)
        if signed is None or not signed.content.is_of_a_refund:
            return None
        return to_refund_notified(signed).model_copy(
            update={"received_at": said.received_at}
        )

    def _notice(self, evidence: SignedEvidence | None) -> SignedNotification | None:
        """Read a message that Alipay sent to one of our URLs; None without proof."""
        if evidence is None or evidence.left_out:
            return None
        reader = NotificationReader(
            path=evidence.path, client_id=self._client_id, alipay_keys=self._keys
        )
        headers = {
            "signature": evidence.signature,
            "request-time": evidence.time,
            "client-id": evidence.client_id,
        }
        try:
            return reader.parse_notification(headers, evidence.body.encode())
        except (SignatureVerificationError, MalformedNotificationError, ValueError):
            return None

    def proves_paid(
        self,
        evidence: SignedEvidence,
        payment_request_id: str,
        amount: Money,
        *,
        even_if_refunded: bool = False,
    ) -> bool:
        """Whether a notification, or the answer to an inquiry, proves that money came.

        Args:
            evidence: The message as Alipay signed it.
            payment_request_id: The attempt that must have been paid.
            amount: The amount that must have been paid.
            even_if_refunded: Whether an answer that reports a refund counts too.
        """
        if evidence.path != path_of(_INQUIRY, self._client_id):
            proven = self.notification(PaymentNotified(evidence=evidence))
            return (
                proven is not None
                and proven.says_paid
                and proven.payment_request_id == payment_request_id
                and proven.amount == amount
            )
        exchange = Evidence(request=SignedEvidence(), answer=evidence)
        said = self._inquiry(
            InquiryCall(payment_request_id=payment_request_id),
            InquiryAnswer(verdict=InquiryVerdict.SUCCESS, evidence=exchange),
        )
        return (
            said is not None
            and said.verdict is InquiryVerdict.SUCCESS
            and said.amount == amount
            and (even_if_refunded or not said.is_refunded)
        )

    def answer(self, call: Contract, said: AnswerT) -> AnswerT | None:
        """Return the answer to the call that the evidence proves; None without proof.

        Fields that Alipay does not sign stay as recorded: the expiry by our clock, and
        that a cancel was refused or not even sent.
        """
        proven: AlipayAnswer | None = None
        if isinstance(call, PayCall) and isinstance(said, PayAnswer):
            proven = self._pay(call, said)
        elif isinstance(call, InquiryCall) and isinstance(said, PaymentLook):
            proven = self._look(call, said)
        elif isinstance(call, InquiryCall) and isinstance(said, InquiryAnswer):
            proven = self._inquiry(call, said)
        elif isinstance(call, CancelCall) and isinstance(said, CancelAnswer):
            proven = self._cancel(call, said)
        elif isinstance(call, RefundCall) and isinstance(said, RefundAnswer):
            proven = self._refund(call, said)
        elif isinstance(call, RefundInquiryCall) and isinstance(said, RefundAnswer):
            proven = self._refund_inquiry(call, said)
        if proven is None:
            return None
        return cast(AnswerT, proven.model_copy(update={"evidence": said.evidence}))

    def _pay(self, call: PayCall, said: PayAnswer) -> PayAnswer | None:
        read = self._read("pay", said.evidence, PayResponse)
        if isinstance(read, RejectedError):
            # Also an unsigned one, as Alipay answers before it knows the caller: it
            # ends an attempt that never had a page (docs/protocol.md 1.6).
            return from_pay_refusal(read, certain=said.certain)
        if read is None or read.payment_request_id != call.payment_request_id:
            return None
        return from_pay_response(call, read, _expiry(call, read, said))

    def _inquiry(self, call: InquiryCall, said: InquiryAnswer) -> InquiryAnswer | None:
        read = self._read(_INQUIRY, said.evidence, InquiryResponse)
        if isinstance(read, RejectedError):
            return from_inquiry_refusal(read) if _is_signed(read) else None
        if read is None or read.payment_request_id != call.payment_request_id:
            return None
        return from_inquiry_response(read)

    def _look(self, call: InquiryCall, said: PaymentLook) -> PaymentLook | None:
        read = self._read(_INQUIRY, said.evidence, InquiryResponse)
        if isinstance(read, RejectedError):
            return to_look_refusal(read) if _is_signed(read) else None
        if read is None or read.payment_request_id != call.payment_request_id:
            return None
        return to_payment_look(read)

    def _cancel(self, call: CancelCall, said: CancelAnswer) -> CancelAnswer | None:
        if said.evidence is None:
            # By the wallet's rules nothing was sent; any other refusal may hide an
            # effect.
            return said if said.verdict is CancelVerdict.NOT_ALLOWED else None
        read = self._read("cancel", said.evidence, CancelResponse)
        if isinstance(read, RejectedError):
            return from_cancel_refusal(read) if _is_signed(read) else None
        if read is None or read.payment_request_id != call.payment_request_id:
            return None
        return from_cancel_response(read)

    def _refund(self, call: RefundCall, said: RefundAnswer) -> RefundAnswer | None:
        read = self._read("refund", said.evidence, RefundResponse)
        if isinstance(read, RejectedError):
            return from_refund_refusal(read) if _is_signed(read) else None
        if read is None or not _names(read, call):
            return None
        if not _agrees(read_money(read.refund_amount), call.amount):
            return None
        return from_refund_response(read)

    def _refund_inquiry(
        self, call: RefundInquiryCall, said: RefundAnswer
    ) -> RefundAnswer | None:
        read = self._read("inquiryRefund", said.evidence, RefundInquiryResponse)
        if isinstance(read, RejectedError):
            return from_refund_inquiry_refusal(read) if _is_signed(read) else None
        if read is None or read.refund_request_id != call.refund_request_id:
            return None
        return from_refund_inquiry_response(read)

    def _read(
        self, api: str, evidence: Evidence | None, answer_type: type[WireT]
    ) -> WireT | RejectedError | None:
        """Read an answer as the client did; None without a verdict."""
        if evidence is None or evidence.answer.left_out:
            return None
        if evidence.answer.path != path_of(api, self._client_id):
            return None
        exchange = Exchange(_signed(evidence.request), _signed(evidence.answer))
        try:
            return proven_answer(
                api,
                exchange,
                answer_type,
                client_id=self._client_id,
                keys=self._keys,
            )
        except RejectedError as refusal:
            return refusal
        except (NoVerdictError, ValueError):
            return None


def _signed(evidence: SignedEvidence) -> Signed:
    return Signed(to_message(evidence), evidence.signature)


def _is_signed(refusal: RejectedError) -> bool:
    return refusal.exchange is not None and bool(refusal.exchange.answer.signature)


def _names(read: RefundResponse, call: RefundCall) -> bool:
    """Whether an answer is about this refund; one in process may name no refund.

    The end of such a refund is inquired by its id (docs/protocol.md 2.5).
    """
    is_done = read.result.result_status == "S"
    named = read.refund_request_id
    return named == call.refund_request_id or (named is None and not is_done)


def _expiry(call: PayCall, read: PayResponse, said: PayAnswer) -> datetime | None:
    """Return the recorded expiry; None if it is impossible.

    The worker computes it by its clock, and it is not signed.
    """
    if call.expires_at or said.expires_at is None:
        return call.expires_at
    answered_at = signed_at(SignedEvidence(time=read.response_time or ""))
    if answered_at is None or said.expires_at.tzinfo is None:
        return None
    is_near = abs(said.expires_at - answered_at) <= LONGEST_EXPIRY
    return said.expires_at if is_near else None


def was_signed_since(
    evidence: SignedEvidence, earliest: datetime, *, if_unreadable: bool
) -> bool:
    """Whether a message was signed at this time or later.

    Args:
        evidence: The message.
        earliest: The time.
        if_unreadable: The result for a message whose time is malformed.
    """
    at = signed_at(evidence)
    return if_unreadable if at is None else at >= earliest


def _agrees(answered: Money | None, asked: Money) -> bool:
    return answered is None or answered == asked
